/* What one message says, shared by the sockets to which it goes in a row: a copy for each of hundreds would leave the
 * caches before it is written. Web thread. */
#ifndef ICHAT_WEB_WS_TEXT_H
#define ICHAT_WEB_WS_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct ws_text {
    unsigned refs;
    size_t len;
    uint8_t frame[]; /* LWS_PRE bytes for lws, then the text */
};

/* A reference to the text, which is *last, a reference too or NULL, when that says the same. */
struct ws_text *ws_text_share(struct ws_text **last, const char *text, size_t len);
void ws_text_release(struct ws_text *text); /* NULL is fine */
const uint8_t *ws_text_data(const struct ws_text *text);

#endif
