/* Reading a handler's JSON body: the fields one after the other, one answer at the end. Web thread.
 *
 *     struct fields f;
 *     if (!fields_begin(&f, req))
 *         return;                                          answered 300: no JSON object
 *     const char *name = fields_text(&f, "username");
 *     validate_text(&f.texts, "Username", name, true, 2, 20);
 *     if (!fields_end(&f))
 *         return;                                          answered 300 (a wrong type) or 1003 (a broken rule)
 */
#ifndef ICHAT_WEB_FIELDS_H
#define ICHAT_WEB_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct web_req;

struct fields {
    struct web_req *req;
    const json_t *json; /* NULL: a query, no body */
    bool is_bad;
    struct text texts; /* for validate.h */
};

bool fields_begin(struct fields *f, struct web_req *req);
/* For rules on values that did not come in a body. */
void fields_begin_query(struct fields *f, struct web_req *req);
/* Zero values when missing or bad; strings live as long as the request. */
const char *fields_text(struct fields *f, const char *key);
uint64_t fields_u64(struct fields *f, const char *key);
/* At most max ids into out; more are bad. Returns their number. */
size_t fields_ids(struct fields *f, const char *key, uint64_t *out, size_t max);
/* Where more have a text of their own: their true number is returned, for validate_count(), and out is as it was. */
size_t fields_ids_counted(struct fields *f, const char *key, uint64_t *out, size_t max);
bool fields_end(struct fields *f);

#endif
