/* Makes the process' DTLS certificate: self-signed, EC P-256, in memory only (RFC 8827 section 6.5). Main thread. */
#include "rtc/identity.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "rtc/ossl.h"
#include "rtc/transport.h"

/* Peers judge the fingerprint, never the dates; so long that a running server cannot outlive it. */
#define VALID_DAYS 3650

static bool fill_cert(X509 *cert, EVP_PKEY *key)
{
    char name[17];
    rand_alnum(name, sizeof(name) - 1); /* says nothing about the host */
    X509_NAME *subject = X509_get_subject_name(cert);
    return X509_set_version(cert, X509_VERSION_3) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), rand_u64() >> 1) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -24L * 3600) &&
           X509_time_adj_ex(X509_getm_notAfter(cert), VALID_DAYS, 0, NULL) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) &&
           X509_set_issuer_name(cert, subject) && X509_set_pubkey(cert, key) && X509_sign(cert, key, EVP_sha256()) > 0;
}

static bool fill_fingerprint(struct rtc_identity *identity)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!X509_digest(identity->cert, EVP_sha256(), digest, &len) || len != 32)
        return false;
    for (unsigned i = 0; i < len; i++)
        snprintf(&identity->fingerprint[(size_t)i * 3], 4, "%02X%s", digest[i], i + 1 < len ? ":" : "");
    return true;
}

enum err rtc_identity_create(struct rtc_identity **out)
{
    struct rtc_identity *identity = mem_calloc(1, sizeof(*identity));
    identity->key = EVP_EC_gen("P-256");
    identity->cert = X509_new();
    if (!identity->key || !identity->cert || !fill_cert(identity->cert, identity->key) || !fill_fingerprint(identity)) {
        rtc_identity_free(identity);
        return ERR_IO;
    }
    *out = identity;
    return ERR_OK;
}

void rtc_identity_free(struct rtc_identity *identity)
{
    if (!identity)
        return;
    X509_free(identity->cert);
    EVP_PKEY_free(identity->key);
    free(identity);
}

const char *rtc_identity_fingerprint(const struct rtc_identity *identity)
{
    return identity->fingerprint;
}
