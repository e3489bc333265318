/* Key derivation of SRTP over OpenSSL's AES-CTR. See seal_kdf.h. */
#include "rtc/seal_kdf.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rtc/ossl.h"

#define BLOCK 16
#define LABEL_AT 7 /* of the 14 bytes label || index below 2^48, the index being 0 */
#define DERIVED_MAX 256

struct seal_kdf {
    EVP_CIPHER_CTX *cipher;
    uint8_t salt[SEAL_KDF_SALT_MAX];
};

enum err seal_kdf_create(const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len,
                         struct seal_kdf **out)
{
    if ((key_len != 16 && key_len != 32) || salt_len > SEAL_KDF_SALT_MAX)
        return ERR_INVALID;
    struct seal_kdf *kdf = mem_calloc(1, sizeof(*kdf));
    memcpy(kdf->salt, salt, salt_len);
    kdf->cipher = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *type = key_len == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
    if (!kdf->cipher || EVP_EncryptInit_ex(kdf->cipher, type, NULL, key, NULL) != 1) {
        seal_kdf_free(kdf);
        return ERR_IO;
    }
    *out = kdf;
    return ERR_OK;
}

enum err seal_kdf_derive(struct seal_kdf *kdf, enum seal_kdf_label label, uint8_t *out, size_t len)
{
    if (len > DERIVED_MAX)
        return ERR_INVALID;
    uint8_t counter[BLOCK] = {0}; /* x * 2^16 */
    memcpy(counter, kdf->salt, sizeof(kdf->salt));
    counter[LABEL_AT] ^= (uint8_t)label;
    static const uint8_t zeros[DERIVED_MAX];
    int n = 0;
    if (EVP_EncryptInit_ex(kdf->cipher, NULL, NULL, NULL, counter) != 1 ||
        EVP_EncryptUpdate(kdf->cipher, out, &n, zeros, (int)len) != 1 || (size_t)n != len)
        return ERR_IO;
    return ERR_OK;
}

void seal_kdf_free(struct seal_kdf *kdf)
{
    if (!kdf)
        return;
    EVP_CIPHER_CTX_free(kdf->cipher); /* wipes the key schedule */
    OPENSSL_cleanse(kdf, sizeof(*kdf));
    free(kdf);
}
