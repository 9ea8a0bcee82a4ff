/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts are reached past the proxy: NO_PROXY, pure, and the same with every libcurl, of which
 * each version reads it in its own way.
 *
 * It is a list, with commas or white space between its items:
 *
 *     *                                every host
 *     example.com, .example.com        this host and all below it
 *     192.0.2.1, 2001:db8::1, [::1]    an address, however the host's own is spelled
 *     192.0.2.0/24, 2001:db8::/32      every address of a network
 *
 * The case of names does not matter, nor does a dot at their end. Names are not resolved, so those
 * of addresses are of no use.
 *
 * Source: curl(1), "--noproxy"; libcurl's lib/noproxy.c. */
#pragma once

#include <stdbool.h>

/* host: as in a URL, an IPv6 address with or without its brackets. */
bool no_proxy_excepts(const char *list, const char *host);
