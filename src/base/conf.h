/* The configuration: one YAML file (libcyaml) and ICHAT_* environment overrides into one const struct. main loads it;
 * every thread reads its snapshot.
 *
 * Every key has a default, a unit and a range in conf/ichatd.yml. An unknown key is an error that names the line and
 * the nearest right key; a value out of range names the line, the value and the range. Environment: ICHAT_ + the path
 * in upper case, dots as underscores: http.port -> ICHAT_HTTP_PORT; lists are comma-separated; an empty variable counts
 * as not set. No text in a loaded struct is NULL. */
#ifndef ICHAT_BASE_CONF_H
#define ICHAT_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONF_LIST_MAX 16
#define CONF_PROXIES_MAX 64 /* the networks of a CDN are some tens */

struct conf_list {
    char **items;
    unsigned count;
};

struct conf {
    struct {
        char *dir; /* data.dir: where the embedded default keeps its database, uploads, secret, certificate */
    } data;
    struct {
        char *bind;        /* "" = all addresses */
        uint32_t port;     /* 1..65535, default 8080 */
        uint32_t tls_port; /* 0 = no TLS listener (default) */
        char *tls_cert;    /* PEM files; empty = made by itself under data.dir */
        char *tls_key;
        char *web_root;                     /* built web client; empty = beside the binary or /usr/share/ichat/web */
        uint32_t max_body_kb;               /* 1..65536, default 1024 (uploads have their own limit) */
        uint32_t max_bodies_mb;             /* of all requests at once, uploads apart; 1..65536, default 256 */
        uint32_t max_upload_kb;             /* default 10240 */
        uint32_t max_connections;           /* default 10000 */
        uint32_t idle_timeout_s;            /* default 60 */
        uint32_t uploads_per_min;           /* of one login, 0 = no limit, default 120 */
        uint32_t anonymous_uploads_per_min; /* of one address without a login, 0 = none are taken, default 30 */
        uint32_t unused_uploads_mb;         /* that wait for a use; beyond it only logins upload, default 1024 */
        struct conf_list allowed_origins;   /* extra WebSocket/HTTP origins; empty = any, as the contract has it */
        struct conf_list trusted_proxies;   /* networks, see base/ipnet.h, whose X-Forwarded-For counts */
    } http;
    struct {
        char *url;        /* "sqlite:" = data.dir/ichat.db, "sqlite:/path", "postgresql://..." */
        uint32_t readers; /* threads beside the one writer, 1..64, default 2 */
        uint32_t queue;   /* jobs, default 4096; beyond it a request answers 500 */
    } database;
    struct {
        char *secret;                 /* empty = made by itself, kept in data.dir/secret */
        char *issuer;                 /* "ichat" */
        uint32_t login_hours;         /* 24 */
        uint32_t call_hours;          /* 3 */
        uint32_t bcrypt_cost;         /* 10..15, default 10 */
        uint32_t hash_threads;        /* 1..16, default 1 */
        uint32_t hash_queue;          /* default 64 */
        uint32_t login_tries_per_min; /* per name and address, default 10; 0 = no limit */
    } auth;
    struct {
        uint32_t workers;          /* 0 = one a core */
        char *bind;                /* "" = all */
        uint32_t port;             /* first UDP port, default 7882 */
        struct conf_list announce; /* public addresses; empty = those of the interfaces */
        bool
            announce_loopback; /* also offer 127.0.0.1/::1 when announce is empty; default true when no other address */
        uint32_t max_peers;    /* a worker, default 4000 */
        uint32_t packets;      /* slots of a worker's packet pool, default 16384 */
        uint32_t liveness_ms;  /* no authenticated packet for so long = peer is gone; default 8000 */
        uint32_t pli_interval_ms; /* at most one key-frame request a source in this time; default 500 */
        char *
            placement; /* "call": members of a call share a worker while it has room (default); "spread": round robin */
        uint32_t start_bitrate_kbps; /* b=AS/x-google hint, 0 = none */
        uint32_t gather_us;          /* see media/gather.h; 0 = never wait */
        char *srtp;                  /* "own" (default), "openssl", "libsrtp": who seals AES-GCM */
    } media;
    struct {
        uint32_t max_members;      /* 101: all of the largest group */
        uint32_t mesh_max_members; /* v1 calls up to this size go peer to peer; default 2 */
        uint32_t no_answer_s;      /* 60 */
        uint32_t alive_s;          /* v1: 30 */
        uint32_t v2_alive_ms;      /* v2: silence after which a member is gone; default 8000 */
        uint32_t max_tracks;       /* published per member, default 8 */
    } call;
    struct {
        struct conf_list urls; /* "stun:host:port", "turn:host:3478?transport=udp" */
        char *secret;          /* coturn static-auth-secret; empty = urls without credentials */
        uint32_t ttl_s;        /* 86400 */
    } turn;
    struct {
        char *level; /* info */
        char *file;  /* empty = stderr */
    } log;
    struct {
        struct conf_list load; /* "name" or a path to a .so, plugins run in this order */
        char *dir;             /* where names are looked up; empty = beside the binary or /usr/lib/ichat/plugins */
    } plugins;
};

#define CONF_ERROR_MAX 512

/* path NULL = defaults and environment only. On failure `error` holds a sentence to print. Free with conf_free(). */
MUST_CHECK enum err conf_load(const char *path, struct conf **out, char error[CONF_ERROR_MAX]);
void conf_free(struct conf *conf);
/* Overrides one key by its path ("http.port"), as the environment and the command line do; same checks. */
MUST_CHECK enum err conf_set(struct conf *conf, const char *path, const char *value, char error[CONF_ERROR_MAX]);

#endif
