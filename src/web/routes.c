/* The table of what the edge serves. */
#include "web/routes.h"

#include <string.h>

#include "base/text.h"
#include "web/api.h"

static const struct route routes[] = {
    {HTTP_POST, "/api/register", api_register, false},
    {HTTP_POST, "/api/login", api_login, false},
    {HTTP_POST, "/api/logout", api_logout, false},
    {HTTP_POST, "/api/user/infos", api_user_infos, false},
    {HTTP_POST, "/api/user/info", api_user_info, false},
    {HTTP_GET, "/api/user/search", api_user_search, false},
    {HTTP_GET, "/api/user/settings", api_user_settings_get, false},
    {HTTP_POST, "/api/user/settings", api_user_settings_save, false},
    {HTTP_POST, "/api/user/password", api_user_password, false},
    {HTTP_POST, "/api/user/logout", api_user_logout, false},
    {HTTP_GET, "/api/contact", api_contact_list, false},
    {HTTP_GET, "/api/contact/pending", api_contact_pending, false},
    {HTTP_GET, "/api/contact/members", api_contact_members, false},
    {HTTP_POST, "/api/contact/user", api_contact_request, false},
    {HTTP_POST, "/api/contact/accept", api_contact_accept, false},
    {HTTP_POST, "/api/contact/reject", api_contact_reject, false},
    {HTTP_POST, "/api/contact/group", api_contact_group, false},
    {HTTP_POST, "/api/contact/groups", api_contact_groups, false},
    {HTTP_POST, "/api/chat/send", api_chat_send, false},
    {HTTP_POST, "/api/chat/delayUpload", api_chat_delay_upload, false},
    {HTTP_POST, "/api/chat/revoke", api_chat_revoke, false},
    {HTTP_GET, "/api/chat/messages", api_chat_messages, false},
    {HTTP_GET, "/api/chat/sync", api_chat_sync, false},
    {HTTP_POST, "/api/call", api_call_create, false},
    {HTTP_POST, "/api/call/join", api_call_join, false},
    {HTTP_POST, "/api/call/hangup", api_call_hangup, false},
    {HTTP_GET, "/api/call", api_call_get, false},
    {HTTP_POST, "/api/file/upload", api_file_upload, true},
    {HTTP_GET, "/api/file/", api_file_get, false},
    {HTTP_GET, "/healthz", api_healthz, false},
    {HTTP_GET, "/metrics", api_metrics, false},
};

static bool fits(const struct route *route, enum http_method method, const char *path)
{
    if (route->method != method)
        return false;
    return text_has_suffix(route->path, "/") ? text_has_prefix(path, route->path) : !strcmp(path, route->path);
}

const struct route *routes_find(enum http_method method, const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (fits(&routes[i], method, path))
            return &routes[i];
    return NULL;
}
