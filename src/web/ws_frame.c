/* See ws_frame.h. */
#include "web/ws_frame.h"

#include <string.h>

#define FIN 0x80
#define LEN_7 125
#define LEN_IS_16 126
#define LEN_IS_64 127

size_t ws_frame_write(uint8_t *at, enum ws_opcode opcode, const void *data, size_t len)
{
    unsigned more = len <= LEN_7 ? 0 : len <= UINT16_MAX ? 2 : 8; /* bytes of length behind the first */
    at[0] = (uint8_t)(FIN | opcode);
    at[1] = (uint8_t)(more == 0 ? len : more == 2 ? LEN_IS_16 : LEN_IS_64);
    for (unsigned i = 0; i < more; i++)
        at[2 + i] = (uint8_t)((uint64_t)len >> (8 * (more - 1 - i)));
    memcpy(at + 2 + more, data, len);
    return 2 + more + len;
}
