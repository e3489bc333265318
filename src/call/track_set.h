/* The tracks that one member publishes, whatever connection and protocol they come by. Web thread.
 *
 * Owned by the live call's member; the others of the call hold pointers to its tracks until on_removed. A track lives
 * on one m-line of one connection, but may move to another one: its receivers see no difference. */
#ifndef ICHAT_CALL_TRACK_SET_H
#define ICHAT_CALL_TRACK_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/list.h"
#include "call/env.h"
#include "call/negotiate.h"
#include "call/pc.h"
#include "call/track.h"

struct track_set_ops {
    void (*on_added)(void *ctx, struct call_track *track);
    void (*on_removed)(void *ctx, struct call_track *track); /* freed after it returns */
    void (*on_muted)(void *ctx, struct call_track *track);
    void (*on_moved)(void *ctx, struct call_track *track); /* its id, worker, format are others */
    void *ctx;
};

struct track_set {
    /* set once at creation */
    struct call_env *env;
    struct track_set_ops ops;
    uint64_t user_id;
    /* owned by the web thread */
    struct list list; /* struct call_track */
};

void track_set_init(struct track_set *set, struct call_env *env, uint64_t user_id, const struct track_set_ops *ops);
size_t track_set_count(const struct track_set *set);
struct call_track *track_set_find_mid(const struct track_set *set, const char *mid);
/* Any error: the media thread's queue is full, nothing was added. */
MUST_CHECK enum err track_set_start(struct track_set *set, struct pc *pc, const struct publish_line *line,
                                    enum track_source source, bool is_muted);
MUST_CHECK enum err track_set_mute(struct track_set *set, struct pc *pc, struct call_track *track, bool is_muted);
/* Goes on as this line, of the same kind and codec. Any error: it is where it was. */
MUST_CHECK enum err track_set_move(struct track_set *set, struct pc *pc, struct call_track *track,
                                   const struct publish_line *line);
/* pc: where the track is; an orphan's does not matter. */
void track_set_end(struct track_set *set, struct pc *pc, struct call_track *track);
void track_set_end_all(struct track_set *set, struct pc *pc);
/* The connection of all tracks is about to go. */
void track_set_orphan(struct track_set *set);
/* The line still carries this track: same codec, sources, purpose. */
bool track_goes_on(const struct call_track *track, const struct publish_line *line, enum track_source source);

#endif
