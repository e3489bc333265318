/* Rooms: what both sides of a pair, or the members of a group, write into. Blocking; a db thread. */
#ifndef ICHAT_STORE_ROOM_H
#define ICHAT_STORE_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

#define ROOM_NAME_MAX 48

/* "u-<smaller>-<larger>" */
void room_pair_name(char out[ROOM_NAME_MAX], uint64_t a, uint64_t b);
void room_group_name(char out[ROOM_NAME_MAX], uint64_t group_id);

/* The room of that name, made when there is none. */
MUST_CHECK enum err db_room_ensure(struct db *db, const char *name, int64_t now_us, uint64_t *room_id);
/* User ids, by size, malloc'd. */
MUST_CHECK enum err db_room_members(struct db *db, uint64_t room_id, uint64_t **out, size_t *count);
/* For who adds a member, or takes it back: what this transaction knows of members is read anew. */
void db_members_forget(struct db *db);

#endif
