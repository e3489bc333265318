/* The send time inside a payload, which the far end reads after opening the packet. Any thread. */
#ifndef ICHAT_BENCH_STAMP_H
#define ICHAT_BENCH_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAMP_LEN 12
#define STAMP_AT 16 /* payload offset: behind a VP8 descriptor and key-frame header */

void stamp_write(uint8_t *payload, size_t len, uint64_t wall_ns);
/* False when there is none. */
bool stamp_read(const uint8_t *payload, size_t len, uint64_t *wall_ns);

#endif
