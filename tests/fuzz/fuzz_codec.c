/* VP8 descriptors and H.264 payloads. */
#include <string.h>

#include "flow/vp8map.h"
#include "fuzz.h"
#include "proto/h264.h"
#include "proto/vp8.h"

/* Rewriting picture numbers changes nothing else of what a descriptor says. */
static void check_rewrite(const struct vp8 *before, const uint8_t *data, size_t len)
{
    uint8_t copy[64];
    struct vp8map map = {
        .is_used = true, .is_pending = true, .picture_newest = data[len - 1], .tl0_newest = data[len - 1]};
    size_t size = len < sizeof(copy) ? len : sizeof(copy);
    memcpy(copy, data, size);
    vp8map_rewrite(&map, copy, size);
    struct vp8 after;
    CHECK(!vp8_parse(&after, copy, size) || size < len);
    if (size < len)
        return;
    CHECK(after.descriptor_len == before->descriptor_len && after.is_keyframe == before->is_keyframe);
    CHECK(after.has_picture_id == before->has_picture_id && after.is_picture_id_long == before->is_picture_id_long);
    CHECK(!after.has_tl0picidx || after.tl0picidx == (uint8_t)(data[len - 1] + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct vp8 vp8;
    struct h264 h264;
    if (!vp8_parse(&vp8, data, len)) {
        CHECK(vp8.descriptor_len < len);
        CHECK(vp8.picture_id_offset + (vp8.is_picture_id_long ? 1u : 0u) < vp8.descriptor_len);
        CHECK(vp8.tl0picidx_offset < vp8.descriptor_len);
        CHECK(vp8.tid <= 3 && vp8.keyidx <= 31 && vp8.picture_id <= 0x7fff);
        CHECK(!vp8.is_keyframe || vp8.is_start);
        check_rewrite(&vp8, data, len);
    }
    if (!h264_parse(&h264, data, len)) {
        CHECK(h264.is_keyframe == (h264.has_idr || h264.has_sps));
        CHECK(!h264.is_keyframe || h264.is_start);
    }
    return 0;
}
