/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/no-proxy.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SEPARATORS ", \t\r\n"

/* A piece of a text. */
typedef struct Span {
    const char *text;
    size_t length;
} Span;

typedef struct Address {
    uint8_t bytes[sizeof(struct in6_addr)];
    unsigned n_bits; /* 32 or 128 */
} Address;

static bool parse_address(Span span, Address *ret)
{
    char text[INET6_ADDRSTRLEN];

    if (span.length >= 2 && span.text[0] == '[' && span.text[span.length - 1] == ']')
        span = (Span){span.text + 1, span.length - 2};
    if (span.length >= sizeof(text))
        return false;
    snprintf(text, sizeof(text), "%.*s", (int)span.length, span.text);
    ret->n_bits = strchr(text, ':') ? 128 : 32;
    return inet_pton(ret->n_bits == 32 ? AF_INET : AF_INET6, text, ret->bytes) == 1;
}

static bool is_number(Span span)
{
    size_t digits = 0;

    while (digits < span.length && span.text[digits] >= '0' && span.text[digits] <= '9')
        digits++;
    return digits > 0 && digits == span.length;
}

/* The number behind the slash of a network. */
static bool parse_prefix(Span span, unsigned max, unsigned *ret)
{
    unsigned bits = 0;

    if (!is_number(span) || span.length > 3)
        return false;
    for (size_t i = 0; i < span.length; i++)
        bits = bits * 10 + (unsigned)(span.text[i] - '0');
    if (bits > max)
        return false;
    *ret = bits;
    return true;
}

static bool begin_alike(const Address *one, const Address *other, unsigned n_bits)
{
    unsigned whole = n_bits / 8, rest = n_bits % 8;

    return memcmp(one->bytes, other->bytes, whole) == 0 &&
           (rest == 0 || (one->bytes[whole] ^ other->bytes[whole]) >> (8 - rest) == 0);
}

/* An address is a network of its own. */
static bool is_network_of(Span item, const Address *host)
{
    const char *slash = memchr(item.text, '/', item.length);
    Span address = {item.text, slash ? (size_t)(slash - item.text) : item.length};
    Address network;
    unsigned n_bits = host->n_bits;

    if (!parse_address(address, &network) || network.n_bits != host->n_bits)
        return false;
    if (slash) {
        Span prefix = {slash + 1, item.length - address.length - 1};

        if (!parse_prefix(prefix, network.n_bits, &n_bits))
            return false;
    }
    return begin_alike(&network, host, n_bits);
}

static Span drop_last_dot(Span name)
{
    if (name.length > 0 && name.text[name.length - 1] == '.')
        name.length--;
    return name;
}

static bool is_domain_of(Span item, Span host)
{
    const char *end;

    if (item.length > 1 && item.text[0] == '*' && item.text[1] == '.')
        item = (Span){item.text + 1, item.length - 1};
    if (item.length > 0 && item.text[0] == '.')
        item = (Span){item.text + 1, item.length - 1};
    item = drop_last_dot(item);
    if (item.length == 0 || item.length > host.length)
        return false;
    end = host.text + host.length - item.length;
    return strncasecmp(end, item.text, item.length) == 0 && (end == host.text || end[-1] == '.');
}

/* Takes ":PORT" off the end of an item. Where more than one colon is left behind brackets and slash
 * it is an address of IPv6. *ret_port has no length where there is none. */
static Span take_port(Span item, Span *ret_port)
{
    size_t from = item.length, colon;

    while (from > 0 && item.text[from - 1] != ']' && item.text[from - 1] != '/')
        from--;
    colon = from;
    while (colon < item.length && item.text[colon] != ':')
        colon++;
    *ret_port = (Span){item.text + item.length, 0};
    if (colon == item.length || !is_number((Span){item.text + colon + 1, item.length - colon - 1}))
        return item;
    *ret_port = (Span){item.text + colon + 1, item.length - colon - 1};
    return (Span){item.text, colon};
}

static bool is_same_port(Span item, const char *port)
{
    while (item.length > 1 && *item.text == '0')
        item = (Span){item.text + 1, item.length - 1};
    return item.length == strlen(port) && memcmp(item.text, port, item.length) == 0;
}

bool no_proxy_excepts(const char *list, const char *host, const char *port)
{
    const Span name = drop_last_dot((Span){host, strlen(host)});
    Address address;
    bool is_address = parse_address(name, &address);

    for (list += strspn(list, SEPARATORS); *list; list += strspn(list, SEPARATORS)) {
        const Span whole = {list, strcspn(list, SEPARATORS)};
        Span item_port, item = take_port(whole, &item_port);

        if ((item_port.length == 0 || is_same_port(item_port, port)) &&
            ((item.length == 1 && *item.text == '*') ||
             (is_address ? is_network_of(item, &address) : is_domain_of(item, name))))
            return true;
        list += whole.length;
    }
    return false;
}
