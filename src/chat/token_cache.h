/* Tokens that were read right before: decoding one and computing its signature took a tenth of the web thread's time
 * under a load of messages, and a client sends the same one with all of its requests. Only what depends on nothing but
 * the token and the secret is kept, so nothing has to be forgotten: whether the login still exists is asked each time.
 * Web thread. */
#ifndef ICHAT_CHAT_TOKEN_CACHE_H
#define ICHAT_CHAT_TOKEN_CACHE_H

#include <stddef.h>

#include "chat/token.h"

#define TOKEN_CACHE_MAX 8192 /* tokens, some 600 bytes each; the one that came first makes room */

struct token_cache;

/* The secret stays the caller's and must outlive the cache. max: tokens. */
struct token_cache *token_cache_create(const char *secret, size_t max);
void token_cache_free(struct token_cache *cache); /* NULL is fine */
/* As token_read(). */
MUST_CHECK enum err token_cache_read(struct token_cache *cache, const char *token, int64_t now_s,
                                     struct token_claims *out);
size_t token_cache_count(const struct token_cache *cache);

#endif
