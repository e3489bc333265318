/* A plugin from the future, which this server must refuse. */
#include "ichat/plugin.h"

static int create(const struct ichat_host *host, void **state)
{
    (void)host;
    (void)state;
    return 0;
}

const struct ichat_plugin ichat_plugin = {
    .abi = ICHAT_PLUGIN_ABI + 0x00010000u, .size = sizeof(struct ichat_plugin), .name = "future", .create = create};
