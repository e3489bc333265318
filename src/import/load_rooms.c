/* Rooms, groups, their members, contacts. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "import/loader.h"
#include "store/room.h"

enum err load_room(struct loader *loader)
{
    uint64_t room_id;
    const char *name;
    int64_t created_us;
    int64_t updated_us;
    if (!loader_own_id(loader, &room_id) || !loader_text(loader, FIELD_NAME, &name) ||
        !loader_times(loader, &created_us, &updated_us))
        return ERR_OK;
    if (!name[0])
        return loader_skip(loader, "it has no name", "room %" PRIu64, room_id);
    bool is_in = false;
    enum err err = target_add_room(loader->db, room_id, name, created_us, &is_in);
    if (!err && is_in)
        idset_add(loader->rooms, room_id);
    return loader_added(loader, err, is_in);
}

/* The room has the id that the row says, unless another room has its name: then the row gets that one later. */
static enum err make_room(struct loader *loader, uint64_t room_id, const char *name)
{
    int64_t created_us;
    if (room_id == 0 || idset_has(loader->rooms, room_id) || !loader_time(loader, FIELD_CREATED, &created_us))
        return ERR_OK;
    if (room_id > loader->last_ids[IMPORT_ROOMS])
        loader->last_ids[IMPORT_ROOMS] = room_id;
    bool is_in = false;
    enum err err =
        target_add_room(loader->db, room_id, name, created_us ? created_us : loader->options->now_us, &is_in);
    if (err || !is_in)
        return err;
    idset_add(loader->rooms, room_id);
    import_report_remark(loader->report, IMPORT_ROOMS, REMARK_MADE, "rooms that only contacts or groups know", 1,
                         "room %" PRIu64 " %s", room_id, name);
    return ERR_OK;
}

enum err load_room_of_group(struct loader *loader)
{
    char name[ROOM_NAME_MAX];
    uint64_t group_id;
    uint64_t owner_id;
    uint64_t room_id;
    if (!loader_own_id(loader, &group_id) || !loader_id(loader, FIELD_OWNER, &owner_id) ||
        !loader_id(loader, FIELD_ROOM, &room_id) || !idset_has(loader->users, owner_id))
        return ERR_OK;
    room_group_name(name, group_id);
    return make_room(loader, room_id, name);
}

static void name_room(char out[ROOM_NAME_MAX], uint64_t owner_id, uint64_t user_id, uint64_t group_id)
{
    if (group_id)
        room_group_name(out, group_id);
    else
        room_pair_name(out, owner_id, user_id);
}

enum err load_room_of_contact(struct loader *loader)
{
    char name[ROOM_NAME_MAX];
    uint64_t owner_id;
    uint64_t user_id;
    uint64_t group_id;
    uint64_t room_id;
    if (!loader_id(loader, FIELD_OWNER, &owner_id) || !loader_id(loader, FIELD_USER, &user_id) ||
        !loader_id(loader, FIELD_GROUP, &group_id) || !loader_id(loader, FIELD_ROOM, &room_id))
        return ERR_OK;
    if (!idset_has(loader->users, owner_id) || (!group_id && !idset_has(loader->users, user_id)))
        return ERR_OK;
    name_room(name, owner_id, user_id, group_id);
    return make_room(loader, room_id, name);
}

/* u-1-2 or g-3: then it must be the right one, or messages would come to others. Other names are the original's own. */
static bool is_canonical(const char *name)
{
    return text_has_prefix(name, "u-") || text_has_prefix(name, "g-");
}

/* The id that the row says when there is such a room, else the room of that name. *is_right: false when it is a room of
 * others. */
static enum err settle_room(struct loader *loader, uint64_t *room_id, const char *name, int64_t created_us,
                            bool *is_right)
{
    *is_right = true;
    if (!*room_id || !idset_has(loader->rooms, *room_id)) {
        enum err err = db_room_ensure(loader->db, name, created_us, room_id);
        if (!err)
            idset_add(loader->rooms, *room_id);
        return err;
    }
    char *found;
    enum err err = target_room_name(loader->db, *room_id, &found);
    if (err)
        return err;
    *is_right = !is_canonical(found) || strcmp(found, name) == 0;
    free(found);
    return ERR_OK;
}

enum err load_group(struct loader *loader)
{
    struct group_row row = {0};
    if (!loader_own_id(loader, &row.group_id) || !loader_id(loader, FIELD_OWNER, &row.owner_id) ||
        !loader_id(loader, FIELD_ROOM, &row.room_id) || !loader_text(loader, FIELD_NAME, &row.name) ||
        !loader_text(loader, FIELD_AVATAR, &row.avatar) || !loader_times(loader, &row.created_us, &row.updated_us))
        return ERR_OK;
    if (!idset_has(loader->users, row.owner_id))
        return loader_skip(loader, "its owner is unknown", "group %" PRIu64 " of user %" PRIu64, row.group_id,
                           row.owner_id);
    char name[ROOM_NAME_MAX];
    room_group_name(name, row.group_id);
    bool is_right;
    enum err err = settle_room(loader, &row.room_id, name, row.created_us, &is_right);
    if (!err && !is_right)
        return loader_skip(loader, "its room belongs to others", "group %" PRIu64 ", room %" PRIu64, row.group_id,
                           row.room_id);
    bool is_in = false;
    if (!err)
        err = target_add_group(loader->db, &row, &is_in);
    if (!err && is_in)
        idset_add(loader->groups, row.group_id);
    return loader_added(loader, err, is_in);
}

enum err load_member(struct loader *loader)
{
    uint64_t member_id = 0;
    uint64_t group_id;
    uint64_t user_id;
    int64_t created_us;
    int64_t updated_us;
    bool has_id = loader->row->columns->at[FIELD_ID] >= 0;
    if ((has_id && !loader_own_id(loader, &member_id)) || !loader_id(loader, FIELD_GROUP, &group_id) ||
        !loader_id(loader, FIELD_USER, &user_id) || !loader_times(loader, &created_us, &updated_us))
        return ERR_OK;
    if (!idset_has(loader->groups, group_id) || !idset_has(loader->users, user_id))
        return loader_skip(loader, "its group or user is unknown", "user %" PRIu64 " in group %" PRIu64, user_id,
                           group_id);
    bool is_in = false;
    enum err err = target_add_member(loader->db, member_id, group_id, user_id, created_us, &is_in);
    return loader_added(loader, err, is_in);
}

/* Whom the contact is with. NULL: all is well. */
static const char *check_contact(const struct loader *loader, const struct contact_row *row)
{
    if (!idset_has(loader->users, row->owner_id))
        return "its owner is unknown";
    if (!row->user_id == !row->group_id)
        return "it is with neither a user nor a group, or with both";
    if (row->user_id && !idset_has(loader->users, row->user_id))
        return "its user is unknown";
    if (row->user_id == row->owner_id)
        return "it is with oneself";
    if (row->group_id && !idset_has(loader->groups, row->group_id))
        return "its group is unknown";
    return NULL;
}

enum err load_contact(struct loader *loader)
{
    struct contact_row row = {0};
    int64_t status;
    if (!loader_own_id(loader, &row.contact_id) || !loader_id(loader, FIELD_OWNER, &row.owner_id) ||
        !loader_id(loader, FIELD_USER, &row.user_id) || !loader_id(loader, FIELD_GROUP, &row.group_id) ||
        !loader_id(loader, FIELD_ROOM, &row.room_id) || !loader_int(loader, FIELD_STATUS, &status) ||
        !loader_times(loader, &row.created_us, &row.updated_us))
        return ERR_OK;
    row.status = status ? (int)status : CONTACT_NORMAL;
    const char *reason = check_contact(loader, &row);
    if (reason)
        return loader_skip(loader, reason,
                           "contact %" PRIu64 " of user %" PRIu64 " with user %" PRIu64 ", group %" PRIu64,
                           row.contact_id, row.owner_id, row.user_id, row.group_id);
    char name[ROOM_NAME_MAX];
    name_room(name, row.owner_id, row.user_id, row.group_id);
    bool is_right;
    enum err err = settle_room(loader, &row.room_id, name, row.created_us, &is_right);
    if (!err && !is_right)
        return loader_skip(loader, "its room belongs to others", "contact %" PRIu64 ", room %" PRIu64, row.contact_id,
                           row.room_id);
    bool is_in = false;
    if (!err)
        err = target_add_contact(loader->db, &row, &is_in);
    return loader_added(loader, err, is_in);
}
