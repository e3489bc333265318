/* SRTP and SRTCP with AEAD_AES_128_GCM and AEAD_AES_256_GCM (RFC 7714): one direction of one connection. Owned by one
 * media thread.
 *
 * Why not libsrtp: its per-packet way through NSS, as Debian builds it, costs several times the cipher itself, and more
 * with each connection (docs/performance.md). It stays for the other suite, and as a switch (`media.srtp`).
 *
 * Every SSRC has a roll-over count and a window of its own; SRTCP that we send has one index for all SSRCs, which keeps
 * its nonces apart as well. A new SSRC of the sending side, or one whose packet proved genuine, takes memory once. */
#ifndef ICHAT_RTC_SEAL_GCM_H
#define ICHAT_RTC_SEAL_GCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "rtc/gcm.h"

/* A member that sends from ever new SSRCs finds its packets refused at this number. 48 are known by signaling at a
 * time, but each camera or screen that is added anew brings up to six for the rest of the connection. 200 KB at most.
 */
#define SEAL_GCM_STREAMS_IN 1024
#define SEAL_GCM_STREAMS_OUT 16384

#define SEAL_GCM_KEY_MAX 32
#define SEAL_GCM_SALT 12 /* RFC 7714 section 12 */

/* The session keys of one direction. */
struct seal_gcm_keys {
    enum gcm_engine engine;
    size_t key_len; /* 16 or 32 */
    uint8_t rtp_key[SEAL_GCM_KEY_MAX];
    uint8_t rtp_salt[SEAL_GCM_SALT];
    uint8_t rtcp_key[SEAL_GCM_KEY_MAX];
    uint8_t rtcp_salt[SEAL_GCM_SALT];
};

/* Out of a master key of 16 or 32 bytes and its salt. */
MUST_CHECK enum err seal_gcm_derive(const uint8_t *key, size_t key_len, const uint8_t *salt, struct seal_gcm_keys *out);

struct seal_gcm;

/* The caller wipes the keys. */
MUST_CHECK enum err seal_gcm_create(const struct seal_gcm_keys *keys, bool is_sender, struct seal_gcm **out);
void seal_gcm_free(struct seal_gcm *gcm);

/* As the functions of seal.h, for a context made for that direction; the caller has checked that *len is a length of
 * RTP or RTCP and that there is room for the overhead. ERR_LIMIT: too many SSRCs, or the key's packets are used up. */
MUST_CHECK enum err seal_gcm_rtp(struct seal_gcm *gcm, uint8_t *data, size_t *len);
MUST_CHECK enum err seal_gcm_rtcp(struct seal_gcm *gcm, uint8_t *data, size_t *len);
void seal_gcm_prefetch(const struct seal_gcm *gcm, unsigned step);
MUST_CHECK enum err unseal_gcm_rtp(struct seal_gcm *gcm, uint8_t *data, size_t *len);
MUST_CHECK enum err unseal_gcm_rtcp(struct seal_gcm *gcm, uint8_t *data, size_t *len);

#endif
