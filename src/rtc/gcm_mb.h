/* AES-GCM by libipsec-mb, one call a packet. Stateless but for the prepared key; any thread. gcm_mb_none.c stands in
 * where the library is not there. */
#ifndef ICHAT_RTC_GCM_MB_H
#define ICHAT_RTC_GCM_MB_H

#include "rtc/gcm.h"

#define GCM_MB_ALIGN 64 /* of a prepared key */

struct gcm_mb {
    size_t prepared_size;
    void (*prepare)(const uint8_t *key, void *prepared);
    void (*seal)(const void *prepared, const uint8_t *iv, const struct gcm_text *text);
    /* Decrypts and says what the tag should be. */
    void (*open)(const void *prepared, const uint8_t *iv, const struct gcm_text *text, uint8_t tag[GCM_TAG_LEN]);
};

/* For keys of this length on this processor; NULL = use something else. */
const struct gcm_mb *gcm_mb_find(size_t key_len);

#endif
