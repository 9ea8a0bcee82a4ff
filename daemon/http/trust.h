/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of the CA bundles that requests name, as stores of OpenSSL.
 *
 * libcurl would open a bundle by its name at each handshake, in the loop: on a network mount whose
 * server is gone it would hang there, and parsing the bundle again each time takes milliseconds for
 * each hundred of certificates. Here it is read through base/file.h, at most once a second, and all
 * connections share what was made of it. (CURLOPT_CAINFO_BLOB is parsed for each connection, and is
 * not in libcurl 7.76.) */
#pragma once

#include <curl/curl.h>
#include <openssl/x509.h>

#include "common/memory.h"

typedef struct Trust Trust;

int trust_new(Trust **ret);    /* 0 or -ENOMEM */
void trust_free(Trust *trust); /* takes NULL */
DEFINE_CLEANUP(Trust, trust_free)

/* The certificates in this file, a reference for the caller; X509_STORE_free() it. 0, or -errno and
 * an owned sentence that names the file: as file_read_regular(), and -EBADMSG where there is no
 * certificate in it. -ENOMEM. A file whose file system does not answer counts as it was last
 * read. */
int trust_get(Trust *trust, const char *path, X509_STORE **ret, char **ret_error);

/* Lets the handle trust these certificates alone: *trusted as it is when a connection begins. It is
 * borrowed, and has to be there then; path is whence they come. */
CURLcode trust_setup(CURL *easy, const char *path, X509_STORE **trusted);
