/* What the loaders of the tables share. Between load.c and load_*.c.
 *
 * A loader reads its fields, looks at what they refer to, and ends with an insert or `return loader_skip(...)`: a
 * skipped row is no error. Errors are the database's alone. */
#ifndef ICHAT_IMPORT_LOADER_H
#define ICHAT_IMPORT_LOADER_H

#include "import/bulk.h"
#include "import/idset.h"
#include "import/load.h"
#include "import/target.h"

struct loader {
    /* set once at creation */
    struct dump_file *file;
    struct db *db;
    const struct load_options *options;
    struct import_report *report;
    /* as the rows go */
    enum import_table table;
    enum err (*load_row)(struct loader *loader);
    const struct dump_row *row;
    struct bulk *bulk; /* of the table, where its rows are gathered; else NULL */
    uint64_t id;       /* of the row, for examples */
    bool is_quiet;     /* remarks are left out: the rows are only looked at */
    uint64_t done;
    uint64_t in_batch;
    uint64_t last_ids[IMPORT_TABLES]; /* highest in the dump, also of skipped rows */
    struct idset *users;
    struct idset *rooms;
    struct idset *groups;
    struct idset *messages;
};

/* Fields of the row; false: the value is wrong and the row was skipped. Missing ones are 0, "" and false. */
bool loader_id(struct loader *loader, enum import_field field, uint64_t *out);
/* The row's own id, not 0. */
bool loader_own_id(struct loader *loader, uint64_t *out);
bool loader_int(struct loader *loader, enum import_field field, int64_t *out);
bool loader_text(struct loader *loader, enum import_field field, const char **out);
bool loader_time(struct loader *loader, enum import_field field, int64_t *out);
bool loader_bool(const struct loader *loader, enum import_field field);
/* created_at and updated_at; what is missing comes from the other, or is now. */
bool loader_times(struct loader *loader, int64_t *created_us, int64_t *updated_us);

/* ERR_OK. reason: a constant. */
enum err loader_skip(struct loader *loader, const char *reason, const char *fmt, ...) PRINTF_LIKE(3, 4);
void loader_changed(struct loader *loader, const char *reason, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Counts it as imported, or as skipped because the id or another unique value is there already. */
enum err loader_added(struct loader *loader, enum err err, bool is_in);

struct bulk_place loader_place(const struct loader *loader);

/* One a table. */
enum err load_user(struct loader *loader);
enum err load_setting(struct loader *loader);
enum err load_room(struct loader *loader);
enum err load_room_of_group(struct loader *loader);   /* rooms that only groups */
enum err load_room_of_contact(struct loader *loader); /* or contacts know */
enum err load_group(struct loader *loader);
enum err load_member(struct loader *loader);
enum err load_contact(struct loader *loader);
enum err load_request(struct loader *loader);
enum err load_message(struct loader *loader);
enum err load_call(struct loader *loader);
enum err load_delivery(struct loader *loader);

#endif
