/* See spread.h. */
#include "chat/spread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/jget.h"
#include "base/mem.h"
#include "chat/hub.h"

struct notice_text {
    char *text;
    size_t head; /* its length up to the id */
    size_t tail; /* where it goes on */
};

struct copy {
    uint64_t user_id;
    uint64_t delivery_id;
    unsigned text;
};

struct spread {
    struct notice_text texts[SPREAD_TEXTS];
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
        free(spread->texts[i].text);
    free(spread);
}

unsigned spread_add_text(struct spread *spread, json_t *payload_take)
{
    /* The quotes around a key stand nowhere in JSON but around strings of their own, so no user's text can look so. */
    static const char key[] = "\"deliveryId\":";
    assert(spread->text_count < SPREAD_TEXTS);
    struct notice_text *it = &spread->texts[spread->text_count];
    it->text = jget_dump_take(json_pack("{s:i, s:o}", "type", NOTICE_MESSAGE, "payload", payload_take));
    const char *at = strstr(it->text, key);
    assert(at && at[sizeof(key) - 1] == '0');
    it->head = (size_t)(at - it->text) + sizeof(key) - 1;
    it->tail = it->head + 1;
    return spread->text_count++;
}

void spread_add(struct spread *spread, unsigned text, uint64_t user_id, uint64_t delivery_id)
{
    assert(spread->count < spread->max && text < spread->text_count);
    spread->copies[spread->count++] = (struct copy){.user_id = user_id, .delivery_id = delivery_id, .text = text};
}

size_t spread_count(const struct spread *spread)
{
    return spread->count;
}

uint64_t spread_write(const struct spread *spread, size_t index, struct text *out)
{
    const struct copy *copy = &spread->copies[index];
    const struct notice_text *it = &spread->texts[copy->text];
    text_add_n(out, it->text, it->head);
    text_addf(out, "%" PRIu64, copy->delivery_id);
    text_add(out, it->text + it->tail);
    return copy->user_id;
}

void spread_send(const struct spread *spread, struct hub *hub)
{
    struct text text = {0}; /* for all of hundreds: it grows once */
    for (size_t i = 0; i < spread->count; i++) {
        if (!hub_has_sessions(hub, spread->copies[i].user_id))
            continue;
        text.len = 0;
        uint64_t user_id = spread_write(spread, i, &text);
        hub_send_text(hub, user_id, text.data, text.len);
    }
    text_free(&text);
}
