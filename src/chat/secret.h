/* The secret that signs tokens. Main thread, at start. */
#ifndef ICHAT_CHAT_SECRET_H
#define ICHAT_CHAT_SECRET_H

#include "base/conf.h"
#include "base/err.h"

/* auth.secret, else the file data.dir/secret, which is made with mode 0600 when missing; malloc'd. */
MUST_CHECK enum err secret_load(const struct conf *conf, char **out);

#endif
