/* Logins that were ended while call tokens made for them may still run: call tokens have no record in the database that
 * could be deleted. They need not outlive the process, since no call does. Web thread; time is passed in. */
#ifndef ICHAT_CHAT_ENDED_H
#define ICHAT_CHAT_ENDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDED_MAX 100000 /* beyond it the oldest is forgotten: some 20 MB */

struct ended;

/* life_us: that of a call token. Never NULL. */
struct ended *ended_create(uint64_t life_us);
void ended_free(struct ended *ended);

void ended_add(struct ended *ended, const char *login_id, uint64_t now_us);
bool ended_has(const struct ended *ended, const char *login_id);
size_t ended_count(const struct ended *ended);

#endif
