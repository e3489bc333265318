/* When datagrams may wait. See quiet.h. */
#include "media/quiet.h"

void quiet_init(struct quiet *quiet, bool is_allowed, uint64_t now_us)
{
    *quiet = (struct quiet){.is_allowed = is_allowed, .stirred_us = now_us};
}

void quiet_stir(struct quiet *quiet, uint64_t now_us)
{
    quiet->stirred_us = now_us;
}

void quiet_look(struct quiet *quiet, uint64_t now_us)
{
    quiet->looked_us = now_us;
}

uint64_t quiet_wait_us(const struct quiet *quiet, uint64_t now_us)
{
    uint64_t until_us = quiet->looked_us + QUIET_PAUSE_US;
    if (!quiet->is_allowed || now_us < quiet->stirred_us + QUIET_AFTER_US || now_us >= until_us)
        return 0;
    return until_us - now_us;
}
