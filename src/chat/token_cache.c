/* See token_cache.h. */
#include "chat/token_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hmap.h"
#include "base/list.h"
#include "base/mem.h"

struct cached {
    struct list node; /* in the order of coming */
    struct token_claims claims;
    size_t len;
    char token[];
};

struct token_cache {
    /* set once at creation */
    const char *secret;
    size_t max;
    /* web thread */
    struct hmap *by_end;
    struct list list;
};

struct token_cache *token_cache_create(const char *secret, size_t max)
{
    struct token_cache *cache = mem_calloc(1, sizeof(*cache));
    cache->secret = secret;
    cache->max = max;
    cache->by_end = hmap_create(64, false);
    list_init(&cache->list);
    return cache;
}

/* The end of the signature stands for it in the map. */
static const char *end_of(const char *token, size_t len)
{
    return token + len - HMAP_KEY_MAX;
}

static void drop(struct token_cache *cache, struct cached *cached)
{
    list_remove(&cached->node);
    (void)hmap_del(cache->by_end, end_of(cached->token, cached->len), HMAP_KEY_MAX);
    explicit_bzero(cached->token, cached->len); /* whoever has it may log in with it */
    free(cached);
}

void token_cache_free(struct token_cache *cache)
{
    if (!cache)
        return;
    list_each (node, &cache->list)
        drop(cache, list_item(node, struct cached, node));
    hmap_free(cache->by_end);
    free(cache);
}

static void add(struct token_cache *cache, const char *token, size_t len, const struct token_claims *claims)
{
    struct cached *cached = mem_calloc(1, sizeof(*cached) + len);
    cached->claims = *claims;
    cached->len = len;
    memcpy(cached->token, token, len);
    if (hmap_put(cache->by_end, end_of(token, len), HMAP_KEY_MAX, cached)) {
        free(cached); /* another one with this end, which is 240 bits */
        return;
    }
    list_push(&cache->list, &cached->node);
    if (hmap_count(cache->by_end) > cache->max)
        drop(cache, list_item(cache->list.next, struct cached, node));
}

enum err token_cache_read(struct token_cache *cache, const char *token, int64_t now_s, struct token_claims *out)
{
    size_t len = strlen(token);
    if (len < HMAP_KEY_MAX)
        return token_read(cache->secret, token, now_s, out);
    /* How long comparing takes tells nothing: nobody gets as far without 240 bits of a right signature, and the map
     * itself compares what has the same keyed hash only. */
    const struct cached *cached = hmap_get(cache->by_end, end_of(token, len), HMAP_KEY_MAX);
    if (cached && cached->len == len && memcmp(cached->token, token, len) == 0 && cached->claims.expires_s > now_s) {
        *out = cached->claims;
        return ERR_OK;
    }
    enum err err = token_read(cache->secret, token, now_s, out);
    if (!err)
        add(cache, token, len, out);
    return err;
}

size_t token_cache_count(const struct token_cache *cache)
{
    return hmap_count(cache->by_end);
}
