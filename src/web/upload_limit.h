/* How often a login, or an address without one, may upload. Web thread; time is passed in.
 *
 * A leaky bucket each, in a table of 4,096. Where there is no room (four that uploaded within the last minute are where
 * a fifth belongs, which is random at each start) two share a bucket: a full table never lets more through. */
#ifndef ICHAT_WEB_UPLOAD_LIMIT_H
#define ICHAT_WEB_UPLOAD_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"

struct upload_limit;

struct upload_limit *upload_limit_create(void);
void upload_limit_free(struct upload_limit *limit);

/* False: too often, nothing was counted. per_min at once, then one each minute / per_min; at least 1. */
bool upload_limit_take_login(struct upload_limit *limit, const char *login_id, unsigned per_min, uint64_t now_us);
/* IPv6 counts by its /64, which is what one host is given. */
bool upload_limit_take_address(struct upload_limit *limit, const struct addr *from, unsigned per_min, uint64_t now_us);

#endif
