/* Users, their settings, contact requests. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "import/loader.h"
#include "store/room.h"

#define BCRYPT_LEN 60
#define BCRYPT_COST_MAX 16 /* the server refuses to spend more on one login */

/* "$2a$06$" and 53 characters. */
static bool is_bcrypt(const char *hash)
{
    uint64_t cost;
    char digits[3];
    if (strlen(hash) != BCRYPT_LEN || !text_has_prefix(hash, "$2") || !strchr("abxy", hash[2]) || hash[3] != '$' ||
        hash[6] != '$')
        return false;
    text_copy(digits, sizeof(digits), hash + 4);
    return text_to_u64(digits, &cost) == ERR_OK && cost <= BCRYPT_COST_MAX;
}

/* Somebody has the name, but for its case: this one comes over under another, so that his history stays. */
static enum err add_renamed(struct loader *loader, struct user_row *row, const char *hash, bool *is_in)
{
    uint64_t other = 0;
    enum err err = target_find_username(loader->db, row->username, &other);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    struct text name = {0};
    text_addf(&name, "%s-%" PRIu64, row->username, row->user_id);
    loader_changed(loader, "names are unique without regard to case: it got a new one",
                   "user %" PRIu64 " \"%s\" is \"%s\" now, because of user %" PRIu64, row->user_id, row->username,
                   name.data, other);
    row->username = name.data;
    err = target_add_user(loader->db, row, hash, is_in);
    text_free(&name);
    return err;
}

enum err load_user(struct loader *loader)
{
    struct user_row row = {0};
    const char *hash;
    if (!loader_own_id(loader, &row.user_id) || !loader_text(loader, FIELD_USERNAME, &row.username) ||
        !loader_text(loader, FIELD_PASSWORD, &hash) || !loader_text(loader, FIELD_NICKNAME, &row.nickname) ||
        !loader_text(loader, FIELD_AVATAR, &row.avatar) || !loader_times(loader, &row.created_us, &row.updated_us))
        return ERR_OK;
    if (idset_has(loader->users, row.user_id))
        return loader_added(loader, ERR_OK, false);
    if (!row.username[0])
        return loader_skip(loader, "it has no name", "user %" PRIu64, row.user_id);
    if (!row.nickname[0])
        row.nickname = row.username;
    if (!is_bcrypt(hash)) {
        loader_changed(loader, "the password is no bcrypt hash: nobody can log in with it", "user %" PRIu64 " \"%s\"",
                       row.user_id, row.username);
        hash = "";
    }
    bool is_deleted = loader_bool(loader, FIELD_DELETED);
    bool is_told = loader->row->columns->at[FIELD_ENABLED] >= 0;
    row.is_enabled = !is_deleted && (!is_told || loader_bool(loader, FIELD_ENABLED));
    if (is_deleted)
        loader_changed(loader, "it was deleted in the original: it is disabled", "user %" PRIu64 " \"%s\"", row.user_id,
                       row.username);
    bool is_in = false;
    enum err err = target_add_user(loader->db, &row, hash, &is_in);
    if (!err && !is_in)
        err = add_renamed(loader, &row, hash, &is_in);
    if (!err && is_in)
        idset_add(loader->users, row.user_id);
    return loader_added(loader, err, is_in);
}

enum err load_setting(struct loader *loader)
{
    uint64_t user_id;
    const char *wallpaper;
    int64_t created_us;
    int64_t updated_us;
    if (!loader_id(loader, FIELD_USER, &user_id))
        return ERR_OK;
    loader->id = user_id;
    if (!loader_text(loader, FIELD_WALLPAPER, &wallpaper) || !loader_times(loader, &created_us, &updated_us))
        return ERR_OK;
    if (!idset_has(loader->users, user_id))
        return loader_skip(loader, "its user is unknown", "settings of user %" PRIu64, user_id);
    bool is_in = false;
    enum err err = target_add_setting(loader->db, user_id, wallpaper, created_us, updated_us, &is_in);
    return loader_added(loader, err, is_in);
}

enum err load_request(struct loader *loader)
{
    struct request_row row = {0};
    int64_t status;
    if (!loader_own_id(loader, &row.request_id) || !loader_id(loader, FIELD_REQUESTER, &row.requester_id) ||
        !loader_id(loader, FIELD_USER, &row.user_id) || !loader_int(loader, FIELD_STATUS, &status) ||
        !loader_time(loader, FIELD_EXPIRE, &row.expire_us) || !loader_times(loader, &row.created_us, &row.updated_us))
        return ERR_OK;
    if (!idset_has(loader->users, row.requester_id) || !idset_has(loader->users, row.user_id))
        return loader_skip(loader, "one of its users is unknown",
                           "request %" PRIu64 " of user %" PRIu64 " to user %" PRIu64, row.request_id, row.requester_id,
                           row.user_id);
    if (row.requester_id == row.user_id || status < REQUEST_PENDING || status > REQUEST_EXPIRED)
        return loader_skip(loader, "it is to oneself, or its status is none of 1 to 4",
                           "request %" PRIu64 " with status %" PRId64, row.request_id, status);
    row.status = (enum request_status)status;
    if (!row.expire_us)
        row.expire_us = row.created_us + 24 * 3600 * 1000000ll; /* CONTRACT section 5: a day */
    if (row.status == REQUEST_PENDING && row.expire_us <= loader->options->now_us) {
        row.status = REQUEST_EXPIRED;
        loader_changed(loader, "it was pending, but is expired by now", "request %" PRIu64, row.request_id);
    }
    bool is_in = false;
    enum err err = target_add_request(loader->db, &row, &is_in);
    if (!err && !is_in && row.status == REQUEST_PENDING)
        return loader_skip(loader, "the same two have another pending request, or its id is there already",
                           "request %" PRIu64, row.request_id);
    return loader_added(loader, err, is_in);
}
