/* Networks. Any thread. */
#include "base/ipnet.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

#define V4_BITS 96 /* of ::ffff:0:0/96, RFC 4291 section 2.5.5.2 */

static bool is_v4(const uint8_t ip[16])
{
    static const uint8_t prefix[V4_BITS / 8] = {[10] = 0xff, [11] = 0xff};
    return !memcmp(ip, prefix, sizeof(prefix));
}

static bool is_same(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
    unsigned whole = bits / 8;
    uint8_t mask = (uint8_t)(0xff00 >> bits % 8);
    return !memcmp(a, b, whole) && (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

enum err ipnet_parse(struct ipnet *out, const char *text)
{
    struct ipnet net = {.ip = {[10] = 0xff, [11] = 0xff}};
    char ip[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "/");
    if (len >= sizeof(ip))
        return ERR_INVALID;
    memcpy(ip, text, len);
    ip[len] = '\0';
    unsigned most = 32;
    if (inet_pton(AF_INET, ip, net.ip + V4_BITS / 8) != 1) {
        most = 128;
        if (inet_pton(AF_INET6, ip, net.ip) != 1)
            return ERR_INVALID;
    }
    uint64_t bits = most;
    if (text[len] && (text_to_u64(text + len + 1, &bits) || bits > most))
        return ERR_INVALID;
    net.bits = (uint8_t)(bits + 128 - most);
    for (unsigned i = net.bits; i < 128; i++)
        if (net.ip[i / 8] & 0x80 >> i % 8)
            return ERR_INVALID;
    *out = net;
    return ERR_OK;
}

bool ipnet_has(const struct ipnet *net, const uint8_t ip[16])
{
    return is_v4(ip) == is_v4(net->ip) && is_same(net->ip, ip, net->bits);
}
