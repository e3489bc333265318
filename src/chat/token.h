/* Signed tokens (CONTRACT section 2): JWT by libjwt, HS256. Any thread. */
#ifndef ICHAT_CHAT_TOKEN_H
#define ICHAT_CHAT_TOKEN_H

#include <stdint.h>

#include "base/err.h"

#define TOKEN_MAX 1024        /* ours have some 200 characters */
#define TOKEN_PAYLOAD_MAX 128 /* "call:<id>:<id>" or a UUID */

struct token_claims {
    char payload[TOKEN_PAYLOAD_MAX];
    char login_id[37]; /* "" = none */
    int64_t expires_s;
};

/* Claims exp, iss, pl, and with a login_id (NULL: none) lid; malloc'd. */
char *token_make(const char *secret, const char *issuer, const char *payload, const char *login_id, int64_t expires_s);
/* ERR_INVALID: malformed or badly signed; ERR_CLOSED: right, but expired at now_s. */
MUST_CHECK enum err token_read(const char *secret, const char *token, int64_t now_s, struct token_claims *out);

#endif
