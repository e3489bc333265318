/* The order of an import, its transactions, and reading fields of rows. */
#include "import/load.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "import/convert.h"
#include "import/loader.h"

/* Fields */

static const struct mysqldump_value *value_of(const struct loader *loader, enum import_field field)
{
    int at = loader->row->columns->at[field];
    return at < 0 ? NULL : &loader->row->row->values[at];
}

PRINTF_LIKE(4, 0)
static void remark(struct loader *loader, enum import_remark kind, const char *reason, const char *fmt, va_list args)
{
    char what[160];
    if (loader->is_quiet)
        return;
    vsnprintf(what, sizeof(what), fmt, args);
    const struct mysqldump_row *row = loader->row->row;
    import_report_remark(loader->report, loader->table, kind, reason, 1, "line %" PRIu64 ", row %" PRIu64 ": %s",
                         row->line, row->number, what);
}

enum err loader_skip(struct loader *loader, const char *reason, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    remark(loader, REMARK_SKIPPED, reason, fmt, args);
    va_end(args);
    return ERR_OK;
}

void loader_changed(struct loader *loader, const char *reason, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    remark(loader, REMARK_CHANGED, reason, fmt, args);
    va_end(args);
}

static bool refuse(struct loader *loader, enum import_field field, const char *reason)
{
    (void)loader_skip(loader, reason, "id %" PRIu64 ", column %s", loader->id,
                      loader->row->names[loader->row->columns->at[field]].name);
    return false;
}

bool loader_id(struct loader *loader, enum import_field field, uint64_t *out)
{
    return convert_id(value_of(loader, field), out) == ERR_OK ||
           refuse(loader, field, "an id is no whole number from 0 to 2^53 - 1");
}

bool loader_own_id(struct loader *loader, uint64_t *out)
{
    if (!loader_id(loader, FIELD_ID, out))
        return false;
    loader->id = *out;
    if (*out > loader->last_ids[loader->table])
        loader->last_ids[loader->table] = *out;
    return *out != 0 || refuse(loader, FIELD_ID, "its id is 0");
}

bool loader_int(struct loader *loader, enum import_field field, int64_t *out)
{
    return convert_i64(value_of(loader, field), out) == ERR_OK || refuse(loader, field, "a number is none");
}

bool loader_text(struct loader *loader, enum import_field field, const char **out)
{
    return convert_text(value_of(loader, field), out) == ERR_OK || refuse(loader, field, "a text is not valid UTF-8");
}

bool loader_time(struct loader *loader, enum import_field field, int64_t *out)
{
    int at = loader->row->columns->at[field];
    bool is_utc = at < 0 || loader->row->names[at].is_timestamp;
    return convert_time(value_of(loader, field), is_utc ? 0 : loader->options->zone_s, out) == ERR_OK ||
           refuse(loader, field, "a time is not understood");
}

bool loader_bool(const struct loader *loader, enum import_field field)
{
    return convert_bool(value_of(loader, field));
}

bool loader_times(struct loader *loader, int64_t *created_us, int64_t *updated_us)
{
    if (!loader_time(loader, FIELD_CREATED, created_us) || !loader_time(loader, FIELD_UPDATED, updated_us))
        return false;
    if (!*created_us)
        *created_us = *updated_us;
    if (!*created_us) {
        *created_us = loader->options->now_us;
        loader_changed(loader, "it has no time: that of the import is used", "id %" PRIu64, loader->id);
    }
    if (!*updated_us)
        *updated_us = *created_us;
    return true;
}

enum err loader_added(struct loader *loader, enum err err, bool is_in)
{
    if (err)
        return err;
    if (!is_in)
        return loader_skip(loader, "its id, or what must be unique in it, is there already", "id %" PRIu64, loader->id);
    import_report_imported(loader->report, loader->table, 1);
    return ERR_OK;
}

struct bulk_place loader_place(const struct loader *loader)
{
    return (struct bulk_place){.line = loader->row->row->line, .number = loader->row->row->number};
}

/* A row that was gathered before the one that is being read now. */
static enum err on_gathered(void *ctx, uint64_t id, const struct bulk_place *place, bool is_in)
{
    struct loader *loader = ctx;
    if (is_in && loader->table == IMPORT_MESSAGES)
        idset_add(loader->messages, id);
    const struct dump_row *row = loader->row;
    const struct mysqldump_row gathered = {.line = place->line, .number = place->number};
    loader->row = &(const struct dump_row){.row = &gathered};
    loader->id = id;
    enum err err = loader_added(loader, ERR_OK, is_in);
    loader->row = row;
    return err;
}

/* Transactions */

static enum err end_batch(struct loader *loader)
{
    loader->in_batch = 0;
    enum err err = loader->bulk ? bulk_flush(loader->bulk) : ERR_OK;
    if (!err)
        err = db_commit(loader->db);
    return err ? err : db_begin(loader->db);
}

static void tell(const struct loader *loader, bool is_last)
{
    if (loader->options->on_progress)
        loader->options->on_progress(loader->options->ctx, loader->table, loader->done,
                                     dump_file_rows(loader->file, loader->table), is_last);
}

static enum err on_row(void *ctx, const struct dump_row *row)
{
    struct loader *loader = ctx;
    loader->row = row;
    loader->id = 0;
    /* What the original deleted softly is gone, but for users: messages are still theirs. */
    enum err err = ERR_OK;
    if (loader->table != IMPORT_USERS && loader_bool(loader, FIELD_DELETED)) {
        uint64_t id;
        if (loader->row->columns->at[FIELD_ID] < 0 || loader_own_id(loader, &id))
            err = loader_skip(loader, "it was deleted in the original", "id %" PRIu64, loader->id);
    } else {
        err = loader->load_row(loader);
    }
    loader->done++;
    if (!err && ++loader->in_batch >= loader->options->batch) {
        err = end_batch(loader);
        if (!loader->is_quiet)
            tell(loader, false);
    }
    /* The parser takes this for its own kind of error. */
    return err == ERR_INVALID ? ERR_IO : err;
}

static enum err load_table(struct loader *loader, enum import_table table, enum err (*load_row)(struct loader *),
                           char error[IMPORT_ERROR_MAX])
{
    loader->table = table;
    loader->load_row = load_row;
    loader->done = 0;
    const struct bulk_table *gathered = table == IMPORT_MESSAGES     ? &target_messages
                                        : table == IMPORT_DELIVERIES ? &target_deliveries
                                                                     : NULL;
    if (gathered)
        loader->bulk = bulk_create(loader->db, gathered, on_gathered, loader);
    enum err err = dump_file_read(loader->file, table, on_row, loader, error);
    if (!err && loader->bulk)
        err = bulk_flush(loader->bulk);
    bulk_free(loader->bulk);
    loader->bulk = NULL;
    if (!err)
        tell(loader, true);
    return err;
}

/* Rooms that the rooms table does not have are made from who uses them, before anything gets an id of our own. */
static enum err load_rooms(struct loader *loader, char error[IMPORT_ERROR_MAX])
{
    enum err err = ERR_OK;
    if (dump_file_has_field(loader->file, IMPORT_ROOMS, FIELD_NAME))
        err = load_table(loader, IMPORT_ROOMS, load_room, error);
    else
        import_report_note(loader->report, "The dump has no names of rooms: rooms are made from contacts and groups.");
    /* What is wrong in these rows is said when they are loaded themselves. */
    loader->is_quiet = true;
    loader->load_row = load_room_of_group;
    loader->table = IMPORT_GROUPS;
    if (!err)
        err = dump_file_read(loader->file, IMPORT_GROUPS, on_row, loader, error);
    loader->load_row = load_room_of_contact;
    loader->table = IMPORT_CONTACTS;
    if (!err)
        err = dump_file_read(loader->file, IMPORT_CONTACTS, on_row, loader, error);
    loader->is_quiet = false;
    return err ? err : target_continue_after(loader->db, IMPORT_ROOMS, loader->last_ids[IMPORT_ROOMS]);
}

static enum err load_tables(struct loader *loader, char error[IMPORT_ERROR_MAX])
{
    static enum err (*const loaders[IMPORT_TABLES])(struct loader *) = {
        [IMPORT_USERS] = load_user,       [IMPORT_SETTINGS] = load_setting,     [IMPORT_GROUPS] = load_group,
        [IMPORT_CONTACTS] = load_contact, [IMPORT_GROUP_MEMBERS] = load_member, [IMPORT_REQUESTS] = load_request,
        [IMPORT_MESSAGES] = load_message, [IMPORT_CALLS] = load_call,           [IMPORT_DELIVERIES] = load_delivery,
    };
    enum err err = ERR_OK;
    for (unsigned table = 0; table < IMPORT_TABLES && !err; table++) {
        if (table == IMPORT_ROOMS)
            err = load_rooms(loader, error);
        else if (dump_file_has(loader->file, table))
            err = load_table(loader, table, loaders[table], error);
        else
            import_report_note(loader->report, "The dump has no table for %s.", import_table_name(table));
    }
    return err;
}

static void say_made(struct loader *loader, enum import_table table, int64_t count, enum import_remark kind,
                     const char *reason)
{
    if (count > 0)
        import_report_remark(loader->report, table, kind, reason, (uint64_t)count, "%s", "");
}

static enum err finish(struct loader *loader)
{
    int64_t members = 0;
    int64_t linked = 0;
    int64_t calls = 0;
    enum err err = ERR_OK;
    if (!dump_file_has(loader->file, IMPORT_GROUP_MEMBERS))
        err = target_make_members(loader->db, &members);
    if (!err)
        err = target_link_calls(loader->db, &linked);
    if (!err)
        err = target_make_calls(loader->db, &calls);
    if (!err)
        err = target_set_last_messages(loader->db);
    for (unsigned table = 0; table < IMPORT_TABLES && !err; table++)
        err = target_continue_after(loader->db, table, loader->last_ids[table]);
    if (err)
        return err;
    say_made(loader, IMPORT_GROUP_MEMBERS, members, REMARK_MADE, "members of groups, from the owners of the contacts");
    say_made(loader, IMPORT_MESSAGES, linked, REMARK_CHANGED, "call messages that named no call, by the call's row");
    say_made(loader, IMPORT_CALLS, calls, REMARK_MADE, "ended calls, for call messages whose call is not in the dump");
    return db_commit(loader->db);
}

enum err load_all(struct dump_file *file, struct db *db, const struct load_options *options,
                  struct import_report *report, char error[IMPORT_ERROR_MAX])
{
    struct loader loader = {.file = file, .db = db, .options = options, .report = report};
    loader.users = idset_create();
    loader.rooms = idset_create();
    loader.groups = idset_create();
    loader.messages = idset_create();
    error[0] = 0;
    enum err err = db_begin(db);
    if (!err)
        err = load_tables(&loader, error);
    if (!err)
        err = finish(&loader);
    if (err)
        db_rollback(db);
    if (err && !error[0])
        snprintf(error, IMPORT_ERROR_MAX, "The database failed (the log line says how)");
    idset_free(loader.users);
    idset_free(loader.rooms);
    idset_free(loader.groups);
    idset_free(loader.messages);
    return err;
}
