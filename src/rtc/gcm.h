/* AES-GCM with a key that stays and a nonce a packet: libipsec-mb's code where it was there at build time and the
 * processor has AES and carry-less multiplication, else OpenSSL's EVP. Half of what EVP takes for a packet of 1,200
 * bytes is not the cipher (bench/seal_bench). One key belongs to one thread. Nothing is allocated after creation. */
#ifndef ICHAT_RTC_GCM_H
#define ICHAT_RTC_GCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GCM_IV_LEN 12
#define GCM_TAG_LEN 16

enum gcm_engine {
    GCM_BEST, /* of this machine */
    GCM_EVP,  /* OpenSSL: tests compare */
};

struct gcm;

/* A key of 16 or 32 bytes, for one direction; the caller wipes it. */
MUST_CHECK enum err gcm_create(enum gcm_engine engine, const uint8_t *key, size_t key_len, bool is_sender,
                               struct gcm **out);
/* Wipes. */
void gcm_free(struct gcm *gcm);

/* One text in place; `aad` is authenticated alone and may be before it in the same packet. */
struct gcm_text {
    uint8_t *data;
    size_t len;
    const uint8_t *aad;
    size_t aad_len;
    uint8_t *tag; /* written when sealing, compared when opening */
};

MUST_CHECK enum err gcm_seal(struct gcm *gcm, const uint8_t iv[GCM_IV_LEN], const struct gcm_text *text);
/* ERR_DENIED: the tag is wrong; found out in a time that does not depend on where. */
MUST_CHECK enum err gcm_open(struct gcm *gcm, const uint8_t iv[GCM_IV_LEN], const struct gcm_text *text);

/* The parts of the key that every packet reads. */
void gcm_prefetch(const struct gcm *gcm);

/* "libipsec-mb" or "OpenSSL" */
const char *gcm_engine_name(const struct gcm *gcm);

#endif
