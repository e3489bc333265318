/* Reading JSON from outside by the rules of Go's decoder. */
#include "base/jget.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define DEPTH_MAX 64

/* Nesting is counted before parsing: jansson's own limit (2,048, a recursion) is compiled in. Brackets in strings do
 * not count. Whatever is not JSON here is found by the parser. */
static bool is_too_deep(const char *text, size_t len)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DEPTH_MAX)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

enum err jget_parse(const char *text, size_t len, json_t **out)
{
    if (is_too_deep(text, len))
        return ERR_INVALID;
    json_error_t error;
    json_t *json = json_loadb(text, len, 0, &error);
    if (!json)
        return ERR_INVALID;
    if (!json_is_object(json)) {
        json_decref(json);
        return ERR_INVALID;
    }
    *out = json;
    return ERR_OK;
}

json_t *jget_find(const json_t *object, const char *key)
{
    json_t *found = json_object_get(object, key);
    if (!found) {
        const char *name;
        json_t *value;
        json_object_foreach ((json_t *)object, name, value) {
            if (strcasecmp(name, key) == 0)
                found = value; /* of several the last, as Go assigns one after the other */
        }
    }
    return json_is_null(found) ? NULL : found;
}

enum err jget_string(const json_t *object, const char *key, const char **out)
{
    const json_t *value = jget_find(object, key);
    if (value && !json_is_string(value))
        return ERR_INVALID;
    *out = value ? json_string_value(value) : "";
    return ERR_OK;
}

enum err jget_i64(const json_t *object, const char *key, int64_t *out)
{
    const json_t *value = jget_find(object, key);
    if (value && !json_is_integer(value))
        return ERR_INVALID;
    *out = value ? json_integer_value(value) : 0;
    return ERR_OK;
}

enum err jget_u64(const json_t *object, const char *key, uint64_t *out)
{
    int64_t value;
    if (jget_i64(object, key, &value) || value < 0)
        return ERR_INVALID;
    *out = (uint64_t)value;
    return ERR_OK;
}

enum err jget_bool(const json_t *object, const char *key, bool *out)
{
    const json_t *value = jget_find(object, key);
    if (value && !json_is_boolean(value))
        return ERR_INVALID;
    *out = json_is_true(value);
    return ERR_OK;
}

enum err jget_u64_list(const json_t *object, const char *key, uint64_t *out, size_t max, size_t *count)
{
    const json_t *list = jget_find(object, key);
    if (list && !json_is_array(list))
        return ERR_INVALID;
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_null(item) && (!json_is_integer(item) || json_integer_value(item) < 0))
            return ERR_INVALID;
    }
    *count = n;
    if (n > max)
        return ERR_LIMIT;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint64_t)json_integer_value(json_array_get(list, i)); /* 0 for null */
    return ERR_OK;
}

char *jget_dump_take(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_decref(json);
    if (!text) {
        /* Only memory or a json_t that was never made can fail here: both are ours, not the peer's. */
        fputs("cannot dump JSON: out of memory or not a value\n", stderr);
        abort();
    }
    return text;
}
