/* ICE servers with time-limited credentials. Any thread. */
#include "chat/turn.h"

/* OpenSSL has a type of this name, as we have an error code: theirs steps aside. */
#define ERR_STATE OSSL_ERR_STATE
#include <openssl/evp.h>
#include <openssl/hmac.h>
#undef ERR_STATE
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SHA1_LEN 20
#define SHA1_BASE64_SIZE 29 /* 28 characters and a NUL */

static void add_credentials(json_t *server, const struct conf *conf, uint64_t user_id, int64_t now_s)
{
    char name[48];
    snprintf(name, sizeof(name), "%lld:%llu", (long long)now_s + conf->turn.ttl_s, (unsigned long long)user_id);
    const char *secret = conf->turn.secret;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)name, strlen(name), mac, &len) ||
        len != SHA1_LEN)
        return;
    char password[SHA1_BASE64_SIZE];
    EVP_EncodeBlock((unsigned char *)password, mac, SHA1_LEN);
    json_object_set_new(server, "username", json_string(name));
    json_object_set_new(server, "credential", json_string(password));
}

static json_t *add_server(json_t *list)
{
    json_t *server = json_pack("{s:[]}", "urls");
    json_array_append_new(list, server);
    return server;
}

json_t *turn_ice_servers(const struct conf *conf, uint64_t user_id, int64_t now_s)
{
    json_t *list = json_array();
    json_t *stun = NULL; /* STUN needs no credentials and gets none */
    json_t *turn = NULL;
    for (unsigned i = 0; i < conf->turn.urls.count; i++) {
        const char *url = conf->turn.urls.items[i];
        bool is_turn = text_has_prefix(url, "turn:") || text_has_prefix(url, "turns:");
        json_t **server = is_turn ? &turn : &stun;
        if (!*server)
            *server = add_server(list);
        json_array_append_new(json_object_get(*server, "urls"), json_string(url));
    }
    if (turn && conf->turn.secret && conf->turn.secret[0])
        add_credentials(turn, conf, user_id, now_s);
    return list;
}
