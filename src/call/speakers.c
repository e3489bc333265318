/* Who speaks in a call. Sans-IO; web thread. */
#include "call/speakers.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct speaker_list {
    size_t count;
    struct speaker items[MEDIA_SPEAKERS_MAX];
};

struct speakers {
    unsigned worker_count;
    struct speaker_list *workers;
    struct speaker_list told;
    uint64_t told_us; /* 0 = never */
};

struct speakers *speakers_create(unsigned worker_count)
{
    struct speakers *speakers = mem_calloc(1, sizeof(*speakers));
    speakers->worker_count = worker_count;
    speakers->workers = mem_calloc(worker_count ? worker_count : 1, sizeof(*speakers->workers));
    return speakers;
}

void speakers_free(struct speakers *speakers)
{
    if (!speakers)
        return;
    free(speakers->workers);
    free(speakers);
}

void speakers_set(struct speakers *speakers, unsigned worker, const struct speaker *list, size_t count)
{
    if (worker >= speakers->worker_count)
        return;
    struct speaker_list *mine = &speakers->workers[worker];
    mine->count = count < MEDIA_SPEAKERS_MAX ? count : MEDIA_SPEAKERS_MAX;
    for (size_t i = 0; i < mine->count; i++) /* list may be NULL when it is empty */
        mine->items[i] = list[i];
}

void speakers_remove(struct speakers *speakers, uint64_t user_id)
{
    for (unsigned i = 0; i < speakers->worker_count; i++) {
        struct speaker_list *list = &speakers->workers[i];
        size_t kept = 0;
        for (size_t k = 0; k < list->count; k++) {
            if (list->items[k].user_id != user_id)
                list->items[kept++] = list->items[k];
        }
        list->count = kept;
    }
}

/* Keeps the list sorted, loudest first; equal ones by user, so that they do not change places all the time. */
static void insert(struct speaker_list *list, const struct speaker *speaker)
{
    size_t at = list->count;
    while (at > 0 && (list->items[at - 1].level < speaker->level ||
                      (list->items[at - 1].level == speaker->level && list->items[at - 1].user_id > speaker->user_id)))
        at--;
    if (at >= MEDIA_SPEAKERS_MAX)
        return;
    if (list->count < MEDIA_SPEAKERS_MAX)
        list->count++;
    memmove(&list->items[at + 1], &list->items[at], (list->count - at - 1) * sizeof(*speaker));
    list->items[at] = *speaker;
}

static void combine(const struct speakers *speakers, struct speaker_list *out)
{
    out->count = 0;
    for (unsigned i = 0; i < speakers->worker_count; i++) {
        const struct speaker_list *list = &speakers->workers[i];
        for (size_t k = 0; k < list->count; k++)
            insert(out, &list->items[k]);
    }
}

static bool is_changed(const struct speaker_list *a, const struct speaker_list *b)
{
    if (a->count != b->count)
        return true;
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].user_id != b->items[i].user_id ||
            abs((int)a->items[i].level - (int)b->items[i].level) >= SPEAKERS_LEVEL_STEP)
            return true;
    }
    return false;
}

bool speakers_take(struct speakers *speakers, uint64_t now_us, struct speaker out[MEDIA_SPEAKERS_MAX], size_t *count)
{
    if (now_us < speakers_next_us(speakers))
        return false;
    struct speaker_list list;
    combine(speakers, &list);
    speakers->told = list;
    speakers->told_us = now_us;
    memcpy(out, list.items, list.count * sizeof(*out));
    *count = list.count;
    return true;
}

uint64_t speakers_next_us(const struct speakers *speakers)
{
    struct speaker_list list;
    combine(speakers, &list);
    if (!is_changed(&list, &speakers->told))
        return UINT64_MAX;
    return speakers->told_us ? speakers->told_us + SPEAKERS_INTERVAL_US : 0;
}
