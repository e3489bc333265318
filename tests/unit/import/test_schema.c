/* Names of tables and columns, and the map file. */
#include "import/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

static void tables_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum import_table table;
    } table[] = {
        {"users", IMPORT_USERS},
        {"user", IMPORT_USERS},
        {"t_user", IMPORT_USERS},
        {"tb_users", IMPORT_USERS},
        {"ichat_user", IMPORT_USERS},
        {"tb_ichat_Users", IMPORT_USERS},
        {"USER", IMPORT_USERS},
        {"user_settings", IMPORT_SETTINGS},
        {"UserSetting", IMPORT_SETTINGS},
        {"settings", IMPORT_SETTINGS},
        {"rooms", IMPORT_ROOMS},
        {"room", IMPORT_ROOMS},
        {"group", IMPORT_GROUPS},
        {"chat_groups", IMPORT_GROUPS},
        {"group_members", IMPORT_GROUP_MEMBERS},
        {"groupMember", IMPORT_GROUP_MEMBERS},
        {"contact", IMPORT_CONTACTS},
        {"t_contacts", IMPORT_CONTACTS},
        {"contact_requests", IMPORT_REQUESTS},
        {"request", IMPORT_REQUESTS},
        {"messages", IMPORT_MESSAGES},
        {"message_delivery", IMPORT_DELIVERIES},
        {"message_deliveries", IMPORT_DELIVERIES},
        {"deliveries", IMPORT_DELIVERIES},
        {"calls", IMPORT_CALLS},
        {"call", IMPORT_CALLS},
        {"room_members", IMPORT_TABLES},
        {"login_log", IMPORT_TABLES},
        {"", IMPORT_TABLES},
        {"s", IMPORT_TABLES},
        {"t_", IMPORT_TABLES},
    };
    struct import_map *map = import_map_create();
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (import_table_find(map, "", table[i].name) != table[i].table)
            fail_msg("%s", table[i].name);
    assert_int_equal(import_table_find(map, "ichat", "user"), IMPORT_USERS);
    assert_int_equal(import_table_find(map, "mysql", "user"), IMPORT_TABLES);
    assert_int_equal(import_table_find(map, "sys", "user"), IMPORT_TABLES);
    import_map_free(map);
}

static void add(struct import_map *map, const char *line)
{
    char error[IMPORT_ERROR_MAX];
    if (import_map_add(map, line, strlen(line), 1, error) != ERR_OK)
        fail_msg("%s: %s", line, error);
}

static void a_map_names_tables(void **state)
{
    (void)state;
    struct import_map *map = import_map_create();
    add(map, "users = people");
    add(map, "  rooms: `app.chatroom`  # with a database");
    add(map, "deliveries = -");
    add(map, "# only a comment");
    add(map, "");
    assert_int_equal(import_table_find(map, "", "people"), IMPORT_USERS);
    assert_int_equal(import_table_find(map, "x", "People"), IMPORT_USERS);
    assert_int_equal(import_table_find(map, "", "users"), IMPORT_TABLES);
    assert_int_equal(import_table_find(map, "app", "chatroom"), IMPORT_ROOMS);
    assert_int_equal(import_table_find(map, "old", "chatroom"), IMPORT_TABLES);
    assert_int_equal(import_table_find(map, "", "deliveries"), IMPORT_TABLES);
    assert_int_equal(import_table_find(map, "", "messages"), IMPORT_MESSAGES);
    import_map_free(map);
}

/* The columns of a text such as "id user_name", in that order. */
static enum err find(struct import_map *map, enum import_table table, const char *names, struct import_columns *out,
                     char error[IMPORT_ERROR_MAX])
{
    struct mysqldump_column columns[16] = {0};
    size_t count = 0;
    char *copy = strdup(names);
    char *rest = copy;
    for (char *name; (name = strsep(&rest, " "));)
        columns[count++].name = name;
    enum err err = import_columns_find(map, table, columns, count, out, error);
    free(copy);
    return err;
}

static void columns_by_name(void **state)
{
    (void)state;
    struct import_map *map = import_map_create();
    struct import_columns found;
    char error[IMPORT_ERROR_MAX];
    assert_int_equal(find(map, IMPORT_USERS, "created_at ID UserName pass_word nickname", &found, error), ERR_OK);
    assert_int_equal(found.at[FIELD_ID], 1);
    assert_int_equal(found.at[FIELD_USERNAME], 2);
    assert_int_equal(found.at[FIELD_PASSWORD], 3);
    assert_int_equal(found.at[FIELD_NICKNAME], 4);
    assert_int_equal(found.at[FIELD_CREATED], 0);
    assert_int_equal(found.at[FIELD_AVATAR], -1);
    assert_int_equal(found.at[FIELD_ROOM], -1);
    /* The better synonym wins, wherever it stands. */
    assert_int_equal(find(map, IMPORT_USERS, "id name password username user_id", &found, error), ERR_OK);
    assert_int_equal(found.at[FIELD_ID], 4);
    assert_int_equal(found.at[FIELD_USERNAME], 3);
    /* A prefix of a synonym is none. */
    assert_int_equal(find(map, IMPORT_DELIVERIES, "id user message_id", &found, error), ERR_INVALID);
    assert_non_null(strstr(error, "deliveries.user_id = ..."));
    assert_non_null(strstr(error, "id, user, message_id"));
    import_map_free(map);
}

static void a_map_names_columns(void **state)
{
    (void)state;
    struct import_map *map = import_map_create();
    struct import_columns found;
    char error[IMPORT_ERROR_MAX];
    add(map, "users.password = secret");
    add(map, "users.avatar = -");
    assert_int_equal(find(map, IMPORT_USERS, "id username password Secret avatar", &found, error), ERR_OK);
    assert_int_equal(found.at[FIELD_PASSWORD], 3);
    assert_int_equal(found.at[FIELD_AVATAR], -1);
    assert_int_equal(find(map, IMPORT_USERS, "id username password", &found, error), ERR_INVALID);
    assert_non_null(strstr(error, "secret"));
    import_map_free(map);
}

static void wrong_maps(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"people = x", "map file, line 7: \"people\" is none of users, settings, rooms"},
        {"users.pass = x", "map file, line 7: \"pass\" is no column of users, which are user_id, username, password"},
        {"users", "map file, line 7: a line is \"ours = theirs\""},
        {"users =", "map file, line 7: a line is \"ours = theirs\""},
        {"= x", "map file, line 7: a line is \"ours = theirs\""},
        {"rooms = x", "map file, line 7: this was said already"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct import_map *map = import_map_create();
        char error[IMPORT_ERROR_MAX];
        add(map, "rooms = y");
        assert_int_equal(import_map_add(map, table[i][0], strlen(table[i][0]), 7, error), ERR_INVALID);
        if (!text_has_prefix(error, table[i][1]))
            fail_msg("%s", error);
        import_map_free(map);
    }
}

static void map_files(void **state)
{
    (void)state;
    char path[] = "/tmp/ichat-map.XXXXXX";
    char error[IMPORT_ERROR_MAX];
    int fd = mkstemp(path);
    static const char text[] = "# ours = theirs\r\nusers = people\r\n\nusers.password: pw\nbad line";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct import_map *map = import_map_create();
    assert_int_equal(import_map_read(map, path, error), ERR_INVALID);
    assert_string_equal(error, "map file, line 5: a line is \"ours = theirs\"");
    assert_int_equal(import_table_find(map, "", "people"), IMPORT_USERS);
    import_map_free(map);
    unlink(path);
    map = import_map_create();
    assert_int_equal(import_map_read(map, path, error), ERR_IO);
    assert_non_null(strstr(error, path));
    import_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_by_name),      cmocka_unit_test(a_map_names_tables), cmocka_unit_test(columns_by_name),
        cmocka_unit_test(a_map_names_columns), cmocka_unit_test(wrong_maps),         cmocka_unit_test(map_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
