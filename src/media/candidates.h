/* The addresses that clients are told, as ICE host candidates (RFC 8445). main, before the threads run. */
#ifndef ICHAT_MEDIA_CANDIDATES_H
#define ICHAT_MEDIA_CANDIDATES_H

#include "base/conf.h"
#include "media/media.h"

/* Of one worker's port: media.announce, else media.bind, else the interfaces. is_v4_only: the socket takes no IPv6. */
size_t candidates_make(const struct conf *conf, uint16_t port, bool is_v4_only, struct media_candidate *out,
                       size_t max);

#endif
