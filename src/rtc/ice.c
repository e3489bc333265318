/* The ICE-lite side of one connection. See ice.h for thread and rules. */
#include "rtc/ice.h"

#include <assert.h>
#include <string.h>

void ice_init(struct ice *ice)
{
    *ice = (struct ice){.selected = -1};
}

bool ice_note_id(struct ice *ice, const uint8_t id[ICE_STUN_ID_LEN], const struct addr *from)
{
    for (unsigned i = 0; i < ICE_IDS_MAX; i++) {
        const struct ice_seen_id *seen = &ice->ids[i];
        if (memcmp(seen->id, id, ICE_STUN_ID_LEN) == 0 && seen->addr.port != 0)
            return addr_is_equal(&seen->addr, from);
    }
    struct ice_seen_id *slot = &ice->ids[ice->id_next];
    ice->id_next = (ice->id_next + 1) % ICE_IDS_MAX;
    memcpy(slot->id, id, ICE_STUN_ID_LEN);
    slot->addr = *from;
    return true;
}

struct ice_tuple *ice_find(struct ice *ice, const struct addr *addr)
{
    for (unsigned i = 0; i < ice->count; i++) {
        if (addr_is_equal(&ice->tuples[i].addr, addr))
            return &ice->tuples[i];
    }
    return NULL;
}

/* Whether a goes before b. */
static bool is_worse(const struct ice_tuple *a, const struct ice_tuple *b)
{
    if (a->is_proven != b->is_proven)
        return !a->is_proven;
    return a->last_seen_us < b->last_seen_us;
}

const struct ice_tuple *ice_victim(const struct ice *ice)
{
    if (ice->count < TRANSPORT_TUPLES_MAX)
        return NULL;
    const struct ice_tuple *worst = NULL;
    for (unsigned i = 0; i < ice->count; i++) {
        const struct ice_tuple *tuple = &ice->tuples[i];
        if ((int)i != ice->selected && (!worst || is_worse(tuple, worst)))
            worst = tuple;
    }
    return worst;
}

void ice_remove(struct ice *ice, const struct addr *addr)
{
    struct ice_tuple *tuple = ice_find(ice, addr);
    if (!tuple)
        return;
    if (ice->has_pending && addr_is_equal(&ice->pending, addr))
        ice->has_pending = false;
    int at = (int)(tuple - ice->tuples);
    int last = (int)--ice->count;
    if (ice->selected == at)
        ice->selected = -1;
    else if (ice->selected == last)
        ice->selected = at;
    *tuple = ice->tuples[last];
}

struct ice_tuple *ice_add(struct ice *ice, const struct addr *addr, uint64_t now_us)
{
    assert(ice->count < TRANSPORT_TUPLES_MAX);
    struct ice_tuple *tuple = &ice->tuples[ice->count];
    *tuple = (struct ice_tuple){.addr = *addr, .last_seen_us = now_us};
    if (ice->selected < 0)
        ice->selected = (int)ice->count;
    ice->count++;
    return tuple;
}

static void select_tuple(struct ice *ice, const struct ice_tuple *tuple)
{
    ice->selected = (int)(tuple - ice->tuples);
    ice->has_pending = false;
}

/* The address in use no longer sends anything. */
static bool is_selected_silent(const struct ice *ice, uint64_t now_us)
{
    if (ice->selected < 0)
        return true;
    return ice->tuples[ice->selected].last_seen_us + ICE_SILENT_US < now_us;
}

void ice_nominate(struct ice *ice, const struct addr *addr, uint64_t now_us)
{
    struct ice_tuple *tuple = ice_find(ice, addr);
    if (!tuple)
        return;
    if (!ice->is_strict || tuple->is_proven || is_selected_silent(ice, now_us)) {
        select_tuple(ice, tuple);
        return;
    }
    ice->pending = *addr;
    ice->has_pending = true;
}

void ice_prove(struct ice *ice, struct ice_tuple *tuple, uint64_t now_us)
{
    tuple->is_proven = true;
    tuple->last_seen_us = now_us;
    if (ice->has_pending && addr_is_equal(&ice->pending, &tuple->addr))
        select_tuple(ice, tuple);
}

void ice_set_strict(struct ice *ice, struct ice_tuple *tuple, uint64_t now_us)
{
    ice->is_strict = true;
    ice_prove(ice, tuple, now_us);
    if (ice->selected < 0 || ice->tuples[ice->selected].is_proven)
        return;
    struct addr nominated = ice->tuples[ice->selected].addr;
    select_tuple(ice, tuple);
    ice->pending = nominated;
    ice->has_pending = true;
}

void ice_restart(struct ice *ice)
{
    ice->has_pending = false;
    memset(ice->ids, 0, sizeof(ice->ids));
    ice->id_next = 0;
}

const struct addr *ice_remote(const struct ice *ice)
{
    return ice->selected < 0 ? NULL : &ice->tuples[ice->selected].addr;
}
