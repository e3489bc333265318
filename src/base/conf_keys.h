/* The table of all configuration keys. One row a key drives the YAML schema, the defaults, the checks, the environment
 * overrides and the search for the nearest key; a new key is a member of struct conf, a row here and a line in
 * conf/ichatd.yml. For base/conf*.c and tests. Any thread. */
#ifndef ICHAT_BASE_CONF_KEYS_H
#define ICHAT_BASE_CONF_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"

enum conf_type {
    CONF_STRING, /* char *, never NULL once loaded */
    CONF_UINT,   /* uint32_t */
    CONF_BOOL,   /* bool: true, yes, 1, false, no, 0 */
    CONF_LIST,   /* struct conf_list of strings, empty by default */
};

struct conf_key {
    const char *path; /* "section.key"; rows of a section stand together */
    enum conf_type type;
    size_t offset;          /* in struct conf */
    const char *fallback;   /* the default, as one would write it */
    uint32_t min, max;      /* of CONF_UINT, both allowed; of CONF_LIST, the most items */
    const char *unit;       /* for messages and conf/ichatd.yml: "s", "ms", "KiB"; NULL = none */
    const char *choices[5]; /* of CONF_STRING, NULL-terminated; none = any text */
    bool is_nets;           /* of CONF_LIST: each item is a network, see base/ipnet.h */
};

#define CONF_KEYS_MAX 64

size_t conf_key_count(void);
const struct conf_key *conf_key_at(size_t i);
/* The row's number or -1. */
int conf_key_find(const char *path);
/* Length of the section's name in "section.key". */
size_t conf_key_section_len(const struct conf_key *key);
/* The right path, or the right name of a section when `wrong` has no dot, that is closest to it. */
void conf_key_nearest(const char *wrong, char *out, size_t size);

/* Does the text hold a value of this key (an item, for lists)? On failure `error` holds what is wrong:
 * `http.port is "0", but must be a whole number 1..65535`. */
MUST_CHECK enum err conf_key_check(const struct conf_key *key, const char *value, char error[CONF_ERROR_MAX]);

/* Finds in YAML text each key's line (lines[i] belongs to row i, 0 = not there), and everything that is wrong in it.
 * On failure `error` starts with the file's name and the line. */
MUST_CHECK enum err conf_scan(const char *file, const char *text, size_t len, int lines[CONF_KEYS_MAX],
                              char error[CONF_ERROR_MAX]);
/* Loads text that passed conf_scan(): keys that are not in it are zero, empty texts may be NULL. conf_free() it. */
MUST_CHECK enum err conf_load_yaml(const char *file, const char *text, size_t len, struct conf **out,
                                   char error[CONF_ERROR_MAX]);

#endif
