/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/trust.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "common/explain.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/base/file.h"

#define READ_AGAIN_USEC USEC_PER_SEC
#define FORGET_USEC USEC_PER_HOUR /* a bundle that nothing names any more */

typedef struct Bundle {
    SLIST_ENTRY(Bundle) entry;
    char *path;
    char *text; /* that the store was made of; NULL: it could not be read yet */
    X509_STORE *store;
    uint64_t read_usec; /* CLOCK_BOOTTIME */
} Bundle;

struct Trust {
    SLIST_HEAD(Bundles, Bundle) bundles;
};

static void bundle_free(Bundle *bundle)
{
    free(bundle->path);
    free(bundle->text);
    X509_STORE_free(bundle->store);
    free(bundle);
}

int trust_new(Trust **ret)
{
    Trust *trust = calloc(1, sizeof(*trust));

    if (!trust)
        return -ENOMEM;
    *ret = trust;
    return 0;
}

static void trust_remove(Trust *trust, Bundle *bundle)
{
    SLIST_REMOVE(&trust->bundles, bundle, Bundle, entry);
    bundle_free(bundle);
}

void trust_free(Trust *trust)
{
    if (!trust)
        return;
    while (!SLIST_EMPTY(&trust->bundles))
        trust_remove(trust, SLIST_FIRST(&trust->bundles));
    free(trust);
}

/* ---- certificates ---- */

static unsigned add_all(X509_STORE *store, const STACK_OF(X509_INFO) * items)
{
    unsigned n = 0;

    for (int i = 0; i < sk_X509_INFO_num(items); i++) {
        const X509_INFO *item = sk_X509_INFO_value(items, i);

        if (item->x509 && X509_STORE_add_cert(store, item->x509))
            n++;
        if (item->crl)
            (void)X509_STORE_add_crl(store, item->crl);
    }
    return n;
}

/* NULL: no certificate, or no memory. As libcurl has it, what is trusted need not be a root. */
static X509_STORE *parse(const char *text)
{
    BIO *file = BIO_new_mem_buf(text, -1);
    STACK_OF(X509_INFO) *items = file ? PEM_X509_INFO_read_bio(file, NULL, NULL, NULL) : NULL;
    X509_STORE *store = items ? X509_STORE_new() : NULL;

    if (store &&
        (add_all(store, items) == 0 ||
         !X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN))) {
        X509_STORE_free(store);
        store = NULL;
    }
    sk_X509_INFO_pop_free(items, X509_INFO_free);
    BIO_free(file);
    ERR_clear_error();
    return store;
}

/* ---- bundles ---- */

static int bundle_read(Bundle *bundle, char **ret_error)
{
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *error = NULL;
    X509_STORE *store;
    int r = file_read_regular(bundle->path, &text, &error);

    if ((r == -ETIMEDOUT || r == -EBUSY) && bundle->store)
        return 0;
    if (r < 0) {
        *ret_error = TAKE(error);
        return r;
    }
    if (bundle->text && strcmp(bundle->text, text) == 0)
        return 0;
    store = parse(text);
    if (!store)
        return explain(ret_error, -EBADMSG,
                       "%s: holds no certificate; it is to be a file of certificates in PEM "
                       "(-----BEGIN CERTIFICATE-----)",
                       bundle->path);
    X509_STORE_free(bundle->store);
    free(bundle->text);
    bundle->store = store;
    bundle->text = TAKE(text);
    return 0;
}

static Bundle *trust_find(Trust *trust, const char *path, uint64_t now_usec)
{
    Bundle *bundle, *next, *found = NULL;

    for (bundle = SLIST_FIRST(&trust->bundles); bundle; bundle = next) {
        next = SLIST_NEXT(bundle, entry);
        if (strcmp(bundle->path, path) == 0)
            found = bundle;
        else if (time_since(bundle->read_usec, now_usec) > FORGET_USEC)
            trust_remove(trust, bundle);
    }
    return found;
}

static int trust_add(Trust *trust, const char *path, Bundle **ret)
{
    Bundle *bundle = calloc(1, sizeof(*bundle));

    if (!bundle || string_copy(path, &bundle->path) < 0) {
        free(bundle);
        return -ENOMEM;
    }
    SLIST_INSERT_HEAD(&trust->bundles, bundle, entry);
    *ret = bundle;
    return 0;
}

int trust_get(Trust *trust, const char *path, X509_STORE **ret, char **ret_error)
{
    uint64_t now_usec = time_now_boottime();
    Bundle *bundle = trust_find(trust, path, now_usec);
    int r = bundle ? 0 : trust_add(trust, path, &bundle);

    if (r < 0)
        return r;
    if (!bundle->store || time_since(bundle->read_usec, now_usec) >= READ_AGAIN_USEC) {
        r = bundle_read(bundle, ret_error);
        if (r < 0) {
            trust_remove(trust, bundle); /* what it held is not trusted any more */
            return r;
        }
        bundle->read_usec = now_usec;
    }
    X509_STORE_up_ref(bundle->store);
    *ret = bundle->store;
    return 0;
}

/* For each connection that is to be secured. libcurl has filled the store of one to a proxy itself:
 * the bundle is not meant for it. */
static CURLcode on_tls(CURL *easy, void *context, void *userdata)
{
    X509_STORE *const *trusted = userdata;
    const X509_STORE *store = SSL_CTX_get_cert_store(context);

    (void)easy;
    assert(*trusted);
    if (sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) == 0)
        SSL_CTX_set1_cert_store(context, *trusted);
    return CURLE_OK;
}

/* The path is nothing but a name here, by which libcurl tells connections apart that trust
 * different bundles: as a directory of certificates it belongs to a store that is never used. */
CURLcode trust_setup(CURL *easy, const char *path, X509_STORE **trusted)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);

    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_CAPATH, path);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trusted) : code;
}
