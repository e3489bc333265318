/* One media packet inside a worker: the few facts that survive the publisher's header, and the payload. Owned by the
 * media thread that holds it; as a plain value it crosses threads in a relay slot.
 *
 * The same block serves the history (taken from the worker's pool) and the relay mailbox. */
#ifndef ICHAT_MEDIA_PACKET_H
#define ICHAT_MEDIA_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#define PACKET_MAX 1500 /* bytes of a plain RTP packet that we take; larger ones are dropped */
#define PACKET_PAYLOAD_MAX (PACKET_MAX - 12)

enum packet_flags {
    PACKET_MARKER = 1,
    PACKET_KEY = 2, /* a decoder can start here: first packet of a key frame; every packet of audio */
    PACKET_HAS_LEVEL = 4,
    PACKET_HAS_ORIENTATION = 8,
};

struct packet_head {
    uint64_t arrival_us;
    uint32_t source; /* names an unbroken run of one layer: (run << 2) | layer; it changes when numbers start afresh */
    uint32_t timestamp;
    uint16_t seq;
    uint16_t payload_len; /* 0 = only padding: keeps a number, carries nothing */
    uint8_t flags;
    uint8_t audio_level; /* the element's byte as on the wire (RFC 6464) */
    uint8_t orientation; /* the same (3GPP TS 26.114 section 7.4.5) */
    uint8_t zero;
};

struct packet {
    struct packet_head head;
    uint8_t payload[PACKET_PAYLOAD_MAX];
};

static inline uint8_t packet_layer(const struct packet_head *head)
{
    return (uint8_t)(head->source & 3);
}

#endif
