/* VP8 descriptors and H.264 payloads. */
#include "fuzz.h"
#include "proto/h264.h"
#include "proto/vp8.h"

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
    }
    if (!h264_parse(&h264, data, len)) {
        CHECK(h264.is_keyframe == (h264.has_idr || h264.has_sps));
        CHECK(!h264.is_keyframe || h264.is_start);
    }
    return 0;
}
