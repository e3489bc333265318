/* Seeding. See seed.h. */
#include "bench/seed.h"

#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "store/db.h"

#define DAY_US (86400 * (int64_t)US_PER_S)

static enum err add_user(struct db *db, struct seed_user *user, int64_t now_us)
{
    char name[32];
    int64_t id = 0;
    rand_uuid(user->login_id);
    snprintf(name, sizeof(name), "b-%.13s", user->login_id);
    enum err err =
        db_get_i64(db, &id,
                   "insert into users (username, username_key, password_hash, nickname, avatar, created_at, updated_at)"
                   " values ($1, $2, '', $3, '', $4, $5) returning user_id",
                   "sssii", name, name, name, now_us, now_us);
    user->id = (uint64_t)id;
    if (err == ERR_OK)
        err = db_exec(db, NULL, "insert into logins (login_id, user_id, login_at, expire_at) values ($1, $2, $3, $4)",
                      "siii", user->login_id, id, now_us, now_us + DAY_US);
    return err;
}

static enum err add_member(struct db *db, struct seed_group *group, int64_t group_id, int64_t user_id, int64_t now_us)
{
    int64_t contact_id = 0;
    enum err err = db_exec(db, NULL, "insert into group_members (group_id, user_id, created_at) values ($1, $2, $3)",
                           "iii", group_id, user_id, now_us);
    if (err == ERR_OK)
        err = db_get_i64(db, &contact_id,
                         "insert into contacts (owner_id, group_id, room_id, status, created_at, updated_at)"
                         " values ($1, $2, $3, 1, $4, $5) returning contact_id",
                         "iiiii", user_id, group_id, (int64_t)group->room_id, now_us, now_us);
    if (!group->contact_id)
        group->contact_id = (uint64_t)contact_id;
    return err;
}

static enum err add_group(struct db *db, const struct seed_user *users, struct seed_group *group, int64_t now_us)
{
    char name[48];
    int64_t group_id = 0, room_id = 0, owner = (int64_t)users[group->first].id;
    enum err err = db_get_i64(db, &group_id,
                              "insert into chat_groups (owner_id, name, avatar, created_at, updated_at)"
                              " values ($1, 'bench', '', $2, $3) returning group_id",
                              "iii", owner, now_us, now_us);
    snprintf(name, sizeof(name), "g-%lld", (long long)group_id);
    if (err == ERR_OK)
        err = db_get_i64(db, &room_id, "insert into rooms (name, created_at) values ($1, $2) returning room_id", "si",
                         name, now_us);
    if (err == ERR_OK)
        err = db_exec(db, NULL, "update chat_groups set room_id = $1 where group_id = $2", "ii", room_id, group_id);
    group->room_id = (uint64_t)room_id;
    group->contact_id = 0;
    for (size_t i = 0; i < group->count && err == ERR_OK; i++)
        err = add_member(db, group, group_id, (int64_t)users[group->first + i].id, now_us);
    return err;
}

enum err seed_database(const char *url, struct seed_user *users, size_t user_count, struct seed_group *groups,
                       size_t group_count, char *error, size_t error_size)
{
    struct db *db;
    int64_t now_us = clock_wall_us();
    enum err err = db_open(url, &db);
    if (err == ERR_OK) {
        err = db_begin(db);
        for (size_t i = 0; i < user_count && err == ERR_OK; i++)
            err = add_user(db, &users[i], now_us);
        for (size_t i = 0; i < group_count && err == ERR_OK; i++)
            err = add_group(db, users, &groups[i], now_us);
        if (err == ERR_OK)
            err = db_commit(db);
        db_close(db);
    }
    if (err != ERR_OK)
        snprintf(error, error_size, "accounts could not be written into %s", url);
    return err;
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
