/* Puts the chat together. */
#include "chat/chat.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "chat/file.h"
#include "chat/kept.h"

#define NODE_LEN 16 /* characters of 5.95 bits: no two servers get the same */

static enum err load_node(struct chat *chat)
{
    struct text path = {0};
    text_addf(&path, "%s/node", chat->conf->data.dir);
    enum err err = kept_load(path.data, NODE_LEN, 1, &chat->node);
    if (err)
        log_error("Cannot read or make the name of this server err=%s path=%s", err_str(err), path.data);
    text_free(&path);
    return err;
}

enum err chat_create(const struct conf *conf, struct metrics *metrics, struct timers *timers,
                     void (*on_wake)(void *ctx), void *ctx, struct chat **out)
{
    struct chat *chat = mem_calloc(1, sizeof(*chat));
    chat->conf = conf;
    chat->metrics = metrics;
    chat->timers = timers;
    enum err err = load_node(chat);
    if (!err)
        err = db_pool_create(conf, metrics, on_wake, ctx, &chat->db);
    if (!err)
        err = auth_create(conf, chat, on_wake, ctx, &chat->auth);
    if (err) {
        chat_free(chat);
        return err;
    }
    chat->hub = hub_create(chat, timers);
    *out = chat;
    return ERR_OK;
}

void chat_poll(struct chat *chat)
{
    db_pool_deliver(chat->db);
    auth_poll(chat->auth);
}

/* What runs is finished first: a hash may lead to a database job, whose answer needs tokens and the hub. */
void chat_free(struct chat *chat)
{
    if (!chat)
        return;
    file_sweep_stop(chat);
    auth_stop(chat->auth);
    db_pool_free(chat->db);
    chat->db = NULL;
    hub_free(chat->hub);
    auth_free(chat->auth);
    free(chat->node);
    free(chat);
}
