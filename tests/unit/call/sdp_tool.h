/* Descriptions for the tests: real ones from files, and variations of them. */
#ifndef ICHAT_TESTS_CALL_SDP_TOOL_H
#define ICHAT_TESTS_CALL_SDP_TOOL_H

/* "chrome_offer.sdp" of tests/unit/proto/sdp, malloc'd. */
char *sdp_file(const char *name);
/* Every `from` replaced, malloc'd; takes the text. Fails the test when there is none. */
char *sdp_replace_take(char *text_take, const char *from, const char *to);
/* Replaces `from` only behind the first `mark`. */
char *sdp_replace_after_take(char *text_take, const char *mark, const char *from, const char *to);
/* The answer of a client that takes all of an offer of ours, malloc'd: what a browser would say of each line. */
char *sdp_client_answer(const char *offer, const char *ufrag, const char *fingerprint);

#define SDP_FINGERPRINT_A                                                                                              \
    "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA"
#define SDP_FINGERPRINT_B                                                                                              \
    "BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB"

#endif
