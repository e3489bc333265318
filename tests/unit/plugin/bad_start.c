/* A plugin that cannot start. */
#include "ichat/plugin.h"

static int create(const struct ichat_host *host, void **state)
{
    (void)state;
    host->log(host, ICHAT_LOG_WARN, "no");
    return 1;
}

const struct ichat_plugin ichat_plugin = {
    .abi = ICHAT_PLUGIN_ABI, .size = sizeof(struct ichat_plugin), .name = "refuses", .create = create};
