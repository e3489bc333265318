/* ICE connectivity checks on the wire, the side that answers them (RFC 8445 section 7.3, RFC 8489), over libnice's STUN
 * codec. The thread that owns the context; stateless between calls but for scratch memory.
 *
 *     switch (ice_stun_answer(stun, &creds, data, len, &from, &check)) {
 *     case ERR_OK:        check.is_valid: an authenticated Binding request; send check.reply if the address is accepted
 *     case ERR_INVALID:   not a well-formed Binding request; drop it silently
 *     case ERR_DENIED:    wrong ufrag or MESSAGE-INTEGRITY; drop it silently
 *     }
 *
 * We are ICE-lite, so we never send requests and are always controlled (RFC 8445 section 6.1.1): a peer that claims to
 * be controlled too gets 487, and its address is not accepted. The shape of a message (lengths, order, doubled
 * attributes) is checked here before libnice sees a byte of it, and the integrity is compared in constant time. */
#ifndef ICHAT_RTC_ICE_STUN_H
#define ICHAT_RTC_ICE_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "net/addr.h"

#define ICE_STUN_REPLY_MAX 256 /* header, XOR-MAPPED-ADDRESS, USERNAME of 65, integrity, fingerprint: 160 */
#define ICE_STUN_ID_LEN 12     /* transaction id without the magic cookie */

struct ice_stun;

/* ERR_IO when OpenSSL has no HMAC-SHA1. */
MUST_CHECK enum err ice_stun_create(struct ice_stun **out);
void ice_stun_free(struct ice_stun *stun);

/* Borrowed strings. remote_ufrag "" = not known yet, then any is taken. */
struct ice_creds {
    const char *local_ufrag;
    const char *local_pwd;
    const char *remote_ufrag;
};

struct ice_check {
    bool is_valid;     /* a check that succeeded; false = only the error in `reply` is to be sent */
    bool is_nominated; /* USE-CANDIDATE */
    uint8_t id[ICE_STUN_ID_LEN];
    uint8_t reply[ICE_STUN_REPLY_MAX];
    size_t reply_len;
};

MUST_CHECK enum err ice_stun_answer(struct ice_stun *stun, const struct ice_creds *creds, const uint8_t *data,
                                    size_t len, const struct addr *from, struct ice_check *check);

#endif
