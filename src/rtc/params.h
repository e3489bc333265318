/* What the two sides agreed on in SDP about one connection. A plain value: control threads fill it, media threads read
 * their copy. No third-party header here, because media_cmd.h carries it. */
#ifndef ICHAT_RTC_PARAMS_H
#define ICHAT_RTC_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#define RTC_UFRAG_SIZE 33 /* we make 8 characters; RFC 8839 allows 256, we take 32 at the most */
#define RTC_PWD_SIZE 129  /* we make 24; 128 at the most are taken */
#define RTC_FINGERPRINT_MAX 64

struct rtc_params {
    char local_ufrag[RTC_UFRAG_SIZE];
    char local_pwd[RTC_PWD_SIZE];
    char remote_ufrag[RTC_UFRAG_SIZE]; /* empty until the remote description came */
    char remote_pwd[RTC_PWD_SIZE];
    uint8_t fingerprint[RTC_FINGERPRINT_MAX]; /* of the remote certificate */
    uint8_t fingerprint_len;                  /* 32, 48 or 64 */
    char fingerprint_hash[8];                 /* "sha-256", "sha-384", "sha-512"; empty until known */
    bool is_dtls_client;                      /* we are active: only when the other side insists on passive */
};

#endif
