/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/sha256.h"

#include <errno.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

const char *sha256_format(const unsigned char hash[static SHA256_SIZE],
                          char buffer[static SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_SIZE; i++) {
        buffer[2 * i] = digits[hash[i] >> 4];
        buffer[2 * i + 1] = digits[hash[i] & 0xf];
    }
    buffer[2 * SHA256_SIZE] = '\0';
    return buffer;
}

/* What hashing takes, made once: to look an algorithm up costs more than the hash of a short text.
 */
static struct {
    EVP_MD *sha256;
    EVP_MAC_CTX *hmac; /* HMAC-SHA256 */
} openssl;

static int openssl_load(void)
{
    const OSSL_PARAM digest[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac;

    if (openssl.hmac)
        return 0;
    if (!openssl.sha256)
        openssl.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (openssl.sha256 && mac)
        openssl.hmac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac); /* the context keeps a reference */
    if (openssl.hmac && EVP_MAC_CTX_set_params(openssl.hmac, digest) != 1) {
        EVP_MAC_CTX_free(openssl.hmac);
        openssl.hmac = NULL;
    }
    return openssl.hmac ? 0 : -EIO;
}

int sha256_hex(const void *data, size_t size, char ret[static SHA256_HEX_SIZE])
{
    unsigned char hash[SHA256_SIZE];
    int r;

    r = openssl_load();
    if (r < 0)
        return r;
    if (EVP_Digest(size > 0 ? data : "", size, hash, NULL, openssl.sha256, NULL) != 1)
        return -EIO;
    sha256_format(hash, ret);
    return 0;
}

bool sha256_hmac(const void *key, size_t key_size, const char *data, size_t size,
                 unsigned char ret[static SHA256_SIZE])
{
    return openssl_load() == 0 && EVP_MAC_init(openssl.hmac, key, key_size, NULL) == 1 &&
           EVP_MAC_update(openssl.hmac, (const unsigned char *)data, size) == 1 &&
           EVP_MAC_final(openssl.hmac, ret, NULL, SHA256_SIZE) == 1;
}

int sha256_load(void)
{
    unsigned char code[SHA256_SIZE];
    char hash[SHA256_HEX_SIZE];
    int r;

    /* OpenSSL makes this once, and what needs it afterwards does not look whether it is there. */
    if (!OSSL_LIB_CTX_get0_global_default())
        return -ENOMEM;
    r = sha256_hex("", 0, hash);
    return r < 0 || sha256_hmac(hash, sizeof(hash), "", 0, code) ? r : -EIO;
}
