/* Frames of a server, RFC 6455 section 5.2: final and unmasked. Sans-IO. */
#ifndef ICHAT_WEB_WS_FRAME_H
#define ICHAT_WEB_WS_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define WS_FRAME_HEAD_MAX 10

enum ws_opcode { WS_TEXT = 0x1, WS_PING = 0x9 };

/* Writes head and data, len + WS_FRAME_HEAD_MAX bytes at most; returns how many. A ping carries at most 125. */
size_t ws_frame_write(uint8_t *at, enum ws_opcode opcode, const void *data, size_t len);

#endif
