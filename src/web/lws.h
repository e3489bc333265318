/* libwebsockets' headers, and OpenSSL's that they bring along: those have a type named ERR_STATE, as we have an error
 * code, and theirs must step aside. Include this instead of them, wherever. */
#ifndef ICHAT_WEB_LWS_H
#define ICHAT_WEB_LWS_H

#define ERR_STATE OSSL_ERR_STATE
#include <libwebsockets.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
