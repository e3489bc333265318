/* What forwarding must cost at the least on this machine at this moment: to seal each packet and to hand batches to the
 * kernel, for as many receivers and of the same size as in the run before. Main thread, with one more that empties the
 * receivers' socket on another core in between, as the generator does.
 *
 * That floor runs hot: batch after batch out of warm caches. A server of evenly sent packets sleeps between two of
 * them, and what it and the kernel need leaves the caches meanwhile, or the host takes the core away. `paced` is the
 * same work in the run's own rhythm: a batch to all receivers, a sleep until the next is due, the receivers' socket
 * read as it fills. The gap between the two belongs to the machine, that between `paced` and the server to the server.
 */
#ifndef ICHAT_BENCH_FLOOR_H
#define ICHAT_BENCH_FLOOR_H

#include <stdint.h>

#include "base/err.h"
#include "bench/opts.h"

struct floor_setup {
    const char *server_ip; /* sent from */
    uint32_t base_ip;      /* sent to, one address a receiver */
    unsigned receivers;
    unsigned bytes;      /* of an RTP packet before it is sealed */
    const char *suite;   /* as transport_suite() says */
    unsigned run;        /* packets to one receiver in a row, for the figure with GSO */
    const double *rates; /* batches a second, for `paced` */
    unsigned rate_count;
};

/* CPU of one packet in ns, medians of short rounds. */
struct floor_figures {
    double seal;                  /* rtc/seal, a context for each receiver */
    double seal_evp;              /* OpenSSL's EVP, AES-128-GCM, as reference */
    double send;                  /* sendmmsg, one packet a message */
    double send_gso;              /* sendmmsg, a message carries a run */
    double paced[OPTS_RATES_MAX]; /* seal and send at each of the rates; 0 not measured */
};

MUST_CHECK enum err floor_measure(const struct floor_setup *setup, struct floor_figures *out);

#endif
