/* The client's descriptions: our offer, answers to a server's, answers to our offer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "client/describe.h"

#define FINGERPRINT "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"

static const struct describe_local local = {.session_id = 42,
                                            .session_version = 1,
                                            .ufrag = "abcd",
                                            .pwd = "0123456789012345678901",
                                            .fingerprint = FINGERPRINT};

/* As a server writes it: one line that sends video with RTX, one that is inactive, one of a kind that we do not take.
 */
static const char server_offer[] =
    "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\na=ice-lite\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\n"
    "a=rtcp-mux\r\na=ice-ufrag:srvU\r\na=ice-pwd:serverserverserverserver\r\n"
    "a=fingerprint:sha-256 " FINGERPRINT "\r\na=setup:actpass\r\n"
    "a=candidate:1 1 udp 2130706431 127.0.0.1 7882 typ host\r\n"
    "a=candidate:2 1 tcp 2130706430 127.0.0.1 7882 typ host tcptype passive\r\n"
    "a=candidate:3 1 udp 2130706429 name.local 7882 typ host\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=extmap:5 http://www.ietf.org/id/"
    "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
    "a=extmap:6 urn:3gpp:video-orientation\r\n"
    "a=msid:s1 t1\r\na=ssrc-group:FID 111 222\r\na=ssrc:111 cname:c\r\na=ssrc:222 cname:c\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=inactive\r\n"
    "a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 120\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sendonly\r\n"
    "a=rtcp-mux\r\na=rtpmap:120 XYZ/90000\r\n";

static struct sdp *parse(const char *text)
{
    struct sdp *sdp = NULL;
    char error[SDP_ERROR_MAX];
    if (sdp_parse(text, strlen(text), &sdp, error) != ERR_OK)
        fail_msg("%s\n%s", error, text);
    return sdp;
}

static void test_simulcast_offer(void **state)
{
    (void)state;
    struct describe *offer = test_calloc(1, sizeof(*offer));
    describe_own_line(&offer->lines[0], CLIENT_VIDEO, 0);
    offer->lines[0].is_simulcast = true;
    strcpy(offer->lines[0].stream, "stream");
    strcpy(offer->lines[0].track, "track");
    offer->line_count = 1;
    struct text text = {0};
    describe_offer_write(offer, &local, &text);
    struct sdp *sdp = parse(text.data);
    const struct sdp_media *media = sdp->media[0];
    assert_string_equal(media->simulcast_send, "q;h;f");
    assert_int_equal(media->rid_count, DESCRIBE_LAYERS);
    for (unsigned i = 0; i < DESCRIBE_LAYERS; i++) {
        assert_string_equal(media->rids[i].id, describe_rids[i]);
        assert_true(media->rids[i].is_send);
    }
    assert_int_equal(media->ssrc_count, 0); /* told by RID in the packets */
    assert_int_equal(sdp_ext_id(sdp, media, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"), 5);
    sdp_free(sdp);
    text_free(&text);

    /* Whether it is taken. */
    static const char head[] = "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
                               "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\n"
                               "a=rtpmap:96 VP8/90000\r\na=extmap:5 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n";
    static const struct {
        const char *rest;
        bool is_taken;
    } answers[] = {
        {"a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n", true},
        {"a=rid:q recv\r\na=simulcast:recv q\r\n", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        char answer[1000], error[SDP_ERROR_MAX];
        snprintf(answer, sizeof(answer), "%s%s", head, answers[i].rest);
        offer->lines[0].is_simulcast = true;
        assert_int_equal(describe_answer_read(answer, offer, error), ERR_OK);
        assert_int_equal(offer->lines[0].is_simulcast, answers[i].is_taken);
        assert_int_equal(offer->lines[0].exts.rid, 5);
    }
    test_free(offer);
}

static void test_own_offer(void **state)
{
    (void)state;
    struct describe *offer = test_calloc(1, sizeof(*offer));
    describe_own_line(&offer->lines[0], CLIENT_AUDIO, 0);
    describe_own_line(&offer->lines[1], CLIENT_VIDEO, 1);
    offer->line_count = 2;
    for (unsigned i = 0; i < 2; i++) {
        strcpy(offer->lines[i].cname, "cname");
        strcpy(offer->lines[i].stream, "stream");
        snprintf(offer->lines[i].track, sizeof(offer->lines[i].track), "track%u", i);
    }
    struct text text = {0};
    describe_offer_write(offer, &local, &text);
    struct sdp *sdp = parse(text.data);
    assert_int_equal(sdp->media_count, 2);
    assert_true(sdp_is_bundled(sdp, "0") && sdp_is_bundled(sdp, "1"));
    assert_int_equal(sdp_direction_of(sdp, sdp->media[0]), SDP_SENDONLY);
    assert_int_equal(sdp_setup_of(sdp, sdp->media[0]), SDP_ACTPASS);
    assert_non_null(sdp_find_codec(sdp->media[0], "opus", NULL));
    assert_non_null(sdp_find_rtx(sdp->media[1], sdp_find_codec(sdp->media[1], "VP8", NULL)->pt));
    uint32_t rtx_ssrc;
    assert_true(sdp_paired_ssrc(sdp->media[1], "FID", offer->lines[1].ssrc, &rtx_ssrc));
    assert_int_equal(rtx_ssrc, offer->lines[1].rtx_ssrc);
    const struct sdp_fingerprint *fingerprint;
    char error[SDP_ERROR_MAX];
    assert_int_equal(sdp_fingerprint_of(sdp, sdp->media[0], &fingerprint, error), ERR_OK);
    assert_int_equal(fingerprint->value[31], 0x1f);
    sdp_free(sdp);
    text_free(&text);

    struct describe_local wrong = local;
    wrong.has_wrong_fingerprint = true;
    describe_offer_write(offer, &wrong, &text);
    sdp = parse(text.data);
    assert_int_equal(sdp_fingerprint_of(sdp, sdp->media[0], &fingerprint, error), ERR_OK);
    assert_int_equal(fingerprint->value[0], 0x01);
    sdp_free(sdp);
    text_free(&text);
    test_free(offer);
}

static void test_server_offer(void **state)
{
    (void)state;
    struct describe *offer = test_calloc(1, sizeof(*offer));
    char error[SDP_ERROR_MAX];
    if (describe_offer_read(server_offer, offer, error) != ERR_OK)
        fail_msg("%s", error);
    assert_int_equal(offer->line_count, 3);
    const struct describe_line *line = &offer->lines[0];
    assert_true(line->is_sending && line->has_nack && line->has_pli);
    assert_int_equal(line->pt, 96);
    assert_int_equal(line->rtx_pt, 97);
    assert_int_equal(line->ssrc, 111);
    assert_int_equal(line->rtx_ssrc, 222);
    assert_int_equal(line->exts.twcc, 5);
    assert_int_equal(line->exts.mid, 0);
    assert_false(offer->lines[1].is_sending);
    assert_true(offer->lines[2].is_rejected);
    assert_true(offer->has_remote);
    assert_string_equal(offer->remote.ufrag, "srvU");
    assert_int_equal(offer->remote.candidate_count, 1); /* neither TCP nor a name */
    assert_string_equal(offer->remote.candidates[0].address, "127.0.0.1");
    assert_int_equal(offer->remote.candidates[0].port, 7882);
    test_free(offer);
}

static void test_answer_to_server_offer(void **state)
{
    (void)state;
    struct text text = {0};
    char error[SDP_ERROR_MAX];
    assert_int_equal(describe_answer_write(server_offer, &local, &text, error), ERR_OK);
    struct sdp *sdp = parse(text.data);
    assert_int_equal(sdp->media_count, 3);
    assert_int_equal(sdp_direction_of(sdp, sdp->media[0]), SDP_RECVONLY);
    assert_int_equal(sdp_direction_of(sdp, sdp->media[1]), SDP_INACTIVE);
    assert_true(sdp_is_rejected(sdp->media[2]));
    assert_false(sdp_is_bundled(sdp, "2"));
    assert_int_equal(sdp_setup_of(sdp, sdp->media[0]), SDP_ACTIVE);
    assert_string_equal(sdp_ice_ufrag(sdp, sdp->media[0]), "abcd");
    assert_int_equal(sdp->media[0]->codec_count, 2);
    assert_int_equal(sdp->media[0]->extmap_count, 1); /* what it does not know is left out */
    assert_int_equal(sdp->media[0]->extmaps[0].id, 5);
    sdp_free(sdp);
    text_free(&text);
    assert_int_equal(describe_answer_write("v=1", &local, &text, error), ERR_INVALID);
}

static void test_answer_to_own_offer(void **state)
{
    (void)state;
    struct describe *offer = test_calloc(1, sizeof(*offer));
    describe_own_line(&offer->lines[0], CLIENT_VIDEO, 0);
    offer->line_count = 1;
    char answer[2048], error[SDP_ERROR_MAX];
    snprintf(answer, sizeof(answer),
             "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=ice-lite\r\n"
             "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
             "a=ice-ufrag:srvU\r\na=ice-pwd:serverserverserverserver\r\na=fingerprint:sha-256 %s\r\n"
             "a=setup:passive\r\na=rtpmap:96 VP8/90000\r\na=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
             FINGERPRINT);
    if (describe_answer_read(answer, offer, error) != ERR_OK)
        fail_msg("%s", error);
    assert_true(offer->lines[0].is_sending);
    assert_int_equal(offer->lines[0].rtx_pt, 0); /* the server took no RTX */
    assert_int_equal(offer->lines[0].exts.mid, 1);
    assert_int_equal(offer->lines[0].exts.twcc, 0);
    assert_true(offer->has_remote);
    offer->line_count = 2;
    assert_int_equal(describe_answer_read(answer, offer, error), ERR_INVALID);
    test_free(offer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simulcast_offer),     cmocka_unit_test(test_own_offer),
        cmocka_unit_test(test_server_offer),        cmocka_unit_test(test_answer_to_server_offer),
        cmocka_unit_test(test_answer_to_own_offer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
