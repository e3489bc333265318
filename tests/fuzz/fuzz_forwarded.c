/* X-Forwarded-For, behind proxies that it knows and for one that it does not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "web/forwarded.h"

static struct addr find(const struct proxies *proxies, const char *peer, const char *list)
{
    struct addr addr;
    struct client client;
    CHECK(addr_parse(&addr, peer, 1) == ERR_OK);
    client_find(&client, proxies, &addr, list, false);
    CHECK(!client.is_local || addr_is_loopback(&client.addr));
    return client.addr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char one[] = "127.0.0.1", many[] = "10.0.0.0/8", more[] = "2001:db8::/32";
    char *items[] = {one, many, more};
    struct proxies proxies;
    struct addr addr, peer, want;
    proxies_init(&proxies, &(struct conf_list){items, 3});
    char *list = malloc(len + 32);
    CHECK(list != NULL);
    memcpy(list, data, len);
    list[len] = '\0';
    size_t said = strlen(list);

    addr = find(&proxies, "192.0.2.1", list);
    CHECK(addr_parse(&peer, "192.0.2.1", 1) == ERR_OK);
    CHECK(addr_is_equal(&addr, &peer)); /* who is not believed is who he is */
    addr = find(&proxies, "127.0.0.1", list);
    CHECK(addr.scope == 0 && addr.local == 0);

    /* Whatever stands before what the proxy wrote. */
    strcpy(list + said, ", 198.51.100.7, 10.1.2.3");
    addr = find(&proxies, "127.0.0.1", list);
    CHECK(addr_parse(&want, "198.51.100.7", 0) == ERR_OK);
    CHECK(addr_is_equal(&addr, &want));
    free(list);
    return 0;
}
