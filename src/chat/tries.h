/* How often each name was tried from each address within a minute. Web thread; time is passed in. */
#ifndef ICHAT_CHAT_TRIES_H
#define ICHAT_CHAT_TRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIES_WINDOW_US 60000000u
#define TRIES_ENTRIES_MAX 20000 /* beyond it the oldest entry is forgotten */

struct tries;

/* limit: tries a minute, 0 = no limit. Never NULL. */
struct tries *tries_create(unsigned limit);
void tries_free(struct tries *tries);

/* Counts one. False when the limit was reached: the try must be refused. */
bool tries_count(struct tries *tries, const char *name, const char *address, uint64_t now_us);
/* After a success. */
void tries_forget(struct tries *tries, const char *name, const char *address);
size_t tries_entries(const struct tries *tries);

#endif
