/* What the process and one media thread share among transports. See context.h and transport.h. */
#include "rtc/context.h"

#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "rtc/ossl.h"
#include "rtc/transport.h"

enum err rtc_global_init(void)
{
    if (!OPENSSL_init_ssl(0, NULL))
        return ERR_IO;
    srtp_err_status_t status = srtp_init();
    if (status != srtp_err_status_ok) {
        log_error("libsrtp cannot be initialised: status=%d", (int)status);
        return ERR_IO;
    }
    return ERR_OK;
}

void rtc_global_free(void)
{
    (void)srtp_shutdown();
}

enum err rtc_context_create_with(const struct rtc_identity *identity, const char *suites, struct rtc_context **out)
{
    struct rtc_context *context = mem_calloc(1, sizeof(*context));
    enum err err = dtls_ctx_create(identity, suites, &context->dtls);
    if (err == ERR_OK)
        err = ice_stun_create(&context->stun);
    if (err != ERR_OK) {
        rtc_context_free(context);
        return err;
    }
    *out = context;
    return ERR_OK;
}

enum err rtc_context_create(const struct rtc_identity *identity, struct rtc_context **out)
{
    return rtc_context_create_with(identity, DTLS_SUITES, out);
}

void rtc_context_set_sealer(struct rtc_context *context, const char *name)
{
    if (strcmp(name, "libsrtp") == 0)
        context->maker = SEAL_BY_SRTP2;
    else if (strcmp(name, "openssl") == 0)
        context->maker = SEAL_BY_OPENSSL;
}

void rtc_context_free(struct rtc_context *context)
{
    if (!context)
        return;
    ice_stun_free(context->stun);
    dtls_ctx_free(context->dtls);
    free(context);
}
