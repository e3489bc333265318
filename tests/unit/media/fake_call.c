/* See fake_call.h. */
#include "fake_call.h"

#include <assert.h>
#include <string.h>

#include "proto/rtp.h"
#include "proto/rtp_ext.h"

struct media_format fc_vp8(void)
{
    return (struct media_format){.kind = MEDIA_VIDEO,
                                 .codec = MEDIA_VP8,
                                 .clock_rate = 90000,
                                 .pt = FC_PT,
                                 .rtx_pt = FC_RTX_PT,
                                 .has_nack = true,
                                 .has_pli = true,
                                 .has_twcc = true,
                                 .ext = {.mid = FC_EXT_MID,
                                         .rid = FC_EXT_RID,
                                         .repaired_rid = FC_EXT_REPAIRED_RID,
                                         .twcc = FC_EXT_TWCC,
                                         .video_orientation = FC_EXT_ORIENTATION}};
}

static struct fake_call make(struct fake *fake, unsigned subs, const struct media_layer *layers, uint8_t count)
{
    struct fake_call call = {.fake = fake, .sub_count = subs};
    struct media_format format = fc_vp8();
    call.pub = fake_peer(fake, 0, 1, 1);
    struct media_cmd cmd = {.type = MEDIA_CMD_TRACK_ADD, .peer_id = call.pub->id};
    call.track_id = cmd.u.track_add.track_id = fake_id(fake);
    cmd.u.track_add.format = format;
    cmd.u.track_add.layer_count = count;
    memcpy(cmd.u.track_add.layers, layers, count * sizeof(*layers));
    strcpy(cmd.u.track_add.mid, "v");
    fake_cmd(fake, 0, &cmd);
    call.track = peer_find_track(call.pub, call.track_id);
    assert(call.track);
    for (unsigned i = 0; i < subs; i++) {
        uint16_t worker = (uint16_t)((i + 1) % fake->worker_count);
        call.subs[i] = fake_peer(fake, worker, 1, 2 + i);
        cmd = (struct media_cmd){.type = MEDIA_CMD_SUB_ADD, .peer_id = call.subs[i]->id};
        call.sub_ids[i] = cmd.u.sub_add.sub_id = fake_id(fake);
        cmd.u.sub_add.track_id = call.track_id;
        cmd.u.sub_add.track_layers = count;
        cmd.u.sub_add.source = format;
        cmd.u.sub_add.format = format;
        cmd.u.sub_add.ssrc = FC_OUT + 2 * i;
        cmd.u.sub_add.rtx_ssrc = FC_OUT + 2 * i + 1;
        strcpy(cmd.u.sub_add.mid, "s");
        fake_cmd(fake, worker, &cmd);
    }
    fake_run(fake, 10000);
    return call;
}

struct fake_call fc_make(struct fake *fake, unsigned subs)
{
    struct media_layer layer = {.ssrc = FC_IN, .rtx_ssrc = FC_IN_RTX};
    return make(fake, subs, &layer, 1);
}

struct fake_call fc_make_simulcast(struct fake *fake, unsigned subs)
{
    static const struct media_layer layers[] = {{.rid = "q"}, {.rid = "h"}, {.rid = "f"}};
    return make(fake, subs, layers, 3);
}

size_t fc_build(const struct fc_rtp *rtp, uint8_t *out, size_t size)
{
    struct wr wr = wr_make(out, size);
    uint8_t twcc[2] = {(uint8_t)(rtp->twcc >> 8), (uint8_t)rtp->twcc};
    struct rtp_ext list[5];
    unsigned count = 0;
    if (rtp->mid)
        list[count++] = (struct rtp_ext){FC_EXT_MID, (uint8_t)strlen(rtp->mid), (const uint8_t *)rtp->mid};
    if (rtp->rid)
        list[count++] = (struct rtp_ext){FC_EXT_RID, (uint8_t)strlen(rtp->rid), (const uint8_t *)rtp->rid};
    if (rtp->repaired_rid)
        list[count++] = (struct rtp_ext){FC_EXT_REPAIRED_RID, (uint8_t)strlen(rtp->repaired_rid),
                                         (const uint8_t *)rtp->repaired_rid};
    if (rtp->has_twcc)
        list[count++] = (struct rtp_ext){FC_EXT_TWCC, 2, twcc};
    if (rtp->has_orientation)
        list[count++] = (struct rtp_ext){FC_EXT_ORIENTATION, 1, &rtp->orientation};
    struct rtp_header header = {.pt = rtp->pt,
                                .marker = rtp->marker,
                                .seq = rtp->seq,
                                .timestamp = rtp->timestamp,
                                .ssrc = rtp->ssrc,
                                .has_ext = count > 0};
    rtp_write_header(&wr, &header);
    rtp_ext_write(&wr, list, count);
    if (rtp->payload_len)
        wr_bytes(&wr, rtp->payload, rtp->payload_len);
    assert(!wr.is_bad);
    return wr_len(&wr);
}

size_t fc_vp8_payload(uint8_t *out, size_t size, bool is_key, bool is_start)
{
    static const uint8_t head[] = {0x10, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00};
    memset(out, 0x55, size);
    memcpy(out, head, sizeof(head));
    out[0] = is_start ? 0x10 : 0x00; /* RFC 7741 section 4.2: S */
    out[1] = is_key ? 0x00 : 0x01;   /* RFC 6386 section 9.1 */
    return size;
}

void fc_send(struct fake_call *call, uint16_t seq, bool is_key)
{
    uint8_t payload[500], data[600];
    struct fc_rtp rtp = {.ssrc = FC_IN,
                         .pt = FC_PT,
                         .seq = seq,
                         .timestamp = seq * 3000u,
                         .marker = true,
                         .payload = payload,
                         .payload_len = fc_vp8_payload(payload, sizeof(payload), is_key, true)};
    fake_rtp(call->fake, call->pub, data, fc_build(&rtp, data, sizeof(data)));
}

unsigned fc_drain_rtp(struct fake_call *call, struct peer *peer, uint32_t ssrc)
{
    unsigned count = 0;
    const struct fake_packet *packet;
    while ((packet = fake_take(call->fake, peer))) {
        struct rtp rtp;
        count += !packet->is_rtcp && !rtp_parse(&rtp, packet->data, packet->len) && rtp.ssrc == ssrc;
    }
    return count;
}
