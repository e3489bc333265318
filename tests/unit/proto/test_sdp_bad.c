/* Session descriptions that must be refused, with the line named; limits; what is odd but taken. */
#include "base/buf.h"
#include "sdp_tool.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
#define HEX_16 "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
#define SHA_256 "a=fingerprint:sha-256 " HEX_16 ":" HEX_16 "\r\n"

static enum err parse_n(const char *text, size_t len, char error[SDP_ERROR_MAX])
{
    struct sdp *sdp = NULL;
    uint8_t *copy = exact_copy(text, len);
    enum err err = sdp_parse((const char *)copy, len, &sdp, error);
    free(copy);
    sdp_free(sdp);
    return err;
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted; /* how the sentence begins */
    } table[] = {
        {"", "line 0: a description has"},
        {"v=0\r\n", "line 1: a description has"},
        {"hello", "line 1: a line has"},
        {"o=- 1 1 IN IP4 0.0.0.0\r\n", "line 1: a description begins"},
        {"v=1\r\n", "line 1: one line v=0"},
        {HEAD "v=0\r\n", "line 5: one line v=0"},
        {HEAD "o=- 1 1 IN IP4 0.0.0.0\r\n", "line 5: a second o="},
        {"v=0\r\no=-\r\n", "line 2: the o= line"},
        {"v=0\r\no=- x 1 IN IP4 0.0.0.0\r\n", "line 2: the o= line"},
        {"v=0\r\no=- 1 99999999999999999999 IN IP4 0\r\n", "line 2: the o= line"},
        {"v=0\r\no=- 1 1\r\n", "line 2: the o= line"},
        {HEAD "m=audio\r\n", "line 5: an m= line needs"},
        {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF\r\n", "line 5: an m= line needs"},
        {HEAD "m=audio -1 UDP/TLS/RTP/SAVPF 111\r\n", "line 5: the m= line's port"},
        {HEAD "m=audio 65536 UDP/TLS/RTP/SAVPF 111\r\n", "line 5: the m= line's port"},
        {HEAD "m=audio 9/2 UDP/TLS/RTP/SAVPF 111\r\n", "line 5: the m= line's port"},
        {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 128\r\n", "line 5: a payload type"},
        {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 11a\r\n", "line 5: a payload type"},
        {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF -1\r\n", "line 5: a payload type"},
        {HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111 111\r\n", "line 5: payload type 111"},
        {HEAD "a=group:BUNDLE 0\r\n", "line 5: a=group:BUNDLE names"},
        {HEAD "a=group:BUNDLE 0 0\r\n", "line 5: the BUNDLE group names"},
        {HEAD "a=group:BUNDLE\r\na=group:BUNDLE\r\n", "line 6: a second BUNDLE"},
        {HEAD AUDIO "a=mid\r\n", "line 6: a=mid has"},
        {HEAD AUDIO "a=mid:\r\n", "line 6: a=mid has"},
        {HEAD AUDIO "a=mid:a b\r\n", "line 6: a=mid has"},
        {HEAD AUDIO "a=mid:0\r\na=mid:1\r\n", "line 7: a second a=mid"},
        {HEAD AUDIO "a=mid:0\r\n" AUDIO "a=mid:0\r\n", "line 8: mid \"0\" is used twice"},
        {HEAD AUDIO "a=rtpmap\r\n", "line 6: a payload type"},
        {HEAD AUDIO "a=rtpmap:111\r\n", "line 6: nothing behind"},
        {HEAD AUDIO "a=rtpmap:111 opus\r\n", "line 6: a=rtpmap has"},
        {HEAD AUDIO "a=rtpmap:111 opus/0\r\n", "line 6: a=rtpmap has"},
        {HEAD AUDIO "a=rtpmap:111 opus/48000/x\r\n", "line 6: a=rtpmap has"},
        {HEAD AUDIO "a=rtpmap:111 /48000\r\n", "line 6: a=rtpmap has"},
        {HEAD AUDIO "a=rtpmap:300 opus/48000\r\n", "line 6: a payload type"},
        {HEAD AUDIO "a=fmtp:111\r\n", "line 6: nothing behind"},
        {HEAD AUDIO "a=fmtp:999 x=1\r\n", "line 6: a payload type"},
        {HEAD AUDIO "a=rtcp-fb:111\r\n", "line 6: nothing behind"},
        {HEAD AUDIO "a=rtcp-fb:*\r\n", "line 6: a=rtcp-fb without"},
        {HEAD AUDIO "a=extmap:0 urn:x\r\n", "line 6: a=extmap has"},
        {HEAD AUDIO "a=extmap:256 urn:x\r\n", "line 6: a=extmap has"},
        {HEAD AUDIO "a=extmap:5000 urn:x\r\n", "line 6: a=extmap has"},
        {HEAD AUDIO "a=extmap:1\r\n", "line 6: a=extmap has"},
        {HEAD AUDIO "a=extmap:1/backward urn:x\r\n", "line 6: a=extmap has an unknown"},
        {HEAD AUDIO "a=extmap:1 urn:x\r\na=extmap:1 urn:y\r\n", "line 7: a=extmap id 1"},
        {HEAD AUDIO "a=msid:\r\n", "line 6: a=msid without"},
        {HEAD AUDIO "a=ssrc:4294967296 cname:x\r\n", "line 6: a=ssrc without"},
        {HEAD AUDIO "a=ssrc:x\r\n", "line 6: a=ssrc without"},
        {HEAD AUDIO "a=ssrc:1 cname:\r\n", "line 6: a cname has"},
        {HEAD AUDIO "a=ssrc:1 msid:\r\n", "line 6: an msid without"},
        {HEAD AUDIO "a=ssrc-group:FID\r\n", "line 6: a=ssrc-group has"},
        {HEAD AUDIO "a=ssrc-group:FID 1 x\r\n", "line 6: a=ssrc-group has"},
        {HEAD AUDIO "a=ssrc-group:SIM 1 2 3 4 5 6 7 8 9\r\n", "line 6: a=ssrc-group has"},
        {HEAD AUDIO "a=rid:x\r\n", "line 6: a=rid has"},
        {HEAD AUDIO "a=rid:x both\r\n", "line 6: a=rid has"},
        {HEAD AUDIO "a=simulcast:send\r\n", "line 6: a=simulcast has"},
        {HEAD AUDIO "a=simulcast:\r\n", "line 6: a=simulcast has"},
        {HEAD AUDIO "a=simulcast:send a send b\r\n", "line 6: a=simulcast has"},
        {HEAD AUDIO "a=sctp-port:0\r\n", "line 6: a=sctp-port"},
        {HEAD AUDIO "a=sctp-port:70000\r\n", "line 6: a=sctp-port"},
        {HEAD AUDIO "a=max-message-size:-1\r\n", "line 6: a=max-message-size"},
        {HEAD AUDIO "b=AS\r\n", "line 6: the b= line"},
        {HEAD AUDIO "b=AS:99999999999\r\n", "line 6: the b= line"},
        {HEAD "a=ice-ufrag:abc\r\n", "line 5: a=ice-ufrag"},
        {HEAD "a=ice-ufrag:ab cd\r\n", "line 5: a=ice-ufrag"},
        {HEAD "a=ice-pwd:short\r\n", "line 5: a=ice-pwd"},
        {HEAD "a=setup\r\n", "line 5: a=setup"},
        {HEAD "a=setup:both\r\n", "line 5: a=setup"},
        {HEAD "a=fingerprint\r\n", "line 5: a=fingerprint"},
        {HEAD "a=fingerprint:sha-256\r\n", "line 5: a=fingerprint"},
        {HEAD "a=fingerprint:sha-256 00:11\r\n", "line 5: a=fingerprint"},
        {HEAD "a=fingerprint:sha-256 " HEX_16 ":" HEX_16 ":\r\n", "line 5: a=fingerprint"},
        {HEAD "a=fingerprint:sha-256 " HEX_16 ":" HEX_16 ":00\r\n", "line 5: a=fingerprint"},
        {HEAD "a=fingerprint:sha-256 " HEX_16 ":GG:" HEX_16 "\r\n", "line 5: a=fingerprint"},
        {HEAD "a=fingerprint:sha-512 " HEX_16 ":" HEX_16 ":" HEX_16 ":" HEX_16 ":00\r\n", "line 5: a=fingerprint"},
        {HEAD "a=x\ty\r\n\r\na=\x01\r\n", "line 7: a control character"},
        {HEAD "a=x\ry\r\n", "line 5: a control character"},
        {HEAD "a=\xff\xfe\r\n", "the description is no valid UTF-8"},
        {HEAD "X=1\r\n", "line 5: a line has"},
        {HEAD "=\r\n", "line 5: a line has"},
        {HEAD "a\r\n", "line 5: a line has"},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        char error[SDP_ERROR_MAX];
        if (parse_n(table[i].text, strlen(table[i].text), error) != ERR_INVALID)
            fail_msg("taken: %s", table[i].text);
        if (strncmp(error, table[i].wanted, strlen(table[i].wanted)) != 0)
            fail_msg("\"%s\" instead of \"%s...\"", error, table[i].wanted);
    }
}

static void nul_is_refused(void **state)
{
    (void)state;
    static const char text[] = HEAD "a=x\0y\r\n";
    char error[SDP_ERROR_MAX];
    assert_int_equal(parse_n(text, sizeof(text) - 1, error), ERR_INVALID);
}

static void odd_but_taken(void **state)
{
    (void)state;
    static const char *const table[] = {
        "v=0\no=- 1 1 IN IP4 127.0.0.1\n",
        HEAD,
        HEAD "\r\n\r\n",
        HEAD "a=\r\n",
        HEAD "a=unknown:thing\r\na=end-of-candidates\r\na=mid:stray\r\n",
        HEAD "a=group:LS 1 2\r\n",
        HEAD "k=\r\ni=\r\nz=1\r\n",
        HEAD "m=audio 9 RTP/AVP 0\r\n",
        HEAD "m=text 9 UDP/XYZ abc\r\n",
        HEAD AUDIO "a=rtpmap:96 VP8/90000\r\na=fmtp:96 x\r\na=rtcp-fb:96 nack\r\n",
        HEAD AUDIO "a=candidate:this is no candidate\r\na=candidate\r\n",
        HEAD AUDIO "a=extmap:4096 urn:x\r\n",
        HEAD AUDIO "a=ssrc:1\r\na=ssrc:1 label:x\r\n",
        HEAD "a=fingerprint:sha-1 " HEX_16 ":00:11:22:33\r\n" AUDIO,
        HEAD "s=\xc3\xa4\xe4\xb8\xad\r\n",
    };
    for (size_t i = 0; i < LEN(table); i++) {
        char error[SDP_ERROR_MAX];
        if (parse_n(table[i], strlen(table[i]), error) != ERR_OK)
            fail_msg("refused (%s): %s", error, table[i]);
    }
}

static void bad_candidates_are_counted(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, HEAD AUDIO "a=candidate:nonsense\r\n");
    for (unsigned i = 0; i < 10000; i++)
        text_addf(&text, "a=candidate:%u 1 udp 1 192.0.2.1 %u typ host\r\n", i, i);
    struct sdp *sdp = parse_text(text.data);
    assert_int_equal(sdp->media[0]->candidate_count, SDP_CANDIDATES_MAX);
    assert_int_equal(sdp->media[0]->candidates_ignored, 10000 - SDP_CANDIDATES_MAX + 1);
    assert_string_equal(sdp->media[0]->candidates[63].foundation, "63");
    sdp_free(sdp);
    text_free(&text);
}

static void fingerprint_rules(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        enum err wanted;
        const char *part; /* of the sentence */
    } table[] = {
        {"", ERR_INVALID, "no a=fingerprint"},
        {SHA_256, ERR_OK, ""},
        {SHA_256 SHA_256, ERR_OK, ""},
        {"a=fingerprint:md5 " HEX_16 "\r\n", ERR_INVALID, "only weak"},
        {"a=fingerprint:sha-1 " HEX_16 ":00:11:22:33\r\n", ERR_INVALID, "only weak"},
        {"a=fingerprint:sha-1 " HEX_16 ":00:11:22:33\r\n" SHA_256, ERR_OK, ""},
        {SHA_256 "a=fingerprint:sha-256 " HEX_16 ":01:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n", ERR_INVALID,
         "several different sha-256"},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        for (unsigned at_session = 0; at_session < 2; at_session++) {
            struct text text = {0};
            char error[SDP_ERROR_MAX];
            const struct sdp_fingerprint *fingerprint = NULL;
            text_addf(&text, HEAD "%s" AUDIO "%s", at_session ? table[i].lines : "", at_session ? "" : table[i].lines);
            struct sdp *sdp = parse_text(text.data);
            assert_int_equal(sdp_fingerprint_of(sdp, sdp->media[0], &fingerprint, error), table[i].wanted);
            assert_non_null(strstr(error, table[i].part));
            assert_int_equal(fingerprint != NULL, table[i].wanted == ERR_OK);
            sdp_free(sdp);
            text_free(&text);
        }
    }
}

/* Repeats a line behind a head, and wants this answer. */
static void check_flood(const char *head, const char *line_fmt, unsigned n, enum err wanted)
{
    struct text text = {0};
    char error[SDP_ERROR_MAX];
    text_add(&text, head);
    for (unsigned i = 0; i < n; i++) {
        char line[128];
        const char *mark = strchr(line_fmt, '#');
        snprintf(line, sizeof(line), "%.*s%u%s\r\n", (int)(mark - line_fmt), line_fmt, i + 1, mark + 1);
        text_add(&text, line);
    }
    if (parse_n(text.data, text.len, error) != wanted)
        fail_msg("%u times %s: \"%s\"", n, line_fmt, error);
    text_free(&text);
}

static void floods_meet_limits(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *line;
        unsigned max;
    } table[] = {
        {HEAD, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:#", SDP_MEDIA_MAX},
        {HEAD, "a=x:#", SDP_LINES_MAX - 4},
        {HEAD AUDIO, "a=ssrc:# cname:x", SDP_SSRCS_MAX},
        {HEAD AUDIO, "a=ssrc-group:FID # 2", SDP_SSRC_GROUPS_MAX},
        {HEAD AUDIO, "a=rid:# send", SDP_RIDS_MAX},
        {HEAD AUDIO, "a=rtcp-fb:111 fb#", SDP_RTCP_FB_MAX},
        {HEAD AUDIO, "a=rtcp-fb:* fb#", SDP_RTCP_FB_MAX},
        {HEAD AUDIO, "a=extmap:# urn:x", SDP_EXTMAPS_MAX},
        {HEAD, "a=extmap:# urn:x", SDP_EXTMAPS_MAX},
        {HEAD AUDIO, "b=X#:1", SDP_BANDWIDTHS_MAX},
        {HEAD AUDIO, "a=fingerprint:x# 00", SDP_FINGERPRINTS_MAX},
    };
    for (size_t i = 0; i < LEN(table); i++) {
        check_flood(table[i].head, table[i].line, table[i].max, ERR_OK);
        check_flood(table[i].head, table[i].line, table[i].max + 1, ERR_LIMIT);
    }
}

static void large_texts_are_refused(void **state)
{
    (void)state;
    char error[SDP_ERROR_MAX];
    size_t len = 1024 * 1024;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, 'a', len);
    assert_int_equal(parse_n(text, len, error), ERR_LIMIT);
    assert_int_equal(parse_n(text, SDP_TEXT_MAX + 1, error), ERR_LIMIT);
    memcpy(text, HEAD "a=", strlen(HEAD) + 2);
    assert_int_equal(parse_n(text, SDP_TEXT_MAX, error), ERR_LIMIT); /* one line */
    assert_int_equal(parse_n(text, strlen(HEAD) + SDP_LINE_MAX, error), ERR_OK);
    assert_int_equal(parse_n(text, strlen(HEAD) + SDP_LINE_MAX + 1, error), ERR_LIMIT);
    free(text);
    check_flood(HEAD, "m=audio 9 UDP/TLS/RTP/SAVPF # ", 10000, ERR_INVALID); /* 128 is no payload type */
    check_flood(HEAD, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:#", 10000, ERR_LIMIT);
    check_flood(HEAD, "a=#", 100000, ERR_LIMIT);
}

static void eat(const uint8_t *data, size_t len)
{
    struct sdp *sdp = NULL;
    char error[SDP_ERROR_MAX];
    enum err err = sdp_parse((const char *)data, len, &sdp, error);
    if (err) {
        assert_null(sdp);
        assert_true(error[0] != '\0' && strlen(error) < SDP_ERROR_MAX);
        return;
    }
    char *once = write_text(sdp);
    struct sdp *again = parse_text(once);
    char *twice = write_text(again);
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    sdp_free(again);
    sdp_free(sdp);
}

static void survives_cuts_and_flips(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(fixtures); i++) {
        char *text = read_fixture(fixtures[i]);
        torture((const uint8_t *)text, strlen(text), 300, eat);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(odd_but_taken),
        cmocka_unit_test(bad_candidates_are_counted),
        cmocka_unit_test(fingerprint_rules),
        cmocka_unit_test(floods_meet_limits),
        cmocka_unit_test(large_texts_are_refused),
        cmocka_unit_test(survives_cuts_and_flips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
