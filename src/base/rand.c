/* Randomness from getrandom(2). Any thread. */
#include "base/rand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/text.h"

void rand_bytes(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            perror("getrandom");
            abort();
        }
        at += n;
        len -= (size_t)n;
    }
}

uint32_t rand_u32(void)
{
    uint32_t v;
    rand_bytes(&v, sizeof(v));
    return v;
}

uint64_t rand_u64(void)
{
    uint64_t v;
    rand_bytes(&v, sizeof(v));
    return v;
}

void rand_alnum(char *out, size_t len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    enum { LETTERS = sizeof(alphabet) - 1, UNBIASED = 256 / LETTERS * LETTERS };
    uint8_t bytes[64];
    size_t done = 0;
    while (done < len) {
        rand_bytes(bytes, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes) && done < len; i++) {
            /* Bytes beyond the last whole multiple would make the first letters likelier. */
            if (bytes[i] < UNBIASED)
                out[done++] = alphabet[bytes[i] % LETTERS];
        }
    }
    out[len] = '\0';
}

void rand_uuid(char out[37])
{
    uint8_t bytes[16];
    rand_bytes(bytes, sizeof(bytes));
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80); /* variant 10 */
    static const uint8_t group_bytes[] = {4, 2, 2, 2, 6};
    const uint8_t *at = bytes;
    for (size_t i = 0; i < ARRAY_LEN(group_bytes); i++) {
        hex_encode(out, at, group_bytes[i]);
        at += group_bytes[i];
        out += 2 * group_bytes[i];
        *out++ = '-';
    }
    out[-1] = '\0';
}
