/* Content types by file name. Any thread. */
#ifndef ICHAT_WEB_MIME_H
#define ICHAT_WEB_MIME_H

#include <stdbool.h>

/* The type for a file of the web client, by its extension; "application/octet-stream" when unknown. */
const char *mime_of_asset(const char *name);

/* The type under which an uploaded file may be shown within our origin: pictures, sound, video and plain text. Whatever
 * a browser might run (HTML, SVG, scripts, XML, PDF) is application/octet-stream, and *is_inline is false: it has to be
 * sent as an attachment. */
const char *mime_of_upload(const char *name, bool *is_inline);

#endif
