/* A browser's RTCPeerConnection as far as its descriptions go, written as Chromium writes them: for tests of what the
 * server answers and offers to a client of the older protocol. */
#ifndef ICHAT_TESTS_CALL_V1_PEER_H
#define ICHAT_TESTS_CALL_V1_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/sdp.h"

#define V1_PEER_LINES 40
#define V1_PEER_EXTS 5

struct v1_line {
    char mid[17]; /* "" = a transceiver that was in no description yet */
    bool is_audio;
    bool is_sending; /* its transceiver's direction includes sending */
    bool was_sending;
    uint32_t ssrc; /* RTX: one more */
    /* as negotiated */
    bool is_up;
    bool is_down;
    char track[64]; /* of the other side's msid */
    uint32_t down_ssrc;
};

struct v1_peer {
    char ufrag[5];
    const char *fingerprint;
    uint32_t next_ssrc;
    unsigned next_mid;
    unsigned count;
    struct v1_line lines[V1_PEER_LINES];
    bool has_h264;
    uint8_t ids[V1_PEER_EXTS]; /* of header extensions; 0 = not offered */
    char stream[32];           /* the other side's only stream */
    char server_ufrag[32];     /* of its latest description with m-lines */
};

/* name: four characters, its ufrag. */
void v1_peer_init(struct v1_peer *peer, const char *name, const char *fingerprint);
/* addTrack(): takes a transceiver of the kind that never sent, else makes one. removeTrack(). */
void v1_peer_add(struct v1_peer *peer, bool is_audio);
void v1_peer_remove(struct v1_peer *peer, bool is_audio);
/* Descriptions of its own, malloc'd. An offer has every transceiver. */
char *v1_peer_offer(struct v1_peer *peer);
char *v1_peer_answer(struct v1_peer *peer, const char *offer);
/* The answer to its latest offer. Fails the test where a browser would refuse it. */
void v1_peer_accept(struct v1_peer *peer, const char *answer);
/* It has a transceiver that was in no description yet. */
bool v1_peer_needs_round(const struct v1_peer *peer);
/* How many m-lines go up or down now. */
unsigned v1_peer_up(const struct v1_peer *peer);
unsigned v1_peer_down(const struct v1_peer *peer);

#endif
