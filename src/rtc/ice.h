/* The ICE-lite side of one connection: which remote addresses passed a check and which of them media goes to (RFC 8445
 * sections 2.5 and 7.3). Sans-IO, owned by one media thread, no allocation.
 *
 * A lite agent sends no checks of its own, so a check alone does not prove that its sender owns the source address: who
 * reads a check on the wire could send it again from an address of somebody else. Hence two rules of our own:
 *   - a transaction that was seen from one address is refused from another;
 *   - once the keys are in place, media moves to a nominated address only when it is proven (a DTLS or SRTP packet that
 *     authenticates came from it), or when the address in use has been silent for ICE_SILENT_US. */
#ifndef ICHAT_RTC_ICE_H
#define ICHAT_RTC_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "rtc/ice_stun.h"
#include "rtc/transport.h"

#define ICE_SILENT_US 2500000 /* browsers check a live pair every 2.5 s at the least and send RTCP every second */
#define ICE_IDS_MAX 32 /* recent transactions; at a check every 50 ms this is over a second, idle it is a minute */

struct ice_tuple {
    struct addr addr;
    uint64_t last_seen_us;
    bool is_proven; /* authenticated by key, not only by check */
};

struct ice_seen_id {
    uint8_t id[ICE_STUN_ID_LEN];
    struct addr addr;
};

/* Owned by the media thread. */
struct ice {
    struct ice_tuple tuples[TRANSPORT_TUPLES_MAX];
    unsigned count;
    int selected;        /* index, or -1 */
    struct addr pending; /* nominated, waits for proof */
    bool has_pending;
    bool is_strict; /* keys are in place: a nomination needs proof */
    struct ice_seen_id ids[ICE_IDS_MAX];
    unsigned id_next;
};

void ice_init(struct ice *ice);

/* False = the same transaction came from another address before. */
bool ice_note_id(struct ice *ice, const uint8_t id[ICE_STUN_ID_LEN], const struct addr *from);

/* The checked tuple of this address, or NULL. */
struct ice_tuple *ice_find(struct ice *ice, const struct addr *addr);

/* The tuple that must go before one more is added: the one silent for the longest of those not in use, unproven ones
 * first. NULL while there is room. */
const struct ice_tuple *ice_victim(const struct ice *ice);
void ice_remove(struct ice *ice, const struct addr *addr);
/* There must be room. The first one is selected. */
struct ice_tuple *ice_add(struct ice *ice, const struct addr *addr, uint64_t now_us);

/* USE-CANDIDATE came on this checked address; the latest one counts, so aggressive nomination works. */
void ice_nominate(struct ice *ice, const struct addr *addr, uint64_t now_us);
/* A packet from this tuple was authenticated by the connection's keys. */
void ice_prove(struct ice *ice, struct ice_tuple *tuple, uint64_t now_us);
/* The handshake is done, its last flight came from this tuple: from now on the strict rules. */
void ice_set_strict(struct ice *ice, struct ice_tuple *tuple, uint64_t now_us);
/* New credentials: tuples and selection stay until a new nomination. */
void ice_restart(struct ice *ice);

const struct addr *ice_remote(const struct ice *ice);

#endif
