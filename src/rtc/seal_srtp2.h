/* One direction of SRTP and SRTCP over libsrtp2: the suites that seal_gcm.h does not do, or all by configuration. Owned
 * by one media thread. After the first packet of an SSRC (libsrtp allocates that stream's state) nothing is allocated.
 */
#ifndef ICHAT_RTC_SEAL_SRTP2_H
#define ICHAT_RTC_SEAL_SRTP2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtc/seal.h"

struct seal_srtp2;

/* The master key followed by its salt; the caller wipes them. */
MUST_CHECK enum err seal_srtp2_create(enum seal_suite suite, uint8_t *key, bool is_sender, struct seal_srtp2 **out);
void seal_srtp2_free(struct seal_srtp2 *ctx);

/* As the functions of seal.h; the caller has checked lengths and room. */
MUST_CHECK enum err seal_srtp2_rtp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len);
MUST_CHECK enum err seal_srtp2_rtcp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len);
MUST_CHECK enum err unseal_srtp2_rtp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len);
MUST_CHECK enum err unseal_srtp2_rtcp(struct seal_srtp2 *ctx, uint8_t *data, size_t *len);

#endif
