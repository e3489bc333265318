/* Session descriptions: whatever parses must be written to a text that parses to the same text again. */
#include <string.h>

#include "fuzz.h"
#include "proto/rtp_ext.h"
#include "proto/sdp.h"

static void ask_everything(const struct sdp *sdp)
{
    char error[SDP_ERROR_MAX];
    for (unsigned i = 0; i < sdp->media_count; i++) {
        const struct sdp_media *media = sdp->media[i];
        const struct sdp_fingerprint *fingerprint;
        char value[32];
        uint32_t number;
        (void)sdp_ice_ufrag(sdp, media);
        (void)sdp_direction_str(sdp_direction_of(sdp, media));
        (void)sdp_ext_id(sdp, media, RTP_EXT_URI_MID);
        if (!sdp_fingerprint_of(sdp, media, &fingerprint, error))
            CHECK(fingerprint->len >= 32 && fingerprint->len <= 64);
        for (unsigned c = 0; c < media->codec_count; c++) {
            const struct sdp_codec *codec = &media->codecs[c];
            CHECK(codec->pt <= 127);
            (void)sdp_fmtp_get(codec, "profile-level-id", value, sizeof(value));
            (void)sdp_fmtp_u32(codec, "apt", &number);
            (void)sdp_find_rtx(media, codec->pt);
        }
        for (unsigned s = 0; s < media->ssrc_count; s++)
            (void)sdp_paired_ssrc(media, "FID", media->ssrcs[s].ssrc, &number);
        CHECK(!media->mid || sdp_find_mid(sdp, media->mid) == media);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sdp *first = NULL;
    struct sdp *second = NULL;
    struct sdp_candidate candidate;
    struct text once = {0};
    struct text twice = {0};
    char error[SDP_ERROR_MAX];
    (void)!sdp_candidate_parse(&candidate, (const char *)data, len);
    if (sdp_parse((const char *)data, len, &first, error)) {
        CHECK(error[0] && strlen(error) < SDP_ERROR_MAX);
        return 0;
    }
    ask_everything(first);
    sdp_write(first, &once);
    if (once.len <= SDP_TEXT_MAX) { /* what we add (c=, t= and the like) may pass the limit */
        enum err err = sdp_parse(once.data, once.len, &second, error);
        CHECK(err == ERR_OK || err == ERR_LIMIT);
        if (!err) {
            sdp_write(second, &twice);
            CHECK(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
        }
    }
    text_free(&once);
    text_free(&twice);
    sdp_free(first);
    sdp_free(second);
    return 0;
}
