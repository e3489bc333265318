/* Synthetic frames: what our own parser and the stamps say of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "client/synth.h"
#include "proto/vp8.h"

static const struct synth_stamp stamp = {
    .user_id = 0x1234567890abcdef, .made_us = 77777777777, .late_us = 4711, .counter = 99, .kind = 1};

static void assert_stamp(const uint8_t *payload, size_t len)
{
    struct synth_stamp out;
    assert_true(synth_stamp_read(payload, len, &out));
    assert_int_equal(out.user_id, stamp.user_id);
    assert_int_equal(out.made_us, stamp.made_us);
    assert_int_equal(out.late_us, stamp.late_us);
    assert_int_equal(out.counter, stamp.counter);
    assert_int_equal(out.kind, stamp.kind);
}

static void test_audio(void **state)
{
    (void)state;
    uint8_t packet[100];
    struct wr wr = wr_make(packet, sizeof(packet));
    synth_audio_write(&wr, &stamp);
    assert_false(wr.is_bad);
    assert_stamp(packet, wr_len(&wr));
    /* RFC 6716 section 3.2.5: code 3, one frame with padding; what is left of the padding is the frame */
    assert_int_equal(packet[0] & 3, 3);
    assert_int_equal(packet[1], 0x41);
    assert_int_equal(3 + packet[2] + 2, wr_len(&wr));
    wr = wr_make(packet, 20);
    synth_audio_write(&wr, &stamp);
    assert_true(wr.is_bad);
}

static void write_frame(size_t frame_bytes, bool is_keyframe)
{
    unsigned count = synth_video_packets(frame_bytes, is_keyframe);
    size_t total = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t packet[SYNTH_VIDEO_PAYLOAD_MAX];
        struct wr wr = wr_make(packet, sizeof(packet));
        struct synth_video video = {.is_keyframe = is_keyframe,
                                    .picture_id = 0x7abc,
                                    .index = i,
                                    .count = count,
                                    .len = synth_video_packet_len(frame_bytes, is_keyframe, i)};
        synth_video_write(&wr, &video, &stamp);
        assert_false(wr.is_bad);
        assert_int_equal(wr_len(&wr), video.len);
        assert_stamp(packet, video.len);
        struct vp8 vp8;
        assert_int_equal(vp8_parse(&vp8, packet, video.len), ERR_OK);
        assert_int_equal(vp8.is_start, i == 0);
        assert_int_equal(vp8.picture_id, 0x7abc);
        if (i == 0) {
            assert_int_equal(vp8.is_keyframe, is_keyframe);
            assert_int_equal(vp8.width, is_keyframe ? SYNTH_WIDTH : 0);
            assert_int_equal(vp8.height, is_keyframe ? SYNTH_HEIGHT : 0);
        }
        total += video.len - 32; /* without descriptor and stamp */
    }
    if (frame_bytes > 200)
        assert_int_equal(total, frame_bytes);
}

static void test_video(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 157, 201, 1067, 1068, 1069, 5000, 100000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        write_frame(sizes[i], true);
        write_frame(sizes[i], false);
    }
    assert_int_equal(synth_video_packets(1068, false), 1);
    assert_int_equal(synth_video_packets(1069, false), 2);
}

static void test_no_stamp(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    struct synth_stamp out;
    assert_false(synth_stamp_read(bytes, sizeof(bytes), &out));
    assert_false(synth_stamp_read(bytes, 3, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_audio),
        cmocka_unit_test(test_video),
        cmocka_unit_test(test_no_stamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
