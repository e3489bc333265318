/* Host candidates. main. */
#include "media/candidates.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/addr.h"

#define TYPE_PREFERENCE_HOST 126u /* RFC 8445 section 5.1.2.2 */
#define COMPONENT_RTP 1u
#define INTERFACES_MAX 32

struct list_of {
    struct media_candidate *out;
    size_t max;
    size_t count;
    uint16_t port;
    bool is_v4_only;
};

/* Earlier ones are preferred (RFC 8445 section 5.1.2.1). */
static void add(struct list_of *list, const struct addr *addr)
{
    if (list->count == list->max || (list->is_v4_only && !addr_is_v4(addr)))
        return;
    struct media_candidate *out = &list->out[list->count];
    char ip[ADDR_TEXT_MAX];
    addr_ip_text(addr, ip);
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->out[i].ip, ip) == 0)
            return;
    uint32_t local_preference = 65535u - (uint32_t)list->count;
    snprintf(out->ip, sizeof(out->ip), "%s", ip);
    out->port = list->port;
    out->priority = (TYPE_PREFERENCE_HOST << 24) | (local_preference << 8) | (256u - COMPONENT_RTP);
    snprintf(out->foundation, sizeof(out->foundation), "%u", (unsigned)list->count + 1);
    list->count++;
}

static void add_text(struct list_of *list, const char *ip)
{
    struct addr addr;
    if (addr_parse(&addr, ip, list->port))
        log_warn("An address to announce is no IP address and is left out. address=%s", ip);
    else
        add(list, &addr);
}

static bool is_any(const char *ip)
{
    return !ip || !ip[0] || strcmp(ip, "::") == 0 || strcmp(ip, "0.0.0.0") == 0;
}

static void add_interfaces(struct list_of *list, bool wants_loopback)
{
    struct addr found[INTERFACES_MAX];
    size_t count = addr_interfaces(found, INTERFACES_MAX);
    for (size_t i = 0; i < count; i++)
        if (!addr_is_loopback(&found[i]))
            add(list, &found[i]);
    wants_loopback |= list->count == 0;
    for (size_t i = 0; wants_loopback && i < count; i++)
        if (addr_is_loopback(&found[i]))
            add(list, &found[i]);
}

size_t candidates_make(const struct conf *conf, uint16_t port, bool is_v4_only, struct media_candidate *out, size_t max)
{
    struct list_of list = {.out = out, .max = max, .port = port, .is_v4_only = is_v4_only};
    for (unsigned i = 0; i < conf->media.announce.count; i++)
        add_text(&list, conf->media.announce.items[i]);
    if (conf->media.announce.count)
        return list.count;
    if (is_any(conf->media.bind))
        add_interfaces(&list, conf->media.announce_loopback);
    else
        add_text(&list, conf->media.bind);
    return list.count;
}
