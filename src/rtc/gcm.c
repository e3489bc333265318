/* AES-GCM of one key. See gcm.h. On a media thread. */
#include "rtc/gcm.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rtc/gcm_mb.h"
#include "rtc/ossl.h"

#define PREFETCH_BYTES 576 /* round keys and the first powers of the hash key */

struct gcm {
    const struct gcm_mb *mb; /* NULL: by EVP */
    EVP_CIPHER_CTX *evp;
    size_t prepared_size;
    _Alignas(GCM_MB_ALIGN) uint8_t prepared[]; /* in the same block: one thing less to fetch */
};

static EVP_CIPHER_CTX *make_evp(const uint8_t *key, size_t key_len, bool is_sender)
{
    EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *type = key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    if (evp && EVP_CipherInit_ex(evp, type, NULL, key, NULL, is_sender) == 1)
        return evp;
    EVP_CIPHER_CTX_free(evp);
    return NULL;
}

enum err gcm_create(enum gcm_engine engine, const uint8_t *key, size_t key_len, bool is_sender, struct gcm **out)
{
    if (key_len != 16 && key_len != 32)
        return ERR_INVALID;
    const struct gcm_mb *mb = engine == GCM_BEST ? gcm_mb_find(key_len) : NULL;
    size_t prepared_size = mb ? mb->prepared_size : 0;
    struct gcm *gcm = mem_calloc_lines(1, sizeof(*gcm) + prepared_size);
    gcm->mb = mb;
    gcm->prepared_size = prepared_size;
    if (mb) {
        mb->prepare(key, gcm->prepared);
    } else if (!(gcm->evp = make_evp(key, key_len, is_sender))) {
        gcm_free(gcm);
        return ERR_IO;
    }
    *out = gcm;
    return ERR_OK;
}

void gcm_free(struct gcm *gcm)
{
    if (!gcm)
        return;
    EVP_CIPHER_CTX_free(gcm->evp); /* wipes */
    OPENSSL_cleanse(gcm, sizeof(*gcm) + gcm->prepared_size);
    free(gcm);
}

static bool feed(EVP_CIPHER_CTX *evp, const uint8_t *iv, const struct gcm_text *text, const OSSL_PARAM *params)
{
    int n;
    return EVP_CipherInit_ex2(evp, NULL, NULL, iv, -1, params) == 1 &&
           EVP_CipherUpdate(evp, NULL, &n, text->aad, (int)text->aad_len) == 1 &&
           (!text->len || EVP_CipherUpdate(evp, text->data, &n, text->data, (int)text->len) == 1);
}

/* The tag goes as a parameter: EVP's older control for it makes one as well, by a longer way. */
enum err gcm_seal(struct gcm *gcm, const uint8_t iv[GCM_IV_LEN], const struct gcm_text *text)
{
    if (gcm->mb) {
        gcm->mb->seal(gcm->prepared, iv, text);
        return ERR_OK;
    }
    int n;
    OSSL_PARAM tag[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, text->tag, GCM_TAG_LEN), OSSL_PARAM_END};
    bool is_right = feed(gcm->evp, iv, text, NULL) && EVP_CipherFinal_ex(gcm->evp, text->tag, &n) == 1 &&
                    EVP_CIPHER_CTX_get_params(gcm->evp, tag) == 1;
    return is_right ? ERR_OK : ERR_IO;
}

enum err gcm_open(struct gcm *gcm, const uint8_t iv[GCM_IV_LEN], const struct gcm_text *text)
{
    uint8_t scratch[GCM_TAG_LEN];
    if (gcm->mb) {
        gcm->mb->open(gcm->prepared, iv, text, scratch);
        return CRYPTO_memcmp(scratch, text->tag, GCM_TAG_LEN) == 0 ? ERR_OK : ERR_DENIED;
    }
    int n;
    const OSSL_PARAM tag[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, text->tag, GCM_TAG_LEN),
                              OSSL_PARAM_END};
    bool is_right = feed(gcm->evp, iv, text, tag) && EVP_CipherFinal_ex(gcm->evp, scratch, &n) == 1;
    return is_right ? ERR_OK : ERR_DENIED;
}

void gcm_prefetch(const struct gcm *gcm)
{
    for (size_t at = 0; at < PREFETCH_BYTES; at += GCM_MB_ALIGN)
        __builtin_prefetch((const uint8_t *)gcm + at);
}

const char *gcm_engine_name(const struct gcm *gcm)
{
    return gcm->mb ? "libipsec-mb" : "OpenSSL";
}
