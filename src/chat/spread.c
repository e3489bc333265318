/* See spread.h. */
#include "chat/spread.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "chat/hub.h"

struct copy {
    uint64_t user_id;
    unsigned text;
};

struct spread {
    char *texts[SPREAD_TEXTS];
    size_t lengths[SPREAD_TEXTS];
    unsigned text_count;
    size_t max;
    size_t count;
    struct copy copies[];
};

struct spread *spread_create(size_t max)
{
    struct spread *spread = mem_calloc(1, sizeof(*spread) + max * sizeof(struct copy));
    spread->max = max;
    return spread;
}

void spread_free(struct spread *spread)
{
    if (!spread)
        return;
    for (unsigned i = 0; i < spread->text_count; i++)
        free(spread->texts[i]);
    free(spread);
}

unsigned spread_add_text(struct spread *spread, json_t *payload_take)
{
    assert(spread->text_count < SPREAD_TEXTS);
    unsigned at = spread->text_count++;
    spread->texts[at] = jget_dump_take(json_pack("{s:i, s:o}", "type", NOTICE_MESSAGE, "payload", payload_take));
    spread->lengths[at] = strlen(spread->texts[at]);
    return at;
}

void spread_add(struct spread *spread, unsigned text, uint64_t user_id)
{
    assert(spread->count < spread->max && text < spread->text_count);
    spread->copies[spread->count++] = (struct copy){.user_id = user_id, .text = text};
}

size_t spread_count(const struct spread *spread)
{
    return spread->count;
}

const char *spread_text(const struct spread *spread, size_t index, uint64_t *user_id)
{
    *user_id = spread->copies[index].user_id;
    return spread->texts[spread->copies[index].text];
}

void spread_send(const struct spread *spread, struct hub *hub)
{
    struct hub_text texts[SPREAD_TEXTS];
    uint64_t now_us = clock_now_us();
    for (unsigned i = 0; i < spread->text_count; i++)
        texts[i] = (struct hub_text){.text = spread->texts[i], .len = spread->lengths[i], .now_us = now_us};
    for (size_t i = 0; i < spread->count; i++)
        hub_send_text(hub, i, spread->copies[i].user_id, &texts[spread->copies[i].text]);
}
