/* Loading the configuration: libcyaml for the file, the table of keys for all the rest. The main thread. */
#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf_keys.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define ENV_PREFIX "ICHAT_"
#define ENV_MAX 96

extern char **environ;

static void *member(const struct conf *conf, const struct conf_key *key)
{
    return (char *)conf + key->offset;
}

static void list_clear(struct conf_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct conf_list){0};
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < conf_key_count(); i++) {
        const struct conf_key *key = conf_key_at(i);
        if (key->type == CONF_STRING)
            free(*(char **)member(conf, key));
        else if (key->type == CONF_LIST)
            list_clear(member(conf, key));
    }
    free(conf);
}

/* Comma-separated; spaces around items and empty items do not count. */
static enum err set_list(struct conf_list *list, const struct conf_key *key, const char *value, char *error)
{
    struct conf_list fresh = {.items = mem_calloc(key->max, sizeof(char *))};
    char *copy = mem_strdup(value);
    char *rest = NULL;
    enum err err = ERR_OK;
    for (char *item = strtok_r(copy, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        while (*item == ' ')
            item++;
        for (size_t n = strlen(item); n > 0 && item[n - 1] == ' '; n--)
            item[n - 1] = '\0';
        if (!*item)
            continue;
        if (fresh.count == key->max) {
            snprintf(error, CONF_ERROR_MAX, "%s has more than %u items", key->path, key->max);
            err = ERR_INVALID;
            break;
        }
        err = conf_key_check(key, item, error);
        if (err)
            break;
        fresh.items[fresh.count++] = mem_strdup(item);
    }
    free(copy);
    list_clear(err ? &fresh : list);
    if (!err)
        *list = fresh;
    return err;
}

static enum err set_key(struct conf *conf, const struct conf_key *key, const char *value, char *error)
{
    if (key->type == CONF_LIST)
        return set_list(member(conf, key), key, value, error);
    if (conf_key_check(key, value, error))
        return ERR_INVALID;
    if (key->type == CONF_STRING) {
        char **text = member(conf, key);
        free(*text);
        *text = mem_strdup(value);
    } else if (key->type == CONF_BOOL) {
        *(bool *)member(conf, key) = strchr("ty1", value[0]) != NULL;
    } else {
        *(uint32_t *)member(conf, key) = (uint32_t)strtoul(value, NULL, 10);
    }
    return ERR_OK;
}

/* Rules over several keys. */
static enum err check_together(const struct conf *conf, char *error)
{
    if ((conf->http.tls_cert[0] == '\0') != (conf->http.tls_key[0] == '\0')) {
        snprintf(error, CONF_ERROR_MAX, "http.tls_cert and http.tls_key must be given together");
        return ERR_INVALID;
    }
    if (conf->http.max_body_kb > conf->http.max_bodies_mb * 1024) {
        snprintf(error, CONF_ERROR_MAX, "http.max_bodies_mb %u has no room for one body of http.max_body_kb %u",
                 conf->http.max_bodies_mb, conf->http.max_body_kb);
        return ERR_INVALID;
    }
    if (conf->media.workers > 0 && conf->media.port + conf->media.workers - 1 > UINT16_MAX) {
        snprintf(error, CONF_ERROR_MAX, "media.port %u leaves no room for the ports of %u media.workers below 65536",
                 conf->media.port, conf->media.workers);
        return ERR_INVALID;
    }
    return ERR_OK;
}

enum err conf_set(struct conf *conf, const char *path, const char *value, char error[CONF_ERROR_MAX])
{
    int row = conf_key_find(path);
    if (row < 0) {
        char nearest[64] = "";
        conf_key_nearest(path, nearest, sizeof(nearest));
        snprintf(error, CONF_ERROR_MAX, "unknown key \"%.96s\"; did you mean \"%s\"?", path, nearest);
        return ERR_INVALID;
    }
    return set_key(conf, conf_key_at((size_t)row), value, error);
}

/* "http.port" -> "ICHAT_HTTP_PORT" */
static void env_name(const struct conf_key *key, char out[ENV_MAX])
{
    snprintf(out, ENV_MAX, ENV_PREFIX "%s", key->path);
    for (char *c = out; *c; c++)
        *c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
}

/* An empty variable counts as not set: that is what compose files pass for what nobody gave. */
static enum err apply_env(struct conf *conf, char *error)
{
    for (size_t i = 0; i < conf_key_count(); i++) {
        const struct conf_key *key = conf_key_at(i);
        char name[ENV_MAX], why[CONF_ERROR_MAX];
        env_name(key, name);
        const char *value = getenv(name);
        if (!value || !*value || !set_key(conf, key, value, why))
            continue;
        snprintf(error, CONF_ERROR_MAX, "%s: %.400s", name, why);
        return ERR_INVALID;
    }
    return ERR_OK;
}

/* A variable that starts like one of ours but is none may be a slip, or somebody else's: a warning, not an error. */
static void warn_env(void)
{
    for (char **var = environ; *var; var++) {
        bool is_section = false, is_known = false;
        size_t len = strcspn(*var, "=");
        for (size_t i = 0; i < conf_key_count() && !is_known; i++) {
            char name[ENV_MAX];
            env_name(conf_key_at(i), name);
            size_t section = strlen(ENV_PREFIX) + conf_key_section_len(conf_key_at(i)) + 1;
            is_section = is_section || strncmp(*var, name, section) == 0;
            is_known = strlen(name) == len && memcmp(*var, name, len) == 0;
        }
        if (is_section && !is_known)
            log_warn("Ignored an environment variable that names no configuration key: name=%.*s", (int)len, *var);
    }
}

static enum err read_file(const char *path, struct text *text, char *error)
{
    char chunk[4096];
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(error, CONF_ERROR_MAX, "cannot open %.200s: %s", path, strerror(errno));
        return ERR_IO;
    }
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0 && text->len <= FILE_MAX_BYTES)
        text_add_n(text, chunk, n);
    bool is_bad = ferror(file) != 0;
    fclose(file);
    if (is_bad || text->len > FILE_MAX_BYTES) {
        snprintf(error, CONF_ERROR_MAX, "cannot read %.200s: %s", path, is_bad ? "it is no file" : "larger than 1 MiB");
        return ERR_IO;
    }
    return ERR_OK;
}

/* The file's values, and which keys it has. */
static enum err load_file(const char *path, struct conf **conf, int lines[CONF_KEYS_MAX], char *error)
{
    struct text text = {0};
    enum err err = read_file(path, &text, error);
    if (!err)
        err = conf_scan(path, text.data ? text.data : "", text.len, lines, error);
    if (!err) {
        bool has_keys = false;
        for (size_t i = 0; i < conf_key_count(); i++)
            has_keys = has_keys || lines[i] != 0;
        if (has_keys)
            err = conf_load_yaml(path, text.data, text.len, conf, error);
        else
            *conf = mem_calloc(1, sizeof(**conf));
    }
    text_free(&text);
    return err;
}

/* What the file does not say gets its default; an empty text in the file is NULL until here. */
static void fill_defaults(struct conf *conf, const int lines[CONF_KEYS_MAX])
{
    for (size_t i = 0; i < conf_key_count(); i++) {
        const struct conf_key *key = conf_key_at(i);
        char error[CONF_ERROR_MAX];
        bool is_empty_text = key->type == CONF_STRING && *(char **)member(conf, key) == NULL;
        const char *value = lines[i] == 0 ? key->fallback : is_empty_text ? "" : NULL;
        if (value && set_key(conf, key, value, error)) {
            log_error("A default breaks its own rule: %s", error);
            abort();
        }
    }
}

enum err conf_load(const char *path, struct conf **out, char error[CONF_ERROR_MAX])
{
    int lines[CONF_KEYS_MAX] = {0};
    struct conf *conf = NULL;
    error[0] = '\0';
    if (!path)
        conf = mem_calloc(1, sizeof(*conf));
    else if (load_file(path, &conf, lines, error))
        return ERR_INVALID;
    fill_defaults(conf, lines);
    if (apply_env(conf, error) || check_together(conf, error)) {
        conf_free(conf);
        return ERR_INVALID;
    }
    warn_env();
    *out = conf;
    return ERR_OK;
}
