/* DTLS 1.2 of one connection (RFC 6347, RFC 5764): OpenSSL over a BIO that holds one datagram. Sans-IO, owned by one
 * media thread; the handshake allocates (OpenSSL), afterwards nothing does.
 *
 *     dtls_create(ctx, &setup, now_us, &dtls);      a client's first flight goes out at once
 *     dtls_input(dtls, datagram, len, now_us);      answers go out by setup.send, one call a datagram of <= DTLS_MTU
 *     if (now_us >= dtls_next_timeout_us(dtls)) dtls_timeout(dtls, now_us);
 *     switch (dtls_state(dtls)) case DTLS_READY: dtls_export_keys(...)
 *
 * READY means: the peer's certificate has the fingerprint from SDP, it proved its key, and an SRTP suite was agreed.
 * What an outsider could inject is kept off: no DTLSv1_listen and no cookies (the address passed an ICE check, and
 * listen cannot reassemble large hellos), plaintext alerts are not believed, no renegotiation, no tickets, bounded
 * bytes and time.
 *
 * OpenSSL's retransmission timer runs on the wall clock; the deadline runs on the caller's. */
#ifndef ICHAT_RTC_DTLS_H
#define ICHAT_RTC_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "rtc/params.h"
#include "rtc/seal.h"

#define DTLS_MTU 1200                         /* bytes of a datagram that we send; passes nearly every path */
#define DTLS_HANDSHAKE_US 10000000            /* from the first datagram */
#define DTLS_HANDSHAKE_BYTES_MAX (64u * 1024) /* received; a handshake with retransmissions takes 5 to 20 KB */
#define DTLS_REASON_MAX 96

/* Suites, best first; the server's order wins. For tests a context may offer fewer. */
#define DTLS_SUITES "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"

struct rtc_identity;
struct dtls_ctx;
struct dtls;

/* One a thread. ERR_IO when OpenSSL refuses. */
MUST_CHECK enum err dtls_ctx_create(const struct rtc_identity *identity, const char *suites, struct dtls_ctx **out);
void dtls_ctx_free(struct dtls_ctx *ctx); /* after its connections */

enum dtls_state {
    DTLS_HANDSHAKE,
    DTLS_READY,
    DTLS_CLOSED, /* close_notify came */
    DTLS_FAILED,
};

struct dtls_setup {
    bool is_client;
    const uint8_t *fingerprint; /* of the peer's certificate; copied */
    size_t fingerprint_len;
    const char *fingerprint_hash; /* "sha-256", "sha-384", "sha-512" */
    void (*send)(void *arg, const uint8_t *data, size_t len);
    void *arg;
};

/* ERR_INVALID: a fingerprint that is none. */
MUST_CHECK enum err dtls_create(struct dtls_ctx *ctx, const struct dtls_setup *setup, uint64_t now_us,
                                struct dtls **out);
void dtls_free(struct dtls *dtls); /* sends nothing */

void dtls_input(struct dtls *dtls, const uint8_t *data, size_t len, uint64_t now_us);
uint64_t dtls_next_timeout_us(const struct dtls *dtls); /* UINT64_MAX = none */
void dtls_timeout(struct dtls *dtls, uint64_t now_us);
void dtls_close(struct dtls *dtls); /* sends close_notify when READY */

enum dtls_state dtls_state(const struct dtls *dtls);
const char *dtls_reason(const struct dtls *dtls); /* why it FAILED: a sentence, else "" */
enum seal_suite dtls_suite(const struct dtls *dtls);
/* In READY only. `out` has room for SEAL_KEYS_MAX bytes. */
MUST_CHECK enum err dtls_export_keys(struct dtls *dtls, uint8_t *out, size_t *len);

#endif
