/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/http/proxy.h: which values name a proxy, and that no sentence shows any of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/http/proxy.h"

typedef struct Sample {
    const char *value, *url, *name;
} Sample;

static void test_what_names_a_proxy(void **state)
{
    static const Sample samples[] = {
        {"http://proxy:3128", "http://proxy:3128/", "proxy:3128"},
        {"proxy:3128", "http://proxy:3128/", "proxy:3128"},
        {"proxy", "http://proxy:80/", "proxy:80"},
        {"HTTPS://proxy.example.com/", "https://proxy.example.com:443/", "proxy.example.com:443"},
        {"socks5h://127.0.0.1", "socks5h://127.0.0.1:1080/", "127.0.0.1:1080"},
        {"http://[::1]:3128", "http://[::1]:3128/", "[::1]:3128"},
        {" \thttp://proxy:3128\r\n", "http://proxy:3128/", "proxy:3128"},
        {"http://user:pass@proxy:3128", "http://user:pass@proxy:3128/", "proxy:3128"},
        {"user:pass@proxy:3128", "http://user:pass@proxy:3128/", "proxy:3128"},
        {"http://user@proxy:3128", "http://user@proxy:3128/", "proxy:3128"},
        {"http://us%40er:p%23a%2fs%3Fs@proxy:1", "http://us%40er:p%23a%2Fs%3Fs@proxy:1/",
         "proxy:1"},
        {"http://user:p@ss@proxy:1", "http://user:p%40ss@proxy:1/", "proxy:1"},
        {"http://user:p:ss@proxy:1", "http://user:p%3Ass@proxy:1/", "proxy:1"},
        {"http://user:p ss@proxy:1", "http://user:p%20ss@proxy:1/", "proxy:1"},
        {"http://user:p\"'\\$s@proxy:1", "http://user:p%22%27%5C%24s@proxy:1/", "proxy:1"},
        {"http://user:100%@proxy:1", "http://user:100%25@proxy:1/", "proxy:1"},
        {"http://user:p\xc3\xa4ss@proxy:1", "http://user:p%C3%A4ss@proxy:1/", "proxy:1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(http_proxy_clear) HttpProxy proxy = {0};

        assert_int_equal(http_proxy_read(&proxy, "HTTPS_PROXY", samples[i].value), 0);
        if (proxy.fault)
            fail_msg("%s: %s", samples[i].value, proxy.fault);
        assert_string_equal(proxy.name, samples[i].name);
        if (strcasecmp(proxy.url, samples[i].url) != 0) /* %2F or %2f */
            assert_string_equal(proxy.url, samples[i].url);
        assert_int_equal(proxy.is_http, strncmp(samples[i].url, "http", 4) == 0);
    }
}

static void test_what_does_not_and_why(void **state)
{
    static const struct {
        const char *value, *why;
    } samples[] = {
        {"http://user1:p#s3cret@127.0.0.1:3128", "'#'"},
        {"http://user1:p/s3cret@127.0.0.1:3128", "'/'"},
        {"http://user1:p?s3cret@127.0.0.1:3128", "'?'"},
        {"http://user1:12#s3cret@127.0.0.1:3128", "'#'"},
        {"http://s3cret@127.0.0.1:3128/path", "\"/\""},
        {"http://user:s3cret@127.0.0.1:3128:1", "port"},
        {"http://user:s3cret@127.0.0.1:0", "port"},
        {"http://user:s3cret@127.0.0.1:65536", "port"},
        {"http://user:s3cret@127.0.0.1:x", "port"},
        {"http://user:s3cret@127.0.0.1:3128x", "port"},
        {"ftp://user:s3cret@127.0.0.1:3128", "://"},
        {"user:s3cret://127.0.0.1:3128", "://"},
        {"\"http://user:s3cret@127.0.0.1:3128\"", "quotation mark"},
        {"'http://user:s3cret@127.0.0.1:3128'", "quotation mark"},
        {"http://user:s3cret@127.0.0.1:3128'", "host"},
        {"http://user:s3cret\n@127.0.0.1:3128", "control character"},
        {"http://user:s3cret%00@127.0.0.1:3128", "%00"},
        {"http://user:s3cret@", "host"},
        {"http://", "host"},
        {"http:///", "host"},
        {"http://:3128", "host"},
        {"http://user:s3cret@127.0.0.1 :3128", "host"},
        {"http://user:s3cret@host%2Fa:3128", "host"},
        {"http://user:s3cret@[::1:3128", "host"},
        {"http://user:s3cret@[s3cret]:3128", "host"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(http_proxy_clear) HttpProxy proxy = {0};

        assert_int_equal(http_proxy_read(&proxy, "HTTPS_PROXY", samples[i].value), 0);
        if (!proxy.fault)
            fail_msg("%s is taken as %s", samples[i].value, proxy.url);
        assert_null(proxy.url);
        assert_null(proxy.name);
        assert_ptr_equal(strstr(proxy.fault, "HTTPS_PROXY is not the URL of a proxy: "),
                         proxy.fault);
        if (!strstr(proxy.fault, samples[i].why))
            fail_msg("%s: %s, without %s", samples[i].value, proxy.fault, samples[i].why);
        assert_null(strstr(proxy.fault, "s3cret"));
        assert_null(strstr(proxy.fault, "127"));
    }
}

static void test_the_environment(void **state)
{
    static const struct {
        const char *lower, *upper, *name;
    } samples[] = {
        {NULL, NULL, NULL},   {"", "", NULL},        {" \n", NULL, NULL}, {"a:1", NULL, "a:1"},
        {NULL, "b:2", "b:2"}, {"a:1", "b:2", "a:1"}, {"", "b:2", "b:2"},
    };

    (void)state;
    assert_int_equal(setenv("ALL_PROXY", "c:3", 1), 0);
    assert_int_equal(setenv("all_proxy", "c:3", 1), 0);
    assert_int_equal(setenv("http_proxy", "c:3", 1), 0);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(http_proxy_clear) HttpProxy proxy = {0};

        assert_int_equal(samples[i].lower ? setenv("https_proxy", samples[i].lower, 1)
                                          : unsetenv("https_proxy"),
                         0);
        assert_int_equal(samples[i].upper ? setenv("HTTPS_PROXY", samples[i].upper, 1)
                                          : unsetenv("HTTPS_PROXY"),
                         0);
        assert_int_equal(http_proxy_read_environment(&proxy), 0);
        assert_null(proxy.fault);
        if (samples[i].name)
            assert_string_equal(proxy.name, samples[i].name);
        else
            assert_null(proxy.name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_names_a_proxy),
        cmocka_unit_test(test_what_does_not_and_why),
        cmocka_unit_test(test_the_environment),
    };

    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
