#include "sdp_tool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "proto/sdp.h"

char *sdp_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", SDP_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot read %s", path);
    struct text text = {0};
    char chunk[4096];
    size_t len;
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        text_add_n(&text, chunk, len);
    fclose(file);
    return text_take(&text);
}

char *sdp_replace_after_take(char *text_take_, const char *mark, const char *from, const char *to)
{
    struct text out = {0};
    const char *at = mark ? strstr(text_take_, mark) : text_take_;
    if (!at || !strstr(at, from))
        fail_msg("no \"%s\" behind \"%s\"", from, mark ? mark : "");
    text_add_n(&out, text_take_, (size_t)(at - text_take_));
    const char *next;
    while ((next = strstr(at, from))) {
        text_add_n(&out, at, (size_t)(next - at));
        text_add(&out, to);
        at = next + strlen(from);
    }
    text_add(&out, at);
    free(text_take_);
    return text_take(&out);
}

char *sdp_replace_take(char *text, const char *from, const char *to)
{
    return sdp_replace_after_take(text, NULL, from, to);
}

static void answer_line(struct sdp *answer, const struct sdp_media *offered, const char *ufrag)
{
    struct sdp_media *media = sdp_add_media(answer);
    media->kind = offered->kind;
    media->protocol = offered->protocol;
    media->protocol_name = offered->protocol_name;
    media->mid = offered->mid;
    media->port = sdp_is_rejected(offered) ? 0 : 9;
    media->has_rtcp_mux = true;
    media->direction = sdp_direction_reverse(offered->direction);
    media->transport.ice_ufrag = ufrag;
    media->transport.ice_pwd = "clientPwdclientPwdclient";
    media->transport.setup = SDP_ACTIVE;
    for (unsigned i = 0; i < offered->codec_count; i++) {
        struct sdp_codec *codec = sdp_add_codec(answer, media);
        *codec = offered->codecs[i];
    }
    for (unsigned i = 0; i < offered->extmap_count; i++)
        *sdp_add_extmap(answer, media) = offered->extmaps[i];
    if (media->port)
        assert_int_equal(sdp_add_bundle(answer, offered->mid), ERR_OK);
}

char *sdp_client_answer(const char *offer, const char *ufrag, const char *fingerprint)
{
    struct sdp *offered;
    char error[SDP_ERROR_MAX];
    if (sdp_parse(offer, strlen(offer), &offered, error))
        fail_msg("our own offer cannot be read: %s", error);
    struct sdp *answer = sdp_create();
    for (unsigned i = 0; i < offered->media_count; i++)
        answer_line(answer, offered->media[i], ufrag);
    struct text text = {0};
    sdp_write(answer, &text);
    sdp_free(answer);
    sdp_free(offered);
    char *out = text_take(&text);
    struct text line = {0};
    text_addf(&line, "t=0 0\r\na=fingerprint:sha-256 %s\r\n", fingerprint);
    out = sdp_replace_take(out, "t=0 0\r\n", line.data);
    text_free(&line);
    return out;
}
