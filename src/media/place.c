/* Placement of peers on workers. The control thread. */
#include "media/place.h"

#include <stdlib.h>

#include "base/hmap.h"
#include "base/mem.h"

/* A call moves its next peers elsewhere only when its worker has a quarter more peers than the emptiest one, and some:
 * every worker that a call spans costs one relayed copy of each packet. */
#define CLEARLY_MORE(mine, least) ((mine) > (least) + (least) / 4 + 16)

struct place_call {
    uint64_t id;
    uint16_t worker; /* of its newest peer */
    unsigned peers;
};

struct place_peer {
    uint64_t id;
    uint64_t call_id;
    uint16_t worker;
};

struct place {
    /* set once at creation */
    unsigned workers;
    uint32_t max_peers;
    bool is_spread;
    /* owned by the control thread */
    unsigned next; /* round robin */
    unsigned *load;
    struct hmap *calls;
    struct hmap *peers;
};

struct place *place_create(unsigned workers, uint32_t max_peers, bool is_spread)
{
    struct place *place = mem_calloc(1, sizeof(*place));
    place->workers = workers;
    place->max_peers = max_peers;
    place->is_spread = is_spread;
    place->load = mem_calloc(workers, sizeof(*place->load));
    place->calls = hmap_create(64, false);
    place->peers = hmap_create(256, false);
    return place;
}

void place_free(struct place *place)
{
    if (!place)
        return;
    size_t it = 0;
    void *value;
    while ((value = hmap_next(place->peers, &it)))
        free(value);
    it = 0;
    while ((value = hmap_next(place->calls, &it)))
        free(value);
    hmap_free(place->peers);
    hmap_free(place->calls);
    free(place->load);
    free(place);
}

static unsigned emptiest(const struct place *place)
{
    unsigned best = 0;
    for (unsigned i = 1; i < place->workers; i++)
        if (place->load[i] < place->load[best])
            best = i;
    return best;
}

static unsigned choose(struct place *place, const struct place_call *call)
{
    if (place->is_spread) {
        for (unsigned i = 0; i < place->workers; i++) {
            unsigned worker = place->next++ % place->workers;
            if (place->load[worker] < place->max_peers)
                return worker;
        }
    }
    unsigned least = emptiest(place);
    if (!call || place->is_spread)
        return least;
    unsigned mine = place->load[call->worker];
    return mine >= place->max_peers || CLEARLY_MORE(mine, place->load[least]) ? least : call->worker;
}

enum err place_choose(struct place *place, uint64_t call_id, uint16_t *worker)
{
    struct place_call *call = hmap_get_u64(place->calls, call_id);
    unsigned chosen = choose(place, call);
    if (place->load[chosen] >= place->max_peers)
        return ERR_LIMIT;
    if (!call) {
        call = mem_calloc(1, sizeof(*call));
        call->id = call_id;
        enum err err = hmap_put_u64(place->calls, call_id, call);
        if (err) {
            free(call);
            return err;
        }
    }
    call->worker = (uint16_t)chosen;
    call->peers++;
    place->load[chosen]++;
    *worker = (uint16_t)chosen;
    return ERR_OK;
}

void place_bind(struct place *place, uint64_t peer_id, uint64_t call_id, uint16_t worker)
{
    struct place_peer *peer = mem_calloc(1, sizeof(*peer));
    *peer = (struct place_peer){.id = peer_id, .call_id = call_id, .worker = worker};
    if (hmap_put_u64(place->peers, peer_id, peer))
        free(peer);
}

void place_uncount(struct place *place, uint64_t call_id, uint16_t worker)
{
    struct place_call *call = hmap_get_u64(place->calls, call_id);
    if (!call || worker >= place->workers || !place->load[worker])
        return;
    place->load[worker]--;
    if (--call->peers == 0) {
        hmap_del_u64(place->calls, call_id);
        free(call);
    }
}

void place_release(struct place *place, uint64_t peer_id)
{
    struct place_peer *peer = hmap_del_u64(place->peers, peer_id);
    if (!peer)
        return;
    place_uncount(place, peer->call_id, peer->worker);
    free(peer);
}

unsigned place_load(const struct place *place, unsigned worker)
{
    return worker < place->workers ? place->load[worker] : 0;
}
