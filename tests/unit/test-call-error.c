/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/call-error.h: what comes from outside can be passed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/call-error.h"
#include "daemon/base/mask.h"

#define REPLACED "\xEF\xBF\xBD"

static void test_every_text_is_utf8(void **state)
{
    static const struct {
        const char *text, *expected;
    } samples[] = {
        {"", ""},
        {"f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80", "f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"f\xFCr", "f" REPLACED "r"},
        {"\x82\xAC!", REPLACED REPLACED "!"},
        {"cut \xE2\x82", "cut " REPLACED REPLACED},
        {"\xC0\x80 \xED\xA0\x80", REPLACED REPLACED " " REPLACED REPLACED REPLACED},
        {"\xFF\n\x01", REPLACED "\n\x01"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        CLEANUP(call_error_clear) CallError error = {0};
        assert_int_equal(
            call_error_set(&error, samples[i].text, samples[i].text, 400, samples[i].text), 0);
        assert_string_equal(error.code, samples[i].expected);
        assert_string_equal(error.message, samples[i].expected);
        assert_string_equal(error.request_id, samples[i].expected);
        assert_int_equal(error.http_status, 400);
    }
}

static void test_its_own_texts_may_be_set_again(void **state)
{
    CLEANUP(call_error_clear) CallError error = {0};

    (void)state;
    assert_int_equal(call_error_set(&error, "Code", "message", 0, NULL), 0);
    assert_int_equal(call_error_set(&error, error.code, "another", 0, error.message), 0);
    assert_string_equal(error.code, "Code");
    assert_string_equal(error.message, "another");
    assert_string_equal(error.request_id, "message");
}

static void assert_masks(const char *text, const char *secret, const char *expected)
{
    CLEANUP(call_error_clear) CallError error = {0};

    assert_int_equal(call_error_set(&error, text, text, 0, text), 0);
    call_error_mask(&error, secret);
    assert_string_equal(error.code, expected);
    assert_string_equal(error.message, expected);
    assert_string_equal(error.request_id, expected);
}

#define SIXTY_THREE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define STARS_63 "***************************************************************"

static void test_masks_secrets_and_signatures(void **state)
{
    (void)state;
    assert_masks("a 5ecr3t/+ and 5ecr3t/+, Signature=0123", "5ecr3t/+",
                 "a ******** and ********, Signature=****");
    assert_masks("no Signature here, Signature%3D01", NULL, "no Signature here, Signature%3D**");
    assert_masks("Signature\\u003d01", NULL, "Signature\\u003d**");
    assert_masks("Signature&#x3D;01", NULL, "Signature&#x3D;**");
    assert_masks("{\"signature\":\"" SIXTY_THREE "F\"}", NULL, "{\"signature\":\"" STARS_63 "*\"}");
    assert_masks("not one: " SIXTY_THREE " " SIXTY_THREE "g", NULL,
                 "not one: " SIXTY_THREE " " SIXTY_THREE "g");
    /* What is masked ends with a whole character. */
    assert_masks("Signature=" SIXTY_THREE "\u00e4!", NULL, "Signature=" STARS_63 "**!");
}

static void test_masks_encoded_secrets(void **state)
{
    static const char secret[] = "wJalr/UtnF+MI=";

    (void)state;
    assert_masks("x=wJalr%2FUtnF%2BMI%3D&", secret,
                 "x="
                 "********************"
                 "&");
    assert_masks("x=wJalr%2fUtnF%2bMI%3d&", secret,
                 "x="
                 "********************"
                 "&");
    assert_masks("x=wJalr%252FUtnF%252BMI%253D&", secret,
                 "x="
                 "**************************"
                 "&");
    assert_masks("%77JalR wJalr\\/UtnF+MI= %77Jalr/UtnF+MI=", secret,
                 "%77JalR *************** ****************");
}

static void test_masks_secrets_in_every_writing(void **state)
{
    static const struct {
        const char *text, *expected;
    } samples[] = {
        {"x=wJalr\\u002fUtnF\\u002BMI\\u003d!", "x=*****************************!"},
        {"x=wJalr\\\\u002fUtnF\\\\u002BMI\\\\u003d!", "x=********************************!"},
        {"x=wJalr\\\\/UtnF+MI=!", "x=****************!"},
        {"x=wJalr&#47;UtnF&#43;MI&#61;!", "x=**************************!"},
        {"x=wJalr&#x2F;UtnF&#x2b;MI&#x3d;!", "x=*****************************!"},
        {"x=wJalr&#x002F;UtnF&#0043;MI&#61;!", "x=*******************************!"},
        {"x=wJalr&amp;#47;UtnF&amp;#43;MI&amp;#61;!", "x=**************************************!"},
        {"x=wJalr/UtnF MI=!", "x=**************!"},
        {"x=wJalr\\x2fUtnF\\\\x2BMI\\x3d!", "x=************************!"},
        {"x=wJalr&sol;UtnF&plus;MI&amp;equals;!", "x=**********************************!"},

        /* Another character, or no character at all. */
        {"wJalr\\u002eUtnF+MI=", "wJalr\\u002eUtnF+MI="},
        {"wJalr\\u02fUtnF+MI=", "wJalr\\u02fUtnF+MI="},
        {"wJalr&#46;UtnF+MI=", "wJalr&#46;UtnF+MI="},
        {"wJalr&#x;UtnF+MI=", "wJalr&#x;UtnF+MI="},
        {"wJalr&#47 UtnF+MI=", "wJalr&#47 UtnF+MI="},

        /* Cut inside of an escape. */
        {"x wJalr\\u00", "x *********"},
        {"x wJalr&#x2", "x *********"},
        {"x wJalr&amp;#4", "x ************"},
        {"x wJalr\\\\", "x *******"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
        assert_masks(samples[i].text, "wJalr/UtnF+MI=", samples[i].expected);
}

static void test_masks_secrets_in_base64(void **state)
{
    static const struct {
        const char *text, *expected;
    } samples[] = {
        {"<d0phbHIvVXRuRitNST0=>", "<*******************=>"},
        {"<dXdKYWxyL1V0bkYrTUk9>", "<d*******************>"},
        {"<dXN3SmFsci9VdG5GK01JPQ==>", "<dX********************==>"},
        {"<dXNlcjp3SmFsci9VdG5GK01JPQ==>", "<dXNlcj********************==>"},
        {"<YXdKYWxyL1V0bkYrTUk9Yg==>", "<Y*******************Yg==>"},
        {"<d0phbHIvVXRuRitNST1tb3Jl>", "<*******************tb3Jl>"},
        {"<dXN3SmFsci9VdG5GK01JPXIh>", "<dX********************Ih>"},
        {"Basic dXNlcjp3SmFsci", "Basic dXNlcj********"},
        {"Basic dXNlcjp3Sm", "Basic dXNlcjp3Sm"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
        assert_masks(samples[i].text, "wJalr/UtnF+MI=", samples[i].expected);
    /* "?>" is written with what the two alphabets differ in. */
    assert_masks("Pz4/Pj8+Pz4= Pz4_Pj8-Pz4=", "?>?>?>?>", "***********= ***********=");
}

static void test_masks_a_secret_that_was_cut(void **state)
{
    static const char secret[] = "wJalr/UtnF+MI=";

    (void)state;
    assert_masks("x wJalr/UtnF", secret, "x **********");
    assert_masks("x wJalr%2FU", secret, "x *********");
    assert_masks("x wJalr%2", secret, "x *******");
    assert_masks("x wJalr%", secret, "x ******");
    assert_masks("x wJalr\\", secret, "x ******");
    assert_masks("x wJal", secret, "x ****");
    assert_masks("x wJa", secret, "x wJa");
    assert_masks("x wJalr!", secret, "x wJalr!");
}

static void test_masks_a_secret_that_somebody_else_cut(void **state)
{
    static const char secret[] = "wJalr/UtnF+MI=K7MDENG";

    (void)state;
    assert_masks("x wJalr/UtnF+MI... y", secret, "x *************... y");
    assert_masks("x wJalr%2FUtnF%2B... y", secret, "x wJalr%2FUtnF%2B... y");
    assert_masks("x wJalr%2FUtnF%2BM, y", secret, "x ****************, y");
    assert_masks("x dXNlcjp3SmFsci9VdG5GK01J, y", secret, "x dXNlcj******************, y");
    assert_masks("x wJalr/UtnF+ and more", secret, "x wJalr/UtnF+ and more");
}

static void test_masks_every_part_of_a_secret(void **state)
{
    static const char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    (void)state;
    assert_masks("illegal character behind: K7MDENG+bPxRfiCY.", secret,
                 "illegal character behind: ****************.");
    assert_masks("...XUtnFEMI%2FK7MDE!", secret, "...****************!");
    assert_masks("XUtnFEMI/K7", secret, "XUtnFEMI/K7");
    assert_masks("a wJalrXUtnFEMI/K7 b MDENG+bPxRfiCYEXAMP", secret,
                 "a **************** b *******************");
    /* In base64, behind "user:". */
    assert_masks("illegal behind: lhVdG5GRU1JL0s3TURFTkcrYlB4UmZpQ1lFWEFNUExFS0VZ", secret,
                 "illegal behind: ***********************************************");
}

static void test_masks_a_secret_with_white_space_inside(void **state)
{
    static const char secret[] = "wJalr/UtnF+MI=K7MDENG";

    (void)state;
    assert_masks("<wJalr/\n  UtnF+MI=K7MDENG>", secret, "<************************>");
    assert_masks("<w J a l r / U t n F + M I = K 7 M D E N G>", secret,
                 "<*****************************************>");
    assert_masks("<wJalr/%0AUtnF+MI=K7&#10;MDENG>", secret, "<*****************************>");
    assert_masks("<wJalr/\\r\\nUtnF+MI=K7MDENG>", secret, "<*************************>");
    assert_masks("<d0phbHIvVXRuR\nitNST1LN01ERU5H>", secret, "<*****************************>");
    assert_masks("<d0phbHIvVXRuR\\nitNST1LN01ERU5H>", secret, "<******************************>");
}

/* xorshift (Marsaglia, 2003) */
static char draw_digit(uint32_t *random)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    return digits[*random % 64];
}

static size_t write_character(char *text, size_t room, char character, unsigned writing)
{
    switch (writing) {
    case 0:
        return (size_t)snprintf(text, room, "%c", character);
    case 1:
        return (size_t)snprintf(text, room, "%%%02X", character);
    case 2:
        return (size_t)snprintf(text, room, "\\u%04x", character);
    default:
        return (size_t)snprintf(text, room, "&#%d;", character);
    }
}

/* Its parts stand between other digits, each in another writing. */
static void test_masks_all_parts_of_a_long_secret_and_nothing_else(void **state)
{
    char secret[2049] = "", text[8192] = "", expected[8192] = "";
    uint32_t random = 1;
    size_t size = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(secret) - 1; i++)
        secret[i] = draw_digit(&random);
    for (size_t part = 0; part < 50; part++) {
        for (size_t i = 0; i < 30; i++)
            text[size + i] = expected[size + i] = i < 29 ? draw_digit(&random) : '.';
        size += 30;
        for (size_t i = 0; i < 12; i++) {
            size_t n =
                write_character(text + size, sizeof(text) - size, secret[part * 40 + i], part % 4);

            memset(expected + size, '*', n);
            size += n;
        }
        text[size] = expected[size] = '.';
        size++;
    }
    mask_secret(text, secret);
    assert_string_equal(text, expected);
}

static void test_masks_users_and_passwords_of_urls(void **state)
{
    (void)state;
    assert_masks("cannot reach \"http://user:pa55:word@proxy:3128\", https://only-a-name@host/",
                 NULL,
                 "cannot reach \"http://**************@proxy:3128\", https://***********@host/");
    assert_masks("https://host/path/a@b, http://host?c@d or http://[::1]:80 for e@f", NULL,
                 "https://host/path/a@b, http://host?c@d or http://[::1]:80 for e@f");
}

static void test_masks_a_signature_that_was_cut(void **state)
{
    (void)state;
    assert_masks("signed 0123456789abcdef0123456789abcdef0", NULL,
                 "signed *********************************");
    assert_masks("request 0123456789abcdef0123456789abcdef", NULL,
                 "request 0123456789abcdef0123456789abcdef");
}

static void test_leaves_alone_what_is_too_short_for_a_secret(void **state)
{
    static const char text[] = "a message of test words";

    (void)state;
    for (size_t length = 0; length < 8; length++) {
        char secret[8] = "";

        memcpy(secret, "essage ", length);
        assert_masks(text, secret, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_text_is_utf8),
        cmocka_unit_test(test_its_own_texts_may_be_set_again),
        cmocka_unit_test(test_masks_secrets_and_signatures),
        cmocka_unit_test(test_masks_encoded_secrets),
        cmocka_unit_test(test_masks_secrets_in_every_writing),
        cmocka_unit_test(test_masks_secrets_in_base64),
        cmocka_unit_test(test_masks_a_secret_that_was_cut),
        cmocka_unit_test(test_masks_a_secret_that_somebody_else_cut),
        cmocka_unit_test(test_masks_every_part_of_a_secret),
        cmocka_unit_test(test_masks_a_secret_with_white_space_inside),
        cmocka_unit_test(test_masks_all_parts_of_a_long_secret_and_nothing_else),
        cmocka_unit_test(test_masks_users_and_passwords_of_urls),
        cmocka_unit_test(test_masks_a_signature_that_was_cut),
        cmocka_unit_test(test_leaves_alone_what_is_too_short_for_a_secret),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
