/* What the tests of rtc/ share: connectivity checks built by libnice's codec, and a network of two ends in memory that
 * loses, doubles and reorders by a seed. */
#ifndef ICHAT_TESTS_RTC_RIG_H
#define ICHAT_TESTS_RTC_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "rtc/params.h"

struct rig_check {
    const char *username; /* "local:remote" as the receiver has to see it */
    const char *pwd;
    bool is_nominated;
    bool is_controlled; /* claims the receiver's role */
};
/* A Binding request, its length. */
size_t rig_check_make(const struct rig_check *check, uint8_t *out, size_t size);

struct addr rig_addr(const char *ip, uint16_t port);

/* "AB:CD:.." of rtc_identity_fingerprint() into params. */
void rig_set_fingerprint(struct rtc_params *params, const char *text);

/* xorshift; a test prints its seed. */
uint32_t rig_rand(uint32_t *state);

#define RIG_QUEUE_MAX 64
#define RIG_DATAGRAM_MAX 2048

struct rig_datagram {
    uint8_t data[RIG_DATAGRAM_MAX];
    size_t len;
    struct addr to;
};

/* What one end sent and the other has not received yet. */
struct rig_queue {
    struct rig_datagram items[RIG_QUEUE_MAX];
    unsigned count;
    unsigned total;
    size_t largest;
};

void rig_push(struct rig_queue *queue, const uint8_t *data, size_t len, const struct addr *to);
/* Takes one out: the first, or (with a rand state) any. False when empty. */
bool rig_pop(struct rig_queue *queue, uint32_t *rand, struct rig_datagram *out);

#endif
