/* A first pass over the YAML with libyaml's events. libcyaml, which loads the values, tells neither lines nor what was
 * probably meant; this pass does, and so finds every error first. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/conf_keys.h"
#include "base/text.h"

struct scan {
    const char *file;
    int *lines;
    char *error;
    int section_lines[CONF_KEYS_MAX]; /* by the number of the section's first row */
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
};

PRINTF_LIKE(3, 4) static enum err fail(struct scan *scan, int line, const char *fmt, ...)
{
    int n = snprintf(scan->error, CONF_ERROR_MAX, "%.200s:%d: ", scan->file, line);
    va_list args;
    va_start(args, fmt);
    vsnprintf(scan->error + n, CONF_ERROR_MAX - (size_t)n, fmt, args);
    va_end(args);
    return ERR_INVALID;
}

static int line_of(const struct scan *scan)
{
    return (int)scan->event.start_mark.line + 1;
}

static enum err next(struct scan *scan)
{
    yaml_event_delete(&scan->event);
    if (!yaml_parser_parse(&scan->parser, &scan->event)) {
        const char *problem = scan->parser.problem ? scan->parser.problem : "not YAML";
        return fail(scan, (int)scan->parser.problem_mark.line + 1, "%s", problem);
    }
    if (scan->event.type == YAML_ALIAS_EVENT)
        return fail(scan, line_of(scan), "aliases (*name) are not supported");
    return ERR_OK;
}

static bool is_event(const struct scan *scan, yaml_event_type_t type)
{
    return scan->event.type == type;
}

static const char *scalar(const struct scan *scan)
{
    return (const char *)scan->event.data.scalar.value;
}

static bool is_null(const struct scan *scan)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (!is_event(scan, YAML_SCALAR_EVENT) || scan->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(scalar(scan), words[i]) == 0)
            return true;
    }
    return false;
}

static enum err check_value(struct scan *scan, const struct conf_key *key)
{
    char why[CONF_ERROR_MAX];
    if (memchr(scalar(scan), '\0', scan->event.data.scalar.length))
        return fail(scan, line_of(scan), "%s holds a NUL character", key->path);
    if (conf_key_check(key, scalar(scan), why))
        return fail(scan, line_of(scan), "%s", why);
    return ERR_OK;
}

static enum err scan_list(struct scan *scan, const struct conf_key *key)
{
    if (is_null(scan))
        return ERR_OK;
    if (!is_event(scan, YAML_SEQUENCE_START_EVENT))
        return fail(scan, line_of(scan), "%s must be a list: [a, b]", key->path);
    for (int count = 0;; count++) {
        if (next(scan))
            return ERR_INVALID;
        if (is_event(scan, YAML_SEQUENCE_END_EVENT))
            return ERR_OK;
        if (!is_event(scan, YAML_SCALAR_EVENT))
            return fail(scan, line_of(scan), "%s must be a plain list of texts", key->path);
        if (count == (int)key->max)
            return fail(scan, line_of(scan), "%s has more than %u items", key->path, key->max);
        if (check_value(scan, key))
            return ERR_INVALID;
    }
}

/* At the event of the key's name. */
static enum err scan_key(struct scan *scan, const char *section)
{
    char path[96], nearest[64] = "";
    int line = line_of(scan);
    if (!is_event(scan, YAML_SCALAR_EVENT))
        return fail(scan, line, "the name of a key must be plain text");
    snprintf(path, sizeof(path), "%.20s.%.60s", section, scalar(scan));
    int row = conf_key_find(path);
    if (row < 0) {
        conf_key_nearest(path, nearest, sizeof(nearest));
        return fail(scan, line, "unknown key \"%s\"; did you mean \"%s\"?", path, nearest);
    }
    const struct conf_key *key = conf_key_at((size_t)row);
    if (scan->lines[row])
        return fail(scan, line, "%s is given twice, first in line %d", path, scan->lines[row]);
    scan->lines[row] = line;
    if (next(scan))
        return ERR_INVALID;
    if (key->type == CONF_LIST)
        return scan_list(scan, key);
    if (!is_event(scan, YAML_SCALAR_EVENT))
        return fail(scan, line, "%s must be a single value", path);
    if (is_null(scan) && key->type == CONF_STRING && !key->choices[0])
        return ERR_OK; /* "key:" is the empty text */
    return check_value(scan, key);
}

static int find_section(const char *name)
{
    for (size_t i = 0; i < conf_key_count(); i++) {
        const struct conf_key *key = conf_key_at(i);
        size_t len = conf_key_section_len(key);
        if (strlen(name) == len && memcmp(name, key->path, len) == 0)
            return (int)i;
    }
    return -1;
}

/* At the event of the section's name. */
static enum err scan_section(struct scan *scan)
{
    char name[64], nearest[64] = "";
    int line = line_of(scan);
    if (!is_event(scan, YAML_SCALAR_EVENT))
        return fail(scan, line, "the name of a section must be plain text");
    text_copy(name, sizeof(name), scalar(scan));
    int row = find_section(name);
    if (row < 0) {
        conf_key_nearest(name, nearest, sizeof(nearest));
        return fail(scan, line, "unknown key \"%s\"; did you mean \"%s\"?", name, nearest);
    }
    if (scan->section_lines[row])
        return fail(scan, line, "section %s is given twice, first in line %d", name, scan->section_lines[row]);
    scan->section_lines[row] = line;
    if (next(scan))
        return ERR_INVALID;
    if (!is_event(scan, YAML_MAPPING_START_EVENT))
        return fail(scan, line, "section %s must hold keys; leave it out when it has none", name);
    for (;;) {
        if (next(scan))
            return ERR_INVALID;
        if (is_event(scan, YAML_MAPPING_END_EVENT))
            return ERR_OK;
        if (scan_key(scan, name))
            return ERR_INVALID;
    }
}

static enum err scan_document(struct scan *scan)
{
    if (next(scan)) /* the document's content */
        return ERR_INVALID;
    if (is_null(scan))
        return next(scan);
    if (!is_event(scan, YAML_MAPPING_START_EVENT))
        return fail(scan, line_of(scan), "the file must hold sections of keys");
    for (;;) {
        if (next(scan))
            return ERR_INVALID;
        if (is_event(scan, YAML_MAPPING_END_EVENT))
            return next(scan);
        if (scan_section(scan))
            return ERR_INVALID;
    }
}

static enum err scan_stream(struct scan *scan)
{
    if (next(scan)) /* the start of the stream */
        return ERR_INVALID;
    if (next(scan)) /* the start of a document, unless it is empty */
        return ERR_INVALID;
    if (!is_event(scan, YAML_DOCUMENT_START_EVENT))
        return ERR_OK;
    if (scan_document(scan) || next(scan))
        return ERR_INVALID;
    if (!is_event(scan, YAML_STREAM_END_EVENT))
        return fail(scan, line_of(scan), "the file must hold one YAML document");
    return ERR_OK;
}

enum err conf_scan(const char *file, const char *text, size_t len, int lines[CONF_KEYS_MAX], char error[CONF_ERROR_MAX])
{
    struct scan scan = {.file = file, .lines = lines, .error = error};
    memset(lines, 0, CONF_KEYS_MAX * sizeof(*lines));
    if (!yaml_parser_initialize(&scan.parser)) {
        snprintf(error, CONF_ERROR_MAX, "%.200s: out of memory", file);
        return ERR_IO;
    }
    yaml_parser_set_input_string(&scan.parser, (const unsigned char *)text, len);
    enum err err = scan_stream(&scan);
    yaml_event_delete(&scan.event);
    yaml_parser_delete(&scan.parser);
    return err;
}
