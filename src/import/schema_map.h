/* What a map file said, and the names that may stand in it. Between schema.c and schema_map.c. */
#ifndef ICHAT_IMPORT_SCHEMA_MAP_H
#define ICHAT_IMPORT_SCHEMA_MAP_H

#include "import/schema.h"

/* Does the map name a table of the dump (or "-") for it? */
bool import_map_has_table(const struct import_map *map, enum import_table table);
/* "name" or "database.name", without regard to case. */
bool import_map_is_table(const struct import_map *map, enum import_table table, const char *database, const char *name);
/* NULL: the map says nothing. */
const char *import_map_column(const struct import_map *map, enum import_table table, enum import_field field);

/* IMPORT_TABLES: there is none of that name. */
enum import_table import_table_named(const char *name);
bool import_field_named(enum import_table table, const char *name, enum import_field *out);
/* "user_id, username, ..." */
void import_field_list(enum import_table table, char *out, size_t size);

#endif
