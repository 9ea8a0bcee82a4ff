/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/http/no-proxy.h: which hosts a list excepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/http/no-proxy.h"

typedef struct Sample {
    const char *list, *host, *port; /* port: NULL is 443 */
} Sample;

static void assert_samples(const Sample *samples, size_t n, bool expected)
{
    for (size_t i = 0; i < n; i++)
        if (no_proxy_excepts(samples[i].list, samples[i].host,
                             samples[i].port ? samples[i].port : "443") != expected)
            fail_msg("\"%s\" %s %s", samples[i].list, expected ? "lacks" : "excepts",
                     samples[i].host);
}
#define ASSERT_SAMPLES(samples, expected)                                                          \
    assert_samples(samples, sizeof(samples) / sizeof(*(samples)), expected)

static void test_lists(void **state)
{
    static const Sample in[] = {
        {"*", "example.com"},
        {"*", "[::1]"},
        {"a.example *", "b.example"},
        {"a,b", "a"},
        {"a,b", "b"},
        {"a, b", "b"},
        {" \ta \t,,\n b\r\n ", "b"},
        {"a b\tc\nd,e", "c"},
        {"a b\tc\nd,e", "d"},
        {"::1,10.0.0.1,a", "a"},
        {"a,10.0.0.1", "10.0.0.1"},
        {"[bad,a", "a"},
    };
    static const Sample out[] = {
        {"", "a"},   {" , ", "a"},      {"a,b", "c"},  {"a,b", "a,b"}, {"ab", "a"},
        {"a", "ab"}, {"**", "a"},       {"*a", "a"},   {".", "a"},     {"..", "a.b"},
        {"*.", "a"}, {"http://a", "a"}, {"[bad", "a"}, {"[", "[::1]"}, {"a", ""},
    };

    (void)state;
    ASSERT_SAMPLES(in, true);
    ASSERT_SAMPLES(out, false);
}

static void test_names(void **state)
{
    static const Sample in[] = {
        {"example.com", "example.com"},     {"example.com", "a.b.example.com"},
        {".example.com", "a.example.com"},  {".example.com", "example.com"},
        {"Example.COM", "A.eXample.com"},   {"example.com.", "a.example.com"},
        {"example.com", "a.example.com."},  {".example.com.", "example.com."},
        {"localhost", "lake.localhost"},    {"com", "example.com"},
        {"127.0.0.1.nip", "127.0.0.1.nip"}, {"*.example.com", "a.example.com"},
        {"*.example.com", "example.com"},   {"*.example.com.", "a.b.Example.com"},
    };
    static const Sample out[] = {
        {"example.com", "anexample.com"},
        {"a.example.com", "example.com"},
        {"example", "example.com"},
        {"ocalhost", "localhost"},
        {"example.com..", "example.com"},
        {"..example.com", "example.com"},
        {"10.0.0.0/8", "example.com"},
        {"0.0.0.0/0", "localhost"},
        {"*.example.com", "anexample.com"},
        {"*example.com", "anexample.com"},
        {"a.*.com", "a.b.com"},
        {"**.example.com", "a.example.com"},
        {"*..example.com", "a.example.com"},
    };

    (void)state;
    ASSERT_SAMPLES(in, true);
    ASSERT_SAMPLES(out, false);
}

static void test_addresses(void **state)
{
    static const Sample in[] = {
        {"127.0.0.1", "127.0.0.1"},
        {"127.0.0.1", "127.0.0.1."},
        {"::1", "::1"},
        {"::1", "[::1]"},
        {"[::1]", "[::1]"},
        {"[::1]", "::1"},
        {"0:0:0:0:0:0:0:1", "[::1]"},
        {"FD00:EC2::17", "fd00:ec2:0:0:0:0:0:17"},
        {"::ffff:1.2.3.4", "[::ffff:102:304]"},
    };
    static const Sample out[] = {
        {"127.0.0.1", "127.0.0.2"},
        {"127.0.0.1", "127.0.0.10"},
        {"0.0.1", "127.0.0.1"},
        {".1", "127.0.0.1"},
        {"::1", "::2"},
        {"::1", "127.0.0.1"},
        {"1.2.3.4", "::1.2.3.4"},
        {"[::1", "::1"},
        {"::1]", "::1"},
        {"::1:443", "::1"},
        {"*.1", "127.0.0.1"},
    };

    (void)state;
    ASSERT_SAMPLES(in, true);
    ASSERT_SAMPLES(out, false);
}

static void test_networks(void **state)
{
    static const Sample in[] = {
        {"10.0.0.0/8", "10.255.255.255"},
        {"10.1.2.3/8", "10.9.9.9"},
        {"127.0.0.0/9", "127.127.255.255"},
        {"126.0.0.0/7", "127.0.0.1"},
        {"127.0.0.1/32", "127.0.0.1"},
        {"127.0.0.0/31", "127.0.0.1"},
        {"0.0.0.0/0", "192.0.2.1"},
        {"192.0.2.0/024", "192.0.2.9"},
        {"::1/128", "[::1]"},
        {"::/0", "2001:db8::1"},
        {"0::/16", "::1"},
        {"::/64", "::1"},
        {"fe80::/10,::1/128", "[::1]"},
        {"2001:db8::/33", "2001:db8:7fff::"},
        {"[2001:db8::]/32", "[2001:DB8::1]"},
        {"x,10.0.0.0/8", "10.0.0.1"},
    };
    static const Sample out[] = {
        {"10.0.0.0/8", "11.0.0.0"},
        {"127.0.0.0/9", "127.128.0.0"},
        {"127.0.0.2/32", "127.0.0.1"},
        {"127.0.0.2/31", "127.0.0.1"},
        {"0.0.0.0/0", "::1"},
        {"::/0", "127.0.0.1"},
        {"2001:db8::/33", "2001:db8:8000::"},
        {"::2/127", "::1"},
        {"127.0.0.1/", "127.0.0.1"},
        {"127.0.0.1/33", "127.0.0.1"},
        {"::1/129", "::1"},
        {"127.0.0.1/x", "127.0.0.1"},
        {"127.0.0.1/-1", "127.0.0.1"},
        {"127.0.0.1/ 8", "127.0.0.1"},
        {"127.0.0.1/8/8", "127.0.0.1"},
        {"/8", "127.0.0.1"},
        {"127/8", "127.0.0.1"},
        {"127.0.0.1/4294967304", "127.0.0.1"},
        {"[::1/128]", "::1"},
    };

    (void)state;
    ASSERT_SAMPLES(in, true);
    ASSERT_SAMPLES(out, false);
}

static void test_ports(void **state)
{
    static const Sample in[] = {
        {"a:443", "a", NULL},
        {"a:8443", "a", "8443"},
        {"a:0443", "a", NULL},
        {".example.com:443", "a.example.com", NULL},
        {"*.example.com:443", "a.example.com", NULL},
        {"*:443", "a", NULL},
        {"b:1 a:443", "a", NULL},
        {"127.0.0.1:443", "127.0.0.1", NULL},
        {"10.0.0.0/8:443", "10.1.2.3", NULL},
        {"[::1]:443", "[::1]", NULL},
        {"[2001:db8::]/32:443", "2001:db8::1", NULL},
        {"2001:db8::/32:443", "2001:db8::1", NULL},
        {"a", "a", "8443"},
    };
    static const Sample out[] = {
        {"a:443", "a", "8443"},
        {"a:44", "a", NULL},
        {"a:4430", "a", NULL},
        {"*:443", "a", "80"},
        {"127.0.0.1:443", "127.0.0.1", "8443"},
        {"10.0.0.0/8:443", "10.1.2.3", "8443"},
        {"[::1]:443", "::1", "8443"},
        {"a:", "a", NULL},
        {"a:x", "a", NULL},
        {"a:443x", "a", NULL},
        {"a:443:443", "a", NULL},
        {":443", "a", NULL},
        {"10.0.0.0/8:", "10.1.2.3", NULL},
    };

    (void)state;
    ASSERT_SAMPLES(in, true);
    ASSERT_SAMPLES(out, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_networks),
        cmocka_unit_test(test_ports),
    };

    return cmocka_run_group_tests_name("no-proxy", tests, NULL, NULL);
}
