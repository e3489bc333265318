/* Uploads: what is used, what is to be removed. Blocking; a db thread. */
#ifndef ICHAT_STORE_FILE_H
#define ICHAT_STORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#define FILE_NAME_SIZE 64 /* of a file's name with its NUL; longer ones are none of ours */

struct file_name {
    char text[FILE_NAME_SIZE];
};

MUST_CHECK enum err db_file_insert(struct db *db, const char *name, uint64_t size, int64_t now_us);
/* Nothing happens when there is no such file. */
MUST_CHECK enum err db_file_set_used(struct db *db, const char *name);
MUST_CHECK enum err db_file_delete(struct db *db, const char *name);
/* Whether a message, an avatar, a group's avatar or a wallpaper is file/<name>. */
MUST_CHECK enum err db_file_is_used(struct db *db, const char *name, bool *out);
/* Bytes of all files that nothing has used yet. */
MUST_CHECK enum err db_file_unused_bytes(struct db *db, uint64_t *out);
/* Never used and made before then, the oldest first, at most `limit`; malloc'd. */
MUST_CHECK enum err db_file_list_unused(struct db *db, int64_t before_us, int64_t limit, struct file_name **out,
                                        size_t *count);

/* To be removed. Twice is once. */
MUST_CHECK enum err db_removal_insert(struct db *db, const char *name, int64_t now_us);
MUST_CHECK enum err db_removal_delete(struct db *db, const char *name);
MUST_CHECK enum err db_removal_list(struct db *db, int64_t limit, struct file_name **out, size_t *count);

#endif
