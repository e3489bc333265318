/* Signed tokens (CONTRACT section 2): JWT by libjwt, HS256. Any thread. */
#ifndef ICHAT_CHAT_TOKEN_H
#define ICHAT_CHAT_TOKEN_H

#include <stdint.h>

#include "base/err.h"

#define TOKEN_MAX 1024        /* ours have some 200 characters */
#define TOKEN_PAYLOAD_MAX 128 /* "call:<id>:<id>" or a UUID */

/* Claims exp, iss, pl; malloc'd. */
char *token_make(const char *secret, const char *issuer, const char *payload, int64_t expires_s);
/* ERR_INVALID: malformed or badly signed; ERR_CLOSED: right, but expired at now_s. */
MUST_CHECK enum err token_read(const char *secret, const char *token, int64_t now_s, char payload[TOKEN_PAYLOAD_MAX]);

#endif
