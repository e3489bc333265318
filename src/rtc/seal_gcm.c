/* SRTP with AES-GCM. See seal_gcm.h. On a media thread. */
#include "rtc/seal_gcm.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "rtc/ossl.h"
#include "rtc/seal_index.h"
#include "rtc/seal_kdf.h"

#define IV_LEN GCM_IV_LEN
#define TAG_LEN GCM_TAG_LEN
#define RTP_HEADER 12
#define RTCP_HEADER 8 /* what SRTCP leaves in the clear, RFC 3711 section 3.4 */
#define RTCP_TRAILER 4
#define RTCP_MAX 2048              /* bytes in the clear; longer datagrams are dropped on arrival */
#define RTCP_ENCRYPTED 0x80000000u /* the E flag */
#define STREAMS_AT_HAND 2          /* voice and a picture */
#define SLOT_BITS_MIN 3            /* a table of 8 by SSRC: one cache line */

/* What one SSRC sends. */
struct stream {
    _Alignas(64) uint32_t ssrc;
    struct seal_index rtp;
    struct seal_rtcp_index rtcp; /* of what comes in */
};

/* What each packet needs comes first: one cache line. */
struct seal_gcm {
    /* set once at creation */
    struct gcm *rtp;
    uint8_t rtp_salt[IV_LEN];
    uint32_t multiplier; /* of the hash; odd, by chance: a member chooses its SSRCs, but not where they fall */
    /* owned by the media thread */
    struct stream *last;   /* most packets are of the stream that the one before was */
    struct stream **slots; /* by hash of the SSRC, NULL = free; at most half are taken */
    unsigned slot_bits;
    uint32_t count;
    uint32_t rtcp_index; /* of the last SRTCP packet that went out */
    /* set once at creation */
    bool is_sender;
    uint8_t rtcp_salt[IV_LEN];
    struct gcm *rtcp;
    /* owned by the media thread: the first streams, close by, the others elsewhere */
    _Alignas(64) struct stream *few_slots[1u << SLOT_BITS_MIN];
    _Alignas(64) struct stream at_hand[STREAMS_AT_HAND];
};

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* --- streams --- */

/* The slot of this SSRC, or the free one where it would be. */
static struct stream **slot_of(const struct seal_gcm *gcm, uint32_t ssrc)
{
    uint32_t at = ssrc * gcm->multiplier >> (32 - gcm->slot_bits), mask = (1u << gcm->slot_bits) - 1;
    while (gcm->slots[at] && gcm->slots[at]->ssrc != ssrc)
        at = (at + 1) & mask;
    return &gcm->slots[at];
}

static struct stream *find(struct seal_gcm *gcm, uint32_t ssrc)
{
    return gcm->last && gcm->last->ssrc == ssrc ? gcm->last : *slot_of(gcm, ssrc);
}

static void make_slots(struct seal_gcm *gcm, unsigned bits)
{
    struct stream **old = gcm->slots;
    size_t old_size = 1u << gcm->slot_bits;
    gcm->slot_bits = bits;
    gcm->slots = mem_calloc_lines(1u << bits, sizeof(struct stream *));
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            *slot_of(gcm, old[i]->ssrc) = old[i];
    if (old != gcm->few_slots)
        free(old);
}

static enum err add(struct seal_gcm *gcm, uint32_t ssrc, struct stream **out)
{
    if (gcm->count >= (gcm->is_sender ? SEAL_GCM_STREAMS_OUT : SEAL_GCM_STREAMS_IN))
        return ERR_LIMIT;
    if (gcm->count >= 1u << (gcm->slot_bits - 1))
        make_slots(gcm, gcm->slot_bits + 1);
    struct stream *stream =
        gcm->count < STREAMS_AT_HAND ? &gcm->at_hand[gcm->count] : mem_calloc_lines(1, sizeof(*stream));
    stream->ssrc = ssrc;
    *slot_of(gcm, ssrc) = stream;
    gcm->count++;
    *out = stream;
    return ERR_OK;
}

/* --- life --- */

enum err seal_gcm_derive(const uint8_t *key, size_t key_len, const uint8_t *salt, struct seal_gcm_keys *out)
{
    struct seal_kdf *kdf;
    enum err err = seal_kdf_create(key, key_len, salt, SEAL_GCM_SALT, &kdf);
    if (err != ERR_OK)
        return err;
    *out = (struct seal_gcm_keys){.key_len = key_len};
    const struct {
        enum seal_kdf_label label;
        uint8_t *to;
        size_t len;
    } parts[] = {{SEAL_KDF_RTP_KEY, out->rtp_key, key_len},
                 {SEAL_KDF_RTP_SALT, out->rtp_salt, SEAL_GCM_SALT},
                 {SEAL_KDF_RTCP_KEY, out->rtcp_key, key_len},
                 {SEAL_KDF_RTCP_SALT, out->rtcp_salt, SEAL_GCM_SALT}};
    for (size_t i = 0; i < ARRAY_LEN(parts) && err == ERR_OK; i++)
        err = seal_kdf_derive(kdf, parts[i].label, parts[i].to, parts[i].len);
    seal_kdf_free(kdf);
    return err;
}

enum err seal_gcm_create(const struct seal_gcm_keys *keys, bool is_sender, struct seal_gcm **out)
{
    struct seal_gcm *gcm = mem_calloc_lines(1, sizeof(*gcm));
    gcm->is_sender = is_sender;
    memcpy(gcm->rtp_salt, keys->rtp_salt, IV_LEN);
    memcpy(gcm->rtcp_salt, keys->rtcp_salt, IV_LEN);
    gcm->multiplier = rand_u32() | 1;
    gcm->slots = gcm->few_slots;
    gcm->slot_bits = SLOT_BITS_MIN;
    enum err err = gcm_create(keys->engine, keys->rtp_key, keys->key_len, is_sender, &gcm->rtp);
    if (err == ERR_OK)
        err = gcm_create(keys->engine, keys->rtcp_key, keys->key_len, is_sender, &gcm->rtcp);
    if (err != ERR_OK) {
        seal_gcm_free(gcm);
        return err;
    }
    *out = gcm;
    return ERR_OK;
}

void seal_gcm_free(struct seal_gcm *gcm)
{
    if (!gcm)
        return;
    for (size_t i = 0; i < 1u << gcm->slot_bits; i++)
        if (gcm->slots[i] < gcm->at_hand || gcm->slots[i] >= gcm->at_hand + STREAMS_AT_HAND)
            free(gcm->slots[i]);
    if (gcm->slots != gcm->few_slots)
        free(gcm->slots);
    gcm_free(gcm->rtcp);
    gcm_free(gcm->rtp);
    OPENSSL_cleanse(gcm, sizeof(*gcm));
    free(gcm);
}

/* --- nonces --- */

/* RFC 7714 section 8.1: two zeros, SSRC, roll-over count, sequence number; XOR salt. */
static void rtp_iv(const struct seal_gcm *gcm, uint32_t ssrc, uint64_t index, uint8_t iv[IV_LEN])
{
    iv[0] = iv[1] = 0;
    put32(iv + 2, ssrc);
    put32(iv + 6, (uint32_t)(index >> 16));
    iv[10] = (uint8_t)(index >> 8);
    iv[11] = (uint8_t)index;
    for (unsigned i = 0; i < IV_LEN; i++)
        iv[i] ^= gcm->rtp_salt[i];
}

/* Section 9.1: two zeros, SSRC, two zeros, index; XOR salt. */
static void rtcp_iv(const struct seal_gcm *gcm, uint32_t ssrc, uint32_t index, uint8_t iv[IV_LEN])
{
    memset(iv, 0, IV_LEN);
    put32(iv + 2, ssrc);
    put32(iv + 8, index);
    for (unsigned i = 0; i < IV_LEN; i++)
        iv[i] ^= gcm->rtcp_salt[i];
}

/* --- SRTP --- */

/* The header with CSRCs and extension, which stays in the clear (RFC 7714 section 8.2); 0 when it does not fit. */
static size_t clear_len(const uint8_t *data, size_t len)
{
    size_t clear = RTP_HEADER + 4u * (data[0] & 0x0f);
    if (clear > len)
        return 0;
    if (data[0] & 0x10) {
        if (clear + 4 > len)
            return 0;
        clear += 4 + 4u * (size_t)(data[clear + 2] << 8 | data[clear + 3]);
    }
    return clear <= len ? clear : 0;
}

static uint16_t seq_of(const uint8_t *data)
{
    return (uint16_t)(data[2] << 8 | data[3]);
}

enum err seal_gcm_rtp(struct seal_gcm *gcm, uint8_t *data, size_t *len)
{
    size_t clear = clear_len(data, *len);
    if (!clear)
        return ERR_INVALID;
    uint32_t ssrc = get32(data + 8);
    struct stream *stream = find(gcm, ssrc);
    enum err err = stream ? ERR_OK : add(gcm, ssrc, &stream);
    uint64_t index;
    if (err == ERR_OK)
        err = seal_index_guess(&stream->rtp, seq_of(data), &index);
    if (err == ERR_OK)
        err = seal_index_check(&stream->rtp, index);
    if (err != ERR_OK)
        return err;
    gcm->last = stream;
    seal_index_accept(&stream->rtp, index); /* first: whatever happens, this nonce is not used again */
    uint8_t iv[IV_LEN];
    rtp_iv(gcm, ssrc, index, iv);
    struct gcm_text text = {
        .data = data + clear, .len = *len - clear, .aad = data, .aad_len = clear, .tag = data + *len};
    err = gcm_seal(gcm->rtp, iv, &text);
    if (err == ERR_OK)
        *len += TAG_LEN;
    return err;
}

void seal_gcm_prefetch(const struct seal_gcm *gcm, unsigned step)
{
    if (step == 0) {
        __builtin_prefetch(gcm);
        __builtin_prefetch((const uint8_t *)gcm + 64);
        return;
    }
    if (gcm->last) {
        __builtin_prefetch(gcm->last);
        __builtin_prefetch((const uint8_t *)gcm->last + 64);
        __builtin_prefetch((const uint8_t *)gcm->last + 128);
    }
    gcm_prefetch(gcm->rtp);
}

enum err unseal_gcm_rtp(struct seal_gcm *gcm, uint8_t *data, size_t *len)
{
    if (*len < RTP_HEADER + TAG_LEN)
        return ERR_INVALID;
    size_t plain = *len - TAG_LEN, clear = clear_len(data, plain);
    if (!clear)
        return ERR_INVALID;
    static const struct seal_index unknown;
    uint32_t ssrc = get32(data + 8);
    struct stream *stream = find(gcm, ssrc);
    const struct seal_index *state = stream ? &stream->rtp : &unknown;
    uint64_t index;
    enum err err = seal_index_guess(state, seq_of(data), &index);
    if (err == ERR_OK)
        err = seal_index_check(state, index);
    if (err != ERR_OK)
        return err;
    uint8_t iv[IV_LEN];
    rtp_iv(gcm, ssrc, index, iv);
    struct gcm_text text = {
        .data = data + clear, .len = plain - clear, .aad = data, .aad_len = clear, .tag = data + plain};
    err = gcm_open(gcm->rtp, iv, &text);
    if (err == ERR_OK && !stream)
        err = add(gcm, ssrc, &stream);
    if (err != ERR_OK)
        return err;
    gcm->last = stream;
    seal_index_accept(&stream->rtp, index);
    *len = plain;
    return ERR_OK;
}

/* --- SRTCP --- */

enum err seal_gcm_rtcp(struct seal_gcm *gcm, uint8_t *data, size_t *len)
{
    enum err err = seal_rtcp_index_next(&gcm->rtcp_index);
    if (err != ERR_OK)
        return err;
    uint32_t index = gcm->rtcp_index;
    uint8_t iv[IV_LEN], aad[RTCP_HEADER + RTCP_TRAILER];
    memcpy(aad, data, RTCP_HEADER);
    put32(aad + RTCP_HEADER, RTCP_ENCRYPTED | index);
    rtcp_iv(gcm, get32(data + 4), index, iv);
    struct gcm_text text = {
        .data = data + RTCP_HEADER, .len = *len - RTCP_HEADER, .aad = aad, .aad_len = sizeof(aad), .tag = data + *len};
    err = gcm_seal(gcm->rtcp, iv, &text);
    if (err != ERR_OK)
        return err;
    memcpy(data + *len + TAG_LEN, aad + RTCP_HEADER, RTCP_TRAILER);
    *len += TAG_LEN + RTCP_TRAILER;
    return ERR_OK;
}

enum err unseal_gcm_rtcp(struct seal_gcm *gcm, uint8_t *data, size_t *len)
{
    if (*len < RTCP_HEADER + TAG_LEN + RTCP_TRAILER)
        return ERR_INVALID;
    size_t plain = *len - TAG_LEN - RTCP_TRAILER;
    const uint8_t *trailer = data + *len - RTCP_TRAILER;
    uint32_t word = get32(trailer), index = word & SEAL_RTCP_INDEX_MAX, ssrc = get32(data + 4);
    struct stream *stream = find(gcm, ssrc);
    enum err err = stream ? seal_rtcp_index_check(&stream->rtcp, index) : ERR_OK;
    if (err != ERR_OK)
        return err;
    /* Without the E flag all of it is in the clear, and authenticated all the same (RFC 7714 section 9.3). */
    size_t clear = word & RTCP_ENCRYPTED ? RTCP_HEADER : plain;
    uint8_t iv[IV_LEN], aad[RTCP_MAX + RTCP_TRAILER];
    if (clear > RTCP_MAX)
        return ERR_INVALID;
    memcpy(aad, data, clear);
    memcpy(aad + clear, trailer, RTCP_TRAILER);
    rtcp_iv(gcm, ssrc, index, iv);
    struct gcm_text text = {
        .data = data + clear, .len = plain - clear, .aad = aad, .aad_len = clear + RTCP_TRAILER, .tag = data + plain};
    err = gcm_open(gcm->rtcp, iv, &text);
    if (err == ERR_OK && !stream)
        err = add(gcm, ssrc, &stream);
    if (err != ERR_OK)
        return err;
    seal_rtcp_index_accept(&stream->rtcp, index);
    *len = plain;
    return ERR_OK;
}
