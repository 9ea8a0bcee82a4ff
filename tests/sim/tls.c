/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/tls.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "common/explain.h"

typedef struct Observer {
    void (*handshake_done)(void *userdata);
    void *userdata;
} Observer;

/* OpenSSL keeps a callback but no data for it: that goes into a slot of the context, freed with it.
 */
static void free_observer(void *parent, void *observer, CRYPTO_EX_DATA *data, int index, long argl,
                          void *argp)
{
    (void)parent, (void)data, (void)index, (void)argl, (void)argp;
    free(observer);
}

static int observer_index(void)
{
    static int index = -1;

    if (index < 0)
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_observer);
    return index;
}

static void info(const SSL *ssl, int where, int value)
{
    const Observer *observer;

    (void)value;
    if (!(where & SSL_CB_HANDSHAKE_DONE))
        return;
    observer = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), observer_index());
    observer->handshake_done(observer->userdata);
}

static int explain_failure(char **ret_error, const char *what, const char *path)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return explain(ret_error, -EINVAL, "%s %s: %s", what, path, reason ? reason : "unknown error");
}

int tls_context_new(const char *certificate, const char *key,
                    void (*handshake_done)(void *userdata), void *userdata, SSL_CTX **ret,
                    char **ret_error)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    Observer *observer = malloc(sizeof(*observer));
    int r = 0;

    if (!context || !observer || !SSL_CTX_set_ex_data(context, observer_index(), observer)) {
        free(observer);
        SSL_CTX_free(context);
        return -ENOMEM;
    }
    *observer = (Observer){handshake_done, userdata};
    SSL_CTX_set_info_callback(context, info);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        r = explain_failure(ret_error, "cannot use the certificate", certificate);
    else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        r = explain_failure(ret_error, "cannot use the key", key);
    if (r < 0) {
        SSL_CTX_free(context);
        return r;
    }
    *ret = context;
    return 0;
}

void tls_context_free(SSL_CTX *context)
{
    SSL_CTX_free(context);
}
