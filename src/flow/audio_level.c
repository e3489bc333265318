/* Smoothed loudness and the ranking of speakers. The owning media thread. */
#include "flow/audio_level.h"

#include <string.h>

#define LOUDNESS_MAX 127

void audio_level_init(struct audio_level *level)
{
    *level = (struct audio_level){0};
}

/* Loudness * 256, faded by the time without packets; the first fifth of it is the packets' own spacing. */
static uint32_t faded(const struct audio_level *level, uint64_t now_us)
{
    uint64_t silent_us = now_us > level->updated_us ? now_us - level->updated_us : 0;
    uint64_t grace_us = AUDIO_LEVEL_FADE_US / 5;
    if (level->updated_us == 0 || silent_us >= AUDIO_LEVEL_FADE_US)
        return 0;
    if (silent_us <= grace_us)
        return level->smooth_256;
    return (uint32_t)(level->smooth_256 * (AUDIO_LEVEL_FADE_US - silent_us) / (AUDIO_LEVEL_FADE_US - grace_us));
}

void audio_level_on_packet(struct audio_level *level, uint8_t level_dbov, uint32_t payload_len, uint64_t now_us)
{
    bool is_silent = payload_len < AUDIO_LEVEL_MIN_PAYLOAD || level_dbov > LOUDNESS_MAX;
    int32_t target = is_silent ? 0 : (LOUDNESS_MAX - level_dbov) * 256;
    int32_t from = (int32_t)faded(level, now_us);
    /* Up in some 5 packets (100 ms), down in some 15: a word's pauses do not show. */
    int32_t step = (target - from) / (target > from ? 4 : 12);
    level->smooth_256 = (uint32_t)(from + step);
    level->updated_us = now_us;
}

uint8_t audio_level_get(const struct audio_level *level, uint64_t now_us)
{
    return (uint8_t)(faded(level, now_us) >> 8);
}

void speakers_init(struct speakers *speakers, unsigned max)
{
    *speakers = (struct speakers){.max = max < 1 ? 1 : max > SPEAKERS_MAX ? SPEAKERS_MAX : max};
}

static const struct speaker_source *find_source(const struct speaker_source *sources, unsigned count, uint64_t id)
{
    for (unsigned i = 0; i < count; i++) {
        if (sources[i].id == id)
            return &sources[i];
    }
    return NULL;
}

/* New levels for those who are ranked; out go those who left or were silent for too long. */
static void refresh(struct speakers *speakers, const struct speaker_source *sources, unsigned count, uint64_t now_us)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < speakers->count; i++) {
        struct speaker speaker = speakers->list[i];
        const struct speaker_source *source = find_source(sources, count, speaker.id);
        if (!source)
            continue;
        speaker.loudness = source->loudness;
        if (speaker.loudness >= AUDIO_LEVEL_SPEECH)
            speaker.spoke_us = now_us;
        if (now_us - speaker.spoke_us < SPEAKERS_HOLD_US)
            speakers->list[kept++] = speaker;
    }
    speakers->count = kept;
}

static bool is_ranked(const struct speakers *speakers, uint64_t id)
{
    for (unsigned i = 0; i < speakers->count; i++) {
        if (speakers->list[i].id == id)
            return true;
    }
    return false;
}

/* At the end if there is room, else in place of the quietest when clearly louder. */
static void admit(struct speakers *speakers, const struct speaker_source *source, uint64_t now_us)
{
    struct speaker newcomer = {.id = source->id, .loudness = source->loudness, .spoke_us = now_us};
    if (source->loudness < AUDIO_LEVEL_SPEECH || is_ranked(speakers, source->id))
        return;
    if (speakers->count < speakers->max) {
        speakers->list[speakers->count++] = newcomer;
        return;
    }
    struct speaker *quietest = &speakers->list[0];
    for (unsigned i = 1; i < speakers->count; i++) {
        if (speakers->list[i].loudness < quietest->loudness)
            quietest = &speakers->list[i];
    }
    if (newcomer.loudness > quietest->loudness + SPEAKERS_MARGIN)
        *quietest = newcomer;
}

/* One passes another only by a margin, so that equals do not change places all the time. */
static void sort(struct speakers *speakers)
{
    for (unsigned i = 1; i < speakers->count; i++) {
        struct speaker moving = speakers->list[i];
        unsigned at = i;
        while (at > 0 && moving.loudness > speakers->list[at - 1].loudness + SPEAKERS_MARGIN) {
            speakers->list[at] = speakers->list[at - 1];
            at--;
        }
        speakers->list[at] = moving;
    }
}

bool speakers_update(struct speakers *speakers, const struct speaker_source *sources, unsigned count, uint64_t now_us)
{
    struct speakers before = *speakers;
    if (count > SPEAKERS_SOURCES_MAX)
        count = SPEAKERS_SOURCES_MAX;
    refresh(speakers, sources, count, now_us);
    for (unsigned i = 0; i < count; i++)
        admit(speakers, &sources[i], now_us);
    sort(speakers);
    if (before.count != speakers->count)
        return true;
    for (unsigned i = 0; i < before.count; i++) {
        if (before.list[i].id != speakers->list[i].id)
            return true;
    }
    return false;
}
