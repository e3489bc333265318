/* Logins that were ended. Web thread. */
#include "chat/ended.h"

#include <stdlib.h>
#include <string.h>

#include "base/hmap.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/text.h"

struct entry {
    struct list node; /* in the order of their ends */
    uint64_t until_us;
    char login_id[HMAP_KEY_MAX];
};

struct ended {
    uint64_t life_us;
    struct hmap *by_id;
    struct list entries;
};

struct ended *ended_create(uint64_t life_us)
{
    struct ended *ended = mem_calloc(1, sizeof(*ended));
    ended->life_us = life_us;
    ended->by_id = hmap_create(64, false);
    list_init(&ended->entries);
    return ended;
}

static void drop(struct ended *ended, struct entry *entry)
{
    list_remove(&entry->node);
    hmap_del(ended->by_id, entry->login_id, strlen(entry->login_id));
    free(entry);
}

void ended_free(struct ended *ended)
{
    if (!ended)
        return;
    list_each (node, &ended->entries) {
        drop(ended, list_item(node, struct entry, node));
    }
    hmap_free(ended->by_id);
    free(ended);
}

static void forget_old(struct ended *ended, uint64_t now_us)
{
    list_each (node, &ended->entries) {
        struct entry *entry = list_item(node, struct entry, node);
        if (entry->until_us > now_us && hmap_count(ended->by_id) < ENDED_MAX)
            return;
        drop(ended, entry);
    }
}

void ended_add(struct ended *ended, const char *login_id, uint64_t now_us)
{
    forget_old(ended, now_us);
    struct entry *entry = mem_calloc(1, sizeof(*entry));
    entry->until_us = now_us + ended->life_us;
    bool is_id = text_copy(entry->login_id, sizeof(entry->login_id), login_id) && *login_id;
    if (!is_id || hmap_put(ended->by_id, login_id, strlen(login_id), entry)) {
        free(entry); /* there already */
        return;
    }
    list_push(&ended->entries, &entry->node);
}

bool ended_has(const struct ended *ended, const char *login_id)
{
    size_t len = strlen(login_id);
    return len > 0 && len < HMAP_KEY_MAX && hmap_get(ended->by_id, login_id, len);
}

size_t ended_count(const struct ended *ended)
{
    return hmap_count(ended->by_id);
}
