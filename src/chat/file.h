/* Uploads beside their bytes: services of POST /file/upload, what marks a file as used, and its removal.
 *
 * Anyone may upload, since the registration page needs it. What nothing uses within FILE_UNUSED_US is removed; so is
 * the image of a revoked message, unless something else uses the same file. Files live in data.dir/files. */
#ifndef ICHAT_CHAT_FILE_H
#define ICHAT_CHAT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/op.h"
#include "store/file.h"

#define FILE_UNUSED_US (24 * 3600 * 1000000ll)
#define FILE_SWEEP_US (3600 * 1000000ull)

/* Makes the file known, before it gets its name: 4001 when it is nobody's and too much waits unused already
 * (http.unused_uploads_mb). Data null. Maker: web thread. */
struct file_add_args {
    const char *name;
    uint64_t size;
    bool is_anonymous;
};
op_service file_add;
struct op *file_add_op(struct chat *chat, const struct file_add_args *args);

/* Removes what is to be removed, at once and each FILE_SWEEP_US, until file_sweep_stop(). Web thread. */
void file_sweep_start(struct chat *chat);
void file_sweep_stop(struct chat *chat);

/* Within the writing services (db threads). */
/* A message, avatar or wallpaper that is this url was stored: what is none of ours is ignored. */
MUST_CHECK enum err file_use(struct db *db, const char *url);
/* A message does not use it any more, the row is written already. When nothing else does, the file is removed right
 * after the commit, before anybody hears of it. One such file an op; takes op->result. */
MUST_CHECK enum err file_release(struct op *op, struct db *db, const char *url);

#endif
