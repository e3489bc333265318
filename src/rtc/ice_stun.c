/* ICE connectivity checks on the wire: our own check of a message's shape and integrity, then libnice's codec. See
 * ice_stun.h for the thread. */
#include "rtc/ice_stun.h"

#include <stdlib.h>
#include <string.h>
#include <stun/stunagent.h>
#include <stun/usages/ice.h>

#include "base/buf.h"
#include "base/mem.h"
#include "rtc/ossl.h"
#include "rtc/transport.h"

/* RFC 8489 sections 5 and 14. */
#define HEADER_LEN 20
#define BINDING_REQUEST 0x0001
#define MAGIC_COOKIE 0x2112A442u
#define ATTR_USERNAME 0x0006
#define ATTR_INTEGRITY 0x0008
#define ATTR_FINGERPRINT 0x8028
#define INTEGRITY_LEN 20
#define FINGERPRINT_LEN 4
#define ATTR_HEADER_LEN 4

/* A Binding request has six or so attributes; more than this is no browser. */
#define ATTRS_MAX 32
#define REQUEST_MAX 1280

struct ice_stun {
    StunAgent agent; /* 12 KB, so one for the thread; keeps nothing between answers */
    EVP_MAC_CTX *hmac;
};

/* Where the parts of a well-formed request are; all inside the message. */
struct shape {
    struct bytes username;
    const uint8_t *integrity; /* INTEGRITY_LEN bytes, or NULL */
    size_t integrity_at;      /* offset of that attribute's header */
    bool has_fingerprint;
};

static enum err read_header(struct rd *rd, size_t len)
{
    uint16_t type = rd_u16(rd);
    uint16_t body_len = rd_u16(rd);
    uint32_t cookie = rd_u32(rd);
    rd_skip(rd, ICE_STUN_ID_LEN);
    if (rd->is_bad || type != BINDING_REQUEST || cookie != MAGIC_COOKIE)
        return ERR_INVALID;
    return body_len % 4 == 0 && body_len == len - HEADER_LEN ? ERR_OK : ERR_INVALID;
}

/* One attribute. Nothing but FINGERPRINT follows MESSAGE-INTEGRITY, nothing follows FINGERPRINT, none of the three that
 * matter comes twice: a message that two parsers could read in two ways is refused. */
static enum err read_attr(struct rd *rd, const uint8_t *start, struct shape *shape)
{
    size_t at = (size_t)(rd->at - start);
    uint16_t type = rd_u16(rd);
    uint16_t len = rd_u16(rd);
    const uint8_t *value = rd_take(rd, len);
    rd_skip(rd, (4 - len % 4u) % 4u); /* padding, RFC 8489 section 14 */
    if (rd->is_bad || shape->has_fingerprint || (shape->integrity && type != ATTR_FINGERPRINT))
        return ERR_INVALID;
    switch (type) {
    case ATTR_USERNAME:
        if (shape->username.data)
            return ERR_INVALID;
        shape->username = (struct bytes){.data = value, .len = len};
        return ERR_OK;
    case ATTR_INTEGRITY:
        shape->integrity = value;
        shape->integrity_at = at;
        return len == INTEGRITY_LEN ? ERR_OK : ERR_INVALID;
    case ATTR_FINGERPRINT:
        shape->has_fingerprint = true;
        return len == FINGERPRINT_LEN ? ERR_OK : ERR_INVALID;
    default:
        return ERR_OK;
    }
}

static enum err read_shape(const uint8_t *data, size_t len, struct shape *shape)
{
    *shape = (struct shape){0};
    if (len < HEADER_LEN || len > REQUEST_MAX)
        return ERR_INVALID;
    struct rd rd = rd_make(data, len);
    if (read_header(&rd, len) != ERR_OK)
        return ERR_INVALID;
    for (unsigned count = 0; rd_left(&rd) > 0; count++) {
        if (count == ATTRS_MAX || read_attr(&rd, data, shape) != ERR_OK)
            return ERR_INVALID;
    }
    return ERR_OK;
}

enum err rtc_stun_ufrag(const uint8_t *data, size_t len, char out[RTC_UFRAG_MAX + 1])
{
    struct shape shape;
    if (read_shape(data, len, &shape) != ERR_OK || !shape.username.data || !shape.integrity)
        return ERR_INVALID;
    const uint8_t *colon = memchr(shape.username.data, ':', shape.username.len);
    size_t ufrag_len = colon ? (size_t)(colon - shape.username.data) : 0;
    if (ufrag_len == 0 || ufrag_len > RTC_UFRAG_MAX || memchr(shape.username.data, '\0', ufrag_len))
        return ERR_INVALID;
    memcpy(out, shape.username.data, ufrag_len);
    out[ufrag_len] = '\0';
    return ERR_OK;
}

enum err ice_stun_create(struct ice_stun **out)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *hmac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    char digest[] = "SHA1";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    if (!hmac || !EVP_MAC_CTX_set_params(hmac, params)) {
        EVP_MAC_CTX_free(hmac);
        return ERR_IO;
    }
    struct ice_stun *stun = mem_calloc(1, sizeof(*stun));
    stun->hmac = hmac;
    stun_agent_init(&stun->agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
                    STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
    *out = stun;
    return ERR_OK;
}

void ice_stun_free(struct ice_stun *stun)
{
    if (!stun)
        return;
    EVP_MAC_CTX_free(stun->hmac);
    free(stun);
}

/* RFC 8445 section 7.2.2: the check's USERNAME is "<our ufrag>:<the peer's ufrag>". */
static bool is_username_right(const struct ice_creds *creds, struct bytes username)
{
    size_t local_len = strlen(creds->local_ufrag);
    if (username.len <= local_len || memcmp(username.data, creds->local_ufrag, local_len) != 0 ||
        username.data[local_len] != ':')
        return false;
    size_t remote_len = strlen(creds->remote_ufrag);
    if (remote_len == 0)
        return true;
    return username.len == local_len + 1 + remote_len &&
           memcmp(username.data + local_len + 1, creds->remote_ufrag, remote_len) == 0;
}

/* RFC 8489 section 14.5: HMAC-SHA1 over the message up to MESSAGE-INTEGRITY, with a length field as if it ended there.
 */
static bool is_integrity_right(struct ice_stun *stun, const char *pwd, const uint8_t *data, const struct shape *shape)
{
    size_t covered = shape->integrity_at + ATTR_HEADER_LEN + INTEGRITY_LEN - HEADER_LEN;
    uint8_t head[4] = {data[0], data[1], (uint8_t)(covered >> 8), (uint8_t)covered};
    uint8_t mac[INTEGRITY_LEN];
    size_t mac_len = 0;
    if (!EVP_MAC_init(stun->hmac, (const uint8_t *)pwd, strlen(pwd), NULL) ||
        !EVP_MAC_update(stun->hmac, head, sizeof(head)) ||
        !EVP_MAC_update(stun->hmac, data + sizeof(head), shape->integrity_at - sizeof(head)) ||
        !EVP_MAC_final(stun->hmac, mac, &mac_len, sizeof(mac)) || mac_len != sizeof(mac))
        return false;
    return CRYPTO_memcmp(mac, shape->integrity, sizeof(mac)) == 0;
}

/* libnice asks for the password of the USERNAME; that was settled before. */
static bool give_password(StunAgent *agent, StunMessage *message, uint8_t *username, uint16_t username_len,
                          uint8_t **password, size_t *password_len, void *user_data)
{
    (void)agent, (void)message, (void)username, (void)username_len;
    char *pwd = user_data;
    *password = (uint8_t *)pwd;
    *password_len = strlen(pwd);
    return true;
}

/* The answer to an authenticated request: success with XOR-MAPPED-ADDRESS, or 487 for a peer that says it is controlled
 * as we are. A controlled agent with the smaller tie-breaker keeps its role (RFC 8445 section 7.3.1.1), so ours is 0: a
 * lite agent never changes roles. */
static enum err build_reply(struct ice_stun *stun, StunMessage *request, const struct addr *from,
                            struct ice_check *check)
{
    struct sockaddr_storage source;
    socklen_t source_len = addr_to_sockaddr(from, &source);
    StunMessage reply;
    bool is_controlling = false;
    size_t len = sizeof(check->reply);
    (void)stun_usage_ice_conncheck_create_reply(&stun->agent, request, &reply, check->reply, &len, &source, source_len,
                                                &is_controlling, 0, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    if (len == 0 || len > sizeof(check->reply) || is_controlling)
        return ERR_INVALID;
    check->reply_len = len;
    check->is_valid = stun_message_get_class(&reply) == STUN_RESPONSE;
    check->is_nominated = stun_usage_ice_conncheck_use_candidate(request);
    return ERR_OK;
}

enum err ice_stun_answer(struct ice_stun *stun, const struct ice_creds *creds, const uint8_t *data, size_t len,
                         const struct addr *from, struct ice_check *check)
{
    *check = (struct ice_check){0};
    struct shape shape;
    if (read_shape(data, len, &shape) != ERR_OK || !shape.username.data || !shape.integrity || !shape.has_fingerprint)
        return ERR_INVALID;
    if (!is_username_right(creds, shape.username) || !is_integrity_right(stun, creds->local_pwd, data, &shape))
        return ERR_DENIED;

    StunMessage request;
    char *pwd = (char *)(uintptr_t)creds->local_pwd; /* libnice only reads it, but its types have no const */
    StunValidationStatus status = stun_agent_validate(&stun->agent, &request, data, len, give_password, pwd);
    memcpy(check->id, data + HEADER_LEN - ICE_STUN_ID_LEN, ICE_STUN_ID_LEN);
    if (status == STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE) { /* 420, RFC 8489 section 6.3.1 */
        StunMessage reply;
        check->reply_len = stun_agent_build_unknown_attributes_error(&stun->agent, &reply, check->reply,
                                                                     sizeof(check->reply), &request);
        return check->reply_len > 0 ? ERR_OK : ERR_INVALID;
    }
    if (status != STUN_VALIDATION_SUCCESS)
        return ERR_INVALID;
    return build_reply(stun, &request, from, check);
}
