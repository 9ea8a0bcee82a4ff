/* SPDX-License-Identifier: Apache-2.0 */
/* What a call costs without a daemon around it: libcurl's multi interface and nothing else, one
 * POST after the other over a connection that is kept.
 *
 *     bare-curl URL CA-BUNDLE BODY WARM-UPS CALLS [HEADER]...
 *
 * Prints the CPU time of a call in nanoseconds. Any answer but a 200 ends it with exit status 1. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <curl/curl.h>

static size_t drop(char *data, size_t one, size_t size, void *userdata)
{
    (void)data;
    (void)userdata;
    return one * size;
}

static uint64_t cpu_nsec(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void call(CURLM *multi, CURL *easy)
{
    int running = 1, left;
    long status = 0;
    CURLMsg *message;

    curl_multi_add_handle(multi, easy);
    while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0)
        curl_multi_poll(multi, NULL, 0, 1000, NULL);
    message = curl_multi_info_read(multi, &left);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (!message || message->data.result != CURLE_OK || status != 200) {
        fprintf(stderr, "bare-curl: %s, status %ld\n",
                message ? curl_easy_strerror(message->data.result) : "no answer", status);
        exit(1);
    }
    curl_multi_remove_handle(multi, easy);
}

int main(int argc, char **argv)
{
    CURLM *multi = curl_multi_init();
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = NULL;
    unsigned long warm_ups, calls;
    uint64_t before;

    if (argc < 6 || !multi || !easy)
        return 1;
    warm_ups = strtoul(argv[4], NULL, 10);
    calls = strtoul(argv[5], NULL, 10);
    for (int i = 6; i < argc; i++)
        headers = curl_slist_append(headers, argv[i]);
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, argv[3]);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);

    for (unsigned long i = 0; i < warm_ups; i++)
        call(multi, easy);
    before = cpu_nsec();
    for (unsigned long i = 0; i < calls; i++)
        call(multi, easy);
    printf("%.0f\n", (double)(cpu_nsec() - before) / (double)calls);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    return 0;
}
