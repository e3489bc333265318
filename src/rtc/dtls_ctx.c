/* The DTLS settings that a thread's connections share. See dtls.h. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "rtc/dtls_priv.h"
#include "rtc/identity.h"
#include "rtc/ossl.h"

/* Forward secrecy and AEAD only. Our certificate is ECDSA; a peer that answers as the server may have an RSA one. */
#define CIPHERS                                                                                                        \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"                       \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"

/* Bounds the work that a hostile certificate makes: RSA beyond 4,096 bits is slow to verify, below 2,048 it is weak. */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define CERT_CHAIN_BYTES_MAX 8192

static bool is_key_acceptable(X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key)
        return false;
    int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && bits >= 256 && bits <= 521;
}

/* Replaces the chain check: what counts is that the leaf has the fingerprint from SDP (RFC 8122 section 6.2). Runs
 * before the peer's signature is verified and long before there are keys. */
static int on_verify(X509_STORE_CTX *store, void *arg)
{
    (void)arg;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct dtls *dtls = SSL_get_app_data(ssl);
    X509 *cert = X509_STORE_CTX_get0_cert(store);
    if (!cert || !is_key_acceptable(cert)) {
        dtls_fail(dtls, "the peer's certificate has a key of a kind or size that is not taken");
        X509_STORE_CTX_set_error(store, X509_V_ERR_EE_KEY_TOO_SMALL);
        return 0;
    }
    if (!dtls_judge_cert(dtls, cert)) {
        dtls_fail(dtls, "the peer's certificate does not match the fingerprint in its SDP");
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        return 0;
    }
    return 1;
}

static bool configure(SSL_CTX *ssl_ctx, const struct rtc_identity *identity, const char *suites)
{
    SSL_CTX_set_options(ssl_ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ssl_ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ssl_ctx, 1); /* a datagram is read whole */
    SSL_CTX_set_max_cert_list(ssl_ctx, CERT_CHAIN_BYTES_MAX);
    SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl_ctx, on_verify, NULL);
    return SSL_CTX_set_min_proto_version(ssl_ctx, DTLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(ssl_ctx, DTLS1_2_VERSION) && SSL_CTX_set_cipher_list(ssl_ctx, CIPHERS) &&
           SSL_CTX_set1_groups_list(ssl_ctx, GROUPS) && SSL_CTX_use_certificate(ssl_ctx, identity->cert) &&
           SSL_CTX_use_PrivateKey(ssl_ctx, identity->key) &&
           SSL_CTX_set_tlsext_use_srtp(ssl_ctx, suites) == 0; /* 0 is success here */
}

enum err dtls_ctx_create(const struct rtc_identity *identity, const char *suites, struct dtls_ctx **out)
{
    struct dtls_ctx *ctx = mem_calloc(1, sizeof(*ctx));
    ctx->bio_method = dtls_bio_method();
    ctx->ssl_ctx = SSL_CTX_new(DTLS_method());
    if (!ctx->bio_method || !ctx->ssl_ctx || !configure(ctx->ssl_ctx, identity, suites)) {
        log_error("DTLS cannot be set up: %s", ERR_reason_error_string(ERR_peek_last_error()));
        dtls_ctx_free(ctx);
        return ERR_IO;
    }
    *out = ctx;
    return ERR_OK;
}

void dtls_ctx_free(struct dtls_ctx *ctx)
{
    if (!ctx)
        return;
    SSL_CTX_free(ctx->ssl_ctx);
    BIO_meth_free(ctx->bio_method);
    free(ctx);
}
