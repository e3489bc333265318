/* What the tests of rtc/ share. See rig.h. */
#include "rig.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <stun/stunagent.h>
#include <stun/usages/ice.h>

size_t rig_check_make(const struct rig_check *check, uint8_t *out, size_t size)
{
    StunAgent agent;
    StunMessage message;
    stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    return stun_usage_ice_conncheck_create(&agent, &message, out, size, (const uint8_t *)check->username,
                                           strlen(check->username), (const uint8_t *)check->pwd, strlen(check->pwd),
                                           check->is_nominated, !check->is_controlled, 0x6e0001ff, 0x1122334455667788,
                                           NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
}

struct addr rig_addr(const char *ip, uint16_t port)
{
    struct addr addr;
    enum err err = addr_parse(&addr, ip, port);
    assert(err == ERR_OK);
    (void)err;
    return addr;
}

void rig_set_fingerprint(struct rtc_params *params, const char *text)
{
    params->fingerprint_len = 0;
    for (const char *at = text; *at != '\0'; at += at[2] == ':' ? 3 : 2)
        params->fingerprint[params->fingerprint_len++] = (uint8_t)strtoul((const char[]){at[0], at[1], 0}, NULL, 16);
    strcpy(params->fingerprint_hash, "sha-256");
}

uint32_t rig_rand(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

void rig_push(struct rig_queue *queue, const uint8_t *data, size_t len, const struct addr *to)
{
    assert(queue->count < RIG_QUEUE_MAX && len <= RIG_DATAGRAM_MAX);
    struct rig_datagram *item = &queue->items[queue->count++];
    memcpy(item->data, data, len);
    item->len = len;
    item->to = *to;
    queue->total++;
    if (len > queue->largest)
        queue->largest = len;
}

bool rig_pop(struct rig_queue *queue, uint32_t *rand, struct rig_datagram *out)
{
    if (queue->count == 0)
        return false;
    unsigned at = rand ? rig_rand(rand) % queue->count : 0;
    *out = queue->items[at];
    memmove(&queue->items[at], &queue->items[at + 1], (queue->count - at - 1) * sizeof(queue->items[0]));
    queue->count--;
    return true;
}
