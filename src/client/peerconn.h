/* One connection with the server: libnice's full ICE agent, DTLS as the client, SRTP. The client's thread.
 *
 *     peerconn_create(client, &ops, suites, &pc);     now the local ufrag, password and fingerprint can be written to
 * SDP peerconn_set_remote(pc, &remote);               gathers, checks, shakes hands; again for new ICE credentials
 *     peerconn_tick(pc, now_us);                      every few milliseconds
 *     peerconn_send(pc, false, packet, len, size);    when CONNECTED */
#ifndef ICHAT_CLIENT_PEERCONN_H
#define ICHAT_CLIENT_PEERCONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "client/ichat_client.h"
#include "rtc/params.h"

#define PEERCONN_CANDIDATES_MAX 32
#define PEERCONN_PACKET_MAX 2048

struct peerconn;

struct peerconn_candidate {
    char address[64]; /* a literal */
    uint16_t port;
    uint32_t priority;
    char foundation[33];
};

/* The server's half, from its description. */
struct peerconn_remote {
    char ufrag[RTC_UFRAG_SIZE];
    char pwd[RTC_PWD_SIZE];
    uint8_t fingerprint[RTC_FINGERPRINT_MAX];
    size_t fingerprint_len;
    char fingerprint_hash[8];
    struct peerconn_candidate candidates[PEERCONN_CANDIDATES_MAX];
    unsigned candidate_count;
};

struct peerconn_ops {
    /* Unsealed; the bytes may be written to. */
    void (*on_packet)(void *ctx, bool is_rtcp, uint8_t *data, size_t len, uint64_t now_us);
    void (*on_link)(void *ctx, enum client_link link);
    void *ctx;
};

MUST_CHECK enum err peerconn_create(struct client *client, const struct peerconn_ops *ops, const char *suites,
                                    struct peerconn **out);
/* Sends close_notify if is_polite. */
void peerconn_free(struct peerconn *pc, bool is_polite);

const char *peerconn_ufrag(const struct peerconn *pc);
const char *peerconn_pwd(const struct peerconn *pc);
const char *peerconn_fingerprint(const struct peerconn *pc); /* sha-256, "AB:CD:.." */

/* Fresh local credentials (ICE restart), to be told in the next description. */
void peerconn_restart(struct peerconn *pc);
MUST_CHECK enum err peerconn_set_remote(struct peerconn *pc, const struct peerconn_remote *remote);
/* Whether this ufrag is the one in use: else the server restarts ICE. */
bool peerconn_is_remote(const struct peerconn *pc, const char *ufrag);

void peerconn_tick(struct peerconn *pc, uint64_t now_us);
/* Seals in place; size is the room. False: not connected, or the kernel's buffer is full. */
bool peerconn_send(struct peerconn *pc, bool is_rtcp, uint8_t *data, size_t len, size_t size);

enum client_link peerconn_link(const struct peerconn *pc);
/* How often checks succeeded: 1, and one more for each ICE restart. */
unsigned peerconn_ice_rounds(const struct peerconn *pc);
const char *peerconn_suite(const struct peerconn *pc);

#endif
