/* The publish connection's SDP: offers of real clients, what is taken of them, our answer; and offers to refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "call/negotiate.h"
#include "sdp_tool.h"

static const struct negotiate_local local = {
    .session_id = 77,
    .session_version = 1,
    .ufrag = "srvUfrag",
    .pwd = "srvPwdsrvPwdsrvPwdsrvPwd",
    .fingerprint = SDP_FINGERPRINT_B,
    .candidates = {{.ip = "192.0.2.1", .port = 7882, .priority = 2130706431, .foundation = "1"},
                   {.ip = "2001:db8::1", .port = 7882, .priority = 2130706175, .foundation = "2"}},
    .candidate_count = 2,
};

static struct publish_offer *read_offer(const char *sdp)
{
    struct publish_offer *offer = calloc(1, sizeof(*offer));
    char error[SDP_ERROR_MAX];
    if (publish_offer_read(sdp, strlen(sdp), offer, error))
        fail_msg("refused: %s", error);
    return offer;
}

static void free_offer(struct publish_offer *offer)
{
    publish_offer_clear(offer);
    free(offer);
}

static char *answer_of(const struct publish_offer *offer)
{
    struct text text = {0};
    publish_answer_write(offer, &local, &text);
    return text_take(&text);
}

static char *answer_to_take(char *sdp_take)
{
    struct publish_offer *offer = read_offer(sdp_take);
    char *answer = answer_of(offer);
    free_offer(offer);
    free(sdp_take);
    return answer;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" in\n%s", part, text);
}

/* The whole answer to Chromium, line by line. */
static void test_answer_to_chromium(void **state)
{
    (void)state;
    char *answer = answer_to_take(sdp_file("chrome_offer.sdp"));
    assert_string_equal(answer,
                        "v=0\r\n"
                        "o=- 77 1 IN IP4 127.0.0.1\r\n"
                        "s=-\r\n"
                        "t=0 0\r\n"
                        "a=group:BUNDLE 0 1\r\n"
                        "a=extmap-allow-mixed\r\n"
                        "a=msid-semantic: WMS *\r\n"
                        "a=ice-lite\r\n"
                        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
                        "c=IN IP4 0.0.0.0\r\n"
                        "a=rtcp:9 IN IP4 0.0.0.0\r\n"
                        "a=candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host\r\n"
                        "a=candidate:2 1 udp 2130706175 2001:db8::1 7882 typ host\r\n"
                        "a=end-of-candidates\r\n"
                        "a=ice-ufrag:srvUfrag\r\n"
                        "a=ice-pwd:srvPwdsrvPwdsrvPwdsrvPwd\r\n"
                        "a=fingerprint:sha-256 " SDP_FINGERPRINT_B "\r\n"
                        "a=setup:passive\r\n"
                        "a=mid:0\r\n"
                        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
                        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
                        "a=recvonly\r\n"
                        "a=rtcp-mux\r\n"
                        "a=rtcp-rsize\r\n"
                        "a=rtpmap:111 opus/48000/2\r\n"
                        "a=rtcp-fb:111 transport-cc\r\n"
                        "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
                        "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
                        "c=IN IP4 0.0.0.0\r\n"
                        "a=rtcp:9 IN IP4 0.0.0.0\r\n"
                        "a=ice-ufrag:srvUfrag\r\n"
                        "a=ice-pwd:srvPwdsrvPwdsrvPwdsrvPwd\r\n"
                        "a=fingerprint:sha-256 " SDP_FINGERPRINT_B "\r\n"
                        "a=setup:passive\r\n"
                        "a=mid:1\r\n"
                        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                        "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
                        "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n"
                        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
                        "a=extmap:13 urn:3gpp:video-orientation\r\n"
                        "a=recvonly\r\n"
                        "a=rtcp-mux\r\n"
                        "a=rtcp-rsize\r\n"
                        "a=rtpmap:96 VP8/90000\r\n"
                        "a=rtcp-fb:96 transport-cc\r\n"
                        "a=rtcp-fb:96 ccm fir\r\n"
                        "a=rtcp-fb:96 nack\r\n"
                        "a=rtcp-fb:96 nack pli\r\n"
                        "a=rtpmap:97 rtx/90000\r\n"
                        "a=fmtp:97 apt=96\r\n"
                        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                        "c=IN IP4 0.0.0.0\r\n"
                        "a=mid:2\r\n"
                        "a=inactive\r\n");
    free(answer);
}

struct expected_line {
    const char *mid;
    enum media_codec codec;
    uint8_t pt;
    uint8_t rtx_pt;
    uint32_t ssrc;
    uint32_t rtx_ssrc;
    const char *feedback; /* n nack, p pli, f fir, t transport-cc */
    struct media_ext_ids ext;
};

static void check_line(const struct publish_line *line, const struct expected_line *expected)
{
    const struct media_format *format = &line->format;
    assert_true(line->is_accepted && line->is_sending);
    assert_string_equal(line->mid, expected->mid);
    assert_int_equal(format->codec, expected->codec);
    assert_int_equal(format->kind, expected->codec == MEDIA_OPUS ? MEDIA_AUDIO : MEDIA_VIDEO);
    assert_int_equal(format->clock_rate, expected->codec == MEDIA_OPUS ? 48000 : 90000);
    assert_int_equal(format->pt, expected->pt);
    assert_int_equal(format->rtx_pt, expected->rtx_pt);
    assert_int_equal(format->has_nack, strchr(expected->feedback, 'n') != NULL);
    assert_int_equal(format->has_pli, strchr(expected->feedback, 'p') != NULL);
    assert_int_equal(format->has_fir, strchr(expected->feedback, 'f') != NULL);
    assert_int_equal(format->has_twcc, strchr(expected->feedback, 't') != NULL);
    assert_memory_equal(&format->ext, &expected->ext, sizeof(format->ext));
    assert_int_equal(line->layer_count, 1);
    assert_int_equal(line->layers[0].ssrc, expected->ssrc);
    assert_int_equal(line->layers[0].rtx_ssrc, expected->rtx_ssrc);
    assert_string_equal(line->layers[0].rid, "");
}

static void test_offers_of_real_clients(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *ufrag;
        const char *hash;
        struct expected_line lines[2];
    } clients[] = {
        {"chrome_offer.sdp",
         "Oyef",
         "sha-256",
         {{"0", MEDIA_OPUS, 111, 0, 3735928559, 0, "t", {.mid = 4, .audio_level = 1, .twcc = 3}},
          {"1",
           MEDIA_VP8,
           96,
           97,
           1414213562,
           2718281828,
           "npft",
           {.mid = 4, .rid = 10, .repaired_rid = 11, .twcc = 3, .video_orientation = 13}}}},
        {"firefox_offer.sdp",
         "1b2c3d4e",
         "sha-256",
         {{"0", MEDIA_OPUS, 109, 0, 286331153, 0, "", {.mid = 3, .audio_level = 1}},
          {"1", MEDIA_VP8, 120, 124, 572662306, 858993459, "npft", {.mid = 3, .twcc = 7}}}},
        {"gstreamer_offer.sdp",
         "fWg1cT9wAq7mVZ0e5sXkqk0mQ1b2N3v4",
         "sha-256",
         {{"video0", MEDIA_VP8, 96, 0, 1231243414, 0, "npft", {.twcc = 1}},
          {"audio1", MEDIA_OPUS, 97, 0, 2886417408, 0, "n", {0}}}},
        {"aiortc_offer.sdp",
         "bD5Z",
         "sha-384", /* the strongest of two */
         {{"0", MEDIA_OPUS, 96, 0, 2466217821, 0, "", {.mid = 1, .audio_level = 2}},
          {"1", MEDIA_VP8, 97, 98, 3014387512, 1126395284, "np", {.mid = 1, .abs_send_time = 3}}}},
    };
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        char *sdp = sdp_file(clients[i].file);
        struct publish_offer *offer = read_offer(sdp);
        assert_true(offer->has_transport);
        assert_true(offer->is_setup_open);
        assert_false(offer->remote.is_dtls_client);
        assert_string_equal(offer->remote.remote_ufrag, clients[i].ufrag);
        assert_string_equal(offer->remote.fingerprint_hash, clients[i].hash);
        check_line(&offer->lines[0], &clients[i].lines[0]);
        check_line(&offer->lines[1], &clients[i].lines[1]);
        free_offer(offer);
        free(sdp);
    }
}

static void test_empty_offer_is_answered_likewise(void **state)
{
    (void)state;
    char *answer = answer_to_take(sdp_file("empty.sdp"));
    assert_has_not(answer, "m=");
    assert_has(answer, "a=group:BUNDLE\r\n");
    assert_has(answer, "a=ice-lite\r\n");
    free(answer);
}

static void test_simulcast(void **state)
{
    (void)state;
    char *sdp = sdp_file("chrome_simulcast_offer.sdp");
    struct publish_offer *offer = read_offer(sdp);
    assert_true(offer->lines[0].is_sending);
    assert_int_equal(offer->lines[0].layer_count, 3);
    static const char *const rids[] = {"q", "h", "f"};
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(offer->lines[0].layers[i].rid, rids[i]);
        assert_int_equal(offer->lines[0].layers[i].ssrc, 0); /* learned by RID */
        assert_int_equal(offer->lines[0].layers[i].rtx_ssrc, 0);
    }
    char *answer = answer_of(offer);
    assert_has(answer, "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n");
    assert_has(answer, "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n");
    assert_has(answer, "a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n");
    free(answer);
    offer->lines[0].is_sending = false; /* nobody wants it */
    answer = answer_of(offer);
    assert_has_not(answer, "a=rid:");
    assert_has_not(answer, "a=simulcast:");
    free(answer);
    free_offer(offer);
    free(sdp);
}

/* The list that is answered, "" = one stream. */
static void test_simulcast_lists(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *answer;
    } cases[] = {
        {"send q;h;f", "send f;h;q", "f;h;q"},
        {"send q;h;f", "send ~q;h,f", "q;h"},
        {"send q;h;f", "send x,q;~y,~h;z", "q;h"}, /* of the unknown nothing stays */
        {"send q;h;f", "send q;q;q", "q"},
        {"send q;h;f", "send ;;q;;;h;", "q;h"},
        {"send q;h;f", "send ~;,;~,~;,,,", ""},
        {"send q;h;f", "send q", ""},
        {"send q;h;f", "send Q;H;F", ""},
        {"send q;h;f", "recv q;h;f", ""},
        {"a=rid:f send\n", "a=rid:f recv\n", "q;h"},
        {"a=rid:f send\n", "a=rid:f send pt=97,98;max-width=640\n", "q;h"},
        {"a=rid:f send\n", "a=rid:f send max-width=640;pt=100,96\n", "q;h;f"},
        {"a=rid:f send\n", "a=rid:f send pt=\n", "q;h"},
        {"send q;h;f", "send q;0123456789abcdefg;f", "q;f"},
        {"a=rid:f send\n", "a=rid:f send\na=rid:0123456789abcdefg send\na=rid:g send\n", "q;h;f"},
        {"f send\na=simulcast:send q;h;f", "f send\na=rid:g send\na=simulcast:send q;h;f;g", "q;h;f"}, /* four */
        {"a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\n", "", ""},
        {"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\n", "", ""},
        {"a=simulcast:send q;h;f\n", "", ""},
        {"a=rid:q send\na=rid:h send\na=rid:f send\na=simulcast:send q;h;f\n",
         "a=ssrc-group:SIM 1 2 3\na=ssrc:1 cname:x\na=ssrc:2 cname:x\na=ssrc:3 cname:x\n", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *sdp = sdp_replace_take(sdp_file("chrome_simulcast_offer.sdp"), cases[i].from, cases[i].to);
        struct publish_offer *offer = read_offer(sdp);
        char *answer = answer_of(offer);
        char line[64];
        snprintf(line, sizeof(line), "a=simulcast:recv %s\r\n", cases[i].answer);
        if (cases[i].answer[0] ? !strstr(answer, line) : strstr(answer, "a=simulcast") || strstr(answer, "a=rid"))
            fail_msg("case %zu: no \"%s\" in\n%s", i, cases[i].answer, answer);
        assert_true(offer->lines[0].layer_count >= 1);
        free(answer);
        free_offer(offer);
        free(sdp);
    }
}

/* A connection of the older protocol has one stream a line. */
static void test_no_simulcast_on_a_leg(void **state)
{
    (void)state;
    char *sdp = sdp_file("chrome_simulcast_offer.sdp");
    struct publish_offer *offer = calloc(1, sizeof(*offer));
    char error[SDP_ERROR_MAX];
    assert_int_equal(publish_description_read(sdp, strlen(sdp), false, offer, error), ERR_OK);
    assert_int_equal(offer->lines[0].layer_count, 1);
    assert_string_equal(offer->lines[0].layers[0].rid, "");
    free_offer(offer);
    free(sdp);
}

/* The client's order of preference decides among what we take. */
static void test_h264_first(void **state)
{
    (void)state;
    char *sdp = sdp_file("chrome_offer.sdp");
    sdp = sdp_replace_take(sdp, "SAVPF 96 97 102 103", "SAVPF 102 103 96 97");
    struct publish_offer *offer = read_offer(sdp);
    assert_int_equal(offer->lines[1].format.codec, MEDIA_H264);
    assert_int_equal(offer->lines[1].format.pt, 102);
    assert_int_equal(offer->lines[1].format.rtx_pt, 103);
    char *answer = answer_of(offer);
    assert_has(answer, "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n");
    assert_has_not(answer, "VP8");
    free(answer);
    free_offer(offer);
    free(sdp);
}

static void test_h264_that_we_do_not_take(void **state)
{
    (void)state;
    static const char *const others[] = {"packetization-mode=0;profile-level-id=42001f",
                                         "packetization-mode=1;profile-level-id=640c1f"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        char *sdp = sdp_file("chrome_offer.sdp");
        sdp = sdp_replace_take(sdp, "SAVPF 96 97 102 103", "SAVPF 102 103 96 97");
        sdp = sdp_replace_take(sdp, "packetization-mode=1;profile-level-id=42001f", others[i]);
        struct publish_offer *offer = read_offer(sdp);
        assert_int_equal(offer->lines[1].format.codec, MEDIA_VP8);
        free_offer(offer);
        free(sdp);
    }
}

static void test_a_line_without_our_codec_is_rejected(void **state)
{
    (void)state;
    char *sdp = sdp_file("chrome_offer.sdp");
    sdp = sdp_replace_take(sdp, "VP8/90000", "VPX/90000");
    sdp = sdp_replace_take(sdp, "H264/90000", "H265/90000");
    char *answer = answer_to_take(sdp);
    assert_has(answer, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
    assert_has(answer, "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n");
    assert_has(answer, "a=group:BUNDLE 0\r\n");
    free(answer);
}

static void test_directions(void **state)
{
    (void)state;
    static const struct {
        const char *offered;
        const char *answered;
        bool is_sending;
    } cases[] = {
        {"sendrecv", "a=recvonly\r\n", true},
        {"sendonly", "a=recvonly\r\n", true},
        {"recvonly", "a=inactive\r\n", false},
        {"inactive", "a=inactive\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char line[32] = "a=";
        strcat(line, cases[i].offered);
        char *sdp = sdp_replace_after_take(sdp_file("chrome_offer.sdp"), "m=video", "a=sendrecv", line);
        struct publish_offer *offer = read_offer(sdp);
        assert_int_equal(offer->lines[1].is_sending, cases[i].is_sending);
        char *answer = answer_of(offer);
        assert_has(strstr(answer, "m=video"), cases[i].answered);
        free(answer);
        free_offer(offer);
        free(sdp);
    }
}

static void test_a_line_that_nobody_wants_is_inactive(void **state)
{
    (void)state;
    char *sdp = sdp_file("chrome_offer.sdp");
    struct publish_offer *offer = read_offer(sdp);
    offer->lines[0].is_sending = false;
    char *answer = answer_of(offer);
    assert_true(strstr(answer, "a=inactive") < strstr(answer, "m=video"));
    free(answer);
    free_offer(offer);
    free(sdp);
}

static void test_a_passive_client(void **state)
{
    (void)state;
    char *sdp = sdp_replace_take(sdp_file("chrome_offer.sdp"), "a=setup:actpass", "a=setup:passive");
    struct publish_offer *offer = read_offer(sdp);
    assert_true(offer->remote.is_dtls_client);
    assert_false(offer->is_setup_open);
    struct negotiate_local active = local;
    active.is_dtls_client = true;
    struct text answer = {0};
    publish_answer_write(offer, &active, &answer);
    assert_has(answer.data, "a=setup:active\r\n");
    text_free(&answer);
    free_offer(offer);
    free(sdp);
}

static void test_one_line_needs_no_bundle(void **state)
{
    (void)state;
    char *sdp = sdp_replace_take(sdp_file("chrome_simulcast_offer.sdp"), "a=group:BUNDLE 0\n", "");
    char *answer = answer_to_take(sdp);
    assert_has_not(answer, "BUNDLE");
    assert_has(answer, "a=recvonly\r\n");
    free(answer);
}

#define CHROME_FINGERPRINT                                                                                             \
    "a=fingerprint:sha-256 "                                                                                           \
    "7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\n"

/* PEERS attacks B 16, E: each is Chromium's offer with one thing wrong; the sentence must name it. */
static void test_offers_to_refuse(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *sentence; /* a part of it */
    } cases[] = {
        {CHROME_FINGERPRINT, "", "fingerprint"},
        {CHROME_FINGERPRINT, "a=fingerprint:sha-1 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64\n",
         "fingerprint"},
        {"7B:8B:F0", "7B:8B", "fingerprint"},
        {"7B:8B:F0", "7B:8B:ZZ", "fingerprint"},
        {"a=ice-ufrag:Oyef\n", "", "ice-ufrag"},
        {"a=ice-ufrag:Oyef", "a=ice-ufrag:Oye", "ice-ufrag"},
        {"a=ice-ufrag:Oyef", "a=ice-ufrag:012345678901234567890123456789012", "ice-ufrag"},
        {"a=ice-pwd:4dQhcZ1v5eB0M2xGqkGq9F2H\n", "", "ice-pwd"},
        {"a=ice-pwd:4dQhcZ1v5eB0M2xGqkGq9F2H", "a=ice-pwd:short", "ice-pwd"},
        {"a=setup:actpass", "a=setup:holdconn", "setup"},
        {"a=setup:actpass\n", "", "setup"},
        {"a=rtcp-mux\n", "", "rtcp-mux"},
        {"a=group:BUNDLE 0 1 2\n", "", "BUNDLE"},
        {"a=group:BUNDLE 0 1 2\n", "a=group:BUNDLE 0 2\n", "BUNDLE"},
        {"a=mid:1\n", "", "mid"},
        {"a=mid:1\n", "a=mid:0\n", "mid"},
        {"a=mid:1\n", "a=mid:12345678901234567\n", "mid"},
        {"SAVPF 96 97", "SAVPF 200 97", ""},
        {"m=audio 9 ", "m=audio -9 ", ""},
        {"m=audio 9 ", "m=audio 99999 ", ""},
        {"v=0\n", "", ""},
        {"1414213562", "3735928559", "ssrc"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *sdp = sdp_replace_take(sdp_file("chrome_offer.sdp"), cases[i].from, cases[i].to);
        struct publish_offer *offer = calloc(1, sizeof(*offer));
        char error[SDP_ERROR_MAX] = "";
        if (publish_offer_read(sdp, strlen(sdp), offer, error) == ERR_OK)
            fail_msg("case %zu was taken: \"%s\" -> \"%s\"", i, cases[i].from, cases[i].to);
        if (!strstr(error, cases[i].sentence) || strlen(error) < 10)
            fail_msg("case %zu: the sentence is \"%s\"", i, error);
        assert_null(offer->sdp);
        free(offer);
        free(sdp);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_to_chromium),
        cmocka_unit_test(test_offers_of_real_clients),
        cmocka_unit_test(test_empty_offer_is_answered_likewise),
        cmocka_unit_test(test_simulcast),
        cmocka_unit_test(test_simulcast_lists),
        cmocka_unit_test(test_no_simulcast_on_a_leg),
        cmocka_unit_test(test_h264_first),
        cmocka_unit_test(test_h264_that_we_do_not_take),
        cmocka_unit_test(test_a_line_without_our_codec_is_rejected),
        cmocka_unit_test(test_directions),
        cmocka_unit_test(test_a_line_that_nobody_wants_is_inactive),
        cmocka_unit_test(test_a_passive_client),
        cmocka_unit_test(test_one_line_needs_no_bundle),
        cmocka_unit_test(test_offers_to_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
