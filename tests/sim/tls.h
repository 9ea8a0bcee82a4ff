/* SPDX-License-Identifier: Apache-2.0 */
/* TLS for the server, as AWS speaks it: 1.2 or later. */
#pragma once

#include <openssl/ssl.h>

/* handshake_done comes once per connection. 0; -EINVAL and an owned sentence. */
int tls_context_new(const char *certificate, const char *key,
                    void (*handshake_done)(void *userdata), void *userdata, SSL_CTX **ret,
                    char **ret_error);
void tls_context_free(SSL_CTX *context); /* takes NULL */
