/* Names of the error codes. Any thread. */
#include "base/err.h"

#include <stddef.h>

#include "base/text.h"

const char *err_str(enum err err)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",         [ERR_AGAIN] = "try again",
        [ERR_FULL] = "full",     [ERR_NOT_FOUND] = "not found",
        [ERR_EXISTS] = "exists", [ERR_INVALID] = "invalid",
        [ERR_DENIED] = "denied", [ERR_STATE] = "wrong state",
        [ERR_IO] = "i/o error",  [ERR_LIMIT] = "limit reached",
        [ERR_CLOSED] = "closed", [ERR_UNSUPPORTED] = "unsupported",
    };
    size_t i = (size_t)err;
    return i < ARRAY_LEN(names) && names[i] ? names[i] : "unknown error";
}
