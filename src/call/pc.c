/* The control side of one peer on a media thread. Web thread. */
#include "call/pc.h"

#include <string.h>

#include "base/log.h"
#include "base/rand.h"

/* RFC 8839 section 5.4 asks for at least 4 and 22; 47 and 142 random bits. */
#define UFRAG_LEN 8
#define PWD_LEN 24

void pc_init(struct pc *pc, struct call_env *env, void (*on_state)(void *ctx, enum pc_state state), void *ctx)
{
    *pc = (struct pc){.env = env, .on_state = on_state, .ctx = ctx};
}

bool pc_is_open(const struct pc *pc)
{
    return pc->id != 0;
}

void pc_new_credentials(struct pc *pc)
{
    rand_alnum(pc->params.local_ufrag, UFRAG_LEN);
    rand_alnum(pc->params.local_pwd, PWD_LEN);
}

enum err pc_open(struct pc *pc, uint64_t call_id, uint64_t user_id)
{
    uint16_t worker;
    enum err err = media_place(pc->env->media, call_id, &worker);
    if (err)
        return err;
    pc->id = media_new_id(pc->env->media);
    pc->call_id = call_id;
    pc->user_id = user_id;
    pc->worker = worker;
    pc->has_remote = false;
    pc->state = PC_NEW;
    pc->params = (struct rtc_params){0};
    pc->session_id = rand_u64() >> 2; /* JSEP section 5.2.1: below 2^62 */
    pc->session_version = 0;
    pc_new_credentials(pc);
    err = hmap_put_u64(pc->env->pcs, pc->id, pc);
    if (err)
        pc_close(pc);
    return err;
}

enum err pc_post(struct pc *pc, struct media_cmd *cmd)
{
    cmd->peer_id = pc->id;
    return media_post(pc->env->media, pc->worker, cmd);
}

void pc_post_sure(struct pc *pc, struct media_cmd *cmd)
{
    enum err err = pc_post(pc, cmd);
    if (err)
        log_error("a media command that is never refused was refused type=%d peer=%llu err=%s", (int)cmd->type,
                  (unsigned long long)pc->id, err_str(err));
}

static void take_remote(struct pc *pc, const struct rtc_params *remote)
{
    struct rtc_params params = *remote;
    memcpy(params.local_ufrag, pc->params.local_ufrag, sizeof(params.local_ufrag));
    memcpy(params.local_pwd, pc->params.local_pwd, sizeof(params.local_pwd));
    pc->params = params;
    pc->has_remote = true;
}

enum err pc_add(struct pc *pc, const struct rtc_params *remote)
{
    if (remote)
        take_remote(pc, remote);
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_ADD};
    cmd.u.peer_add.call_id = pc->call_id;
    cmd.u.peer_add.user_id = pc->user_id;
    cmd.u.peer_add.params = pc->params;
    return pc_post(pc, &cmd);
}

enum err pc_set_remote(struct pc *pc, const struct rtc_params *remote)
{
    take_remote(pc, remote);
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_REMOTE};
    cmd.u.peer_remote.params = pc->params;
    return pc_post(pc, &cmd);
}

void pc_close(struct pc *pc)
{
    if (!pc_is_open(pc))
        return;
    struct media_cmd cmd = {.type = MEDIA_CMD_PEER_DEL};
    pc_post_sure(pc, &cmd);
    (void)hmap_del_u64(pc->env->pcs, pc->id);
    pc->id = 0;
    pc->state = PC_NEW;
}

void pc_local(struct pc *pc, struct negotiate_local *out)
{
    *out = (struct negotiate_local){
        .session_id = pc->session_id,
        .session_version = ++pc->session_version,
        .ufrag = pc->params.local_ufrag,
        .pwd = pc->params.local_pwd,
        .fingerprint = media_fingerprint(pc->env->media),
        .is_dtls_client = pc->params.is_dtls_client,
        .start_bitrate_kbps = pc->env->conf->media.start_bitrate_kbps,
    };
    out->candidate_count = media_candidates(pc->env->media, pc->worker, out->candidates, MEDIA_CANDIDATES_MAX);
}

bool pc_is_same_certificate(const struct pc *pc, const struct rtc_params *remote)
{
    return pc->params.fingerprint_len == remote->fingerprint_len &&
           memcmp(pc->params.fingerprint, remote->fingerprint, remote->fingerprint_len) == 0;
}

bool pc_is_same_ice(const struct pc *pc, const struct rtc_params *remote)
{
    return strcmp(pc->params.remote_ufrag, remote->remote_ufrag) == 0 &&
           strcmp(pc->params.remote_pwd, remote->remote_pwd) == 0;
}

void pc_on_event(struct pc *pc, const struct media_evt *evt)
{
    static const enum pc_state states[] = {
        [MEDIA_EVT_PEER_CONNECTING] = PC_CONNECTING,
        [MEDIA_EVT_PEER_CONNECTED] = PC_CONNECTED,
        [MEDIA_EVT_PEER_DISCONNECTED] = PC_DISCONNECTED,
        [MEDIA_EVT_PEER_GONE] = PC_GONE,
        [MEDIA_EVT_PEER_FAILED] = PC_FAILED,
    };
    if (evt->type > MEDIA_EVT_PEER_FAILED || pc->state == PC_FAILED)
        return;
    if (evt->type == MEDIA_EVT_PEER_FAILED)
        log_limited(LOG_WARN, "a media connection failed call=%llu user=%llu peer=%llu reason=\"%s\"",
                    (unsigned long long)pc->call_id, (unsigned long long)pc->user_id, (unsigned long long)pc->id,
                    evt->u.reason);
    pc->state = states[evt->type];
    pc->on_state(pc->ctx, pc->state);
}

const char *pc_state_str(enum pc_state state)
{
    static const char *const names[] = {
        [PC_NEW] = "connecting",      [PC_CONNECTING] = "connecting",
        [PC_CONNECTED] = "connected", [PC_DISCONNECTED] = "disconnected",
        [PC_GONE] = "failed",         [PC_FAILED] = "failed",
    };
    return names[state];
}
