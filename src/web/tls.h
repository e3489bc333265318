/* The certificate of the TLS listener: the operator's, else one that we make ourselves under data.dir. Main thread. */
#ifndef ICHAT_WEB_TLS_H
#define ICHAT_WEB_TLS_H

#include "base/conf.h"
#include "base/err.h"

/* Paths of PEM files, malloc'd. An own certificate is EC P-256, good for localhost and the addresses of the interfaces,
 * valid for TLS_DAYS; it is made anew when it is missing, about to expire, or an address came that is not in it. */
#define TLS_DAYS 397 /* the longest that browsers take from anyone (825 for self-made ones) */
MUST_CHECK enum err tls_prepare(const struct conf *conf, char **cert_path, char **key_path);

#endif
