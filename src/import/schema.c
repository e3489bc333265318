/* The synonyms, and matching by them. */
#include "import/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "import/schema_map.h"

struct field_names {
    enum import_field field;
    const char *name;     /* ours, for the map file and messages */
    const char *synonyms; /* normalised, the better ones first, a blank between and behind them */
    bool is_needed;
};

#define FIELDS_MAX 16
#define CREATED                                                                                                        \
    {                                                                                                                  \
        FIELD_CREATED, "created_at", "createdat createat createtime createdtime gmtcreate ctime ", false               \
    }
#define UPDATED                                                                                                        \
    {                                                                                                                  \
        FIELD_UPDATED, "updated_at", "updatedat updateat updatetime updatedtime gmtmodified mtime ", false             \
    }
#define DELETED                                                                                                        \
    {                                                                                                                  \
        FIELD_DELETED, "deleted_at", "deletedat deleteat deletetime deletedtime isdeleted deleted ", false             \
    }

static const struct table_names {
    const char *name;
    const char *synonyms;
    struct field_names fields[FIELDS_MAX]; /* up to one without a name */
} tables[IMPORT_TABLES] = {
    [IMPORT_USERS] = {"users",
                      "user account ",
                      {{FIELD_ID, "user_id", "userid id uid ", true},
                       {FIELD_USERNAME, "username", "username account loginname login name ", true},
                       {FIELD_PASSWORD, "password", "password passwordhash passwd pwd hash ", true},
                       {FIELD_NICKNAME, "nickname", "nickname nick displayname ", false},
                       {FIELD_AVATAR, "avatar", "avatar avatarurl headimg portrait head ", false},
                       {FIELD_ENABLED, "enabled", "enabled enable isenabled active isactive ", false},
                       CREATED,
                       UPDATED,
                       DELETED}},
    [IMPORT_SETTINGS] = {"settings",
                         "usersetting setting ",
                         {{FIELD_USER, "user_id", "userid uid ownerid id ", true},
                          {FIELD_WALLPAPER, "wallpaper", "wallpaper background ", true},
                          CREATED,
                          UPDATED,
                          DELETED}},
    [IMPORT_ROOMS] = {"rooms",
                      "room chatroom ",
                      {{FIELD_ID, "room_id", "roomid id ", true},
                       {FIELD_NAME, "name", "name roomname roomkey key uniquename ", false},
                       CREATED,
                       DELETED}},
    [IMPORT_GROUPS] = {"groups",
                       "group chatgroup ",
                       {{FIELD_ID, "group_id", "groupid id gid ", true},
                        {FIELD_OWNER, "owner_id", "ownerid creatorid createdby userid uid ", true},
                        {FIELD_ROOM, "room_id", "roomid ", false},
                        {FIELD_NAME, "name", "name groupname title ", false},
                        {FIELD_AVATAR, "avatar", "avatar avatarurl portrait image ", false},
                        CREATED,
                        UPDATED,
                        DELETED}},
    [IMPORT_GROUP_MEMBERS] = {"group_members",
                              "groupmember chatgroupmember groupuser chatgroupuser ",
                              {{FIELD_ID, "member_id", "groupmemberid id memberid ", false},
                               {FIELD_GROUP, "group_id", "groupid chatgroupid gid ", true},
                               {FIELD_USER, "user_id", "userid uid memberuserid memberuid ", true},
                               {FIELD_CREATED, "created_at",
                                "createdat createat joinedat jointime createtime createdtime gmtcreate ctime ", false},
                               DELETED}},
    [IMPORT_CONTACTS] = {"contacts",
                         "contact usercontact ",
                         {{FIELD_ID, "contact_id", "contactid id ", true},
                          {FIELD_OWNER, "owner_id", "ownerid owneruid owneruserid ", true},
                          {FIELD_USER, "user_id", "userid uid friendid contactuserid ", true},
                          {FIELD_GROUP, "group_id", "groupid chatgroupid gid ", false},
                          {FIELD_ROOM, "room_id", "roomid ", false},
                          {FIELD_STATUS, "status", "status state ", false},
                          CREATED,
                          UPDATED,
                          DELETED}},
    [IMPORT_REQUESTS] = {"contact_requests",
                         "contactrequest request friendrequest contactapply ",
                         {{FIELD_ID, "request_id", "id requestid contactrequestid ", true},
                          {FIELD_REQUESTER, "requester_id",
                           "requestuid requesterid requestuserid requester fromuserid fromuid fromid ", true},
                          {FIELD_USER, "user_id", "userid uid touserid touid toid targetid ", true},
                          {FIELD_STATUS, "status", "status state ", true},
                          {FIELD_EXPIRE, "expired_at", "expiredat expireat expiresat expiretime expiredtime ", false},
                          CREATED,
                          UPDATED,
                          DELETED}},
    [IMPORT_MESSAGES] = {"messages",
                         "message chatmessage roommessage ",
                         {{FIELD_ID, "message_id", "messageid id msgid ", true},
                          {FIELD_ROOM, "room_id", "roomid ", true},
                          {FIELD_USER, "sender_id", "senderid senduserid fromuserid fromuid fromid userid uid ", true},
                          {FIELD_TYPE, "type", "type messagetype msgtype ", false},
                          {FIELD_TEXT, "text", "text content body ", true},
                          {FIELD_IMAGE, "image", "image imageurl picture ", false},
                          {FIELD_THUMBNAIL, "thumbnail", "thumbnail thumb ", false},
                          {FIELD_CALL, "call_id", "callid ", false},
                          {FIELD_REVOKED, "revoked", "revoked isrevoked revoke recalled ", false},
                          CREATED,
                          UPDATED,
                          DELETED}},
    [IMPORT_CALLS] = {"calls",
                      "call chatcall callrecord ",
                      {{FIELD_ID, "call_id", "callid id ", true},
                       {FIELD_USER, "caller_id", "callerid userid uid creatorid ", true},
                       {FIELD_MESSAGE, "message_id", "messageid msgid ", true},
                       {FIELD_MEMBERS, "members", "members memberids userids participants ", false},
                       {FIELD_STATUS, "status", "status state ", false},
                       {FIELD_START, "start_time", "starttime startat startedat ", false},
                       {FIELD_END, "end_time", "endtime endat endedat ", false},
                       {FIELD_REASON, "end_reason", "endreason reason ", false},
                       CREATED,
                       UPDATED,
                       DELETED}},
    [IMPORT_DELIVERIES] = {"deliveries",
                           "delivery messagedelivery chatdelivery ",
                           {{FIELD_ID, "delivery_id", "deliveryid messagedeliveryid id ", true},
                            {FIELD_USER, "user_id", "userid uid receiverid touserid touid ", true},
                            {FIELD_MESSAGE, "message_id", "messageid msgid ", true},
                            CREATED,
                            DELETED}},
};

const char *import_table_name(enum import_table table)
{
    return tables[table].name;
}

enum import_table import_table_named(const char *name)
{
    unsigned table = 0;
    while (table < IMPORT_TABLES && strcmp(tables[table].name, name))
        table++;
    return table;
}

bool import_field_named(enum import_table table, const char *name, enum import_field *out)
{
    for (const struct field_names *field = tables[table].fields; field->name; field++) {
        if (strcmp(field->name, name))
            continue;
        *out = field->field;
        return true;
    }
    return false;
}

void import_field_list(enum import_table table, char *out, size_t size)
{
    size_t len = 0;
    out[0] = 0;
    for (const struct field_names *field = tables[table].fields; field->name && len < size; field++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", field->name);
}

/* Lower case without underscores and the like. */
static void normalise(char *out, size_t size, const char *name)
{
    size_t len = 0;
    for (; *name && len + 1 < size; name++)
        if (isalnum((unsigned char)*name))
            out[len++] = (char)tolower((unsigned char)*name);
    out[len] = 0;
}

static const char *skip_prefix(const char *name)
{
    static const char *const prefixes[] = {"t_", "tb_", "tbl_", "ichat_"};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strncasecmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return skip_prefix(name + strlen(prefixes[i]));
    return name;
}

/* deliveries: delivery; users: user. */
static void make_singular(char *name)
{
    size_t len = strlen(name);
    if (len > 3 && strcmp(name + len - 3, "ies") == 0)
        text_copy(name + len - 3, 2, "y");
    else if (len > 1 && name[len - 1] == 's')
        name[len - 1] = 0;
}

static bool is_listed(const char *list, const char *word)
{
    size_t len = strlen(word);
    if (len == 0)
        return false;
    for (; *list; list += strcspn(list, " ") + 1)
        if (strncmp(list, word, len) == 0 && list[len] == ' ')
            return true;
    return false;
}

/* MySQL's own tables are in dumps of all databases; mysql.user is not ours. */
static bool is_system(const char *database)
{
    static const char *const names[] = {"mysql", "sys", "information_schema", "performance_schema"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcasecmp(database, names[i]) == 0)
            return true;
    return false;
}

enum import_table import_table_find(const struct import_map *map, const char *database, const char *name)
{
    for (unsigned i = 0; i < IMPORT_TABLES; i++)
        if (import_map_has_table(map, i) && import_map_is_table(map, i, database, name))
            return i;
    if (is_system(database))
        return IMPORT_TABLES;
    char word[MYSQLDUMP_NAME_MAX];
    normalise(word, sizeof(word), skip_prefix(name));
    make_singular(word);
    for (unsigned i = 0; i < IMPORT_TABLES; i++)
        if (!import_map_has_table(map, i) && is_listed(tables[i].synonyms, word))
            return i;
    return IMPORT_TABLES;
}

static int find_synonym(const char *synonyms, const struct mysqldump_column *columns, size_t count)
{
    for (const char *at = synonyms; *at; at += strcspn(at, " ") + 1) {
        size_t len = strcspn(at, " ");
        for (size_t i = 0; i < count; i++) {
            char word[MYSQLDUMP_NAME_MAX];
            normalise(word, sizeof(word), columns[i].name);
            if (strlen(word) == len && strncmp(word, at, len) == 0)
                return (int)i;
        }
    }
    return -1;
}

static int find_exact(const char *name, const struct mysqldump_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void say_missing(enum import_table table, const char *field, const struct mysqldump_column *columns,
                        size_t count, char error[IMPORT_ERROR_MAX])
{
    struct text list = {0};
    for (size_t i = 0; i < count; i++)
        text_addf(&list, "%s%s", i ? ", " : "", columns[i].name);
    snprintf(error, IMPORT_ERROR_MAX,
             "no column of the dump's table for %s is known as %s: it has %.300s; name it in a --map file: %s.%s = ...",
             tables[table].name, field, list.data ? list.data : "none", tables[table].name, field);
    text_free(&list);
}

enum err import_columns_find(const struct import_map *map, enum import_table table,
                             const struct mysqldump_column *columns, size_t count, struct import_columns *out,
                             char error[IMPORT_ERROR_MAX])
{
    for (unsigned i = 0; i < IMPORT_FIELDS; i++)
        out->at[i] = -1;
    for (const struct field_names *field = tables[table].fields; field->name; field++) {
        const char *mapped = import_map_column(map, table, field->field);
        int at = mapped ? find_exact(mapped, columns, count) : find_synonym(field->synonyms, columns, count);
        if (at < 0 && (field->is_needed || (mapped && strcmp(mapped, "-")))) {
            say_missing(table, mapped ? mapped : field->name, columns, count, error);
            return ERR_INVALID;
        }
        out->at[field->field] = at;
    }
    return ERR_OK;
}
