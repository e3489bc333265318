/* The media path allocates nothing: malloc and its kin are counted on the media threads while 100,000 packets are
 * forwarded, with NACKs, reports and feedback among them. What libsrtp does inside of its four calls is counted apart:
 * Debian builds it on NSS, which allocates a few small blocks in each of them; that is not ours to mend here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pair.h"

#define SUBS 10
#define PACKETS 10000
#define BURST 20

static atomic_ullong allocations;
static atomic_ullong inside_libsrtp;
static atomic_bool is_counting;

/* --- in the place of libc's, for every library of the process --- */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_ALLOCATIONS 1 /* sanitizers have a malloc of their own */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);

static _Thread_local bool is_in_srtp;

static void note(void)
{
    if (atomic_load_explicit(&is_counting, memory_order_relaxed) && gettid() != getpid())
        atomic_fetch_add_explicit(is_in_srtp ? &inside_libsrtp : &allocations, 1, memory_order_relaxed);
}

/* The linker sends our calls of srtp_x() here (--wrap). */
#define WRAP(name)                                                                                                     \
    int __real_##name(void *ctx, void *data, int *len);                                                                \
    int __wrap_##name(void *ctx, void *data, int *len);                                                                \
    int __wrap_##name(void *ctx, void *data, int *len)                                                                 \
    {                                                                                                                  \
        is_in_srtp = true;                                                                                             \
        int status = __real_##name(ctx, data, len);                                                                    \
        is_in_srtp = false;                                                                                            \
        return status;                                                                                                 \
    }

WRAP(srtp_protect)
WRAP(srtp_protect_rtcp)
WRAP(srtp_unprotect)
WRAP(srtp_unprotect_rtcp)

void *malloc(size_t size)
{
    note();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    note();
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    note();
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t align, size_t size)
{
    note();
    return __libc_memalign(align, size);
}
#else
#define COUNTS_ALLOCATIONS 0
#endif

struct room {
    struct stage *stage;
    struct party *pub;
    struct party *subs[SUBS];
    unsigned wanted;
};

static bool has_all(void *ctx)
{
    const struct room *room = ctx;
    for (unsigned i = 0; i < SUBS; i++)
        if (room->subs[i]->datagrams < room->wanted)
            return false;
    return true;
}

/* Nothing is on the way any more. */
static void settle(struct room *room)
{
    party_sync(room->pub);
    stage_idle(room->stage, 100);
    for (unsigned i = 0; i < SUBS; i++)
        room->subs[i]->datagrams = 0;
    room->wanted = 0;
}

/* Bursts with a wait, so that loopback's queues lose nothing. */
static void send_frames(struct room *room, uint16_t *seq, unsigned count)
{
    for (unsigned sent = 0; sent < count; sent += BURST) {
        for (unsigned i = 0; i < BURST; i++, ++*seq)
            party_send_vp8(room->pub, PAIR_IN, *seq, *seq * 3000u, *seq % 300 == 0);
        room->wanted += BURST;
        stage_until(room->stage, has_all, room);
        if (sent % 400 == 0) {
            party_send_sr(room->pub, PAIR_IN, (uint64_t)*seq << 32, *seq * 3000u);
            *seq = (uint16_t)(*seq + 1); /* lost: we are asked for it */
        }
    }
}

static void test_no_allocation(void **state)
{
    (void)state;
    struct room room = {.stage = stage_create(2, "spread")};
    struct media_format in = party_vp8(), out = pair_out_vp8();
    room.pub = party_join(room.stage, 1, 1, 0);
    uint64_t track = party_publish(room.pub, &in, "v", PAIR_IN, PAIR_IN + 1);
    for (unsigned i = 0; i < SUBS; i++) {
        room.subs[i] = party_join(room.stage, 1, 2 + i, (uint16_t)(i % 2));
        party_subscribe(room.subs[i], &(struct party_sub){track, 0, in, out, PAIR_OUT, PAIR_OUT + 1, "v", false});
    }
    party_await_pli(room.pub, PAIR_IN, 1);
    for (unsigned i = 0; i < SUBS; i++)
        room.subs[i]->is_counting = true;
    uint16_t seq = 0;
    room.wanted = 1;
    do { /* until all subscriptions and the relay are open */
        party_send_vp8(room.pub, PAIR_IN, seq, seq * 3000u, true);
        seq++;
    } while (!stage_try_until(room.stage, has_all, &room, 50));
    settle(&room);
    send_frames(&room, &seq, 1000); /* what libraries make once */
    stage_idle(room.stage, 1200);
    settle(&room);
    atomic_store(&is_counting, true);
    send_frames(&room, &seq, PACKETS);
    atomic_store(&is_counting, false);
    print_message("%u forwarded packets: %llu allocations on media threads, and %llu inside libsrtp\n", SUBS * PACKETS,
                  (unsigned long long)atomic_load(&allocations), (unsigned long long)atomic_load(&inside_libsrtp));
    if (COUNTS_ALLOCATIONS)
        assert_int_equal(atomic_load(&allocations), 0);
    stage_free(room.stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_allocation)};
    if (rtc_global_init())
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rtc_global_free();
    return failed;
}
