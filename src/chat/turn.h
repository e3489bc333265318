/* ICE servers for clients, with time-limited credentials for a TURN server that shares a secret with us (coturn's
 * "use-auth-secret", draft-uberti-behave-turn-rest-00): user name "<expiry>:<userId>", password
 * base64(HMAC-SHA1(secret, user name)). Any thread. */
#ifndef ICHAT_CHAT_TURN_H
#define ICHAT_CHAT_TURN_H

#include <jansson.h>
#include <stdint.h>

#include "base/conf.h"

/* A new list of RTCIceServer objects by turn.* of the configuration; empty without turn.urls. now_s: unix seconds. */
json_t *turn_ice_servers(const struct conf *conf, uint64_t user_id, int64_t now_s);

#endif
