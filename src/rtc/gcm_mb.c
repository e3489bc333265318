/* libipsec-mb's direct functions, chosen by what the processor has. See gcm_mb.h. */
#include "rtc/gcm_mb.h"

#include <intel-ipsec-mb.h>

/* The library has a set of functions for each generation of processors, alike but for the name. */
#define GENERATION(bits, arch)                                                                                         \
    static void prepare_##bits##_##arch(const uint8_t *key, void *prepared)                                            \
    {                                                                                                                  \
        aes_gcm_pre_##bits##_##arch(key, prepared);                                                                    \
    }                                                                                                                  \
    static void seal_##bits##_##arch(const void *prepared, const uint8_t *iv, const struct gcm_text *text)             \
    {                                                                                                                  \
        struct gcm_context_data context;                                                                               \
        aes_gcm_enc_##bits##_##arch(prepared, &context, text->data, text->data, text->len, iv, text->aad,              \
                                    text->aad_len, text->tag, GCM_TAG_LEN);                                            \
    }                                                                                                                  \
    static void open_##bits##_##arch(const void *prepared, const uint8_t *iv, const struct gcm_text *text,             \
                                     uint8_t tag[GCM_TAG_LEN])                                                         \
    {                                                                                                                  \
        struct gcm_context_data context;                                                                               \
        aes_gcm_dec_##bits##_##arch(prepared, &context, text->data, text->data, text->len, iv, text->aad,              \
                                    text->aad_len, tag, GCM_TAG_LEN);                                                  \
    }                                                                                                                  \
    static const struct gcm_mb mb_##bits##_##arch = {.prepared_size = sizeof(struct gcm_key_data),                     \
                                                     .prepare = prepare_##bits##_##arch,                               \
                                                     .seal = seal_##bits##_##arch,                                     \
                                                     .open = open_##bits##_##arch};

GENERATION(128, sse)
GENERATION(128, avx_gen2)
GENERATION(128, avx_gen4)
GENERATION(256, sse)
GENERATION(256, avx_gen2)
GENERATION(256, avx_gen4)

const struct gcm_mb *gcm_mb_find(size_t key_len)
{
    bool is_128 = key_len == 16;
    if (!__builtin_cpu_supports("aes") || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.2"))
        return NULL;
    if (__builtin_cpu_supports("avx2"))
        return is_128 ? &mb_128_avx_gen4 : &mb_256_avx_gen4;
    if (__builtin_cpu_supports("avx"))
        return is_128 ? &mb_128_avx_gen2 : &mb_256_avx_gen2;
    return is_128 ? &mb_128_sse : &mb_256_sse;
}
