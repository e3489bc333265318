/* An upload on its way to the disk (CONTRACT section 5, POST /file/upload). Anyone may upload, without a token, so it
 * is bounded: http.max_upload_kb a file, a rate for each login and for each address without one, and how much may wait
 * unused (chat/file.h). Web thread.
 *
 * A file is written as data.dir/files/.part-<random> and renamed when it is complete; names are unguessable. */
#ifndef ICHAT_WEB_UPLOAD_H
#define ICHAT_WEB_UPLOAD_H

#include <stddef.h>

#include "base/err.h"

struct upload;
struct web;
struct web_req;

/* Makes data.dir/files, and removes what an earlier run left half written there. */
MUST_CHECK enum err upload_prepare_dir(const char *dir);

/* Sets req->upload, or answers the refusal. */
void upload_begin(struct web_req *req);
/* May answer the refusal; the rest of the body is then discarded by the request. */
void upload_feed(struct web_req *req, const void *data, size_t len);
/* With NULL as well; removes what is unfinished. */
void upload_free(struct upload *upload);

#endif
