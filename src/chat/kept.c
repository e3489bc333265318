/* Reads the file, or makes it. */
#include "chat/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

static enum err read_file(const char *path, size_t min, char **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    char text[KEPT_MAX + 1];
    ssize_t n = read(fd, text, KEPT_MAX);
    close(fd);
    if (n < 0)
        return ERR_IO;
    text[n] = 0;
    text[strcspn(text, "\r\n")] = 0;
    enum err err = ERR_INVALID;
    if (strlen(text) >= min) {
        *out = mem_strdup(text);
        err = ERR_OK;
    }
    explicit_bzero(text, sizeof(text));
    return err;
}

/* Written beside and linked into place, so that a crash leaves no half of it and of two processes that start at once
 * one wins. */
static enum err make_file(const char *path, size_t len)
{
    char kept[KEPT_MAX + 1];
    char suffix[9];
    rand_alnum(kept, len);
    rand_alnum(suffix, 8);
    struct text temp = {0};
    text_addf(&temp, "%s.%s", path, suffix);
    enum err err = ERR_IO;
    int fd = open(temp.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        bool is_written = write(fd, kept, len) == (ssize_t)len && fsync(fd) == 0;
        if (close(fd) == 0 && is_written && (link(temp.data, path) == 0 || errno == EEXIST))
            err = ERR_OK;
        unlink(temp.data);
    }
    explicit_bzero(kept, sizeof(kept));
    text_free(&temp);
    return err;
}

enum err kept_load(const char *path, size_t len, size_t min, char **out)
{
    enum err err = read_file(path, min, out);
    if (err != ERR_NOT_FOUND)
        return err;
    err = make_file(path, len);
    if (!err)
        err = read_file(path, min, out);
    if (!err)
        log_info("Made a new file with a random text path=%s", path);
    return err;
}
