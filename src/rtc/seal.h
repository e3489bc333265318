/* SRTP and SRTCP of one connection (RFC 3711, RFC 7714): one context in, one out, any SSRC. Owned by one media thread.
 * After the first packet of an SSRC (which takes memory for that stream's state) nothing is allocated. AES-GCM is done
 * by seal_gcm.h, the rest, and all if asked for, by libsrtp2.
 *
 * A packet that went out cannot be sealed again with other bytes under the same SSRC and sequence number: under GCM a
 * nonce that sees two texts gives the authentication key away. So sealing refuses a repeated sequence number, and
 * retransmissions go as RTX (RFC 4588), which has sequence numbers of its own. */
#ifndef ICHAT_RTC_SEAL_H
#define ICHAT_RTC_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SEAL_REPLAY_WINDOW 1024 /* packets; a 4 Mbit/s stream holds about 2.5 s in it */
#define SEAL_KEYS_MAX 88        /* AEAD_AES_256_GCM: two keys of 32 and two salts of 12 bytes (RFC 7714 section 12) */

/* The numbers of RFC 5764 section 4.1.2 and RFC 7714 section 14.2. */
enum seal_suite {
    SEAL_NONE = 0,
    SEAL_AES128_CM_SHA1_80 = 0x0001,
    SEAL_AEAD_AES_128_GCM = 0x0007,
    SEAL_AEAD_AES_256_GCM = 0x0008,
};

const char *seal_suite_name(enum seal_suite suite); /* "" for SEAL_NONE */
/* Bytes of keying material that DTLS must export; 0 for an unknown suite. */
size_t seal_keys_len(enum seal_suite suite);

struct seal;

/* `keys` is the exporter's output (RFC 5764 section 4.2): client key, server key, client salt, server salt. The caller
 * wipes it. */
MUST_CHECK enum err seal_create(enum seal_suite suite, const uint8_t *keys, size_t len, bool is_client,
                                struct seal **out);
enum seal_maker {
    SEAL_BY_OWN,     /* seal_gcm.h with the best cipher of this machine, where it has the suite */
    SEAL_BY_OPENSSL, /* seal_gcm.h with OpenSSL's cipher, where it has the suite */
    SEAL_BY_SRTP2,   /* libsrtp2 for all suites */
};
MUST_CHECK enum err seal_create_by(enum seal_maker maker, enum seal_suite suite, const uint8_t *keys, size_t len,
                                   bool is_client, struct seal **out);
void seal_free(struct seal *seal);

/* In place, *len grows; `size` is the room. ERR_FULL when the room is too small, ERR_EXISTS for a sequence number that
 * was sealed before (or is older than the window), ERR_INVALID when it is no RTP or RTCP packet, ERR_LIMIT when the
 * key's packets are used up. */
MUST_CHECK enum err seal_rtp(struct seal *seal, uint8_t *data, size_t *len, size_t size);
MUST_CHECK enum err seal_rtcp(struct seal *seal, uint8_t *data, size_t *len, size_t size);

/* Step 0, then 1, with other work between: see transport_prefetch(). */
void seal_prefetch(const struct seal *seal, unsigned step);

/* In place, *len shrinks. ERR_EXISTS for a replay, ERR_DENIED for a bad tag, ERR_INVALID for what is no packet,
 * ERR_LIMIT for one SSRC too many; the bytes are of no use after a failure. */
MUST_CHECK enum err unseal_rtp(struct seal *seal, uint8_t *data, size_t *len);
MUST_CHECK enum err unseal_rtcp(struct seal *seal, uint8_t *data, size_t *len);

#endif
