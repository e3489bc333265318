/* The subscribe connection's SDP: our offer, answers of clients, and answers to refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "call/negotiate.h"
#include "sdp_tool.h"

static const struct negotiate_local local = {
    .session_id = 77,
    .session_version = 3,
    .ufrag = "srvUfrag",
    .pwd = "srvPwdsrvPwdsrvPwdsrvPwd",
    .fingerprint = SDP_FINGERPRINT_B,
    .candidates = {{.ip = "192.0.2.1", .port = 7882, .priority = 2130706431, .foundation = "1"}},
    .candidate_count = 1,
};

/* Freed as one piece. */
static struct subscribe_offer *make_offer(void)
{
    struct {
        struct subscribe_offer offer;
        struct subscribe_line lines[3];
    } *made = calloc(1, sizeof(*made));
    struct subscribe_offer *offer = &made->offer;
    offer->lines = made->lines;
    offer->line_count = 3;
    offer->lines[0] = (struct subscribe_line){.mid = "0",
                                              .kind = MEDIA_AUDIO,
                                              .codec = MEDIA_OPUS,
                                              .is_sending = true,
                                              .ssrc = 11,
                                              .rtx_ssrc = 12,
                                              .stream = "m20",
                                              .track = "t1",
                                              .cname = "m20"};
    offer->lines[1] = offer->lines[0];
    offer->lines[1].kind = MEDIA_VIDEO;
    offer->lines[1].codec = MEDIA_VP8;
    offer->lines[1].ssrc = 21;
    offer->lines[1].rtx_ssrc = 22;
    strcpy(offer->lines[1].mid, "1");
    strcpy(offer->lines[1].track, "t2");
    offer->lines[2] = offer->lines[1];
    offer->lines[2].codec = MEDIA_H264;
    offer->lines[2].ssrc = 31;
    offer->lines[2].rtx_ssrc = 32;
    strcpy(offer->lines[2].mid, "2");
    strcpy(offer->lines[2].track, "t3");
    return offer;
}

static char *write_offer(const struct subscribe_offer *offer)
{
    struct text text = {0};
    subscribe_offer_write(offer, &local, &text);
    return text_take(&text);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in\n%s", part, text);
}

static void test_offer_text(void **state)
{
    (void)state;
    struct subscribe_offer *offer = make_offer();
    offer->lines[2].is_sending = false;
    char *text = write_offer(offer);
    assert_has(text, "o=- 77 3 IN IP4 127.0.0.1\r\n");
    assert_has(text, "a=group:BUNDLE 0 1 2\r\n");
    assert_has(text, "a=ice-lite\r\n");
    assert_has(text, "a=setup:actpass\r\n");
    assert_has(text, "a=msid:m20 t1\r\n");
    assert_has(text, "a=ssrc:11 cname:m20\r\n");
    assert_has(text, "a=msid:m20 t2\r\n");
    assert_has(text, "a=ssrc-group:FID 21 22\r\n");
    assert_has(text, "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n");
    const char *third = strstr(text, "a=mid:2");
    assert_has(third, "a=inactive\r\n");
    assert_null(strstr(third, "a=ssrc"));
    assert_null(strstr(third, "a=msid"));
    assert_has(text, "a=candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host\r\na=end-of-candidates\r\n");
    free(text);
    free(offer);
}

static void test_dead_line_is_offered_with_port_0(void **state)
{
    (void)state;
    struct subscribe_offer *offer = make_offer();
    offer->lines[0].is_dead = true;
    offer->lines[0].is_sending = false;
    char *text = write_offer(offer);
    assert_has(text, "a=group:BUNDLE 1 2\r\n");
    assert_has(text, "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n");
    assert_has(strstr(text, "m=video"), "a=candidate:"); /* the first line of the BUNDLE has them */
    free(text);
    free(offer);
}

static void read_ok(const struct subscribe_offer *offer, const char *sdp, struct subscribe_answer *answer)
{
    char error[SDP_ERROR_MAX];
    if (subscribe_answer_read(sdp, strlen(sdp), offer, answer, error))
        fail_msg("refused: %s", error);
}

static void test_answer_that_takes_all(void **state)
{
    (void)state;
    struct subscribe_offer *offer = make_offer();
    struct subscribe_answer *answer = calloc(1, sizeof(*answer));
    char *text = write_offer(offer);
    char *sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
    read_ok(offer, sdp, answer);
    assert_true(answer->has_transport);
    assert_string_equal(answer->remote.remote_ufrag, "cliU");
    assert_int_equal(answer->remote.fingerprint_len, 32);
    assert_int_equal(answer->remote.fingerprint[0], 0xaa);
    assert_false(answer->remote.is_dtls_client);
    static const struct {
        enum media_codec codec;
        uint8_t pt;
        uint8_t rtx_pt;
        bool has_nack;
    } expected[] = {{MEDIA_OPUS, 111, 0, false}, {MEDIA_VP8, 96, 97, true}, {MEDIA_H264, 102, 103, true}};
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        const struct media_format *format = &answer->lines[i].format;
        assert_true(answer->lines[i].is_accepted);
        assert_int_equal(format->codec, expected[i].codec);
        assert_int_equal(format->pt, expected[i].pt);
        assert_int_equal(format->rtx_pt, expected[i].rtx_pt);
        assert_int_equal(format->has_nack, expected[i].has_nack);
        assert_true(format->has_twcc);
        assert_int_equal(format->ext.mid, 1);
        assert_int_equal(format->ext.twcc, 3);
    }
    free(sdp);
    free(text);
    free(answer);
    free(offer);
}

/* Each client takes less in its own way. */
static void test_answers_that_take_less(void **state)
{
    (void)state;
    struct subscribe_offer *offer = make_offer();
    struct subscribe_answer *answer = calloc(1, sizeof(*answer));
    char *text = write_offer(offer);

    char *sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
    sdp = sdp_replace_after_take(sdp, "a=mid:1", "a=recvonly", "a=inactive"); /* and mid 2 */
    read_ok(offer, sdp, answer);
    assert_true(answer->lines[0].is_accepted);
    assert_false(answer->lines[1].is_accepted);
    assert_false(answer->lines[1].is_rejected);
    free(sdp);

    sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
    sdp = sdp_replace_take(sdp, "m=video 9 UDP/TLS/RTP/SAVPF 102 103", "m=video 0 UDP/TLS/RTP/SAVPF 102 103");
    read_ok(offer, sdp, answer);
    assert_true(answer->lines[1].is_accepted);
    assert_false(answer->lines[2].is_accepted);
    assert_true(answer->lines[2].is_rejected);
    free(sdp);

    /* Without RTX, feedback and extensions, as simple receivers answer. */
    sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
    sdp = sdp_replace_take(sdp, "SAVPF 96 97", "SAVPF 96");
    sdp = sdp_replace_take(sdp, "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n", "");
    sdp = sdp_replace_take(sdp, "a=rtcp-fb:96 transport-cc\r\n", "");
    sdp = sdp_replace_take(sdp, "a=extmap:4 urn:3gpp:video-orientation\r\n", "");
    read_ok(offer, sdp, answer);
    assert_int_equal(answer->lines[1].format.rtx_pt, 0);
    assert_false(answer->lines[1].format.has_twcc);
    assert_int_equal(answer->lines[1].format.ext.twcc, 0);
    assert_int_equal(answer->lines[1].format.ext.video_orientation, 0);
    assert_true(answer->lines[1].format.has_pli);
    free(sdp);

    /* The answerer may receive under another payload type (RFC 3264 section 6.1). */
    sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
    sdp = sdp_replace_take(sdp, "SAVPF 111", "SAVPF 109");
    sdp = sdp_replace_take(sdp, ":111 ", ":109 ");
    read_ok(offer, sdp, answer);
    assert_true(answer->lines[0].is_accepted);
    assert_int_equal(answer->lines[0].format.pt, 109);
    free(sdp);

    free(text);
    free(answer);
    free(offer);
}

static void test_a_passive_client_makes_us_active(void **state)
{
    (void)state;
    struct subscribe_offer *offer = make_offer();
    struct subscribe_answer *answer = calloc(1, sizeof(*answer));
    char *text = write_offer(offer);
    char *sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
    sdp = sdp_replace_take(sdp, "a=setup:active", "a=setup:passive");
    read_ok(offer, sdp, answer);
    assert_true(answer->remote.is_dtls_client);
    free(sdp);
    free(text);
    free(answer);
    free(offer);
}

static void test_answers_to_refuse(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *sentence;
    } cases[] = {
        {"a=setup:active", "a=setup:actpass", "setup"},
        {"a=fingerprint:sha-256", "a=fingerprint:md5", "fingerprint"},
        {"a=ice-ufrag:cliU", "a=ice-ufrag:c", "ice-ufrag"},
        {"a=rtcp-mux\r\n", "", "rtcp-mux"},
        {"a=mid:1\r\n", "a=mid:9\r\n", "mid"},
        {"m=audio 9", "m=video 9", "kind"},
        {"v=0", "v=1", ""},
    };
    struct subscribe_offer *offer = make_offer();
    struct subscribe_answer *answer = calloc(1, sizeof(*answer));
    char *text = write_offer(offer);
    char error[SDP_ERROR_MAX];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
        sdp = sdp_replace_take(sdp, cases[i].from, cases[i].to);
        if (subscribe_answer_read(sdp, strlen(sdp), offer, answer, error) == ERR_OK)
            fail_msg("case %zu was taken", i);
        if (!strstr(error, cases[i].sentence) || strlen(error) < 10)
            fail_msg("case %zu: the sentence is \"%s\"", i, error);
        free(sdp);
    }
    char *sdp = sdp_client_answer(text, "cliU", SDP_FINGERPRINT_A);
    offer->line_count = 2; /* one more than was offered */
    assert_int_equal(subscribe_answer_read(sdp, strlen(sdp), offer, answer, error), ERR_INVALID);
    assert_has(error, "m-lines");
    free(sdp);
    free(text);
    free(answer);
    free(offer);
}

static int compare_mids(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* One character while there are any, never the same twice, always a token (RFC 8866 section 9). */
static void test_mids(void **state)
{
    (void)state;
    enum { COUNT = 70000 };
    char(*mids)[MEDIA_MID_SIZE] = calloc(COUNT, sizeof(*mids));
    for (unsigned i = 0; i < COUNT; i++) {
        negotiate_write_mid(mids[i], "s", i);
        assert_int_equal(mids[i][0], 's');
        assert_int_equal(strspn(mids[i] + 1, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                         i < 62             ? 1
                         : i < 62 + 62 * 62 ? 2
                                            : 3);
        assert_int_equal(strlen(mids[i]), i < 62 ? 2 : i < 62 + 62 * 62 ? 3 : 4);
    }
    qsort(mids, COUNT, sizeof(*mids), compare_mids);
    for (unsigned i = 1; i < COUNT; i++)
        assert_string_not_equal(mids[i - 1], mids[i]);
    free(mids);
    static const struct {
        unsigned number;
        const char *mid;
    } table[] = {{0, "0"}, {9, "9"}, {10, "a"}, {61, "Z"}, {62, "00"}, {123, "0Z"}, {124, "10"}, {3906, "000"}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        char mid[MEDIA_MID_SIZE];
        negotiate_write_mid(mid, "", table[i].number);
        assert_string_equal(mid, table[i].mid);
    }
    char last[MEDIA_MID_SIZE], prefixed[MEDIA_MID_SIZE];
    negotiate_write_mid(last, "", UINT32_MAX);
    assert_int_equal(strlen(last), 6);
    negotiate_write_mid(prefixed, "prefix-of-10", UINT32_MAX - 1);
    assert_int_equal(strlen(prefixed), MEDIA_MID_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer_text),
        cmocka_unit_test(test_dead_line_is_offered_with_port_0),
        cmocka_unit_test(test_answer_that_takes_all),
        cmocka_unit_test(test_answers_that_take_less),
        cmocka_unit_test(test_a_passive_client_makes_us_active),
        cmocka_unit_test(test_answers_to_refuse),
        cmocka_unit_test(test_mids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
