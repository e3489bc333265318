/* What the SDP tests share: reading a fixture, parsing what must parse. */
#ifndef ICHAT_TESTS_PROTO_SDP_TOOL_H
#define ICHAT_TESTS_PROTO_SDP_TOOL_H

#include <stdio.h>

#include "proto/sdp.h"
#include "tool.h"

static const char *const fixtures[] = {
    "chrome_offer.sdp",    "chrome_simulcast_offer.sdp", "firefox_offer.sdp",
    "gstreamer_offer.sdp", "aiortc_offer.sdp",           "lite_answer.sdp",
    "empty.sdp",
};

/* The file's text; free(). */
static inline char *read_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", FIXTURES, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("no fixture %s", path);
    char *text = calloc(1, 65536);
    size_t len = fread(text, 1, 65535, file);
    fclose(file);
    assert_true(len > 0 && len < 65535);
    return text;
}

static inline struct sdp *parse_text(const char *text)
{
    struct sdp *sdp = NULL;
    char error[SDP_ERROR_MAX];
    if (sdp_parse(text, strlen(text), &sdp, error))
        fail_msg("refused: %s\n%s", error, text);
    assert_string_equal(error, "");
    return sdp;
}

static inline struct sdp *parse_fixture(const char *name)
{
    char *text = read_fixture(name);
    struct sdp *sdp = parse_text(text);
    free(text);
    return sdp;
}

/* free() */
static inline char *write_text(const struct sdp *sdp)
{
    struct text out = {0};
    sdp_write(sdp, &out);
    return text_take(&out);
}

#endif
