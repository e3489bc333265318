/* seal-bench: CPU ns of sealing and of opening a packet, by the own AES-GCM, by libsrtp and by EVP alone, for few and
 * for many connections; and the memory of a connection's seal. See bench/README.md. One thread. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "bench/hist.h"
#include "bench/procstat.h"
#include "rtc/ossl.h"
#include "rtc/seal.h"
#include "rtc/transport.h"

#define ROUNDS_MAX 101u
#define SLOT 1664u
#define BATCH 64u /* packets between two looks at the clock: as many as one sendmmsg takes */
#define HEADER 12u
#define TAG 16u
#define KEYS 4u /* of a connection: RTP and RTCP, in and out; they lie between those of its neighbours */
#define IV 12u
#define WARM_NS 5000000ULL /* the first packets of an SSRC take memory */
#define BYTES_MAX 1500u
#define STREAMS_MAX 16u

enum maker { OWN, OWN_OPENSSL, LIBSRTP, EVP, MAKERS };
static const unsigned sizes[] = {1, 50, 500}; /* connections */
#define SIZES ARRAY_LEN(sizes)
static const char *const maker_names[] = {"own", "openssl", "libsrtp", "EVP"};

struct opts {
    enum seal_suite suite;
    unsigned bytes;   /* of an RTP packet in the clear */
    unsigned streams; /* SSRCs of a connection, in turn */
    unsigned rounds;
    unsigned round_ms; /* of CPU */
};

/* So many connections by one maker. All have the same keys, in memory of their own: what one sealed each can open. */
struct rig {
    const struct opts *opts;
    enum maker maker;
    unsigned connections;
    struct seal **seals;
    EVP_CIPHER_CTX **evps; /* KEYS each, of which the first is used */
    unsigned at;           /* whose turn it is */
    uint32_t number;       /* of the packets that each connection had */
    uint8_t *slots;        /* BATCH packets */
    size_t lens[BATCH];
    /* for opening: */
    struct seal *sender;
    EVP_CIPHER_CTX *evp_sender;
    uint8_t sealed[SLOT];
    size_t sealed_len;
};

struct table {
    double ns[SIZES][MAKERS][ROUNDS_MAX]; /* of a packet */
};

static void set_header(const struct rig *rig, uint8_t *packet)
{
    uint32_t seq = rig->number / rig->opts->streams, ssrc = 0x1234567 * (1 + rig->number % rig->opts->streams);
    packet[0] = 0x80;
    packet[1] = 96;
    packet[2] = (uint8_t)(seq >> 8);
    packet[3] = (uint8_t)seq;
    for (unsigned i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
}

static void evp_iv(const uint8_t *packet, uint8_t iv[IV])
{
    memset(iv, 0, IV);
    memcpy(iv + 2, packet + 8, 4);
    memcpy(iv + 10, packet + 2, 2);
}

/* What a seal over OpenSSL cannot do without: nonce, header, text, tag; by the calls that proved fastest. */
static bool evp_run(EVP_CIPHER_CTX *evp, uint8_t *packet, size_t plain, bool is_sealing)
{
    uint8_t iv[IV], rest[TAG];
    int n;
    OSSL_PARAM tag[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, packet + plain, TAG), OSSL_PARAM_END};
    evp_iv(packet, iv);
    return EVP_CipherInit_ex2(evp, NULL, NULL, iv, -1, is_sealing ? NULL : tag) == 1 &&
           EVP_CipherUpdate(evp, NULL, &n, packet, HEADER) == 1 &&
           (plain == HEADER ||
            EVP_CipherUpdate(evp, packet + HEADER, &n, packet + HEADER, (int)(plain - HEADER)) == 1) &&
           EVP_CipherFinal_ex(evp, rest, &n) == 1 && (!is_sealing || EVP_CIPHER_CTX_get_params(evp, tag) == 1);
}

static EVP_CIPHER_CTX *evp_make(const struct opts *opts, const uint8_t *keys, bool is_sealing)
{
    EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *type = opts->suite == SEAL_AEAD_AES_128_GCM ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    if (!evp || EVP_CipherInit_ex(evp, type, NULL, keys, NULL, is_sealing) != 1)
        abort();
    return evp;
}

static struct seal *seal_make(const struct opts *opts, enum maker maker, const uint8_t *keys, bool is_client)
{
    struct seal *seal;
    static const enum seal_maker by[] = {SEAL_BY_OWN, SEAL_BY_OPENSSL, SEAL_BY_SRTP2};
    if (seal_create_by(by[maker], opts->suite, keys, seal_keys_len(opts->suite), is_client, &seal) != ERR_OK)
        abort();
    return seal;
}

static struct rig *rig_make(const struct opts *opts, enum maker maker, unsigned connections, bool is_sealing)
{
    uint8_t keys[SEAL_KEYS_MAX];
    rand_bytes(keys, sizeof(keys));
    struct rig *rig = mem_calloc(1, sizeof(*rig));
    *rig = (struct rig){.opts = opts, .maker = maker, .connections = connections};
    rig->slots = mem_calloc_lines(BATCH, SLOT);
    rig->seals = mem_calloc(connections, sizeof(struct seal *));
    rig->evps = mem_calloc((size_t)connections * KEYS, sizeof(EVP_CIPHER_CTX *));
    for (unsigned i = 0; i < connections; i++) {
        for (unsigned k = 0; maker == EVP && k < KEYS; k++)
            rig->evps[i * KEYS + k] = evp_make(opts, keys, is_sealing);
        if (maker != EVP)
            rig->seals[i] = seal_make(opts, maker, keys, is_sealing);
    }
    if (!is_sealing && maker == EVP)
        rig->evp_sender = evp_make(opts, keys, true);
    else if (!is_sealing)
        rig->sender = seal_make(opts, OWN, keys, true);
    return rig;
}

static void rig_free(struct rig *rig)
{
    for (unsigned i = 0; i < rig->connections; i++) {
        seal_free(rig->seals[i]);
        for (unsigned k = 0; k < KEYS; k++)
            EVP_CIPHER_CTX_free(rig->evps[i * KEYS + k]);
    }
    seal_free(rig->sender);
    EVP_CIPHER_CTX_free(rig->evp_sender);
    free(rig->evps);
    free(rig->seals);
    free(rig->slots);
    free(rig);
}

static bool handle(struct rig *rig, unsigned slot, bool is_sealing)
{
    uint8_t *packet = rig->slots + (size_t)slot * SLOT;
    if (rig->maker == EVP)
        return evp_run(rig->evps[rig->at * KEYS], packet, rig->opts->bytes, is_sealing);
    size_t *len = &rig->lens[slot];
    return (is_sealing ? seal_rtp(rig->seals[rig->at], packet, len, SLOT)
                       : unseal_rtp(rig->seals[rig->at], packet, len)) == ERR_OK;
}

/* The next packet for all to open. */
static void make_sealed(struct rig *rig)
{
    rig->sealed_len = rig->opts->bytes;
    set_header(rig, rig->sealed);
    if (rig->maker == EVP) {
        if (!evp_run(rig->evp_sender, rig->sealed, rig->opts->bytes, true))
            abort();
        rig->sealed_len += TAG;
    } else if (seal_rtp(rig->sender, rig->sealed, &rig->sealed_len, SLOT) != ERR_OK) {
        abort();
    }
}

static void next(struct rig *rig)
{
    if (++rig->at < rig->connections)
        return;
    rig->at = 0;
    rig->number++;
}

/* CPU ns of BATCH packets; the clock stands still while they are written. */
static uint64_t batch(struct rig *rig, bool is_sealing)
{
    unsigned at = rig->at;
    uint32_t number = rig->number;
    for (unsigned i = 0; i < BATCH; i++, next(rig)) {
        uint8_t *packet = rig->slots + (size_t)i * SLOT;
        rig->lens[i] = rig->opts->bytes;
        if (is_sealing) {
            set_header(rig, packet);
            continue;
        }
        if (rig->at == 0)
            make_sealed(rig);
        memcpy(packet, rig->sealed, rig->sealed_len);
        rig->lens[i] = rig->sealed_len;
    }
    rig->at = at;
    rig->number = number;
    uint64_t begin = thread_cpu_ns();
    for (unsigned i = 0; i < BATCH; i++, next(rig)) {
        if (!handle(rig, i, is_sealing)) {
            fprintf(stderr, "seal-bench: %s refuses a packet\n", maker_names[rig->maker]);
            abort();
        }
    }
    return thread_cpu_ns() - begin;
}

static double time_round(struct rig *rig, bool is_sealing, uint64_t ns)
{
    uint64_t spent = 0, packets = 0;
    while (spent < ns) {
        spent += batch(rig, is_sealing);
        packets += BATCH;
    }
    return (double)spent / (double)packets;
}

/* Makers and sizes go in turn, so that the machine's mood is the same for all. Only the connections that are measured
 * exist: what libsrtp pays for a packet grows with all that there are in the process. */
static void time_all(const struct opts *opts, bool is_sealing, struct table *out)
{
    for (unsigned round = 0; round < opts->rounds; round++) {
        for (unsigned s = 0; s < SIZES; s++) {
            for (unsigned m = 0; m < MAKERS; m++) {
                struct rig *rig = rig_make(opts, (enum maker)m, sizes[s], is_sealing);
                time_round(rig, is_sealing, WARM_NS);
                out->ns[s][m][round] = time_round(rig, is_sealing, opts->round_ms * 1000000ULL);
                rig_free(rig);
            }
        }
    }
}

/* Median of the rounds' ratios: of two rounds side by side, not of two medians. */
static double ratio(const double *over, const double *under, unsigned rounds)
{
    double values[ROUNDS_MAX];
    for (unsigned i = 0; i < rounds; i++)
        values[i] = over[i] / under[i];
    return median_of(values, rounds);
}

static void print_table(const struct opts *opts, bool is_sealing, const struct table *table)
{
    for (unsigned s = 0; s < SIZES; s++) {
        printf("%-6s %11u ", is_sealing ? "seal" : "unseal", sizes[s]);
        for (unsigned m = 0; m < MAKERS; m++) {
            double sorted[ROUNDS_MAX];
            memcpy(sorted, table->ns[s][m], sizeof(sorted));
            double median = median_of(sorted, opts->rounds);
            printf("  %7.0f %6.0f..%-6.0f", median, sorted[0], sorted[opts->rounds - 1]);
        }
        printf("  %7.2f\n", ratio(table->ns[s][OWN], table->ns[s][EVP], opts->rounds));
    }
    printf("       %u to %u   ", sizes[SIZES - 1], sizes[SIZES - 2]);
    for (unsigned m = 0; m < MAKERS; m++)
        printf("  %7.2f %14s", ratio(table->ns[SIZES - 1][m], table->ns[SIZES - 2][m], opts->rounds), "");
    printf("\n");
}

/* Heap bytes of a connection's seal, both directions, when each stream of either had its first packet. */
static size_t heap_of(const struct opts *opts, enum maker maker, bool has_streams)
{
    enum { COUNT = 50 };
    struct seal *seals[COUNT], *peer[COUNT];
    uint8_t keys[SEAL_KEYS_MAX], packet[SLOT];
    rand_bytes(keys, sizeof(keys));
    for (unsigned i = 0; i < COUNT; i++)
        peer[i] = seal_make(opts, OWN, keys, true);
    struct rig rig = {.opts = opts};
    size_t before = mallinfo2().uordblks, other = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        seals[i] = seal_make(opts, maker, keys, false);
        for (rig.number = 0; has_streams && rig.number < opts->streams; rig.number++) {
            size_t len = opts->bytes, mark = mallinfo2().uordblks;
            set_header(&rig, packet);
            if (seal_rtp(peer[i], packet, &len, SLOT) != ERR_OK)
                abort();
            other += mallinfo2().uordblks - mark;
            if (unseal_rtp(seals[i], packet, &len) != ERR_OK || seal_rtp(seals[i], packet, &len, SLOT) != ERR_OK)
                abort();
        }
    }
    size_t used = mallinfo2().uordblks - before - other;
    for (unsigned i = 0; i < COUNT; i++) {
        seal_free(seals[i]);
        seal_free(peer[i]);
    }
    return used / COUNT;
}

static void print_heap(const struct opts *opts)
{
    for (unsigned m = OWN; m <= LIBSRTP; m++)
        printf("memory, %s: %zu bytes a connection, %zu with %u streams each way\n", maker_names[m],
               heap_of(opts, (enum maker)m, false), heap_of(opts, (enum maker)m, true), opts->streams);
}

static int usage(void)
{
    fputs("usage: seal-bench [options]\n"
          "  --suite 128|256      AEAD_AES_128_GCM (default) or AEAD_AES_256_GCM\n"
          "  --bytes N            of an RTP packet in the clear, 12..1500 (default 1200)\n"
          "  --streams N          SSRCs of each connection, 1..16 (default 2)\n"
          "  --rounds N           1..101 (default 25)\n"
          "  --round-ms N         CPU of a round (default 10)\n",
          stderr);
    return 2;
}

static bool parse(int argc, char **argv, struct opts *out)
{
    static const struct option known[] = {{"suite", 1, NULL, 's'},    {"bytes", 1, NULL, 'b'},
                                          {"streams", 1, NULL, 'n'},  {"rounds", 1, NULL, 'r'},
                                          {"round-ms", 1, NULL, 'm'}, {NULL, 0, NULL, 0}};
    *out = (struct opts){.suite = SEAL_AEAD_AES_128_GCM, .bytes = 1200, .streams = 2, .rounds = 25, .round_ms = 10};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        unsigned value = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;
        if (c == 's' && (value == 128 || value == 256))
            out->suite = value == 128 ? SEAL_AEAD_AES_128_GCM : SEAL_AEAD_AES_256_GCM;
        else if (c == 'b' && value >= HEADER && value <= BYTES_MAX)
            out->bytes = value;
        else if (c == 'n' && value >= 1 && value <= STREAMS_MAX)
            out->streams = value;
        else if (c == 'r' && value >= 1 && value <= ROUNDS_MAX)
            out->rounds = value;
        else if (c == 'm' && value >= 1 && value <= 10000)
            out->round_ms = value;
        else
            return false;
    }
    return optind == argc;
}

int main(int argc, char **argv)
{
    struct opts opts;
    struct table *table = mem_calloc(1, sizeof(*table));
    if (!parse(argc, argv, &opts))
        return usage();
    if (rtc_global_init() != ERR_OK)
        return 1;
    printf("%s, %u bytes, %u streams a connection; CPU ns of a packet: median and range of %u rounds\n",
           seal_suite_name(opts.suite), opts.bytes, opts.streams, opts.rounds);
    printf("       connections ");
    for (unsigned m = 0; m < MAKERS; m++)
        printf("  %7s %14s", maker_names[m], "");
    printf("  own/EVP\n");
    for (unsigned is_sealing = 2; is_sealing-- > 0;) {
        time_all(&opts, is_sealing, table);
        print_table(&opts, is_sealing, table);
    }
    free(table);
    print_heap(&opts);
    rtc_global_free();
    return 0;
}
