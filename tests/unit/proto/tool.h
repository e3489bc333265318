/* Small tools of the proto and flow tests: exact-size copies (so that ASan sees a read past the end), a seeded
 * generator, cutting and flipping of valid packets. */
#ifndef ICHAT_TESTS_PROTO_TOOL_H
#define ICHAT_TESTS_PROTO_TOOL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* xorshift64*: the same numbers in every run */
struct prng {
    uint64_t state;
};

static inline uint64_t prng_next(struct prng *prng)
{
    prng->state ^= prng->state >> 12;
    prng->state ^= prng->state << 25;
    prng->state ^= prng->state >> 27;
    return prng->state * 2685821657736338717ull;
}

static inline uint32_t prng_below(struct prng *prng, uint32_t n)
{
    return (uint32_t)((prng_next(prng) >> 33) % n);
}

static inline uint8_t *exact_copy(const void *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        abort();
    memcpy(copy, data, len);
    return copy;
}

/* Hands every prefix of a packet, then `flips` copies with random bits changed, to eat(); each in memory of its size.
 */
static inline void torture(const uint8_t *data, size_t len, unsigned flips, void (*eat)(const uint8_t *, size_t))
{
    struct prng prng = {.state = 88172645463325252ull + len};
    for (size_t n = 0; n <= len; n++) {
        uint8_t *copy = exact_copy(data, n);
        eat(copy, n);
        free(copy);
    }
    for (unsigned i = 0; i < flips && len; i++) {
        uint8_t *copy = exact_copy(data, len);
        for (unsigned k = prng_below(&prng, 4) + 1; k; k--)
            copy[prng_below(&prng, (uint32_t)len)] ^= (uint8_t)(1u << prng_below(&prng, 8));
        eat(copy, len);
        free(copy);
    }
}

#endif
