/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/sigv4.h: each stage against the values of the SigV4 suite of aws-c-auth (v4), whose
 * inputs are AKIDEXAMPLE, us-east-1, "service" and 2015-08-30T12:36:00Z throughout. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/sigv4.h"

#define SUITE_TIME_USEC (UINT64_C(1440938160) * USEC_PER_SEC)
#define HEADERS_MAX 8U
#define LONG_TOKEN                                                                                 \
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwA"             \
    "eMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8p"             \
    "hUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT"             \
    "38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabI"             \
    "Qwj2ICCR/oLxBA=="

/* What most of the samples have. */
#define HOST                                                                                       \
    {                                                                                              \
        "Host", "example.amazonaws.com"                                                            \
    }
#define DATE                                                                                       \
    {                                                                                              \
        "X-Amz-Date", "20150830T123600Z"                                                           \
    }
#define HOST_LINE "host:example.amazonaws.com\n"
#define DATE_LINE "x-amz-date:20150830T123600Z\n"
#define NO_BODY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define CANONICAL(method, query, headers, names, hash)                                             \
    method "\n/\n" query "\n" headers "\n" names "\n" hash

/* Samples of several names have these: they differ in what came before their signing. */
#define POST_VANILLA                                                                               \
    .method = "POST", .path = "/", .headers = {HOST, DATE},                                        \
    .canonical = CANONICAL("POST", "", HOST_LINE DATE_LINE, "host;x-amz-date", NO_BODY),           \
    .canonical_hash = "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",          \
    .signed_names = "host;x-amz-date",                                                             \
    .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
#define POST_VANILLA_QUERY                                                                         \
    .method = "POST", .path = "/", .query = "Param1=value1", .headers = {HOST, DATE},              \
    .canonical =                                                                                   \
        CANONICAL("POST", "Param1=value1", HOST_LINE DATE_LINE, "host;x-amz-date", NO_BODY),       \
    .canonical_hash = "9d659678c1756bb3113e2ce898845a0a79dbbc57b740555917687f1b3340fbbd",          \
    .signed_names = "host;x-amz-date",                                                             \
    .signature = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"

static const SigV4Scope scope = {
    .region = "us-east-1",
    .service = "service",
    .realtime_usec = SUITE_TIME_USEC,
};

struct sample {
    const char *name, *method, *path, *query;
    HttpHeader headers[HEADERS_MAX]; /* up to the first without a name */
    const char *body;
    const char *canonical, *canonical_hash, *signed_names, *signature;
};

static const struct sample samples[] = {
    {
        .name = "get-header-key-duplicate",
        .method = "GET",
        .path = "/",
        .headers = {HOST,
                    {"My-Header1", "value2"},
                    {"My-Header1", "value2"},
                    {"My-Header1", "value1"},
                    DATE},
        .canonical = CANONICAL("GET", "", HOST_LINE "my-header1:value2,value2,value1\n" DATE_LINE,
                               "host;my-header1;x-amz-date", NO_BODY),
        .canonical_hash = "dc7f04a3abfde8d472b0ab1a418b741b7c67174dad1551b4117b15527fbe966c",
        .signed_names = "host;my-header1;x-amz-date",
        .signature = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    },
    {
        .name = "get-header-value-multiline",
        .method = "GET",
        .path = "/",
        .headers = {HOST, {"My-Header1", "value1\n  value2\n     value3"}, DATE},
        .canonical = CANONICAL("GET", "", HOST_LINE "my-header1:value1 value2 value3\n" DATE_LINE,
                               "host;my-header1;x-amz-date", NO_BODY),
        .canonical_hash = "e99419459a677bc11de234014be3c4e72c1ea5b454ceb58b613061f5d7a162e8",
        .signed_names = "host;my-header1;x-amz-date",
        .signature = "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
    },
    {
        .name = "get-header-value-order",
        .method = "GET",
        .path = "/",
        .headers = {HOST,
                    {"My-Header1", "value4"},
                    {"My-Header1", "value1"},
                    {"My-Header1", "value3"},
                    {"My-Header1", "value2"},
                    DATE},
        .canonical =
            CANONICAL("GET", "", HOST_LINE "my-header1:value4,value1,value3,value2\n" DATE_LINE,
                      "host;my-header1;x-amz-date", NO_BODY),
        .canonical_hash = "31ce73cd3f3d9f66977ad3dd957dc47af14df92fcd8509f59b349e9137c58b86",
        .signed_names = "host;my-header1;x-amz-date",
        .signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    },
    {
        .name = "get-header-value-trim",
        .method = "GET",
        .path = "/",
        .headers = {HOST, {"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}, DATE},
        .canonical = CANONICAL("GET", "",
                               HOST_LINE "my-header1:value1\n"
                                         "my-header2:\"a b c\"\n" DATE_LINE,
                               "host;my-header1;my-header2;x-amz-date", NO_BODY),
        .canonical_hash = "a726db9b0df21c14f559d0a978e563112acb1b9e05476f0a6a1c7d68f28605c7",
        .signed_names = "host;my-header1;my-header2;x-amz-date",
        .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    },
    {
        .name = "get-vanilla-with-session-token",
        .method = "GET",
        .path = "/",
        .headers = {HOST,
                    {"X-Amz-Security-Token",
                     "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"},
                    DATE},
        .canonical = CANONICAL("GET", "",
                               HOST_LINE DATE_LINE
                               "x-amz-security-token:"
                               "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267\n",
                               "host;x-amz-date;x-amz-security-token", NO_BODY),
        .canonical_hash = "067b36aa60031588cea4a4cde1f21215227a047690c72247f1d70b32fbbfad2b",
        .signed_names = "host;x-amz-date;x-amz-security-token",
        .signature = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    },
    {
        .name = "post-header-key-case",
        POST_VANILLA,
    },
    {
        .name = "post-header-key-sort",
        .method = "POST",
        .path = "/",
        .headers = {HOST, {"My-Header1", "value1"}, DATE},
        .canonical = CANONICAL("POST", "", HOST_LINE "my-header1:value1\n" DATE_LINE,
                               "host;my-header1;x-amz-date", NO_BODY),
        .canonical_hash = "9368318c2967cf6de74404b30c65a91e8f6253e0a8659d6d5319f1a812f87d65",
        .signed_names = "host;my-header1;x-amz-date",
        .signature = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    },
    {
        .name = "post-header-value-case",
        .method = "POST",
        .path = "/",
        .headers = {HOST, {"My-Header1", "VALUE1"}, DATE},
        .canonical = CANONICAL("POST", "", HOST_LINE "my-header1:VALUE1\n" DATE_LINE,
                               "host;my-header1;x-amz-date", NO_BODY),
        .canonical_hash = "d51ced243e649e3de6ef63afbbdcbca03131a21a7103a1583706a64618606a93",
        .signed_names = "host;my-header1;x-amz-date",
        .signature = "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    },
    {
        .name = "post-sts-header-after",
        POST_VANILLA,
    },
    {
        .name = "post-sts-header-before",
        .method = "POST",
        .path = "/",
        .headers = {HOST, {"X-Amz-Security-Token", LONG_TOKEN}, DATE},
        .canonical =
            CANONICAL("POST", "", HOST_LINE DATE_LINE "x-amz-security-token:" LONG_TOKEN "\n",
                      "host;x-amz-date;x-amz-security-token", NO_BODY),
        .canonical_hash = "c237e1b440d4c63c32ca95b5b99481081cb7b13c7e40434868e71567c1a882f6",
        .signed_names = "host;x-amz-date;x-amz-security-token",
        .signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    },
    {
        .name = "post-vanilla",
        POST_VANILLA,
    },
    {
        .name = "post-vanilla-empty-query-value",
        POST_VANILLA_QUERY,
    },
    {
        .name = "post-vanilla-query",
        POST_VANILLA_QUERY,
    },
    {
        .name = "post-x-www-form-urlencoded",
        .method = "POST",
        .path = "/",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                    HOST,
                    {"Content-Length", "13"},
                    DATE,
                    {"x-amz-content-sha256",
                     "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
        .body = "Param1=value1",
        .canonical = CANONICAL(
            "POST", "",
            "content-length:13\n"
            "content-type:application/x-www-form-urlencoded\n" HOST_LINE "x-amz-content-sha256:"
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e\n" DATE_LINE,
            "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
        .canonical_hash = "b1edd1d03544c25390e32085d55b57acc9a3961bb59415ff86c45c3d89d16cfb",
        .signed_names = "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        .signature = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    },
    {
        .name = "post-x-www-form-urlencoded-parameters",
        .method = "POST",
        .path = "/",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                    HOST,
                    {"Content-Length", "13"},
                    DATE,
                    {"x-amz-content-sha256",
                     "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
        .body = "Param1=value1",
        .canonical = CANONICAL(
            "POST", "",
            "content-length:13\n"
            "content-type:application/x-www-form-urlencoded; charset=utf-8\n" HOST_LINE
            "x-amz-content-sha256:"
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e\n" DATE_LINE,
            "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
            "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
        .canonical_hash = "a89f1a5b53e37702ee6363ce1da3ce8f54386f3c8f352ae652153c2982a0bc4d",
        .signed_names = "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        .signature = "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
    },
};
#define N_SAMPLES (sizeof(samples) / sizeof(*samples))

static size_t count_headers(const HttpHeader *headers)
{
    size_t n = 0;

    while (n < HEADERS_MAX && headers[n].name)
        n++;
    return n;
}

static void test_canonical_request(void **state)
{
    (void)state;
    for (const struct sample *sample = samples; sample < samples + N_SAMPLES; sample++) {
        CLEANUP(secret_freep) char *text = NULL;
        print_message("# %s\n", sample->name);
        assert_int_equal(sigv4_canonical_request(sample->method, sample->path, sample->query,
                                                 sample->headers, count_headers(sample->headers),
                                                 sample->body,
                                                 sample->body ? strlen(sample->body) : 0, &text),
                         0);
        assert_string_equal(text, sample->canonical);
    }
}

static void test_string_to_sign(void **state)
{
    (void)state;
    for (const struct sample *sample = samples; sample < samples + N_SAMPLES; sample++) {
        CLEANUP(freep) char *text = NULL;
        char expected[256];
        snprintf(expected, sizeof(expected),
                 "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n%s",
                 sample->canonical_hash);
        print_message("# %s\n", sample->name);
        assert_int_equal(sigv4_string_to_sign(&scope, sample->canonical, &text), 0);
        assert_string_equal(text, expected);
    }
}

static void test_authorization(void **state)
{
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = NULL;

    (void)state;
    assert_int_equal(aws_credentials_new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         NULL, 0, &credentials),
                     0);
    for (const struct sample *sample = samples; sample < samples + N_SAMPLES; sample++) {
        CLEANUP(freep) char *string_to_sign = NULL;
        CLEANUP(freep) char *text = NULL;
        char expected[512];
        snprintf(expected, sizeof(expected),
                 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                 "SignedHeaders=%s, Signature=%s",
                 sample->signed_names, sample->signature);
        print_message("# %s\n", sample->name);
        assert_int_equal(sigv4_string_to_sign(&scope, sample->canonical, &string_to_sign), 0);
        assert_int_equal(sigv4_authorization(&scope, credentials, sample->headers,
                                             count_headers(sample->headers), string_to_sign, &text),
                         0);
        assert_string_equal(text, expected);
    }
}

/* The key is kept with the credentials, and derived again for another day, region or service. */
static void test_signs_in_turns_for_other_scopes(void **state)
{
    static const SigV4Scope scopes[] = {
        {"us-east-1", "service", UINT64_C(1440938160) * 1000000},
        {"us-east-1", "service", UINT64_C(1441024560) * 1000000},
        {"us-east-2", "service", UINT64_C(1440938160) * 1000000},
        {"us-east-1", "other", UINT64_C(1440938160) * 1000000},
        {"a-region-whose-name-is-longer-than-what-is-kept-of-a-scope-so-that-its-key-is-derived-"
         "each-time",
         "service", UINT64_C(1440938160) * 1000000},
    };
    CLEANUP(aws_credentials_unrefp) AwsCredentials *kept = NULL;

    (void)state;
    assert_int_equal(aws_credentials_new("AKIDEXAMPLE", "secret", NULL, 0, &kept), 0);
    for (size_t i = 0; i < 20; i++) {
        const SigV4Scope *turn = &scopes[i / 2 % 5];
        CLEANUP(aws_credentials_unrefp) AwsCredentials *fresh = NULL;
        CLEANUP(freep) char *text = NULL, *expected = NULL;

        assert_int_equal(aws_credentials_new("AKIDEXAMPLE", "secret", NULL, 0, &fresh), 0);
        assert_int_equal(sigv4_authorization(turn, kept, NULL, 0, "to sign", &text), 0);
        assert_int_equal(sigv4_authorization(turn, fresh, NULL, 0, "to sign", &expected), 0);
        assert_string_equal(text, expected);
    }
}

/* The line of the canonical request with this number, from 0. */
static void assert_canonical_line(const char *path, const char *query, unsigned line,
                                  const char *expected)
{
    const HttpHeader host = {"Host", "example.amazonaws.com"};
    CLEANUP(secret_freep) char *text = NULL;
    const char *at;

    assert_int_equal(sigv4_canonical_request("GET", path, query, &host, 1, NULL, 0, &text), 0);
    for (at = text; line > 0; line--)
        at = strchr(at, '\n') + 1;
    text[at - text + (ptrdiff_t)strcspn(at, "\n")] = '\0';
    assert_string_equal(at, expected);
}

/* As where an administrator's openssl.cnf allows no HMAC. */
static void test_an_OpenSSL_without_algorithms_signs_nothing(void **state)
{
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = NULL;
    OSSL_LIB_CTX *bare = OSSL_LIB_CTX_new(), *usual;
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(bare, "null");
    char *text = NULL;

    (void)state;
    assert_non_null(provider);
    assert_int_equal(aws_credentials_new("AKIDEXAMPLE", "secret", NULL, 0, &credentials), 0);
    usual = OSSL_LIB_CTX_set0_default(bare);
    assert_int_equal(sigv4_authorization(&scope, credentials, NULL, 0, "to sign", &text), -EIO);
    assert_null(text);
    OSSL_LIB_CTX_set0_default(usual);
    OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(bare);
}

static void test_path(void **state)
{
    static const char *const paths[][2] = {
        {"", "/"},
        {"/", "/"},
        {"//", "/"},
        {"/./", "/"},
        {"/example", "/example"},
        {"/example/", "/example/"},
        {"//example//", "/example/"},
        {"/./example", "/example"},
        {"/example/..", "/"},
        {"/example1/example2/../..", "/"},
        {"/a/../../b", "/b"},
        {"/a/b/../c/", "/a/c/"},
        {"/...", "/..."},
        {"/example space/", "/example%20space/"},
        {"/example%20space/", "/example%2520space/"},
        {"/\xe1\x88\xb4", "/%E1%88%B4"},
        {"/-._~0123456789AZaz", "/-._~0123456789AZaz"},
        {"/a=b&c+d", "/a%3Db%26c%2Bd"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        assert_canonical_line(paths[i][0], NULL, 1, paths[i][1]);
}

static void test_query(void **state)
{
    static const char *const queries[][2] = {
        {"", ""},
        {"Param1=value1", "Param1=value1"},
        {"Param2=b&Param1=a", "Param1=a&Param2=b"},
        {"Param1=value2&Param1=Value1", "Param1=Value1&Param1=value2"},
        {"Param1=value2&param1=value1", "Param1=value2&param1=value1"},
        {"Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
         "%E1%88%B4=Value1&Param=Value2&Param-3=Value3"},
        {"\xe1\x88\xb4=bar", "%E1%88%B4=bar"},
        {"%e1%88%b4=bar", "%E1%88%B4=bar"},
        {"key", "key="},
        {"key=", "key="},
        {"&a=1&&b=2&", "a=1&b=2"},
        {"a=b=c", "a=b%3Dc"},
        {"a=%zz%4", "a=%25zz%254"},
        {"a=b+c", "a=b%2Bc"},
        {"-._~0129AZaz=-._~0129AZaz", "-._~0129AZaz=-._~0129AZaz"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
        assert_canonical_line("/", queries[i][0], 2, queries[i][1]);
}

static void test_headers_in_any_order(void **state)
{
    static const HttpHeader headers[] = {
        {"X-Amz-Target", "a"}, {"host", "b"}, {"X-Amz-Date", "c"}, {"Content-Type", " d\t e "}};
    static const char expected[] =
        "POST\n/\n\ncontent-type:d e\nhost:b\nx-amz-date:c\nx-amz-target:a\n\n"
        "content-type;host;x-amz-date;x-amz-target\n"
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"; /* SHA-256 of {} */
    CLEANUP(secret_freep) char *text = NULL;

    (void)state;
    assert_int_equal(sigv4_canonical_request("POST", "/", NULL, headers, 4, "{}", 2, &text), 0);
    assert_string_equal(text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: what is loaded once stays. */
        cmocka_unit_test(test_an_OpenSSL_without_algorithms_signs_nothing),
        cmocka_unit_test(test_canonical_request),
        cmocka_unit_test(test_string_to_sign),
        cmocka_unit_test(test_authorization),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_headers_in_any_order),
        cmocka_unit_test(test_signs_in_turns_for_other_scopes),
    };

    return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
