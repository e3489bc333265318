/* Which table and column of an original installation stands for which of ours: by normalised names (case, underscores,
 * plurals and some prefixes do not count) and synonyms, or as a map file says. docs/import.md lists all of it. Any
 * thread. */
#ifndef ICHAT_IMPORT_SCHEMA_H
#define ICHAT_IMPORT_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "import/mysqldump.h"

/* In the order in which they are imported: a row's references come before it. */
enum import_table {
    IMPORT_USERS,
    IMPORT_SETTINGS,
    IMPORT_ROOMS,
    IMPORT_GROUPS,
    IMPORT_GROUP_MEMBERS,
    IMPORT_CONTACTS,
    IMPORT_REQUESTS,
    IMPORT_MESSAGES,
    IMPORT_CALLS,
    IMPORT_DELIVERIES,
    IMPORT_TABLES,
};

enum import_field {
    FIELD_ID,
    FIELD_USER,
    FIELD_OWNER,
    FIELD_GROUP,
    FIELD_ROOM,
    FIELD_MESSAGE,
    FIELD_CALL,
    FIELD_REQUESTER,
    FIELD_USERNAME,
    FIELD_PASSWORD,
    FIELD_NICKNAME,
    FIELD_AVATAR,
    FIELD_ENABLED,
    FIELD_WALLPAPER,
    FIELD_NAME,
    FIELD_STATUS,
    FIELD_TYPE,
    FIELD_TEXT,
    FIELD_IMAGE,
    FIELD_THUMBNAIL,
    FIELD_REVOKED,
    FIELD_MEMBERS,
    FIELD_START,
    FIELD_END,
    FIELD_REASON,
    FIELD_EXPIRE,
    FIELD_CREATED,
    FIELD_UPDATED,
    FIELD_DELETED,
    IMPORT_FIELDS,
};

struct import_map;

#define IMPORT_ERROR_MAX 512

/* Lines "users = t_account", "users.password = pwd_hash", "deliveries = -" (leave out); a colon does for the equals
 * sign, # begins a comment. On failure `error` holds a sentence with the line. An empty map: import_map_create(). */
struct import_map *import_map_create(void);
MUST_CHECK enum err import_map_add(struct import_map *map, const char *line, size_t len, unsigned number,
                                   char error[IMPORT_ERROR_MAX]);
MUST_CHECK enum err import_map_read(struct import_map *map, const char *path, char error[IMPORT_ERROR_MAX]);
void import_map_free(struct import_map *map);

const char *import_table_name(enum import_table table);

/* IMPORT_TABLES: it stands for none of ours. */
enum import_table import_table_find(const struct import_map *map, const char *database, const char *name);

struct import_columns {
    int at[IMPORT_FIELDS]; /* index of the column, -1 = there is none */
};

/* On failure `error` says which needed column is missing and what there is. */
MUST_CHECK enum err import_columns_find(const struct import_map *map, enum import_table table,
                                        const struct mysqldump_column *columns, size_t count,
                                        struct import_columns *out, char error[IMPORT_ERROR_MAX]);

#endif
