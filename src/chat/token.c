/* JSON web tokens. */
#include "chat/token.h"

#include <errno.h>
#include <jwt.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

char *token_make(const char *secret, const char *issuer, const char *payload, const char *login_id, int64_t expires_s)
{
    jwt_t *jwt = NULL;
    char *text = NULL;
    if (jwt_new(&jwt) == 0 &&
        jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)secret, (int)strlen(secret)) == 0 &&
        jwt_add_grant_int(jwt, "exp", expires_s) == 0 && jwt_add_grant(jwt, "iss", issuer) == 0 &&
        jwt_add_grant(jwt, "pl", payload) == 0 && (!login_id || jwt_add_grant(jwt, "lid", login_id) == 0))
        text = jwt_encode_str(jwt);
    if (!text) {
        log_error("Cannot sign a token, out of memory?");
        abort();
    }
    char *copy = mem_strdup(text);
    free(text);
    jwt_free(jwt);
    return copy;
}

/* Exactly three parts of base64url: the library's decoder is more forgiving than that. */
static bool is_well_formed(const char *token)
{
    if (strlen(token) > TOKEN_MAX)
        return false;
    for (int i = 0; i < 3; i++) {
        size_t len = strspn(token, BASE64URL);
        if (len == 0 || token[len] != (i < 2 ? '.' : '\0'))
            return false;
        token += len + 1;
    }
    return true;
}

static enum err read_claims(jwt_t *jwt, int64_t now_s, struct token_claims *out)
{
    /* The library takes the algorithm from the token: "none" must not pass. */
    const char *text = jwt_get_grant(jwt, "pl");
    if (jwt_get_alg(jwt) != JWT_ALG_HS256 || !text || !*text || !text_copy(out->payload, TOKEN_PAYLOAD_MAX, text))
        return ERR_INVALID;
    const char *login_id = jwt_get_grant(jwt, "lid");
    if (!text_copy(out->login_id, sizeof(out->login_id), login_id ? login_id : ""))
        return ERR_INVALID;
    errno = 0;
    long expires_s = jwt_get_grant_int(jwt, "exp");
    if (errno || expires_s <= 0) /* 0 is what the library makes of a string */
        return ERR_INVALID;
    out->expires_s = expires_s;
    return expires_s > now_s ? ERR_OK : ERR_CLOSED;
}

enum err token_read(const char *secret, const char *token, int64_t now_s, struct token_claims *out)
{
    jwt_t *jwt = NULL;
    if (!is_well_formed(token))
        return ERR_INVALID;
    /* The signature is compared in constant time by the library. */
    if (jwt_decode(&jwt, token, (const unsigned char *)secret, (int)strlen(secret)) != 0)
        return ERR_INVALID;
    enum err err = read_claims(jwt, now_s, out);
    jwt_free(jwt);
    return err;
}
