/* The self-made certificate. Main thread. */
#include "web/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/addr.h"
#include "web/lws.h"

#define RENEW_DAYS 30
#define ADDRESSES_MAX 32

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool is_added = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return is_added;
}

/* "DNS:localhost,IP:127.0.0.1,..." */
static void alt_names(struct text *out)
{
    struct addr addrs[ADDRESSES_MAX];
    size_t count = addr_interfaces(addrs, ADDRESSES_MAX);
    text_add(out, "DNS:localhost,IP:127.0.0.1,IP:::1");
    for (size_t i = 0; i < count; i++) {
        char ip[ADDR_TEXT_MAX];
        addr_ip_text(&addrs[i], ip);
        if (!addr_is_loopback(&addrs[i]))
            text_addf(out, ",IP:%s", ip);
    }
}

static X509 *make_cert(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    BIGNUM *serial = BN_new();
    struct text names = {0};
    alt_names(&names);
    /* RFC 5280 section 4.1.2.2: positive, at most 20 octets */
    bool is_made = cert && serial && BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
                   BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) && X509_set_version(cert, X509_VERSION_3) &&
                   X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
                   X509_gmtime_adj(X509_getm_notAfter(cert), (long)TLS_DAYS * 86400 - 3600) &&
                   X509_set_pubkey(cert, key);
    X509_NAME *name = is_made ? X509_get_subject_name(cert) : NULL;
    is_made = name && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"ichat", -1, -1, 0) &&
              X509_set_issuer_name(cert, name) && add_extension(cert, NID_subject_alt_name, names.data) &&
              add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
              add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
              add_extension(cert, NID_ext_key_usage, "serverAuth") && X509_sign(cert, key, EVP_sha256());
    BN_free(serial);
    text_free(&names);
    if (is_made)
        return cert;
    X509_free(cert);
    return NULL;
}

/* Writes what `print` prints to a new file beside the path, then puts it there. Readable by the owner alone. */
static enum err write_pem(const char *path, int (*print)(FILE *file, void *object), void *object)
{
    char temporary[1024];
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    (void)unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    bool is_written = file && print(file, object);
    if (file && fclose(file))
        is_written = false;
    if (is_written && !rename(temporary, path))
        return ERR_OK;
    log_error("The TLS certificate cannot be written: path=%s error=%s", path, strerror(errno));
    return ERR_IO;
}

static int print_cert(FILE *file, void *cert)
{
    return PEM_write_X509(file, cert);
}

static int print_key(FILE *file, void *key)
{
    return PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
}

static enum err make_pair(const char *cert_path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key ? make_cert(key) : NULL;
    enum err err = ERR_IO;
    if (!cert)
        log_error("The TLS certificate cannot be made: error=%s", ERR_error_string(ERR_get_error(), NULL));
    else if ((err = write_pem(key_path, print_key, key)) == ERR_OK)
        err = write_pem(cert_path, print_cert, cert);
    X509_free(cert);
    EVP_PKEY_free(key);
    return err;
}

static bool covers_addresses(X509 *cert)
{
    struct addr addrs[ADDRESSES_MAX];
    size_t count = addr_interfaces(addrs, ADDRESSES_MAX);
    for (size_t i = 0; i < count; i++) {
        char ip[ADDR_TEXT_MAX];
        addr_ip_text(&addrs[i], ip);
        if (X509_check_ip_asc(cert, ip, 0) != 1)
            return false;
    }
    return true;
}

static bool is_usable(const char *cert_path, const char *key_path)
{
    FILE *file = fopen(cert_path, "re");
    X509 *cert = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    file = fopen(key_path, "re");
    EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    time_t limit = time(NULL) + RENEW_DAYS * 86400L;
    bool is_right = cert && key && X509_check_private_key(cert, key) == 1 &&
                    X509_cmp_time(X509_get0_notAfter(cert), &limit) > 0 && covers_addresses(cert);
    X509_free(cert);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_right;
}

enum err tls_prepare(const struct conf *conf, char **cert_path, char **key_path)
{
    bool has_cert = conf->http.tls_cert[0] != '\0';
    bool has_key = conf->http.tls_key[0] != '\0';
    if (has_cert != has_key) {
        log_error("http.tls_cert and http.tls_key belong together, only one of them is set");
        return ERR_INVALID;
    }
    if (has_cert) {
        *cert_path = mem_strdup(conf->http.tls_cert);
        *key_path = mem_strdup(conf->http.tls_key);
        return ERR_OK;
    }
    struct text cert = {0};
    struct text key = {0};
    text_addf(&cert, "%s/tls-cert.pem", conf->data.dir);
    text_addf(&key, "%s/tls-key.pem", conf->data.dir);
    enum err err = is_usable(cert.data, key.data) ? ERR_OK : make_pair(cert.data, key.data);
    if (err == ERR_OK) {
        *cert_path = text_take(&cert);
        *key_path = text_take(&key);
    }
    text_free(&cert);
    text_free(&key);
    return err;
}
