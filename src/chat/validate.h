/* Field rules with the contract's texts (CONTRACT section 3): each adds its sentence when the rule is broken; several
 * are joined by commas in the order of the calls. Any thread.
 *
 *     struct text texts = {0};
 *     validate_text(&texts, "Username", username, true, 2, 20);
 *     validate_text(&texts, "Password", password, true, 6, 20);
 *     if (texts.len)
 *         answer CHAT_INVALID_FIELDS with texts.data;
 *     text_free(&texts);
 *
 * field: the JSON name with a capital first letter ("ContactIds"). Only the first broken rule of a field is said. */
#ifndef ICHAT_CHAT_VALIDATE_H
#define ICHAT_CHAT_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Length in code points; max 0 = no limit. An empty value that is not required breaks nothing. */
void validate_text(struct text *texts, const char *field, const char *value, bool is_required, size_t min, size_t max);
/* http://, https:// or file/ in front. */
void validate_url(struct text *texts, const char *field, const char *value, bool is_required);
void validate_required_id(struct text *texts, const char *field, uint64_t value);
/* 0 is a missing number. */
void validate_number(struct text *texts, const char *field, uint64_t value, bool is_required, uint64_t min,
                     uint64_t max);
/* Lists: "X必须至少包含N项", "X最多只能包含N项". */
void validate_count(struct text *texts, const char *field, size_t count, size_t min, size_t max);

#endif
