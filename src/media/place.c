/* Placement of peers on workers. The control thread. */
#include "media/place.h"

#include <stdlib.h>

#include "base/hmap.h"
#include "base/mem.h"

/* A call's next peers go elsewhere only when its worker has much to do and another clearly less: every worker that a
 * call spans costs one relayed copy of each packet, and one wake of a thread, which a call with little traffic feels
 * most. Below half a core nobody waits for the thread. */
#define BUSY_PERMILLE 500
#define CLEARLY_LESS_PERMILLE 200
/* So large that the copy weighs little against all that each thread sends of it; spread early, since peers never move
 * and traffic may grow when all are there. */
#define LARGE_CALL 100
#define CLEARLY_MORE(mine, least) ((mine) > (least) + (least) / 4 + 16)
/* Differences below this are chance: then the number of peers decides. */
#define STEP_PERMILLE 100

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
    unsigned next;  /* round robin */
    unsigned *load; /* peers */
    unsigned *busy; /* permille, as last told */
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
    place->busy = mem_calloc(workers, sizeof(*place->busy));
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
    free(place->busy);
    free(place->load);
    free(place);
}

void place_set_busy(struct place *place, unsigned worker, unsigned permille)
{
    if (worker < place->workers)
        place->busy[worker] = permille;
}

static bool is_better(const struct place *place, unsigned a, unsigned b)
{
    bool is_a_full = place->load[a] >= place->max_peers, is_b_full = place->load[b] >= place->max_peers;
    if (is_a_full != is_b_full)
        return is_b_full;
    unsigned step_a = place->busy[a] / STEP_PERMILLE, step_b = place->busy[b] / STEP_PERMILLE;
    return step_a != step_b ? step_a < step_b : place->load[a] < place->load[b];
}

static unsigned best_of(const struct place *place)
{
    unsigned best = 0;
    for (unsigned i = 1; i < place->workers; i++)
        if (is_better(place, i, best))
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
    unsigned best = best_of(place);
    if (!call || place->is_spread || place->load[call->worker] >= place->max_peers)
        return best;
    unsigned mine = call->worker;
    bool is_busy = place->busy[mine] >= BUSY_PERMILLE && place->busy[best] + CLEARLY_LESS_PERMILLE <= place->busy[mine];
    bool is_large = call->peers >= LARGE_CALL && CLEARLY_MORE(place->load[mine], place->load[best]);
    return (is_busy || is_large) && place->load[best] < place->max_peers ? best : mine;
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
