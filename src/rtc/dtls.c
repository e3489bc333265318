/* DTLS of one connection. See dtls.h. */
#include "rtc/dtls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "rtc/dtls_priv.h"
#include "rtc/ossl.h"

/* RFC 6347 section 4.2.4.1 starts at 1 s, for networks of 1981; all WebRTC stacks start lower. */
#define RETRANSMIT_FIRST_US 200000u
#define RETRANSMIT_MAX_US 1600000u

/* RFC 6347 section 4.1. */
#define RECORD_HEADER_LEN 13
#define RECORD_ALERT 21

/* What the AEAD adds: explicit nonce and tag of GCM (RFC 5288 section 3), the tag of ChaCha20-Poly1305 (RFC 7905). */
#define GCM_OVERHEAD 24
#define CHACHA_OVERHEAD 16

#define EXPORT_LABEL "EXTRACTOR-dtls_srtp" /* RFC 5764 section 4.2 */

static unsigned next_retransmit_us(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (last_us == 0)
        return RETRANSMIT_FIRST_US;
    return last_us * 2 < RETRANSMIT_MAX_US ? last_us * 2 : RETRANSMIT_MAX_US;
}

void dtls_fail(struct dtls *dtls, const char *reason)
{
    if (dtls->reason[0] == '\0')
        text_copy(dtls->reason, sizeof(dtls->reason), reason);
    dtls->state = DTLS_FAILED;
    dtls->timeout_us = UINT64_MAX;
}

bool dtls_judge_cert(struct dtls *dtls, X509 *cert)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    dtls->is_cert_right = X509_digest(cert, dtls->fingerprint_md, digest, &len) && len == dtls->fingerprint_len &&
                          CRYPTO_memcmp(digest, dtls->fingerprint, len) == 0;
    return dtls->is_cert_right;
}

static enum err take_fingerprint(struct dtls *dtls, const struct dtls_setup *setup)
{
    static const struct {
        const char *name;
        const EVP_MD *(*md)(void);
    } hashes[] = {{"sha-256", EVP_sha256}, {"sha-384", EVP_sha384}, {"sha-512", EVP_sha512}};
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        if (strcmp(setup->fingerprint_hash, hashes[i].name) != 0)
            continue;
        dtls->fingerprint_md = hashes[i].md();
        dtls->fingerprint_len = setup->fingerprint_len;
        if (setup->fingerprint_len != (size_t)EVP_MD_get_size(dtls->fingerprint_md))
            return ERR_INVALID;
        memcpy(dtls->fingerprint, setup->fingerprint, setup->fingerprint_len);
        return ERR_OK;
    }
    return ERR_INVALID;
}

static bool attach_ssl(struct dtls *dtls, struct dtls_ctx *ctx, bool is_client)
{
    BIO *bio = BIO_new(ctx->bio_method);
    dtls->ssl = SSL_new(ctx->ssl_ctx);
    if (!bio || !dtls->ssl) {
        BIO_free(bio);
        return false;
    }
    BIO_set_data(bio, dtls);
    SSL_set_bio(dtls->ssl, bio, bio);
    SSL_set_app_data(dtls->ssl, dtls);
    SSL_set_mtu(dtls->ssl, DTLS_MTU);
    DTLS_set_timer_cb(dtls->ssl, next_retransmit_us);
    if (is_client)
        SSL_set_connect_state(dtls->ssl);
    else
        SSL_set_accept_state(dtls->ssl);
    return true;
}

/* When OpenSSL wants to retransmit, on the caller's clock. */
static void update_timeout(struct dtls *dtls, uint64_t now_us)
{
    if (dtls->state != DTLS_HANDSHAKE) {
        dtls->timeout_us = UINT64_MAX;
        return;
    }
    struct timeval left;
    uint64_t due_us = dtls->deadline_us;
    if (DTLSv1_get_timeout(dtls->ssl, &left)) {
        uint64_t left_us = (uint64_t)left.tv_sec * US_PER_S + (uint64_t)left.tv_usec;
        if (left_us < US_PER_MS)
            left_us = US_PER_MS;
        if (now_us + left_us < due_us)
            due_us = now_us + left_us;
    }
    dtls->timeout_us = due_us;
}

static void fail_by_ssl(struct dtls *dtls)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    char reason[DTLS_REASON_MAX];
    snprintf(reason, sizeof(reason), "DTLS: %s", text ? text : "protocol error");
    dtls_fail(dtls, reason);
}

static void finish_handshake(struct dtls *dtls)
{
    SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
    enum seal_suite suite = profile ? (enum seal_suite)profile->id : SEAL_NONE;
    if (!dtls->is_cert_right) {
        dtls_fail(dtls, "the peer sent no certificate");
    } else if (seal_keys_len(suite) == 0) {
        dtls_fail(dtls, "no SRTP suite in common");
    } else {
        dtls->suite = suite;
        dtls->state = DTLS_READY;
        if (SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(dtls->ssl)) == NID_chacha20_poly1305)
            dtls->sealed_min = CHACHA_OVERHEAD;
    }
}

/* Application data would be SCTP; nobody reads it yet. Reading is what makes OpenSSL see close_notify and a repeated
 * Finished. */
static void read_all(struct dtls *dtls)
{
    uint8_t scratch[2048];
    int n;
    do
        n = SSL_read(dtls->ssl, scratch, sizeof(scratch));
    while (n > 0);
    switch (SSL_get_error(dtls->ssl, n)) {
    case SSL_ERROR_ZERO_RETURN:
        dtls->state = DTLS_CLOSED;
        break;
    case SSL_ERROR_SSL:
    case SSL_ERROR_SYSCALL:
        fail_by_ssl(dtls);
        break;
    default:
        break;
    }
}

/* OpenSSL's two record buffers are half of what a connection takes, and after the handshake hardly anything comes: they
 * are given back after each use. Writing without them would crash, so every use begins with wake(). */
static bool wake(struct dtls *dtls)
{
    ERR_clear_error();
    if (SSL_alloc_buffers(dtls->ssl))
        return true;
    dtls_fail(dtls, "DTLS: out of memory");
    return false;
}

static void rest(struct dtls *dtls)
{
    SSL_free_buffers(dtls->ssl);
    ERR_clear_error();
}

static void run(struct dtls *dtls)
{
    if (!wake(dtls))
        return;
    if (dtls->state == DTLS_HANDSHAKE) {
        int rc = SSL_do_handshake(dtls->ssl);
        int error = SSL_get_error(dtls->ssl, rc);
        if (rc == 1)
            finish_handshake(dtls);
        else if (error != SSL_ERROR_WANT_READ)
            fail_by_ssl(dtls);
    }
    if (dtls->state == DTLS_READY)
        read_all(dtls);
    if (dtls->state == DTLS_HANDSHAKE)
        ERR_clear_error();
    else
        rest(dtls);
}

enum err dtls_create(struct dtls_ctx *ctx, const struct dtls_setup *setup, uint64_t now_us, struct dtls **out)
{
    struct dtls *dtls = mem_calloc(1, sizeof(*dtls));
    dtls->send = setup->send;
    dtls->arg = setup->arg;
    dtls->deadline_us = now_us + DTLS_HANDSHAKE_US;
    dtls->timeout_us = dtls->deadline_us;
    dtls->plain_alert = -1;
    dtls->sealed_min = GCM_OVERHEAD; /* until the cipher is known: a Finished is longer under either */
    enum err err = take_fingerprint(dtls, setup);
    if (err == ERR_OK && !attach_ssl(dtls, ctx, setup->is_client))
        err = ERR_IO;
    if (err != ERR_OK) {
        dtls_free(dtls);
        return err;
    }
    if (setup->is_client) {
        run(dtls);
        update_timeout(dtls, now_us);
    }
    *out = dtls;
    return ERR_OK;
}

void dtls_free(struct dtls *dtls)
{
    if (!dtls)
        return;
    SSL_free(dtls->ssl);
    free(dtls);
}

/* The length of the datagram up to its first record that anyone can forge to harm: a plaintext alert, at which OpenSSL
 * would end the handshake (a peer that really gave up lets it time out), and a protected record too short to be one,
 * which OpenSSL 3.0 answers with a fatal alert instead of dropping it (RFC 6347 section 4.1.2.7). */
static size_t cut_forged(struct dtls *dtls, const uint8_t *data, size_t len)
{
    struct rd rd = rd_make(data, len);
    while (rd_left(&rd) > 0) {
        size_t at = len - rd_left(&rd);
        uint8_t type = rd_u8(&rd);
        rd_skip(&rd, 2); /* version */
        uint16_t epoch = rd_u16(&rd);
        rd_skip(&rd, 6); /* sequence number */
        uint16_t body_len = rd_u16(&rd);
        struct rd body = rd_sub(&rd, body_len);
        if (rd.is_bad)
            return at; /* OpenSSL drops a cut record too, but it need not see it */
        if (epoch == 0 && type == RECORD_ALERT) {
            rd_skip(&body, 1); /* level */
            dtls->plain_alert = rd_u8(&body);
            return at;
        }
        if (epoch != 0 && body_len < dtls->sealed_min)
            return at;
    }
    return len;
}

void dtls_input(struct dtls *dtls, const uint8_t *data, size_t len, uint64_t now_us)
{
    if (dtls->state == DTLS_CLOSED || dtls->state == DTLS_FAILED)
        return;
    size_t kept = cut_forged(dtls, data, len);
    if (kept == 0)
        return;
    if (dtls->state == DTLS_HANDSHAKE) {
        if (dtls->bytes_in + kept > DTLS_HANDSHAKE_BYTES_MAX)
            return;
        dtls->bytes_in += kept;
    }
    dtls->incoming = (struct bytes){.data = data, .len = kept};
    run(dtls);
    dtls->incoming = (struct bytes){0};
    update_timeout(dtls, now_us);
}

uint64_t dtls_next_timeout_us(const struct dtls *dtls)
{
    return dtls->timeout_us;
}

static void fail_by_deadline(struct dtls *dtls)
{
    char reason[DTLS_REASON_MAX] = "the DTLS handshake timed out";
    if (dtls->plain_alert >= 0)
        snprintf(reason, sizeof(reason), "the peer refused the DTLS handshake: %s",
                 SSL_alert_desc_string_long(dtls->plain_alert));
    dtls_fail(dtls, reason);
}

void dtls_timeout(struct dtls *dtls, uint64_t now_us)
{
    if (dtls->state != DTLS_HANDSHAKE)
        return;
    if (now_us >= dtls->deadline_us) {
        fail_by_deadline(dtls);
        return;
    }
    ERR_clear_error();
    if (DTLSv1_handle_timeout(dtls->ssl) < 0)
        fail_by_ssl(dtls);
    ERR_clear_error();
    update_timeout(dtls, now_us);
}

void dtls_close(struct dtls *dtls)
{
    if (dtls->state != DTLS_READY || !wake(dtls))
        return;
    (void)SSL_shutdown(dtls->ssl);
    rest(dtls);
    dtls->state = DTLS_CLOSED;
}

enum dtls_state dtls_state(const struct dtls *dtls)
{
    return dtls->state;
}

const char *dtls_reason(const struct dtls *dtls)
{
    return dtls->state == DTLS_FAILED ? dtls->reason : "";
}

enum seal_suite dtls_suite(const struct dtls *dtls)
{
    return dtls->suite;
}

enum err dtls_export_keys(struct dtls *dtls, uint8_t *out, size_t *len)
{
    if (dtls->state != DTLS_READY)
        return ERR_STATE;
    *len = seal_keys_len(dtls->suite);
    if (!SSL_export_keying_material(dtls->ssl, out, *len, EXPORT_LABEL, strlen(EXPORT_LABEL), NULL, 0, 0))
        return ERR_IO;
    return ERR_OK;
}
