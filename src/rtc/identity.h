/* The DTLS certificate behind transport.h's rtc_identity, for dtls.c. Const after creation, any thread reads it. */
#ifndef ICHAT_RTC_IDENTITY_H
#define ICHAT_RTC_IDENTITY_H

#include "rtc/ossl.h"

#define IDENTITY_FINGERPRINT_TEXT (32 * 3) /* sha-256 as "AB:CD:..", with the NUL */

struct rtc_identity {
    X509 *cert;
    EVP_PKEY *key;
    char fingerprint[IDENTITY_FINGERPRINT_TEXT];
};

#endif
