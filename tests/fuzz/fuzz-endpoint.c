/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that a configuration may name, against libcurl's own parser of URLs.
 *
 * Holds: what is taken means the same to libcurl: https, or http to this host alone; a host; no
 * user, no query, no fragment. The same for the URL of a queue, and for its endpoint. */
#include <string.h>

#include <curl/curl.h>

#include "common/memory.h"
#include "common/string.h"
#include "daemon/aws/endpoint.h"
#include "daemon/aws/queue-url.h"
#include "tests/fuzz/fuzz.h"

static bool has(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool found = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return found;
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           strncmp(host, "127.", 4) == 0;
}

static void require_endpoint(const char *text)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL;

    REQUIRE(url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK);
    REQUIRE(curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
    REQUIRE(curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && *host);
    REQUIRE(strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_loopback(host)));
    REQUIRE(!has(url, CURLUPART_USER) && !has(url, CURLUPART_PASSWORD));
    REQUIRE(!has(url, CURLUPART_QUERY) && !has(url, CURLUPART_FRAGMENT));
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
}

static void read_url(const char *text)
{
    CLEANUP(freep) char *error = NULL;

    if (aws_endpoint_validate(text, &error) == 0)
        require_endpoint(text);
    else
        fuzz_require_text(error);
}

/* The host that a queue is called at is that of its URL. */
static void read_queue_url(const char *text)
{
    CLEANUP(freep) char *error = NULL;
    CLEANUP(freep) char *endpoint = NULL;
    CLEANUP(freep) char *region = NULL;

    if (queue_url_validate(text, &error) < 0) {
        fuzz_require_text(error);
        return;
    }
    require_endpoint(text);
    REQUIRE(queue_url_get_endpoint(text, &endpoint) == 0);
    require_endpoint(endpoint);
    REQUIRE(strncmp(text, endpoint, strlen(endpoint)) == 0 && text[strlen(endpoint)] == '/');
    REQUIRE(queue_url_get_region(text, &region) == 0);
    REQUIRE(!region || (*region && !strpbrk(region, ".:/") && strlen(region) < strlen(endpoint)));
}

/* A region may become part of a host's name only where that stays AWS's. */
static void read_region(const char *text)
{
    const AwsEndpointParams params = {.region = text};
    CLEANUP(freep) char *url = NULL;
    CLEANUP(freep) char *error = NULL;

    if (aws_endpoint_resolve(AWS_SERVICE_CLOUDTRAIL, &params, &url, &error) < 0)
        return;
    require_endpoint(url);
    REQUIRE(strncmp(url, "https://cloudtrail.", strlen("https://cloudtrail.")) == 0);
    REQUIRE(!strchr(url + strlen("https://"), '/'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(freep) char *text = fuzz_take_part(&data, &size, NULL);

    read_url(text);
    read_queue_url(text);
    read_region(text);
    return 0;
}
