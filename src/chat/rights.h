/* Who may use which contact. db threads. */
#ifndef ICHAT_CHAT_RIGHTS_H
#define ICHAT_CHAT_RIGHTS_H

#include "chat/op.h"
#include "store/contact.h"

/* The caller's own contact; refuses with 2005 (no such) or 403 (somebody else's). Clear it with contact_row_clear(). */
MUST_CHECK enum err rights_contact(struct op *op, struct db *db, uint64_t contact_id, struct contact_row *out);

#endif
