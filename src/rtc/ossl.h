/* OpenSSL's headers for this folder: they have a type named ERR_STATE, as we have an error code, and theirs must step
 * aside. Include this instead of <openssl/...>. */
#ifndef ICHAT_RTC_OSSL_H
#define ICHAT_RTC_OSSL_H

#define ERR_STATE OSSL_ERR_STATE
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#undef ERR_STATE

#endif
