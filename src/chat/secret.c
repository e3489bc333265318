/* Loads or makes the signing secret. */
#include "chat/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

#define SECRET_LEN 43 /* characters of 5.95 bits: 256 bits */
#define SECRET_MIN 16
#define SECRET_MAX 1024

static enum err read_file(const char *path, char **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    char text[SECRET_MAX + 1];
    ssize_t n = read(fd, text, SECRET_MAX);
    close(fd);
    if (n < 0)
        return ERR_IO;
    text[n] = 0;
    text[strcspn(text, "\r\n")] = 0;
    if (strlen(text) < SECRET_MIN)
        return ERR_INVALID;
    *out = mem_strdup(text);
    return ERR_OK;
}

/* Written beside and linked into place, so that a crash leaves no half of a secret and of two processes that start
 * at once one wins. */
static enum err make_file(const char *path)
{
    char secret[SECRET_LEN + 1];
    char suffix[9];
    rand_alnum(secret, SECRET_LEN);
    rand_alnum(suffix, 8);
    struct text temp = {0};
    text_addf(&temp, "%s.%s", path, suffix);
    enum err err = ERR_IO;
    int fd = open(temp.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        bool is_written = write(fd, secret, SECRET_LEN) == SECRET_LEN && fsync(fd) == 0;
        if (close(fd) == 0 && is_written && (link(temp.data, path) == 0 || errno == EEXIST))
            err = ERR_OK;
        unlink(temp.data);
    }
    explicit_bzero(secret, sizeof(secret));
    text_free(&temp);
    return err;
}

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
    enum err err = read_file(path.data, out);
    if (err == ERR_NOT_FOUND) {
        err = make_file(path.data);
        if (!err)
            err = read_file(path.data, out);
        if (!err)
            log_info("Made a new secret for tokens path=%s", path.data);
    }
    if (err)
        log_error("Cannot read or make the secret for tokens err=%s path=%s", err_str(err), path.data);
    text_free(&path);
    return err;
}
