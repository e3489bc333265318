/* Deliveries and what contacts show of the last message. */
#include "chat/deliver.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "chat/spread.h"
#include "store/contact.h"

#define SUMMARY_MAX 20 /* code points, CONTRACT section 5 */
#define STATUS_END 4

static bool is_handled(const struct deliver *deliver, uint64_t user_id)
{
    if (deliver->call->status == STATUS_END)
        return true;
    for (size_t i = 0; i < deliver->handled_count; i++)
        if (deliver->handled[i] == user_id)
            return true;
    return false;
}

/* How the message is told: to the sender and the others, to those who have handled its call and those who have not. */
static json_t *payload_for(const struct deliver *deliver, uint64_t delivery_id, bool is_sender, bool has_handled)
{
    struct message_row message = *deliver->message;
    message.delivery_id = delivery_id;
    json_t *call = NULL;
    if (deliver->call) {
        call = chat_json_call(deliver->call);
        json_object_set_new(call, "handled", json_boolean(has_handled));
    }
    json_t *payload = chat_json_message(&message, is_sender ? deliver->local_id : NULL, call, deliver->form);
    json_object_set_new(payload, "isNew", json_boolean(deliver->is_new));
    return payload;
}

/* The notification, and in which texts it is told so far; -1 = in none of that kind. */
struct telling {
    struct spread *spread;
    uint64_t delivery_id;
    int texts[2][2];
};

static void tell(struct telling *telling, const struct deliver *deliver, uint64_t user_id)
{
    bool is_sender = user_id == deliver->message->sender_id;
    bool has_handled = deliver->call && is_handled(deliver, user_id);
    int *text = &telling->texts[is_sender][has_handled];
    if (*text < 0)
        *text =
            (int)spread_add_text(telling->spread, payload_for(deliver, telling->delivery_id, is_sender, has_handled));
    spread_add(telling->spread, (unsigned)*text, user_id);
}

enum err deliver_to_room(struct op *op, struct db *db, const struct deliver *deliver, int64_t now_us)
{
    struct telling telling = {.texts = {{-1, -1}, {-1, -1}}};
    uint64_t sender_id = deliver->message->sender_id, *members;
    size_t count;
    enum err err = db_delivery_insert_room(db, deliver->message, now_us, &telling.delivery_id, &members, &count);
    if (err)
        return err;
    telling.spread = spread_create(count);
    bool is_sender_in = false;
    for (size_t i = 0; i < count; i++) {
        if (members[i] == sender_id)
            is_sender_in = true;
        else
            tell(&telling, deliver, members[i]);
    }
    if (is_sender_in)
        tell(&telling, deliver, sender_id);
    free(members);
    op_notify_spread(op, telling.spread);
    return ERR_OK;
}

/* malloc'd. */
static char *summary(const struct message_row *message)
{
    struct text text = {0};
    if (message->is_revoked)
        text_add(&text, "[消息已撤回]");
    else if (message->type == MESSAGE_IMAGE)
        text_add(&text, "[图片]");
    else if (message->type == MESSAGE_CALL)
        text_add(&text, "[通话]");
    else if (utf8_count(message->text) >= SUMMARY_MAX)
        text_addf(&text, "%.*s...", (int)utf8_cut(message->text, SUMMARY_MAX), message->text);
    else
        text_add(&text, message->text);
    return text_take(&text);
}

enum err deliver_summary(struct db *db, const struct message_row *message)
{
    char *content = summary(message);
    enum err err = db_contact_set_last(db, message->room_id, message->message_id, message->created_us, content);
    free(content);
    return err;
}

enum err deliver_call_json(struct db *db, const struct message_row *message, json_t **out)
{
    *out = NULL;
    if (!message->call_id)
        return ERR_OK;
    struct call_row call;
    enum err err = db_call_get(db, message->call_id, &call);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    *out = chat_json_call(&call);
    json_object_set_new(*out, "handled", json_true());
    call_row_clear(&call);
    return ERR_OK;
}
