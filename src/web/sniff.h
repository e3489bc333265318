/* What a file is by its first bytes. Any thread. */
#ifndef ICHAT_WEB_SNIFF_H
#define ICHAT_WEB_SNIFF_H

#include <stddef.h>
#include <stdint.h>

#define SNIFF_BYTES 16 /* enough to tell */

/* The type of an image that browsers show, or NULL: it is none of them. */
const char *sniff_image(const uint8_t *head, size_t len);

#endif
