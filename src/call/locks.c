/* Per-user busy locks. Web thread. */
#include "call/locks.h"

#include <stdlib.h>

#include "base/hmap.h"
#include "base/mem.h"

struct lock {
    uint64_t call_id;
    uint64_t expires_us;
};

struct locks {
    struct hmap *by_user; /* user id -> struct lock */
};

struct locks *locks_create(void)
{
    struct locks *locks = mem_calloc(1, sizeof(*locks));
    locks->by_user = hmap_create(64, false);
    return locks;
}

void locks_free(struct locks *locks)
{
    if (!locks)
        return;
    size_t it = 0;
    struct lock *lock;
    while ((lock = hmap_next(locks->by_user, &it)))
        free(lock);
    hmap_free(locks->by_user);
    free(locks);
}

bool locks_take(struct locks *locks, uint64_t user_id, uint64_t call_id, uint64_t now_us)
{
    struct lock *lock = hmap_get_u64(locks->by_user, user_id);
    if (lock && lock->call_id != call_id && lock->expires_us > now_us)
        return false;
    if (!lock) {
        lock = mem_calloc(1, sizeof(*lock));
        if (hmap_put_u64(locks->by_user, user_id, lock)) { /* a growing map refuses nothing but a second value */
            free(lock);
            return false;
        }
    }
    lock->call_id = call_id;
    lock->expires_us = now_us + LOCKS_LIFE_US;
    return true;
}

void locks_release(struct locks *locks, uint64_t user_id, uint64_t call_id)
{
    const struct lock *lock = hmap_get_u64(locks->by_user, user_id);
    if (lock && lock->call_id == call_id)
        free(hmap_del_u64(locks->by_user, user_id));
}

uint64_t locks_holder(const struct locks *locks, uint64_t user_id, uint64_t now_us)
{
    const struct lock *lock = hmap_get_u64(locks->by_user, user_id);
    return lock && lock->expires_us > now_us ? lock->call_id : 0;
}

size_t locks_count(const struct locks *locks)
{
    return hmap_count(locks->by_user);
}
