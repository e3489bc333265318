/* The REST half of the client: accounts, contacts, groups, calls. Blocks. See ichat_client.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jget.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/client_priv.h"

#define CALL_READY_MS 10000
#define CALL_POLL_MS 20
#define CALL_STATUS_READY 2
#define CALL_STATUS_ACTIVE 3

/* The envelope {"code":200,"data":...,"status":"ok"}. */
static enum err open_envelope(struct client *client, const char *what, const char *text, size_t len, json_t **data)
{
    json_t *root;
    if (jget_parse(text, len, &root) != ERR_OK)
        return client_refuse(client, ERR_IO, "%s: the answer is no JSON object", what);
    enum err err = ERR_OK;
    const char *message = "";
    if (json_integer_value(jget_find(root, "code")) != 200) {
        (void)!jget_string(root, "message", &message);
        err = client_refuse(client, ERR_DENIED, "%s: code %lld, %s", what,
                            (long long)json_integer_value(jget_find(root, "code")), message);
    } else {
        *data = json_incref(jget_find(root, "data") ? jget_find(root, "data") : json_null());
    }
    json_decref(root);
    return err;
}

static void set_body(SoupMessage *message, json_t *body_take)
{
    char *text = jget_dump_take(body_take);
    GBytes *bytes = g_bytes_new(text, strlen(text));
    soup_message_set_request_body_from_bytes(message, "application/json", bytes);
    g_bytes_unref(bytes);
    free(text);
}

enum err client_rest(struct client *client, const char *method, const char *path, const char *token, json_t *body_take,
                     json_t **data)
{
    char url[512];
    snprintf(url, sizeof(url), "%s/api/%s", client->url, path);
    SoupMessage *message = soup_message_new(method, url);
    if (!message) {
        json_decref(body_take);
        return client_refuse(client, ERR_INVALID, "%s is no URL", url);
    }
    if (token)
        soup_message_headers_append(soup_message_get_request_headers(message), "Authorization", token);
    if (body_take)
        set_body(message, body_take);
    GError *error = NULL;
    GBytes *bytes = soup_session_send_and_read(client->soup, message, NULL, &error);
    enum err err;
    if (bytes) {
        size_t len;
        const char *text = g_bytes_get_data(bytes, &len);
        err = open_envelope(client, path, text ? text : "", len, data);
        g_bytes_unref(bytes);
    } else {
        err = client_refuse(client, ERR_IO, "%s: %s", path, error->message);
        g_error_free(error);
    }
    g_object_unref(message);
    return err;
}

static enum err enter(struct client *client, const char *path, json_t *body_take, struct client_user *out)
{
    json_t *data = NULL;
    enum err err = client_rest(client, "POST", path, NULL, body_take, &data);
    if (err != ERR_OK)
        return err;
    const char *token = "";
    memset(out, 0, sizeof(*out));
    if (jget_u64(data, "userId", &out->id) != ERR_OK || jget_string(data, "token", &token) != ERR_OK || !out->id ||
        !text_copy(out->token, sizeof(out->token), token))
        err = client_refuse(client, ERR_IO, "%s: no userId or no token in the answer", path);
    json_decref(data);
    return err;
}

enum err client_register(struct client *client, const char *name, const char *password, struct client_user *out)
{
    return enter(client, "register",
                 json_pack("{s:s,s:s,s:s,s:s}", "username", name, "password", password, "nickname", name, "avatar", ""),
                 out);
}

enum err client_login(struct client *client, const char *name, const char *password, struct client_user *out)
{
    return enter(client, "login", json_pack("{s:s,s:s}", "username", name, "password", password), out);
}

/* For calls whose answer does not matter. */
static enum err post(struct client *client, const char *path, const struct client_user *user, json_t *body_take)
{
    json_t *data = NULL;
    enum err err = client_rest(client, "POST", path, user->token, body_take, &data);
    if (err == ERR_OK)
        json_decref(data);
    return err;
}

enum err client_befriend(struct client *client, const struct client_user *a, const struct client_user *b)
{
    json_t *data = NULL;
    enum err err =
        client_rest(client, "POST", "contact/user", a->token, json_pack("{s:I}", "userId", (json_int_t)b->id), &data);
    if (err != ERR_OK)
        return err;
    uint64_t request_id = 0;
    if (jget_u64(data, "id", &request_id) != ERR_OK || request_id == 0)
        err = client_refuse(client, ERR_IO, "contact/user: no id in the answer");
    json_decref(data);
    if (err != ERR_OK)
        return err;
    char path[64];
    snprintf(path, sizeof(path), "contact/accept?requestId=%llu", (unsigned long long)request_id);
    return post(client, path, b, NULL);
}

static bool is_among(uint64_t id, const struct client_user *users, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (users[i].id == id)
            return true;
    }
    return false;
}

static enum err get_contacts(struct client *client, const struct client_user *user, json_t **out)
{
    enum err err = client_rest(client, "GET", "contact", user->token, NULL, out);
    if (err == ERR_OK && !json_is_array(*out)) {
        json_decref(*out);
        return client_refuse(client, ERR_IO, "contact: the answer is no list");
    }
    return err;
}

/* The contacts of these users, as a list of contactIds. */
static enum err find_contacts(struct client *client, const struct client_user *owner, const struct client_user *others,
                              size_t count, json_t **out)
{
    json_t *contacts = NULL;
    enum err err = get_contacts(client, owner, &contacts);
    if (err != ERR_OK)
        return err;
    json_t *ids = json_array(), *contact;
    size_t at;
    json_array_foreach (contacts, at, contact) {
        uint64_t user_id = 0;
        if (jget_u64(contact, "userId", &user_id) == ERR_OK && user_id && is_among(user_id, others, count))
            json_array_append(ids, jget_find(contact, "contactId"));
    }
    json_decref(contacts);
    if (json_array_size(ids) != count) {
        json_decref(ids);
        return client_refuse(client, ERR_NOT_FOUND, "contact: not all of them are contacts");
    }
    *out = ids;
    return ERR_OK;
}

/* The contact of the newest group. */
static enum err find_group(struct client *client, const struct client_user *owner, uint64_t *contact_id)
{
    json_t *contacts = NULL, *contact;
    enum err err = get_contacts(client, owner, &contacts);
    if (err != ERR_OK)
        return err;
    size_t at;
    uint64_t best = 0;
    json_array_foreach (contacts, at, contact) {
        uint64_t group_id = 0, id = 0;
        if (jget_u64(contact, "groupId", &group_id) == ERR_OK && jget_u64(contact, "contactId", &id) == ERR_OK &&
            group_id && id > best)
            best = id;
    }
    json_decref(contacts);
    if (!best)
        return client_refuse(client, ERR_NOT_FOUND, "contact: the new group is not there");
    *contact_id = best;
    return ERR_OK;
}

enum err client_make_group(struct client *client, const struct client_user *owner, const struct client_user *others,
                           size_t count, uint64_t *contact_id)
{
    json_t *ids = NULL;
    enum err err = find_contacts(client, owner, others, count, &ids);
    if (err == ERR_OK)
        err = post(client, "contact/group", owner,
                   json_pack("{s:s,s:s,s:o}", "name", "call", "avatar", "", "contactIds", ids));
    return err == ERR_OK ? find_group(client, owner, contact_id) : err;
}

enum err client_call_create(struct client *client, const struct client_user *caller, uint64_t contact_id,
                            const struct client_user *callees, size_t count, uint64_t *call_id)
{
    json_t *ids = json_array(), *data = NULL;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(ids, json_integer((json_int_t)callees[i].id));
    enum err err = client_rest(client, "POST", "call", caller->token,
                               json_pack("{s:I,s:o}", "contactId", (json_int_t)contact_id, "userIds", ids), &data);
    if (err != ERR_OK)
        return err;
    *call_id = (uint64_t)json_integer_value(data);
    json_decref(data);
    return *call_id ? ERR_OK : client_refuse(client, ERR_IO, "call: the answer is no id");
}

enum err client_call_ready(struct client *client, const struct client_user *user, uint64_t call_id)
{
    char path[64];
    snprintf(path, sizeof(path), "call?callId=%llu", (unsigned long long)call_id);
    for (unsigned waited_ms = 0; waited_ms < CALL_READY_MS; waited_ms += CALL_POLL_MS) {
        json_t *data = NULL;
        enum err err = client_rest(client, "GET", path, user->token, NULL, &data);
        if (err != ERR_OK)
            return err;
        json_int_t status = json_integer_value(jget_find(data, "status"));
        json_decref(data);
        if (status == CALL_STATUS_READY || status == CALL_STATUS_ACTIVE)
            return ERR_OK;
        if (status > CALL_STATUS_ACTIVE)
            return client_refuse(client, ERR_CLOSED, "the call ended before it was ready");
        client_run(client, CALL_POLL_MS);
    }
    return client_refuse(client, ERR_AGAIN, "the call was not ready in time");
}

enum err client_call_join(struct client *client, const struct client_user *user, uint64_t call_id,
                          char token[CLIENT_TOKEN_SIZE])
{
    char path[64];
    json_t *data = NULL;
    snprintf(path, sizeof(path), "call/join?callId=%llu", (unsigned long long)call_id);
    enum err err = client_rest(client, "POST", path, user->token, NULL, &data);
    if (err != ERR_OK)
        return err;
    if (!json_is_string(data) || !text_copy(token, CLIENT_TOKEN_SIZE, json_string_value(data)))
        err = client_refuse(client, ERR_IO, "call/join: the answer is no token");
    json_decref(data);
    return err;
}

enum err client_call_hangup(struct client *client, const struct client_user *user, uint64_t call_id)
{
    char path[64];
    snprintf(path, sizeof(path), "call/hangup?callId=%llu", (unsigned long long)call_id);
    return post(client, path, user, NULL);
}

enum err client_make_users(struct client *client, const char *prefix, struct client_user *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%s%zu", prefix, i);
        enum err err = client_register(client, name, "secret-1", &out[i]);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

enum err client_make_call(struct client *client, const struct client_user *users, size_t count, uint64_t *call_id)
{
    enum err err = ERR_OK;
    for (size_t i = 1; i < count && err == ERR_OK; i++)
        err = client_befriend(client, &users[0], &users[i]);
    if (err != ERR_OK)
        return err;
    uint64_t contact_id = 0;
    if (count > 2) {
        err = client_make_group(client, &users[0], users + 1, count - 1, &contact_id);
    } else {
        json_t *ids = NULL;
        err = find_contacts(client, &users[0], users + 1, 1, &ids);
        if (err == ERR_OK) {
            contact_id = (uint64_t)json_integer_value(json_array_get(ids, 0));
            json_decref(ids);
        }
    }
    if (err == ERR_OK)
        err = client_call_create(client, &users[0], contact_id, users + 1, count - 1, call_id);
    return err == ERR_OK ? client_call_ready(client, &users[0], *call_id) : err;
}
