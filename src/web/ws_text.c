/* See ws_text.h. */
#include "web/ws_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "web/lws.h"

void ws_text_release(struct ws_text *text)
{
    if (text && --text->refs == 0)
        free(text);
}

struct ws_text *ws_text_share(struct ws_text **last, const char *text, size_t len)
{
    if (!*last || (*last)->len != len || memcmp(ws_text_data(*last), text, len) != 0) {
        ws_text_release(*last);
        *last = mem_calloc(1, sizeof(**last) + LWS_PRE + len);
        (*last)->refs = 1;
        (*last)->len = len;
        memcpy((*last)->frame + LWS_PRE, text, len);
    }
    (*last)->refs++;
    return *last;
}

const uint8_t *ws_text_data(const struct ws_text *text)
{
    return text->frame + LWS_PRE;
}
