/* Reading a handler's JSON body. Web thread. */
#include "web/fields.h"

#include "base/jget.h"
#include "web/request.h"

void fields_begin_query(struct fields *f, struct web_req *req)
{
    *f = (struct fields){.req = req};
}

bool fields_begin(struct fields *f, struct web_req *req)
{
    fields_begin_query(f, req);
    f->json = request_json(req);
    return f->json != NULL;
}

const char *fields_text(struct fields *f, const char *key)
{
    const char *value = "";
    if (jget_string(f->json, key, &value) != ERR_OK) {
        f->is_bad = true;
        return "";
    }
    return value;
}

uint64_t fields_u64(struct fields *f, const char *key)
{
    uint64_t value = 0;
    if (jget_u64(f->json, key, &value) != ERR_OK) {
        f->is_bad = true;
        return 0;
    }
    return value;
}

size_t fields_ids_counted(struct fields *f, const char *key, uint64_t *out, size_t max)
{
    size_t count = 0;
    enum err err = jget_u64_list(f->json, key, out, max, &count);
    if (err && err != ERR_LIMIT) {
        f->is_bad = true;
        return 0;
    }
    return count;
}

size_t fields_ids(struct fields *f, const char *key, uint64_t *out, size_t max)
{
    size_t count = fields_ids_counted(f, key, out, max);
    if (count <= max)
        return count;
    f->is_bad = true;
    return 0;
}

bool fields_end(struct fields *f)
{
    bool is_right = false;
    if (f->is_bad)
        reply_error(f->req, CHAT_BAD_REQUEST, NULL);
    else if (f->texts.len)
        reply_error(f->req, CHAT_INVALID_FIELDS, f->texts.data);
    else
        is_right = true;
    text_free(&f->texts);
    return is_right;
}
