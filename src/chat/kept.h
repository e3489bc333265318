/* A text of random letters and digits that is made at the first start and kept in a file of the data directory. Main
 * thread, at start. */
#ifndef ICHAT_CHAT_KEPT_H
#define ICHAT_CHAT_KEPT_H

#include <stddef.h>

#include "base/err.h"

#define KEPT_MAX 1024

/* What the file holds, else it is made with mode 0600 and `len` characters; malloc'd. ERR_INVALID: it holds fewer than
 * `min`, which is not silently replaced. */
MUST_CHECK enum err kept_load(const char *path, size_t len, size_t min, char **out);

#endif
