/* A member of a call, inside: what member*.c share. The client's thread. */
#ifndef ICHAT_CLIENT_MEMBER_H
#define ICHAT_CLIENT_MEMBER_H

#include <jansson.h>

#include "base/hmap.h"
#include "base/list.h"
#include "client/describe.h"
#include "client/ichat_client.h"
#include "client/peerconn.h"
#include "client/receiver.h"
#include "client/sender.h"
#include "client/signaling.h"
#include "flow/twcc_recv.h"

#define MEMBER_SENDERS_MAX 2

/* What the server says of another member. */
struct member_other {
    uint64_t user_id;
    unsigned state;
};

struct member {
    struct list node; /* client.members */
    /* set once at creation */
    struct client *client;
    struct member_opts opts;
    uint64_t user_id;
    char token[CLIENT_TOKEN_SIZE];
    char cname[17];
    uint32_t phase_us;
    uint32_t rtcp_ssrc; /* of feedback about received tracks */
    /* owned by the client's thread */
    enum member_state state;
    char error[CLIENT_ERROR_SIZE];
    unsigned end_reason;
    bool is_dead; /* killed or left: nothing more is done */
    struct signaling *signaling;
    char server_view[2][16]; /* [0] subscribe, [1] publish */
    struct member_other *others;
    size_t other_count;
    size_t other_cap;

    struct peerconn *publish;
    struct describe *offer; /* ours */
    uint64_t session_id;
    uint64_t publish_version;
    struct sender_shared shared;
    struct sender *senders[MEMBER_SENDERS_MAX];
    unsigned sender_count;
    struct client_twcc twcc;

    struct peerconn *subscribe;
    uint64_t subscribe_version;
    struct receiver **receivers; /* all that there ever were, so that their numbers stay */
    size_t receiver_count;
    size_t receiver_cap;
    struct hmap *by_ssrc; /* live ones, by their own and their RTX source */
    struct twcc_recv twcc_recv;
    uint8_t twcc_ext; /* id on the subscribe connection */
    uint64_t nack_us; /* next round of NACK */
    uint64_t report_us;
};

/* member_publish.c */
MUST_CHECK enum err member_publish_start(struct member *member);
void member_publish_send_offer(struct member *member);
void member_publish_on_answer(struct member *member, const json_t *data);
void member_publish_tick(struct member *member, uint64_t now_us);

/* member_subscribe.c */
void member_subscribe_on_offer(struct member *member, const json_t *data);
void member_subscribe_tick(struct member *member, uint64_t now_us);
void member_subscribe_free(struct member *member, bool is_polite);
struct receiver *member_find_receiver(const struct member *member, uint64_t user_id, enum client_kind kind);

/* member.c */
void member_fail(struct member *member, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
