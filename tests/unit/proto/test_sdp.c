/* Session descriptions: offers as browsers and native stacks write them, and writing them back. */
#include "proto/sdp.h"

#include "proto/rtp_ext.h"
#include "sdp_tool.h"

static void chrome_offer(void **state)
{
    (void)state;
    struct sdp *sdp = parse_fixture("chrome_offer.sdp");
    assert_true(sdp->session_id == 4962303333179871722ull);
    assert_int_equal(sdp->session_version, 2);
    assert_string_equal(sdp->origin_address, "IN IP4 127.0.0.1");
    assert_true(sdp->has_bundle);
    assert_int_equal(sdp->bundle_count, 3);
    assert_true(sdp_is_bundled(sdp, "2"));
    assert_false(sdp_is_bundled(sdp, "3"));
    assert_true(sdp->extmap_allow_mixed);
    assert_false(sdp->is_ice_lite);
    assert_int_equal(sdp->media_count, 3);

    const struct sdp_media *audio = sdp_find_mid(sdp, "0");
    assert_ptr_equal(audio, sdp->media[0]);
    assert_int_equal(audio->kind, SDP_AUDIO);
    assert_int_equal(audio->port, 9);
    assert_int_equal(audio->protocol, SDP_RTP_SAVPF);
    assert_int_equal(audio->codec_count, 8);
    const struct sdp_codec *opus = sdp_find_codec(audio, "OPUS", NULL);
    assert_int_equal(opus->pt, 111);
    assert_int_equal(opus->clock_rate, 48000);
    assert_int_equal(opus->channels, 2);
    assert_true(sdp_has_rtcp_fb(opus, "transport-cc"));
    uint32_t number;
    assert_true(sdp_fmtp_u32(opus, "useinbandfec", &number));
    assert_int_equal(number, 1);
    assert_false(sdp_fmtp_u32(opus, "usedtx", &number));
    assert_string_equal(sdp_find_pt(audio, 63)->fmtp, "111/111");
    assert_int_equal(sdp_ext_id(sdp, audio, RTP_EXT_URI_AUDIO_LEVEL), 1);
    assert_int_equal(sdp_ext_id(sdp, audio, RTP_EXT_URI_TWCC), 3);
    assert_int_equal(sdp_ext_id(sdp, audio, RTP_EXT_URI_RID), 0);
    assert_string_equal(audio->stream, "3c1fd1a0-6c3c-4b6e-a5f2-2f6f3a0e5c11");
    assert_string_equal(audio->track, "0b5f6a1e-8f3f-47b2-9b9b-0a3c7e1d2f44");
    assert_true(audio->has_rtcp_mux && audio->has_rtcp_rsize);
    assert_int_equal(audio->ssrc_count, 1);
    assert_int_equal(audio->ssrcs[0].ssrc, 0xdeadbeef);
    assert_string_equal(audio->ssrcs[0].cname, "9Qk4mUq1bLZ0nTQ2");
    assert_int_equal(audio->candidate_count, 3);
    assert_false(audio->candidates[0].is_address);
    assert_int_equal(audio->candidates[1].type, SDP_SRFLX);
    assert_int_equal(audio->candidates[2].tcp_type, SDP_TCP_ACTIVE);
    assert_false(audio->has_end_of_candidates);

    const struct sdp_media *video = sdp->media[1];
    assert_int_equal(video->kind, SDP_VIDEO);
    const struct sdp_codec *vp8 = sdp_find_codec(video, "VP8", NULL);
    assert_int_equal(vp8->rtcp_fb_count, 5);
    assert_true(sdp_has_rtcp_fb(vp8, "nack pli"));
    assert_false(sdp_has_rtcp_fb(vp8, "nack sli"));
    assert_int_equal(sdp_find_rtx(video, 96)->pt, 97);
    assert_int_equal(sdp_find_rtx(video, 102)->pt, 103);
    assert_null(sdp_find_rtx(video, 118));
    const struct sdp_codec *rtx = sdp_find_codec(video, "rtx", NULL);
    assert_int_equal(sdp_find_codec(video, "rtx", rtx)->pt, 103);
    char profile[16], small[4];
    assert_true(sdp_fmtp_get(sdp_find_codec(video, "H264", NULL), "profile-level-id", profile, sizeof(profile)));
    assert_string_equal(profile, "42001f");
    assert_false(sdp_fmtp_get(sdp_find_codec(video, "H264", NULL), "profile-level-id", small, sizeof(small)));
    assert_int_equal(video->bandwidth_count, 2);
    assert_string_equal(video->bandwidths[1].type, "TIAS");
    assert_int_equal(video->bandwidths[1].value, 2500000);
    assert_true(sdp_paired_ssrc(video, "FID", 1414213562, &number));
    assert_int_equal(number, 2718281828u);
    assert_false(sdp_paired_ssrc(video, "SIM", 1414213562, &number));

    const struct sdp_media *data = sdp->media[2];
    assert_int_equal(data->kind, SDP_APPLICATION);
    assert_int_equal(data->protocol, SDP_DTLS_SCTP);
    assert_string_equal(data->formats, "webrtc-datachannel");
    assert_int_equal(data->sctp_port, 5000);
    assert_int_equal(data->max_message_size, 262144);

    const struct sdp_fingerprint *fingerprint;
    char error[SDP_ERROR_MAX];
    assert_string_equal(sdp_ice_ufrag(sdp, data), "Oyef");
    assert_string_equal(sdp_ice_pwd(sdp, data), "4dQhcZ1v5eB0M2xGqkGq9F2H");
    assert_string_equal(sdp_ice_options(sdp, data), "trickle");
    assert_int_equal(sdp_setup_of(sdp, data), SDP_ACTPASS);
    assert_int_equal(sdp_direction_of(sdp, audio), SDP_SENDRECV);
    assert_int_equal(sdp_fingerprint_of(sdp, data, &fingerprint, error), ERR_OK);
    assert_string_equal(fingerprint->hash_name, "sha-256");
    assert_int_equal(fingerprint->len, 32);
    assert_int_equal(fingerprint->value[0], 0x7b);
    assert_int_equal(fingerprint->value[31], 0x08);
    sdp_free(sdp);
}

static void simulcast_offer(void **state)
{
    (void)state;
    struct sdp *sdp = parse_fixture("chrome_simulcast_offer.sdp");
    const struct sdp_media *video = sdp->media[0];
    assert_int_equal(video->rid_count, 3);
    assert_string_equal(video->rids[1].id, "h");
    assert_true(video->rids[1].is_send);
    assert_null(video->rids[1].params);
    assert_string_equal(video->simulcast_send, "q;h;f");
    assert_null(video->simulcast_recv);
    assert_int_equal(video->direction, SDP_SENDONLY);
    assert_string_equal(video->stream, "-");
    assert_int_equal(sdp_ext_id(sdp, video, RTP_EXT_URI_REPAIRED_RID), 11);
    sdp_free(sdp);
}

static void firefox_offer(void **state)
{
    (void)state;
    struct sdp *sdp = parse_fixture("firefox_offer.sdp");
    const struct sdp_media *audio = sdp->media[0];
    const struct sdp_media *video = sdp->media[1];
    unsigned count;
    assert_string_equal(sdp->origin_name, "mozilla...THIS_IS_SDPARTA-99.0");
    assert_int_equal(sdp_direction_of(sdp, audio), SDP_SENDRECV);
    assert_string_equal(sdp_ice_options(sdp, audio), "trickle");
    assert_non_null(sdp_fingerprints_of(sdp, audio, &count));
    assert_int_equal(count, 1);
    assert_true(video->is_bundle_only);
    assert_false(sdp_is_rejected(video));
    assert_int_equal(audio->extmaps[1].direction, SDP_RECVONLY);
    assert_string_equal(audio->stream, "{7d1f0c9a-5f0e-4e35-8a43-2a0cf1b6a1d9}");
    assert_int_equal(sdp_find_rtx(video, 120)->pt, 124);
    assert_int_equal(sdp_find_codec(audio, "G722", NULL)->channels, 1);
    sdp_free(sdp);
}

static void native_offers(void **state)
{
    (void)state;
    struct sdp *gst = parse_fixture("gstreamer_offer.sdp");
    assert_int_equal(gst->media_count, 2);
    assert_int_equal(sdp_find_codec(gst->media[1], "opus", NULL)->pt, 97);
    assert_string_equal(gst->media[0]->ssrcs[0].track, "webrtctransceiver0");
    assert_true(gst->media[1]->is_bundle_only);
    sdp_free(gst);

    struct sdp *aiortc = parse_fixture("aiortc_offer.sdp");
    const struct sdp_fingerprint *fingerprint;
    char error[SDP_ERROR_MAX];
    assert_int_equal(aiortc->media[0]->port, 48571);
    assert_string_equal(aiortc->media[0]->connection, "IN IP4 192.0.2.44");
    assert_int_equal(aiortc->media[0]->candidate_count, 3);
    assert_true(aiortc->media[0]->candidates[1].is_address);
    assert_true(aiortc->media[0]->has_end_of_candidates);
    assert_string_equal(sdp_find_pt(aiortc->media[0], 0)->name, "PCMU");
    assert_int_equal(sdp_fingerprint_of(aiortc, aiortc->media[0], &fingerprint, error), ERR_OK);
    assert_int_equal(fingerprint->hash, SDP_SHA_384); /* the strongest counts */
    sdp_free(aiortc);
}

static void answer_with_session_values(void **state)
{
    (void)state;
    struct sdp *sdp = parse_fixture("lite_answer.sdp");
    const struct sdp_media *audio = sdp->media[0];
    const struct sdp_media *video = sdp->media[1];
    const struct sdp_fingerprint *fingerprint;
    char error[SDP_ERROR_MAX];
    assert_true(sdp->is_ice_lite);
    assert_string_equal(sdp_ice_ufrag(sdp, audio), "srvU");
    assert_string_equal(sdp_ice_pwd(sdp, audio), "0123456789abcdefghijklmn");
    assert_int_equal(sdp_setup_of(sdp, audio), SDP_PASSIVE);
    assert_int_equal(sdp_direction_of(sdp, audio), SDP_RECVONLY);
    assert_int_equal(sdp_direction_of(sdp, video), SDP_INACTIVE);
    assert_int_equal(sdp_ext_id(sdp, audio, RTP_EXT_URI_MID), 4);
    assert_true(sdp_has_rtcp_fb(&audio->codecs[0], "transport-cc")); /* by '*' */
    assert_true(sdp_is_rejected(video));
    assert_int_equal(sdp_fingerprint_of(sdp, audio, &fingerprint, error), ERR_OK);
    assert_int_equal(fingerprint->len, 64);
    assert_string_equal(fingerprint->hash_name, "sha-512");
    assert_true(audio->candidates[1].is_tcp);
    assert_int_equal(audio->candidates[1].tcp_type, SDP_TCP_PASSIVE);
    sdp_free(sdp);
}

static void no_media_at_all(void **state)
{
    (void)state;
    char *text = read_fixture("empty.sdp");
    struct sdp *sdp = parse_text(text);
    assert_true(sdp->has_bundle);
    assert_int_equal(sdp->bundle_count, 0);
    assert_int_equal(sdp->media_count, 0);
    char *written = write_text(sdp);
    assert_string_equal(written, text);
    free(written);
    free(text);
    sdp_free(sdp);
}

/* What was written parses to the same text again, and nothing of the fixture that we know is lost. */
static void fixtures_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(fixtures); i++) {
        struct sdp *first = parse_fixture(fixtures[i]);
        char *once = write_text(first);
        struct sdp *second = parse_text(once);
        char *twice = write_text(second);
        assert_string_equal(once, twice);
        assert_int_equal(first->media_count, second->media_count);
        for (unsigned m = 0; m < first->media_count; m++) {
            const struct sdp_media *a = first->media[m], *b = second->media[m];
            assert_int_equal(a->codec_count, b->codec_count);
            assert_int_equal(a->extmap_count, b->extmap_count);
            assert_int_equal(a->ssrc_count, b->ssrc_count);
            assert_int_equal(a->candidate_count, b->candidate_count);
            assert_int_equal(a->rid_count, b->rid_count);
            assert_int_equal(a->transport.fingerprint_count, b->transport.fingerprint_count);
        }
        free(once);
        free(twice);
        sdp_free(first);
        sdp_free(second);
    }
}

/* Every known line of Chrome's offer is in what we write from it (in some place). */
static void chrome_lines_survive(void **state)
{
    (void)state;
    char *text = read_fixture("chrome_offer.sdp");
    struct sdp *sdp = parse_text(text);
    char *written = write_text(sdp);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char wanted[600];
        if (strstr(line, "generation")) /* extensions of candidates are left out */
            *strstr(line, " generation") = '\0';
        snprintf(wanted, sizeof(wanted), "%s\r\n", line);
        if (!strstr(written, wanted))
            fail_msg("lost: %s", line);
    }
    free(written);
    free(text);
    sdp_free(sdp);
}

static void line_ends_are_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(fixtures); i++) {
        char *text = read_fixture(fixtures[i]);
        char *crlf = calloc(2, strlen(text) + 1);
        size_t n = 0;
        for (const char *c = text; *c; c++) {
            if (*c == '\n' && (c == text || c[-1] != '\r'))
                crlf[n++] = '\r';
            crlf[n++] = *c;
        }
        struct sdp *a = parse_text(text), *b = parse_text(crlf);
        char *x = write_text(a), *y = write_text(b);
        assert_string_equal(x, y);
        for (const char *c = strchr(x, '\n'); c; c = strchr(c + 1, '\n'))
            assert_int_equal(c[-1], '\r');
        free(x);
        free(y);
        free(text);
        free(crlf);
        sdp_free(a);
        sdp_free(b);
    }
}

static const char *random_word(struct sdp *sdp, struct prng *prng)
{
    static const char letters[] = "abcXYZ0189-_+/";
    char word[24];
    unsigned n = prng_below(prng, 20) + 1;
    for (unsigned i = 0; i < n; i++)
        word[i] = letters[prng_below(prng, sizeof(letters) - 1)];
    return sdp_keep_n(sdp, word, n);
}

static void random_transport(struct sdp *sdp, struct sdp_transport *transport, struct prng *prng)
{
    transport->ice_ufrag = sdp_keepf(sdp, "u%s", "frag");
    transport->ice_pwd = sdp_keepf(sdp, "%022u", (unsigned)prng_below(prng, 1000000));
    transport->setup = (enum sdp_setup)prng_below(prng, SDP_HOLDCONN + 1);
    for (unsigned n = prng_below(prng, 3); n; n--) {
        struct sdp_fingerprint *fingerprint = sdp_add_fingerprint(sdp, transport);
        fingerprint->hash = SDP_SHA_256;
        fingerprint->hash_name = "sha-256";
        fingerprint->len = 32;
        for (unsigned i = 0; i < 32; i++)
            fingerprint->value[i] = (uint8_t)prng_next(prng);
    }
}

static void random_rtp(struct sdp *sdp, struct sdp_media *media, struct prng *prng)
{
    unsigned pt = prng_below(prng, 40);
    for (unsigned n = prng_below(prng, 12) + 1; n && pt < 128; n--, pt += 1 + prng_below(prng, 8)) {
        struct sdp_codec *codec = sdp_add_codec(sdp, media);
        codec->pt = (uint8_t)pt;
        codec->name = random_word(sdp, prng);
        for (char *slash; (slash = strchr(codec->name, '/'));)
            *slash = 's';
        codec->clock_rate = 1 + prng_below(prng, 1000000);
        codec->channels = (uint8_t)prng_below(prng, 3);
        codec->fmtp = prng_below(prng, 2) ? random_word(sdp, prng) : NULL;
        for (unsigned k = prng_below(prng, 6); k; k--)
            assert_int_equal(sdp_add_rtcp_fb(sdp, codec, sdp_keepf(sdp, "fb%u", k)), ERR_OK);
    }
    for (unsigned n = prng_below(prng, 9); n; n--) {
        struct sdp_extmap *extmap = sdp_add_extmap(sdp, media);
        *extmap = (struct sdp_extmap){
            .id = (uint8_t)n, .direction = (enum sdp_direction)prng_below(prng, 5), .uri = random_word(sdp, prng)};
    }
    for (unsigned n = prng_below(prng, 9); n; n--) {
        struct sdp_ssrc *ssrc = sdp_add_ssrc(sdp, media);
        *ssrc = (struct sdp_ssrc){.ssrc = n, .cname = random_word(sdp, prng), .stream = random_word(sdp, prng)};
        ssrc->track = prng_below(prng, 2) ? random_word(sdp, prng) : NULL;
    }
    for (unsigned n = prng_below(prng, 5); n; n--) {
        struct sdp_rid *rid = sdp_add_rid(sdp, media);
        *rid = (struct sdp_rid){.id = random_word(sdp, prng), .is_send = n & 1};
    }
    media->simulcast_send = prng_below(prng, 2) ? random_word(sdp, prng) : NULL;
    media->simulcast_recv = prng_below(prng, 2) ? random_word(sdp, prng) : NULL;
}

static void random_media(struct sdp *sdp, unsigned index, struct prng *prng)
{
    struct sdp_media *media = sdp_add_media(sdp);
    media->kind = (enum sdp_kind)prng_below(prng, 3);
    media->port = (uint16_t)(prng_below(prng, 3) ? 9 : 0);
    media->mid = sdp_keepf(sdp, "m%u", index);
    media->direction = (enum sdp_direction)prng_below(prng, 5);
    media->has_rtcp_mux = prng_below(prng, 2);
    media->is_bundle_only = prng_below(prng, 2);
    media->stream = prng_below(prng, 2) ? random_word(sdp, prng) : NULL;
    media->track = media->stream && prng_below(prng, 2) ? random_word(sdp, prng) : NULL;
    random_transport(sdp, &media->transport, prng);
    for (unsigned n = prng_below(prng, 7); n; n--) {
        struct sdp_candidate *candidate = sdp_add_candidate(sdp, media);
        assert_int_equal(sdp_candidate_parse(candidate, "1 1 udp 7 192.0.2.1 9 typ relay raddr 192.0.2.2 rport 3", 55),
                         ERR_OK);
        candidate->port = (uint16_t)prng_next(prng);
    }
    if (media->kind == SDP_APPLICATION) {
        media->protocol = SDP_DTLS_SCTP;
        media->sctp_port = 5000;
    } else {
        random_rtp(sdp, media, prng);
    }
    if (prng_below(prng, 2))
        assert_int_equal(sdp_add_bundle(sdp, media->mid), ERR_OK);
}

static void random_descriptions_round_trip(void **state)
{
    (void)state;
    struct prng prng = {.state = 99};
    for (unsigned round = 0; round < 1500; round++) {
        struct sdp *sdp = sdp_create();
        unsigned media = prng_below(&prng, 6);
        sdp->session_id = prng_next(&prng);
        sdp->session_version = prng_next(&prng);
        sdp->is_ice_lite = prng_below(&prng, 2);
        random_transport(sdp, &sdp->transport, &prng);
        for (unsigned i = 0; i < media; i++)
            random_media(sdp, i, &prng);
        char *once = write_text(sdp);
        struct sdp *parsed = parse_text(once);
        char *twice = write_text(parsed);
        assert_string_equal(once, twice);
        assert_int_equal(parsed->media_count, media);
        free(once);
        free(twice);
        sdp_free(sdp);
        sdp_free(parsed);
    }
}

static void kept_strings_bring_no_lines(void **state)
{
    (void)state;
    struct sdp *sdp = sdp_create();
    assert_string_equal(sdp_keep(sdp, "name\r\na=candidate:evil"), "name");
    assert_string_equal(sdp_keep(sdp, "\nx"), "");
    assert_string_equal(sdp_keepf(sdp, "%s-%d", "a\rb", 1), "a");
    assert_null(sdp_keep(sdp, NULL));
    sdp_free(sdp);
    sdp_free(NULL);
}

static void adders_stop_at_their_limits(void **state)
{
    (void)state;
    struct sdp *sdp = sdp_create();
    struct sdp_media *media = sdp_add_media(sdp);
    struct sdp_codec *codec = NULL;
    for (unsigned i = 0; i < SDP_CODECS_MAX; i++) {
        codec = sdp_add_codec(sdp, media);
        assert_non_null(codec);
        codec->pt = (uint8_t)i;
    }
    assert_null(sdp_add_codec(sdp, media));
    for (unsigned i = 0; i < SDP_CODECS_MAX; i++) /* growing moved them, whole */
        assert_int_equal(media->codecs[i].pt, i);
    for (unsigned i = 0; i < SDP_RTCP_FB_MAX; i++)
        assert_int_equal(sdp_add_rtcp_fb(sdp, codec, "nack"), ERR_OK);
    assert_int_equal(sdp_add_rtcp_fb(sdp, codec, "nack"), ERR_LIMIT);
    for (unsigned i = 0; i < SDP_EXTMAPS_MAX; i++)
        assert_non_null(sdp_add_extmap(sdp, NULL));
    assert_null(sdp_add_extmap(sdp, NULL));
    assert_non_null(sdp_add_extmap(sdp, media));
    for (unsigned i = 1; i < SDP_MEDIA_MAX; i++)
        assert_non_null(sdp_add_media(sdp));
    assert_null(sdp_add_media(sdp));
    sdp_free(sdp);
}

static void directions(void **state)
{
    (void)state;
    assert_int_equal(sdp_direction_reverse(SDP_SENDONLY), SDP_RECVONLY);
    assert_int_equal(sdp_direction_reverse(SDP_RECVONLY), SDP_SENDONLY);
    assert_int_equal(sdp_direction_reverse(SDP_SENDRECV), SDP_SENDRECV);
    assert_int_equal(sdp_direction_reverse(SDP_INACTIVE), SDP_INACTIVE);
    assert_string_equal(sdp_direction_str(SDP_DIRECTION_UNSET), "sendrecv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chrome_offer),
        cmocka_unit_test(simulcast_offer),
        cmocka_unit_test(firefox_offer),
        cmocka_unit_test(native_offers),
        cmocka_unit_test(answer_with_session_values),
        cmocka_unit_test(no_media_at_all),
        cmocka_unit_test(fixtures_round_trip),
        cmocka_unit_test(chrome_lines_survive),
        cmocka_unit_test(line_ends_are_alike),
        cmocka_unit_test(random_descriptions_round_trip),
        cmocka_unit_test(kept_strings_bring_no_lines),
        cmocka_unit_test(adders_stop_at_their_limits),
        cmocka_unit_test(directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
