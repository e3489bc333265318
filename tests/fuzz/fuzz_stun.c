/* Fuzzer: the ufrag peek, and answering connectivity checks: once the bytes as they are, once as the attributes of a
 * request whose integrity and fingerprint are right, so that libnice's codec is reached too. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stun/stunagent.h>

#include "net/addr.h"
#include "rtc/ice_stun.h"
#include "rtc/transport.h"

#define PWD "serverpassword"
#define HEADER_LEN 20
#define ATTRIBUTES_MAX 1200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct ice_stun *stun, const uint8_t *data, size_t size)
{
    char ufrag[RTC_UFRAG_MAX + 1];
    (void)!rtc_stun_ufrag(data, size, ufrag);
    struct addr from;
    if (addr_parse(&from, "192.0.2.1", 4000) != ERR_OK)
        abort();
    const struct ice_creds creds = {.local_ufrag = "srvU", .local_pwd = PWD, .remote_ufrag = ""};
    struct ice_check check;
    if (ice_stun_answer(stun, &creds, data, size, &from, &check) == ERR_OK &&
        (check.reply_len == 0 || check.reply_len > sizeof(check.reply)))
        abort();
}

/* In memory of exactly this size, so that the sanitizer sees a read beyond. */
static void answer_signed(struct ice_stun *stun, StunAgent *agent, const uint8_t *data, size_t size)
{
    uint8_t buffer[HEADER_LEN + ATTRIBUTES_MAX + 64];
    StunMessage message;
    size_t len = size > ATTRIBUTES_MAX ? ATTRIBUTES_MAX : size & ~(size_t)3;
    stun_agent_init(agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389, STUN_AGENT_USAGE_USE_FINGERPRINT);
    stun_agent_init_request(agent, &message, buffer, sizeof(buffer), STUN_BINDING);
    stun_message_append_bytes(&message, STUN_ATTRIBUTE_USERNAME, "srvU:cliU", 9);
    size_t at = stun_message_length(&message);
    if (len > ATTRIBUTES_MAX - at)
        len = ATTRIBUTES_MAX - at;
    memcpy(buffer + at, data, len);
    buffer[2] = (uint8_t)((at + len - HEADER_LEN) >> 8);
    buffer[3] = (uint8_t)(at + len - HEADER_LEN);
    len = stun_agent_finish_message(agent, &message, (const uint8_t *)PWD, strlen(PWD));
    uint8_t *exact = malloc(len ? len : 1);
    if (!exact)
        abort();
    memcpy(exact, buffer, len);
    answer(stun, exact, len);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ice_stun *stun;
    static StunAgent agent;
    if (!stun && ice_stun_create(&stun) != ERR_OK)
        abort();
    answer(stun, data, size);
    answer_signed(stun, &agent, data, size);
    return 0;
}
