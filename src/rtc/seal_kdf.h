/* Session keys out of a master key (RFC 3711 section 4.3, with a key derivation rate of 0: once for the whole session).
 * Stateless, any thread. */
#ifndef ICHAT_RTC_SEAL_KDF_H
#define ICHAT_RTC_SEAL_KDF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The labels of RFC 3711 section 4.3.2. */
enum seal_kdf_label {
    SEAL_KDF_RTP_KEY = 0,
    SEAL_KDF_RTP_AUTH = 1,
    SEAL_KDF_RTP_SALT = 2,
    SEAL_KDF_RTCP_KEY = 3,
    SEAL_KDF_RTCP_AUTH = 4,
    SEAL_KDF_RTCP_SALT = 5,
};

#define SEAL_KDF_SALT_MAX 14 /* bytes; shorter salts count as followed by zeros (RFC 7714 section 11) */

/* A generator over one master key of 16 or 32 bytes: AES-CM with the key's size (RFC 3711 section 4.3.3, RFC 6188). */
struct seal_kdf;
MUST_CHECK enum err seal_kdf_create(const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len,
                                    struct seal_kdf **out);
/* `len` bytes, at most 256. */
MUST_CHECK enum err seal_kdf_derive(struct seal_kdf *kdf, enum seal_kdf_label label, uint8_t *out, size_t len);
/* Wipes. */
void seal_kdf_free(struct seal_kdf *kdf);

#endif
