/* The BIO between OpenSSL and the datagrams of one connection: no buffering, so that record and flight boundaries stay
 * as OpenSSL makes them (it keeps each write within the MTU). */
#include <limits.h>
#include <string.h>

#include "rtc/dtls_priv.h"

#define LOWER_OVERHEAD 28 /* IPv4 and UDP headers; OpenSSL asks, and the value changes nothing with a fixed MTU */

static int on_write(BIO *bio, const char *data, int len)
{
    struct dtls *dtls = BIO_get_data(bio);
    if (len > 0)
        dtls->send(dtls->arg, (const uint8_t *)data, (size_t)len);
    return len;
}

static int on_read(BIO *bio, char *out, int size)
{
    struct dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (dtls->incoming.len == 0 || size <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t len = dtls->incoming.len < (size_t)size ? dtls->incoming.len : (size_t)size;
    memcpy(out, dtls->incoming.data, len);
    dtls->incoming = (struct bytes){0};
    return (int)len;
}

static long on_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio, (void)num, (void)ptr;
    switch (cmd) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return LOWER_OVERHEAD;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return DTLS_MTU;
    default:
        return 0;
    }
}

static int on_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *dtls_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram");
    if (!method)
        return NULL;
    if (BIO_meth_set_write(method, on_write) && BIO_meth_set_read(method, on_read) &&
        BIO_meth_set_ctrl(method, on_ctrl) && BIO_meth_set_create(method, on_create))
        return method;
    BIO_meth_free(method);
    return NULL;
}
