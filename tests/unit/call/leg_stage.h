/* One leg between a browser's connection (v1_peer.h) and fake media, for its tests: who speaks when is in the test's
 * hand. */
#ifndef ICHAT_TESTS_CALL_LEG_STAGE_H
#define ICHAT_TESTS_CALL_LEG_STAGE_H

#include "call/leg.h"
#include "fake.h"
#include "v1_peer.h"

struct leg_stage {
    struct fake *fake;
    struct leg leg;
    struct leg_pace pace;
    struct track_set tracks;   /* the client's */
    struct v1_peer peer;       /* the client's end */
    struct call_track down[8]; /* the other member's */
    bool is_broken;
    bool is_uplink_allowed;
    char *sent; /* our latest description that the client has not seen yet, or NULL */
    bool is_offer;
    unsigned sent_count;
    unsigned added, removed, moved; /* tracks of the client */
};

/* The client is user 20; the other member is 30 when the client begins, else 10. */
struct leg_stage *leg_stage_open(bool is_client_first);
void leg_stage_close(struct leg_stage *stage);

/* The client offers and takes our answer, which must come at once. */
void leg_stage_client_round(struct leg_stage *stage);
/* The client answers our offer, which must be there. */
void leg_stage_our_round(struct leg_stage *stage);
/* The connection's first packets come; the rounds above see to it. */
void leg_stage_come_up(struct leg_stage *stage);
/* Lets time pass until we offer; fails the test when we do not within 4 s. */
void leg_stage_await_offer(struct leg_stage *stage);
/* Nothing was said, and nothing will be for 10 s. */
void leg_stage_expect_silence(struct leg_stage *stage);
void leg_stage_forget(struct leg_stage *stage);

/* The other member publishes his nth track. */
const struct call_track *leg_stage_publish(struct leg_stage *stage, unsigned n, enum track_source source,
                                           enum media_codec codec);

#endif
