/* Offers of a publish connection: what is taken must make an answer that reads as SDP, with layers that keep their
 * promises. */
#include <string.h>

#include "call/negotiate.h"
#include "fuzz.h"

#define EIGHT "AB:CD:EF:01:23:45:67:89"
#define SHA_256 EIGHT ":" EIGHT ":" EIGHT ":" EIGHT

static void check_line(const struct publish_line *line)
{
    CHECK(line->layer_count >= 1 && line->layer_count <= MEDIA_LAYERS_MAX);
    for (unsigned i = 0; i < line->layer_count; i++) {
        const struct media_layer *layer = &line->layers[i];
        CHECK(memchr(layer->rid, 0, sizeof(layer->rid)));
        if (line->layer_count == 1)
            break;
        CHECK(layer->rid[0] && !layer->ssrc && !layer->rtx_ssrc);
        for (unsigned k = 0; k < i; k++)
            CHECK(strcmp(layer->rid, line->layers[k].rid) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct publish_offer offer; /* large */
    char error[SDP_ERROR_MAX];
    if (publish_offer_read((const char *)data, len, &offer, error))
        return 0;
    for (unsigned i = 0; i < offer.line_count; i++)
        if (offer.lines[i].is_accepted)
            check_line(&offer.lines[i]);
    const struct negotiate_local local = {
        .ufrag = "ufrag", .pwd = "passwordpasswordpassword", .fingerprint = SHA_256, .session_version = 1};
    struct text answer = {0};
    publish_answer_write(&offer, &local, &answer);
    struct sdp *sdp;
    CHECK(sdp_parse(answer.data, answer.len, &sdp, error) == ERR_OK);
    CHECK(sdp->media_count == offer.line_count);
    sdp_free(sdp);
    text_free(&answer);
    publish_offer_clear(&offer);
    return 0;
}
