/* RTP packets and their header extensions; what was found is built again and must read the same. */
#include <string.h>

#include "fuzz.h"
#include "proto/demux.h"
#include "proto/rtp_ext.h"

#define ELEMENTS_MAX 64

static void rebuild(const struct rtp_ext *list, unsigned count)
{
    uint8_t packet[RTP_HEADER_LEN + 4 + ELEMENTS_MAX * 257 + 4];
    struct wr wr = wr_make(packet, sizeof(packet));
    struct rtp rtp;
    struct rtp_ext_iter it;
    struct rtp_ext ext;
    rtp_write_header(&wr, &(struct rtp_header){.pt = 96, .has_ext = count > 0});
    rtp_ext_write(&wr, list, count);
    CHECK(!wr.is_bad);
    CHECK(wr_len(&wr) == RTP_HEADER_LEN + rtp_ext_size(list, count));
    CHECK(rtp_parse(&rtp, packet, wr_len(&wr)) == ERR_OK);
    rtp_ext_iter_init(&it, &rtp);
    for (unsigned i = 0; i < count; i++) {
        CHECK(rtp_ext_next(&it, &ext));
        CHECK(ext.id == list[i].id && ext.len == list[i].len);
        CHECK(memcmp(ext.data, list[i].data, ext.len) == 0);
    }
    CHECK(!rtp_ext_next(&it, &ext));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct rtp rtp;
    struct rtp_ext_iter it;
    struct rtp_ext list[ELEMENTS_MAX];
    struct rtp_ext_audio_level level;
    uint16_t seq;
    unsigned count = 0;
    (void)packet_classify(data, len);
    if (rtp_parse(&rtp, data, len))
        return 0;
    CHECK(rtp.payload_offset + rtp.payload_len + rtp.padding == len);
    CHECK(rtp.ext_offset + rtp.ext_len <= rtp.payload_offset);
    rtp_ext_iter_init(&it, &rtp);
    while (count < ELEMENTS_MAX && rtp_ext_next(&it, &list[count])) {
        CHECK(list[count].data >= data + rtp.ext_offset);
        CHECK(list[count].data + list[count].len <= data + rtp.ext_offset + rtp.ext_len);
        (void)!rtp_ext_parse_audio_level(&list[count], &level);
        (void)!rtp_ext_parse_twcc(&list[count], &seq);
        count++;
    }
    rebuild(list, count);
    return 0;
}
