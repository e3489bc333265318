/* The own AES-GCM seal next to libsrtp: the same keys, the same packets, the same answer and the same bytes. The input
 * is a list of commands (see run_one()); what it cannot do itself, make genuine packets, the target does for it.
 *
 * They differ on purpose in two things, which are left out here: the own seal counts SRTCP over all SSRCs together, so
 * sealed RTCP is not compared but opened by both; and it knows a limited number of SSRCs, of which 16 are used. */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "rtc/ossl.h"
#include "rtc/seal.h"
#include "rtc/seal_gcm.h"
#include "rtc/transport.h"

#define ROOM 512
#define KEPT 16
#define COMMANDS_MAX 400
#define TAG 16u
#define TRAILER 4u
#define RTCP_HEADER 8u

struct input {
    const uint8_t *data;
    size_t len;
};

struct packet {
    uint8_t data[ROOM];
    size_t len;
};

/* A packet on its way, and what it has to become. */
struct kept {
    struct packet sealed, plain;
    bool is_rtcp;
};

struct world {
    struct seal *own_out, *own_in, *lib_out, *lib_in;
    struct seal_gcm_keys keys; /* of own_out */
    struct kept kept[KEPT];
    unsigned count;
    uint16_t seqs[16]; /* the newest */
    uint32_t clear_index;
};

static uint8_t take(struct input *in)
{
    if (!in->len)
        return 0;
    in->len--;
    return *in->data++;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Up to `max` bytes as they are; more than the input has are zeros. */
static void take_bytes(struct input *in, size_t max, struct packet *out)
{
    size_t have = max < in->len ? max : in->len;
    memset(out, 0, sizeof(*out));
    memcpy(out->data, in->data, have);
    in->data += have;
    in->len -= have;
    out->len = max;
}

static void keep(struct world *w, const struct packet *sealed, const struct packet *plain, bool is_rtcp)
{
    struct kept *kept = &w->kept[w->count++ % KEPT];
    kept->sealed = *sealed;
    kept->plain = *plain;
    kept->is_rtcp = is_rtcp;
}

/* --- sealing --- */

static void seal_rtp_by_both(struct world *w, const struct packet *plain)
{
    struct packet own = *plain, lib = *plain;
    enum err err = seal_rtp(w->own_out, own.data, &own.len, ROOM);
    CHECK(err == seal_rtp(w->lib_out, lib.data, &lib.len, ROOM));
    CHECK(own.len == lib.len);
    if (err != ERR_OK)
        return;
    CHECK(own.len == plain->len + TAG && memcmp(own.data, lib.data, own.len) == 0);
    /* Sealing a text that was sealed: the same nonce would cancel out. */
    struct packet again = *plain;
    CHECK(seal_rtp(w->own_out, again.data, &again.len, ROOM) == ERR_EXISTS);
    CHECK(again.len == plain->len && memcmp(again.data, plain->data, plain->len) == 0);
    keep(w, &own, plain, false);
}

static void seal_rtcp_by_both(struct world *w, const struct packet *plain, bool is_own)
{
    struct packet own = *plain, lib = *plain;
    enum err err = seal_rtcp(w->own_out, own.data, &own.len, ROOM);
    CHECK(err == seal_rtcp(w->lib_out, lib.data, &lib.len, ROOM));
    CHECK(own.len == lib.len);
    if (err == ERR_OK)
        keep(w, is_own ? &own : &lib, plain, true);
}

/* RTCP that is authenticated but not encrypted (RFC 7714 section 9.3), which no seal here makes. */
static void seal_in_the_clear(struct world *w, const struct packet *plain, uint32_t index)
{
    struct packet sealed = *plain;
    uint8_t iv[12] = {0}, trailer[TRAILER], none[TAG];
    int n;
    memcpy(iv + 2, plain->data + 4, 4);
    put32(iv + 8, index);
    for (unsigned i = 0; i < sizeof(iv); i++)
        iv[i] ^= w->keys.rtcp_salt[i];
    put32(trailer, index);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    CHECK(EVP_EncryptInit_ex(cipher, w->keys.key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), NULL,
                             w->keys.rtcp_key, iv) == 1);
    CHECK(EVP_EncryptUpdate(cipher, NULL, &n, plain->data, (int)plain->len) == 1);
    CHECK(EVP_EncryptUpdate(cipher, NULL, &n, trailer, TRAILER) == 1);
    CHECK(EVP_EncryptFinal_ex(cipher, none, &n) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG, sealed.data + sealed.len) == 1);
    EVP_CIPHER_CTX_free(cipher);
    memcpy(sealed.data + sealed.len + TAG, trailer, TRAILER);
    sealed.len += TAG + TRAILER;
    keep(w, &sealed, plain, true);
}

/* --- opening --- */

/* Whether both take it. */
static bool open_by_both(struct world *w, const struct packet *sealed, bool is_rtcp, struct packet *plain)
{
    enum err (*open)(struct seal *, uint8_t *, size_t *) = is_rtcp ? unseal_rtcp : unseal_rtp;
    struct packet own = *sealed, lib = *sealed;
    enum err err = open(w->own_in, own.data, &own.len), lib_err = open(w->lib_in, lib.data, &lib.len);
    CHECK((err == ERR_OK) == (lib_err == ERR_OK));
    CHECK(err != ERR_EXISTS || lib_err == ERR_EXISTS); /* libsrtp says so of what is too short as well */
    if (err != ERR_OK) {
        CHECK(own.len == sealed->len);
        return false;
    }
    CHECK(own.len == lib.len && memcmp(own.data, lib.data, own.len) == 0);
    struct packet again = *sealed;
    CHECK(open(w->own_in, again.data, &again.len) == ERR_EXISTS);
    *plain = own;
    return true;
}

static void open_kept(struct world *w, struct input *in, bool is_mutated)
{
    if (!w->count)
        return;
    unsigned known = w->count < KEPT ? w->count : KEPT;
    const struct kept *kept = &w->kept[take(in) % known];
    struct packet sealed = kept->sealed, plain;
    bool is_rtcp = kept->is_rtcp, is_changed = false;
    if (is_mutated) {
        uint8_t how = take(in);
        if (how & 1)
            is_rtcp = !is_rtcp;
        if (how & 2)
            sealed.len -= take(in) % sealed.len;
        if (how & 4)
            sealed.len += 1 + take(in) % 20; /* over what the bytes behind it are */
        if (sealed.len > ROOM)
            sealed.len = ROOM;
        for (unsigned i = 0; i < (how >> 3) % 4u; i++) {
            size_t at = take(in);
            at = (at & 0x80 ? sealed.len - 1 - (at & 0x7f) % sealed.len : at) % sealed.len;
            sealed.data[at] ^= take(in);
        }
        is_changed = is_rtcp != kept->is_rtcp || sealed.len != kept->sealed.len ||
                     memcmp(sealed.data, kept->sealed.data, sealed.len) != 0;
    }
    if (!open_by_both(w, &sealed, is_rtcp, &plain))
        return;
    CHECK(!is_changed); /* 128 bits of tag */
    CHECK(plain.len == kept->plain.len && memcmp(plain.data, kept->plain.data, plain.len) == 0);
}

/* --- commands --- */

/* A packet of one of 16 SSRCs, at a distance from its newest one, with CSRCs and an extension as the input says. */
static void make_rtp(struct world *w, struct input *in, uint8_t command, struct packet *out)
{
    static const int steps[] = {1, 1, 2, -1, -3, 60, 1000, -1022, -1023, -1024, -1025, 1023, 1024, 32767, -32768, 0};
    uint8_t who = take(in), flags = take(in);
    unsigned ssrc = who & 15;
    uint16_t seq = (uint16_t)(w->seqs[ssrc] + steps[who >> 4] + ((command & 0x80) ? take(in) : 0));
    take_bytes(in, 12 + take(in) % 200u, out);
    out->data[0] = (uint8_t)(0x80 | (flags & 0x1f));
    out->data[2] = (uint8_t)(seq >> 8);
    out->data[3] = (uint8_t)seq;
    put32(out->data + 8, ssrc * 0x01000001u);
    size_t ext = 12 + 4u * (flags & 0x0f);
    if ((flags & 0x10) && (flags & 0x20) && ext + 4 <= out->len) { /* an extension whose length is true */
        out->data[ext + 2] = 0;
        out->data[ext + 3] = (uint8_t)((flags >> 6) % ((out->len - ext) / 4));
    }
    if ((int16_t)(seq - w->seqs[ssrc]) > 0)
        w->seqs[ssrc] = seq;
}

static void run_one(struct world *w, struct input *in)
{
    uint8_t command = take(in);
    struct packet packet, plain;
    switch (command % 8) {
    case 0:
    case 1:
        make_rtp(w, in, command, &packet);
        seal_rtp_by_both(w, &packet);
        return;
    case 2:
    case 3:
        take_bytes(in, RTCP_HEADER + take(in) % 100u, &packet);
        put32(packet.data + 4, packet.data[0] & 15);
        if (command & 0x40)
            seal_in_the_clear(w, &packet, w->clear_index += 1 + (command >> 7) * 100u);
        else
            seal_rtcp_by_both(w, &packet, command & 0x80);
        return;
    case 4:
        open_kept(w, in, false);
        return;
    case 5:
        open_kept(w, in, true);
        return;
    case 6: /* any bytes in */
        take_bytes(in, take(in), &packet);
        CHECK(!open_by_both(w, &packet, command & 0x80, &plain));
        return;
    default: /* any bytes out, but of the SSRCs that there are */
        take_bytes(in, take(in), &packet);
        put32(packet.data + 8, packet.data[8] & 15);
        if (command & 0x80)
            seal_rtp_by_both(w, &packet);
        else
            seal_rtcp_by_both(w, &packet, true);
    }
}

static struct seal *make(enum seal_maker maker, enum seal_suite suite, const uint8_t *keys, bool is_client)
{
    struct seal *seal;
    CHECK(seal_create_by(maker, suite, keys, seal_keys_len(suite), is_client, &seal) == ERR_OK);
    return seal;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    CHECK(rtc_global_init() == ERR_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    uint8_t first = take(&in), keys[SEAL_KEYS_MAX];
    bool is_short = first & 1;
    enum seal_suite suite = is_short ? SEAL_AEAD_AES_128_GCM : SEAL_AEAD_AES_256_GCM;
    size_t key_len = is_short ? 16 : 32;
    for (size_t i = 0; i < sizeof(keys); i++)
        keys[i] = (uint8_t)(i * 37 + 11);
    struct world *w = calloc(1, sizeof(*w));
    CHECK(w != NULL);
    enum seal_maker own = first & 2 ? SEAL_BY_OPENSSL : SEAL_BY_OWN;
    w->own_out = make(own, suite, keys, true);
    w->lib_out = make(SEAL_BY_SRTP2, suite, keys, true);
    w->own_in = make(own, suite, keys, false);
    w->lib_in = make(SEAL_BY_SRTP2, suite, keys, false);
    CHECK(seal_gcm_derive(keys, key_len, keys + 2 * key_len, &w->keys) == ERR_OK);
    w->clear_index = 50;
    for (unsigned i = 0; i < 16; i++)
        w->seqs[i] = (uint16_t)(i * 4096 + 100 - (first & 0x80));
    for (unsigned i = 0; i < COMMANDS_MAX && in.len; i++)
        run_one(w, &in);
    seal_free(w->own_out);
    seal_free(w->own_in);
    seal_free(w->lib_out);
    seal_free(w->lib_in);
    free(w);
    return 0;
}
