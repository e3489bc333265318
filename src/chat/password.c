/* Password hashes. */
#include "chat/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define BCRYPT_LEN 60
#define COST_MAX 16 /* above it a hash from an import would keep a thread busy for minutes */

unsigned password_cost(const char *hash)
{
    /* $2b$10$ and 53 characters */
    if (strlen(hash) != BCRYPT_LEN || hash[0] != '$' || hash[1] != '2' || !strchr("abxy", hash[2]) || hash[3] != '$' ||
        hash[6] != '$')
        return 0;
    if (hash[4] < '0' || hash[4] > '9' || hash[5] < '0' || hash[5] > '9')
        return 0;
    unsigned cost = (unsigned)(hash[4] - '0') * 10 + (unsigned)(hash[5] - '0');
    return cost <= COST_MAX ? cost : 0;
}

static enum err run(const char *password, const char *setting, char out[PASSWORD_HASH_MAX])
{
    struct crypt_data *data = mem_calloc(1, sizeof(*data)); /* 32 KiB: not for a thread's stack */
    const char *hash = crypt_r(password, setting, data);
    enum err err = hash && *hash != '*' && text_copy(out, PASSWORD_HASH_MAX, hash) ? ERR_OK : ERR_INVALID;
    explicit_bzero(data, sizeof(*data));
    free(data);
    return err;
}

enum err password_hash(const char *password, unsigned cost, char out[PASSWORD_HASH_MAX])
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!crypt_gensalt_rn("$2b$", cost, NULL, 0, setting, sizeof(setting))) {
        log_error("Cannot make a salt: %s", strerror(errno));
        return ERR_IO;
    }
    enum err err = run(password, setting, out);
    if (err)
        log_error("Cannot hash a password cost=%u", cost);
    return err;
}

bool password_check(const char *password, const char *hash)
{
    char got[PASSWORD_HASH_MAX];
    if (password_cost(hash) == 0 || run(password, hash, got))
        return false;
    unsigned char different = 0;
    for (size_t i = 0; i < BCRYPT_LEN; i++)
        different |= (unsigned char)(got[i] ^ hash[i]);
    return different == 0;
}
