/* Seeding. See seed.h. */
#include "bench/seed.h"

#include <jwt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"

#define BUSY_MS 5000
#define DAY_US (86400 * (int64_t)US_PER_S)

struct seeder {
    sqlite3 *db;
    int64_t now_us;
    int status;
};

/* One statement with up to four numbers and one text ("" = none), which come as ?1.. in that order. */
static uint64_t insert(struct seeder *seeder, const char *sql, const char *text, const int64_t *numbers, int count)
{
    sqlite3_stmt *stmt = NULL;
    if (seeder->status != SQLITE_OK)
        return 0;
    seeder->status = sqlite3_prepare_v2(seeder->db, sql, -1, &stmt, NULL);
    if (seeder->status != SQLITE_OK)
        return 0;
    int at = 1;
    if (text)
        sqlite3_bind_text(stmt, at++, text, -1, SQLITE_STATIC);
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(stmt, at++, numbers[i]);
    int status = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    if (status != SQLITE_DONE)
        seeder->status = status;
    return (uint64_t)sqlite3_last_insert_rowid(seeder->db);
}

static void add_user(struct seeder *seeder, struct seed_user *user)
{
    char name[32];
    rand_uuid(user->login_id);
    snprintf(name, sizeof(name), "b-%.13s", user->login_id);
    user->id =
        insert(seeder,
               "insert into users (username, username_key, password_hash, nickname, avatar, created_at, updated_at)"
               " values (?1, ?1, '', ?1, '', ?2, ?2)",
               name, (const int64_t[]){seeder->now_us}, 1);
    insert(seeder, "insert into logins (login_id, user_id, login_at, expire_at) values (?1, ?2, ?3, ?4)",
           user->login_id, (const int64_t[]){(int64_t)user->id, seeder->now_us, seeder->now_us + DAY_US}, 3);
}

static void add_group(struct seeder *seeder, const struct seed_user *users, struct seed_group *group)
{
    char name[48];
    int64_t owner = (int64_t)users[group->first].id;
    int64_t group_id = (int64_t)insert(
        seeder,
        "insert into chat_groups (owner_id, name, avatar, created_at, updated_at) values (?1, 'bench', '', ?2, ?2)",
        NULL, (const int64_t[]){owner, seeder->now_us}, 2);
    snprintf(name, sizeof(name), "g-%lld", (long long)group_id);
    int64_t room_id = (int64_t)insert(seeder, "insert into rooms (name, created_at) values (?1, ?2)", name,
                                      (const int64_t[]){seeder->now_us}, 1);
    insert(seeder, "update chat_groups set room_id = ?1 where group_id = ?2", NULL,
           (const int64_t[]){room_id, group_id}, 2);
    for (size_t i = 0; i < group->count; i++) {
        int64_t user_id = (int64_t)users[group->first + i].id;
        insert(seeder, "insert into group_members (group_id, user_id, created_at) values (?1, ?2, ?3)", NULL,
               (const int64_t[]){group_id, user_id, seeder->now_us}, 3);
        uint64_t contact_id =
            insert(seeder,
                   "insert into contacts (owner_id, group_id, room_id, status, created_at, updated_at)"
                   " values (?1, ?2, ?3, 1, ?4, ?4)",
                   NULL, (const int64_t[]){user_id, group_id, room_id, seeder->now_us}, 4);
        if (i == 0)
            group->contact_id = contact_id;
    }
}

enum err seed_database(const char *path, struct seed_user *users, size_t user_count, struct seed_group *groups,
                       size_t group_count, char *error, size_t error_size)
{
    struct seeder seeder = {.now_us = clock_wall_us(), .status = SQLITE_OK};
    seeder.status = sqlite3_open_v2(path, &seeder.db, SQLITE_OPEN_READWRITE, NULL);
    if (seeder.status == SQLITE_OK) {
        sqlite3_busy_timeout(seeder.db, BUSY_MS);
        seeder.status = sqlite3_exec(seeder.db, "begin immediate", NULL, NULL, NULL);
    }
    for (size_t i = 0; i < user_count; i++)
        add_user(&seeder, &users[i]);
    for (size_t i = 0; i < group_count; i++)
        add_group(&seeder, users, &groups[i]);
    if (seeder.status == SQLITE_OK)
        seeder.status = sqlite3_exec(seeder.db, "commit", NULL, NULL, NULL);
    if (seeder.status != SQLITE_OK)
        snprintf(error, error_size, "seeding %s: %s", path, sqlite3_errmsg(seeder.db));
    sqlite3_close(seeder.db);
    return seeder.status == SQLITE_OK ? ERR_OK : ERR_IO;
}

char *seed_token(const char *secret, const char *login_id)
{
    jwt_t *jwt = NULL;
    char *copy = NULL;
    int64_t expires_s = (clock_wall_us() + DAY_US) / (int64_t)US_PER_S;
    if (jwt_new(&jwt) == 0 &&
        jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)secret, (int)strlen(secret)) == 0 &&
        jwt_add_grant_int(jwt, "exp", expires_s) == 0 && jwt_add_grant(jwt, "iss", "ichat") == 0 &&
        jwt_add_grant(jwt, "pl", login_id) == 0) {
        char *text = jwt_encode_str(jwt);
        copy = text ? mem_strdup(text) : NULL;
        free(text);
    }
    jwt_free(jwt);
    return copy;
}
