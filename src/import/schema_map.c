/* The map file. */
#include "import/schema_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

struct import_map {
    char *tables[IMPORT_TABLES];
    char *columns[IMPORT_TABLES][IMPORT_FIELDS];
};

struct import_map *import_map_create(void)
{
    return mem_calloc(1, sizeof(struct import_map));
}

void import_map_free(struct import_map *map)
{
    if (!map)
        return;
    for (unsigned i = 0; i < IMPORT_TABLES; i++) {
        free(map->tables[i]);
        for (unsigned j = 0; j < IMPORT_FIELDS; j++)
            free(map->columns[i][j]);
    }
    free(map);
}

bool import_map_has_table(const struct import_map *map, enum import_table table)
{
    return map->tables[table] != NULL;
}

bool import_map_is_table(const struct import_map *map, enum import_table table, const char *database, const char *name)
{
    const char *wanted = map->tables[table];
    size_t len = strlen(database);
    if (strcasecmp(wanted, name) == 0)
        return true;
    return len && strncasecmp(wanted, database, len) == 0 && wanted[len] == '.' &&
           strcasecmp(wanted + len + 1, name) == 0;
}

const char *import_map_column(const struct import_map *map, enum import_table table, enum import_field field)
{
    return map->columns[table][field];
}

/* Cuts blanks and quotes off both ends; returns the new start. */
static char *trim(char *s)
{
    s += strspn(s, " \t\"'`");
    size_t len = strlen(s);
    while (len && strchr(" \t\r\n\"'`", s[len - 1]))
        s[--len] = 0;
    return s;
}

static enum err set(char **slot, const char *value, unsigned number, char error[IMPORT_ERROR_MAX])
{
    if (*slot) {
        snprintf(error, IMPORT_ERROR_MAX, "map file, line %u: this was said already", number);
        return ERR_INVALID;
    }
    *slot = mem_strdup(value);
    return ERR_OK;
}

static enum err add_pair(struct import_map *map, char *key, const char *value, unsigned number,
                         char error[IMPORT_ERROR_MAX])
{
    char *dot = strchr(key, '.');
    if (dot)
        *dot = 0;
    enum import_table table = import_table_named(key);
    if (table == IMPORT_TABLES) {
        size_t len = (size_t)snprintf(error, IMPORT_ERROR_MAX, "map file, line %u: \"%.60s\" is none of", number, key);
        for (unsigned i = 0; i < IMPORT_TABLES; i++)
            len += (size_t)snprintf(error + len, IMPORT_ERROR_MAX - len, "%s %s", i ? "," : "", import_table_name(i));
        return ERR_INVALID;
    }
    if (!dot)
        return set(&map->tables[table], value, number, error);
    enum import_field field;
    if (import_field_named(table, dot + 1, &field))
        return set(&map->columns[table][field], value, number, error);
    char list[256];
    import_field_list(table, list, sizeof(list));
    snprintf(error, IMPORT_ERROR_MAX, "map file, line %u: \"%.60s\" is no column of %s, which are %s", number, dot + 1,
             key, list);
    return ERR_INVALID;
}

enum err import_map_add(struct import_map *map, const char *line, size_t len, unsigned number,
                        char error[IMPORT_ERROR_MAX])
{
    char *copy = mem_calloc(len + 1, 1);
    memcpy(copy, line, len);
    copy[strcspn(copy, "#\n")] = 0;
    char *key = trim(copy);
    enum err err = ERR_OK;
    if (*key) {
        size_t at = strcspn(key, "=:");
        char *value = key[at] ? trim(key + at + 1) : NULL;
        key[at] = 0;
        key = trim(key);
        if (!value || !*value || !*key) {
            snprintf(error, IMPORT_ERROR_MAX, "map file, line %u: a line is \"ours = theirs\"", number);
            err = ERR_INVALID;
        } else {
            err = add_pair(map, key, value, number, error);
        }
    }
    free(copy);
    return err;
}

enum err import_map_read(struct import_map *map, const char *path, char error[IMPORT_ERROR_MAX])
{
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(error, IMPORT_ERROR_MAX, "The map file %s cannot be read: %s", path, strerror(errno));
        return ERR_IO;
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    unsigned number = 0;
    enum err err = ERR_OK;
    while (!err && (len = getline(&line, &size, file)) >= 0)
        err = import_map_add(map, line, (size_t)len, ++number, error);
    free(line);
    fclose(file);
    return err;
}
