/* What dtls.c, dtls_bio.c and dtls_ctx.c share. */
#ifndef ICHAT_RTC_DTLS_PRIV_H
#define ICHAT_RTC_DTLS_PRIV_H

#include "base/buf.h"
#include "rtc/dtls.h"
#include "rtc/ossl.h"

struct dtls_ctx {
    SSL_CTX *ssl_ctx;
    BIO_METHOD *bio_method;
};

struct dtls {
    /* set once at creation */
    SSL *ssl;
    uint8_t fingerprint[RTC_FINGERPRINT_MAX];
    size_t fingerprint_len;
    const EVP_MD *fingerprint_md;
    void (*send)(void *arg, const uint8_t *data, size_t len);
    void *arg;
    uint64_t deadline_us;
    /* owned by the media thread */
    enum dtls_state state;
    enum seal_suite suite;
    struct bytes incoming; /* the datagram that is being processed, borrowed for one dtls_input() */
    uint64_t timeout_us;
    size_t bytes_in;
    size_t sealed_min; /* bytes of a protected record's body; what is shorter is forged */
    bool is_cert_right;
    int plain_alert; /* the last alert that came in plain text, -1 = none; told when the handshake times out */
    char reason[DTLS_REASON_MAX];
};

/* A BIO whose data is a struct dtls: reads take dtls->incoming, each write is one datagram. */
BIO_METHOD *dtls_bio_method(void);

/* Compares with the fingerprint and remembers. */
bool dtls_judge_cert(struct dtls *dtls, X509 *cert);
/* The first reason stays. */
void dtls_fail(struct dtls *dtls, const char *reason);

#endif
