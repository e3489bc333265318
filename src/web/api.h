/* The handlers of the routes: parse, check the fields, call a service, answer (CONTRACT section 5). Web thread. Each
 * answers its request once, now or later. */
#ifndef ICHAT_WEB_API_H
#define ICHAT_WEB_API_H

struct web_req;

void api_register(struct web_req *req);
void api_login(struct web_req *req);
void api_user_infos(struct web_req *req);
void api_user_info(struct web_req *req);
void api_user_search(struct web_req *req);
void api_user_settings_get(struct web_req *req);
void api_user_settings_save(struct web_req *req);
/* Not of the contract: {oldPassword, newPassword} -> null, and the end of this login -> null. */
void api_user_password(struct web_req *req);
void api_user_logout(struct web_req *req);
/* The contract's white-listed path: with a login's token it ends that login, else nothing is there. */
void api_logout(struct web_req *req);

void api_contact_list(struct web_req *req);
void api_contact_pending(struct web_req *req);
void api_contact_members(struct web_req *req);
void api_contact_request(struct web_req *req);
void api_contact_accept(struct web_req *req);
void api_contact_reject(struct web_req *req);
void api_contact_group(struct web_req *req);
void api_contact_groups(struct web_req *req);

void api_chat_send(struct web_req *req);
void api_chat_delay_upload(struct web_req *req);
void api_chat_revoke(struct web_req *req);
void api_chat_messages(struct web_req *req);
void api_chat_sync(struct web_req *req);

void api_call_create(struct web_req *req);
void api_call_join(struct web_req *req);
void api_call_hangup(struct web_req *req);
void api_call_get(struct web_req *req);

void api_file_upload(struct web_req *req);
void api_file_get(struct web_req *req);

void api_healthz(struct web_req *req);
/* Prometheus text, to loopback addresses alone. */
void api_metrics(struct web_req *req);

#endif
