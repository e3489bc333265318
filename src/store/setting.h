/* A user's settings. Blocking; a db thread. */
#ifndef ICHAT_STORE_SETTING_H
#define ICHAT_STORE_SETTING_H

#include <stdint.h>

#include "store/db.h"

/* *wallpaper is malloc'd. ERR_NOT_FOUND when the user never saved any. */
MUST_CHECK enum err db_setting_get(struct db *db, uint64_t user_id, char **wallpaper);
MUST_CHECK enum err db_setting_put(struct db *db, uint64_t user_id, const char *wallpaper, int64_t now_us);

#endif
