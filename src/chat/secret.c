/* Loads or makes the signing secret. */
#include "chat/secret.h"

#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "chat/kept.h"

#define SECRET_LEN 43 /* characters of 5.95 bits: 256 bits */
#define SECRET_MIN 16

enum err secret_load(const struct conf *conf, char **out)
{
    if (conf->auth.secret && *conf->auth.secret) {
        if (strlen(conf->auth.secret) < SECRET_MIN) {
            log_error("auth.secret is too short, it needs at least %d characters", SECRET_MIN);
            return ERR_INVALID;
        }
        *out = mem_strdup(conf->auth.secret);
        return ERR_OK;
    }
    struct text path = {0};
    text_addf(&path, "%s/secret", conf->data.dir);
    enum err err = kept_load(path.data, SECRET_LEN, SECRET_MIN, out);
    if (err)
        log_error("Cannot read or make the secret for tokens err=%s path=%s", err_str(err), path.data);
    text_free(&path);
    return err;
}
