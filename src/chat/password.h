/* bcrypt by libxcrypt. Any thread; each call takes as long as its cost says, so never on the web thread. */
#ifndef ICHAT_CHAT_PASSWORD_H
#define ICHAT_CHAT_PASSWORD_H

#include <stdbool.h>

#include "base/err.h"

#define PASSWORD_HASH_MAX 64 /* a bcrypt hash has 60 characters */

MUST_CHECK enum err password_hash(const char *password, unsigned cost, char out[PASSWORD_HASH_MAX]);
/* False for anything that is no bcrypt hash. The comparison takes the same time wherever they differ. */
bool password_check(const char *password, const char *hash);
/* The cost of a bcrypt hash, 0 for anything else. */
unsigned password_cost(const char *hash);

#endif
