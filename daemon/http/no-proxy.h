/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts are reached without the proxy: NO_PROXY, pure. libcurl has this too, but each version
 * reads the list in its own way: networks came with 7.86, "*.example.com" and ports never did. So
 * it is matched here, the same on every host. It can go when the oldest libcurl that is supported
 * reads all of this.
 *
 * It is a list, with commas or white space between its items:
 *
 *     *                                  every host
 *     example.com, .example.com, *.example.com
 *                                        this host and all below it
 *     192.0.2.1, 2001:db8::1, [::1]      an address, however the host's own is spelled
 *     192.0.2.0/24, 2001:db8::/32        every address of a network
 *
 * each also with ":PORT" behind it (an address of IPv6 then in brackets): at that port only. The
 * case of names does not matter, nor does a dot at their end. Names are not resolved, so a network
 * never matches a name.
 *
 * Source: curl(1), "--noproxy"; libcurl's lib/noproxy.c; golang.org/x/net/http/httpproxy, for "*."
 * and ports. */
#pragma once

#include <stdbool.h>

/* host: as in a URL, an IPv6 address with or without its brackets; port: in decimal digits. */
bool no_proxy_excepts(const char *list, const char *host, const char *port);
