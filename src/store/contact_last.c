/* See contact_last.h. */
#include "store/contact_last.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db_driver.h"
#include "store/row.h"

#define NOT_WRITTEN UINT_MAX

enum err contact_lasts_put(struct db *db, const struct contact_last *last, const char *content)
{
    void *items = db->lasts.items;
    struct contact_last *added = row_add(&items, &db->lasts.count, sizeof(*added));
    db->lasts.items = items;
    *added = *last;
    added->content = mem_strdup(content);
    added->step = db->step;
    added->written_in = NOT_WRITTEN;
    if (db->is_in_transaction)
        return ERR_OK;
    enum err err = contact_lasts_write(db, false);
    contact_lasts_clear(&db->lasts);
    return err;
}

/* Of the room with the smallest id, so that servers that share a database lock rows in one order; NULL: all is written.
 * A later one of the same message is a change of it. */
static const struct contact_last *find_next(const struct contact_lasts *lasts)
{
    const struct contact_last *found = NULL;
    for (size_t i = 0; i < lasts->count; i++) {
        const struct contact_last *last = &lasts->items[i];
        if (last->written_in != NOT_WRITTEN)
            continue;
        if (!found || last->room_id < found->room_id ||
            (last->room_id == found->room_id && last->message_id >= found->message_id))
            found = last;
    }
    return found;
}

/* All that wait of its room count as written, by the step that is to write it. */
static void mark_written(struct db *db, uint64_t room_id)
{
    for (size_t i = 0; i < db->lasts.count; i++) {
        struct contact_last *last = &db->lasts.items[i];
        if (last->room_id == room_id && last->written_in == NOT_WRITTEN)
            last->written_in = db->step;
    }
}

enum err contact_lasts_write(struct db *db, bool is_ending)
{
    struct contact_lasts *lasts = &db->lasts;
    const struct contact_last *last;
    while ((last = find_next(lasts))) {
        mark_written(db, last->room_id);
        if (is_ending && db->driver->ending && !find_next(lasts))
            db->driver->ending(db);
        enum err err =
            db_exec(db, NULL,
                    "update rooms set last_message_id = $2, last_message_at = $3, last_message_content ="
                    " $4 where room_id = $1 and last_message_id <= $2",
                    "iiis", (int64_t)last->room_id, (int64_t)last->message_id, last->message_us, last->content);
        if (err)
            return err;
    }
    return ERR_OK;
}

void contact_lasts_undo(struct contact_lasts *lasts, unsigned step)
{
    size_t kept = 0;
    for (size_t i = 0; i < lasts->count; i++) {
        struct contact_last *last = &lasts->items[i];
        if (last->step == step) {
            free(last->content);
            continue;
        }
        if (last->written_in == step)
            last->written_in = NOT_WRITTEN;
        lasts->items[kept++] = *last;
    }
    lasts->count = kept;
    if (kept == 0)
        contact_lasts_clear(lasts);
}

void contact_lasts_clear(struct contact_lasts *lasts)
{
    for (size_t i = 0; i < lasts->count; i++)
        free(lasts->items[i].content);
    free(lasts->items);
    memset(lasts, 0, sizeof(*lasts));
}
