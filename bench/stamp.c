/* The stamp. See stamp.h. */
#include "bench/stamp.h"

#include "base/buf.h"

#define MAGIC 0x69426e63u

void stamp_write(uint8_t *payload, size_t len, uint64_t wall_ns)
{
    if (len < STAMP_AT + STAMP_LEN)
        return;
    struct wr wr = wr_make(payload + STAMP_AT, STAMP_LEN);
    wr_u32(&wr, MAGIC);
    wr_u64(&wr, wall_ns);
}

bool stamp_read(const uint8_t *payload, size_t len, uint64_t *wall_ns)
{
    struct rd rd = rd_make(payload, len);
    rd_skip(&rd, STAMP_AT);
    uint32_t magic = rd_u32(&rd);
    uint64_t value = rd_u64(&rd);
    if (rd.is_bad || magic != MAGIC)
        return false;
    *wall_ns = value;
    return true;
}
