/* What one media thread shares among its transports. Owned by that thread. */
#ifndef ICHAT_RTC_CONTEXT_H
#define ICHAT_RTC_CONTEXT_H

#include "rtc/dtls.h"
#include "rtc/ice_stun.h"
#include "rtc/seal.h"

struct rtc_context {
    struct dtls_ctx *dtls;
    struct ice_stun *stun;
    enum seal_maker maker;
};

/* As rtc_context_create(), with a list of SRTP suites (see DTLS_SUITES) of the caller's choice: tests. */
MUST_CHECK enum err rtc_context_create_with(const struct rtc_identity *identity, const char *suites,
                                            struct rtc_context **out);

#endif
