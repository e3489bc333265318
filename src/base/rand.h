/* Randomness from the kernel's generator (getrandom, buffered per call). Any thread; aborts if the kernel refuses. */
#ifndef ICHAT_BASE_RAND_H
#define ICHAT_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t len);
uint32_t rand_u32(void);
uint64_t rand_u64(void);
/* len characters of A-Za-z0-9 and a NUL: ice-ufrag, tokens, names (unbiased, 5.95 bits a character). */
void rand_alnum(char *out, size_t len);
/* A UUID version 4, RFC 9562 section 5.4, lower case. */
void rand_uuid(char out[37]);

#endif
