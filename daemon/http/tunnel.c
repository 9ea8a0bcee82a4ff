/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/tunnel.h"

/* A byte of the answer each, and few others before there is a connection. Pages of proxies are
 * shorter, and nothing is lost with the rest of one: its status is known by then. */
#define STEPS_MAX (16U * 1024U)

static int on_progress(void *userdata, curl_off_t to_receive, curl_off_t received,
                       curl_off_t to_send, curl_off_t sent)
{
    HttpTransfer *transfer = userdata;

    (void)to_receive, (void)received, (void)to_send, (void)sent;
    if (http_transfer_is_connected(transfer))
        return 0;
    transfer->tunnel_floods = ++transfer->tunnel_steps > STEPS_MAX;
    return transfer->tunnel_floods;
}

CURLcode http_tunnel_limit(CURL *easy, HttpTransfer *transfer)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);

    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) : code;
}
