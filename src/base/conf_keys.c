/* The table of all configuration keys, and checks by it. Any thread. */
#include "base/conf_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/ipnet.h"
#include "base/text.h"

#define AT(member) offsetof(struct conf, member)
#define TEXT_KEY(member, fallback_)                                                                                    \
    {                                                                                                                  \
        .path = #member, .type = CONF_STRING, .offset = AT(member), .fallback = fallback_                              \
    }
#define CHOICE_KEY(member, fallback_, ...)                                                                             \
    {                                                                                                                  \
        .path = #member, .type = CONF_STRING, .offset = AT(member), .fallback = fallback_, .choices = { __VA_ARGS__ }  \
    }
#define UINT_KEY(member, fallback_, min_, max_, unit_)                                                                 \
    {                                                                                                                  \
        .path = #member, .type = CONF_UINT, .offset = AT(member), .fallback = #fallback_, .min = min_, .max = max_,    \
        .unit = unit_                                                                                                  \
    }
#define BOOL_KEY(member, fallback_)                                                                                    \
    {                                                                                                                  \
        .path = #member, .type = CONF_BOOL, .offset = AT(member), .fallback = fallback_                                \
    }
#define LIST_KEY(member)                                                                                               \
    {                                                                                                                  \
        .path = #member, .type = CONF_LIST, .offset = AT(member), .fallback = "", .max = CONF_LIST_MAX                 \
    }
#define NETS_KEY(member, max_)                                                                                         \
    {                                                                                                                  \
        .path = #member, .type = CONF_LIST, .offset = AT(member), .fallback = "", .max = max_, .is_nets = true         \
    }

static const struct conf_key keys[] = {
    TEXT_KEY(data.dir, "data"),

    TEXT_KEY(http.bind, ""),
    UINT_KEY(http.port, 8080, 1, 65535, NULL),
    UINT_KEY(http.tls_port, 0, 0, 65535, NULL),
    TEXT_KEY(http.tls_cert, ""),
    TEXT_KEY(http.tls_key, ""),
    TEXT_KEY(http.web_root, ""),
    UINT_KEY(http.max_body_kb, 1024, 1, 65536, "KiB"),
    UINT_KEY(http.max_bodies_mb, 256, 1, 65536, "MiB"),
    UINT_KEY(http.max_upload_kb, 10240, 1, 1048576, "KiB"),
    UINT_KEY(http.max_connections, 10000, 1, 1000000, NULL),
    UINT_KEY(http.idle_timeout_s, 60, 1, 3600, "s"),
    UINT_KEY(http.uploads_per_min, 120, 0, 100000, NULL),
    UINT_KEY(http.anonymous_uploads_per_min, 30, 0, 100000, NULL),
    UINT_KEY(http.unused_uploads_mb, 1024, 0, 1048576, "MiB"),
    LIST_KEY(http.allowed_origins),
    NETS_KEY(http.trusted_proxies, CONF_PROXIES_MAX),

    TEXT_KEY(database.url, "sqlite:"),
    UINT_KEY(database.readers, 2, 1, 64, NULL),
    UINT_KEY(database.queue, 4096, 1, 1000000, "jobs"),

    TEXT_KEY(auth.secret, ""),
    TEXT_KEY(auth.issuer, "ichat"),
    UINT_KEY(auth.login_hours, 24, 1, 8760, "h"),
    UINT_KEY(auth.call_hours, 3, 1, 168, "h"),
    UINT_KEY(auth.bcrypt_cost, 10, 10, 15, NULL),
    UINT_KEY(auth.hash_threads, 1, 1, 16, NULL),
    UINT_KEY(auth.hash_queue, 64, 1, 100000, "jobs"),
    UINT_KEY(auth.login_tries_per_min, 10, 0, 10000, NULL),

    UINT_KEY(media.workers, 0, 0, 256, NULL),
    TEXT_KEY(media.bind, ""),
    UINT_KEY(media.port, 7882, 1, 65535, NULL),
    LIST_KEY(media.announce),
    BOOL_KEY(media.announce_loopback, "false"),
    UINT_KEY(media.max_peers, 4000, 1, 100000, NULL),
    UINT_KEY(media.packets, 16384, 256, 1048576, "packets"),
    UINT_KEY(media.liveness_ms, 8000, 500, 600000, "ms"),
    UINT_KEY(media.pli_interval_ms, 500, 0, 60000, "ms"),
    CHOICE_KEY(media.placement, "call", "call", "spread"),
    UINT_KEY(media.start_bitrate_kbps, 0, 0, 100000, "kbit/s"),
    UINT_KEY(media.gather_us, 1800, 0, 10000, "us"),
    CHOICE_KEY(media.srtp, "own", "own", "openssl", "libsrtp"),

    UINT_KEY(call.max_members, 101, 2, 1000, NULL),
    UINT_KEY(call.mesh_max_members, 2, 0, 100, NULL),
    UINT_KEY(call.no_answer_s, 60, 1, 3600, "s"),
    UINT_KEY(call.alive_s, 30, 1, 3600, "s"),
    UINT_KEY(call.v2_alive_ms, 8000, 500, 600000, "ms"),
    UINT_KEY(call.max_tracks, 8, 1, 64, NULL),

    LIST_KEY(turn.urls),
    TEXT_KEY(turn.secret, ""),
    UINT_KEY(turn.ttl_s, 86400, 60, 604800, "s"),

    CHOICE_KEY(log.level, "info", "error", "warn", "info", "debug"),
    TEXT_KEY(log.file, ""),

    LIST_KEY(plugins.load),
    TEXT_KEY(plugins.dir, ""),
};

_Static_assert(ARRAY_LEN(keys) <= CONF_KEYS_MAX, "raise CONF_KEYS_MAX");

size_t conf_key_count(void)
{
    return ARRAY_LEN(keys);
}

const struct conf_key *conf_key_at(size_t i)
{
    return &keys[i];
}

int conf_key_find(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strcmp(keys[i].path, path) == 0)
            return (int)i;
    }
    return -1;
}

size_t conf_key_section_len(const struct conf_key *key)
{
    return strcspn(key->path, ".");
}

void conf_key_nearest(const char *wrong, char *out, size_t size)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char name[64];
        text_copy(name, sizeof(name), keys[i].path);
        if (!strchr(wrong, '.'))
            name[conf_key_section_len(&keys[i])] = '\0';
        size_t distance = text_distance(wrong, name);
        if (distance >= best)
            continue;
        best = distance;
        text_copy(out, size, name);
    }
}

static bool is_bool(const char *value)
{
    /* What libcyaml and we both read alike; it would take any other word for true. */
    static const char *const words[] = {"true", "yes", "1", "false", "no", "0"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(value, words[i]) == 0)
            return true;
    }
    return false;
}

static enum err check_uint(const struct conf_key *key, const char *value, char error[CONF_ERROR_MAX])
{
    uint64_t number;
    /* No leading zeros: libcyaml reads those as octal. */
    bool is_number = !(value[0] == '0' && value[1]) && text_to_u64(value, &number) == ERR_OK;
    if (is_number && number >= key->min && number <= key->max)
        return ERR_OK;
    snprintf(error, CONF_ERROR_MAX, "%s is \"%.64s\", but must be a whole number %u..%u%s%s", key->path, value,
             key->min, key->max, key->unit ? " " : "", key->unit ? key->unit : "");
    return ERR_INVALID;
}

static enum err check_choice(const struct conf_key *key, const char *value, char error[CONF_ERROR_MAX])
{
    int n = snprintf(error, CONF_ERROR_MAX, "%s is \"%.64s\", but must be one of", key->path, value);
    for (size_t i = 0; i < ARRAY_LEN(key->choices) && key->choices[i]; i++) {
        if (strcmp(value, key->choices[i]) == 0)
            return ERR_OK;
        n += snprintf(error + n, CONF_ERROR_MAX - (size_t)n, " %s", key->choices[i]);
    }
    return ERR_INVALID;
}

static enum err check_net(const struct conf_key *key, const char *value, char error[CONF_ERROR_MAX])
{
    struct ipnet net;
    if (ipnet_parse(&net, value) == ERR_OK)
        return ERR_OK;
    snprintf(error, CONF_ERROR_MAX,
             "%s has \"%.64s\", but must hold addresses and prefixes such as 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32, "
             "with no bit set behind the prefix",
             key->path, value);
    return ERR_INVALID;
}

enum err conf_key_check(const struct conf_key *key, const char *value, char error[CONF_ERROR_MAX])
{
    if (key->type == CONF_UINT)
        return check_uint(key, value, error);
    if (key->type == CONF_STRING && key->choices[0])
        return check_choice(key, value, error);
    if (key->is_nets)
        return check_net(key, value, error);
    if (key->type == CONF_BOOL && !is_bool(value)) {
        snprintf(error, CONF_ERROR_MAX, "%s is \"%.64s\", but must be true or false", key->path, value);
        return ERR_INVALID;
    }
    return ERR_OK;
}
