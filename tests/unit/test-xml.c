/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/xml.h: which texts are found, and which documents are refused. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/xml.h"

/* Reads fields a/b and c. */
static int read_two(const char *document, char **ret_first, char **ret_second)
{
    XmlField fields[] = {{.path = "a/b"}, {.path = "c"}};

    int r = xml_read(document, strlen(document), fields, 2);
    *ret_first = fields[0].text.data ? strdup(fields[0].text.data) : NULL;
    *ret_second = fields[1].text.data ? strdup(fields[1].text.data) : NULL;
    secret_text_clear(&fields[0].text);
    secret_text_clear(&fields[1].text);
    return r;
}

static void assert_text(const char *text, const char *expected)
{
    if (!expected)
        assert_null(text);
    else if (!text)
        fail_msg("nothing was found, not \"%s\"", expected);
    else
        assert_string_equal(text, expected);
}

static void finds_texts_by_the_end_of_their_path(void **state)
{
    static const struct {
        const char *document, *first, *second;
    } cases[] = {
        {"<r><a><b>one</b></a><c>two</c></r>", "one", "two"},
        {"<a><b>one</b></a>", "one", NULL},
        {"<c>two</c>", NULL, "two"},
        {"<r/>", NULL, NULL},
        {"<r><b>not below a</b></r>", NULL, NULL},
        {"<r><xa><b>another name</b></xa></r>", NULL, NULL},
        {"<r><a><x><b>not at once</b></x></a></r>", NULL, NULL},
        {"<r><a><b/></a><c></c></r>", "", ""},
        {"<?xml version='1.0'?>\n<r xmlns='https://x/' k='v'><!-- x --><c> 2 </c></r>\n", NULL,
         "2"},
        {"<c>\r\n\t two words\r\n</c>", NULL, "two words"},
        {"<c> \n </c>", NULL, ""},
        {"<s:r xmlns:s='https://x/'><s:a>\n<s:b>one</s:b>\n</s:a><c>two</c></s:r>", "one", "two"},
        {"<c>a&amp;b &lt;&#x20AC;&gt; <![CDATA[<&>]]></c>", NULL, "a&b <\xe2\x82\xac> <&>"},
        {"<c>before<x>inside</x></c>", NULL, "before"},
        {"<r><x><a/></x><c>two</c></r>", NULL, "two"},
        {"<?xml version='1.0' encoding='ISO-8859-1'?><c>\xe9</c>", NULL, "\xc3\xa9"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(freep) char *first = NULL;
        CLEANUP(freep) char *second = NULL;
        assert_int_equal(read_two(cases[i].document, &first, &second), 0);
        assert_text(first, cases[i].first);
        assert_text(second, cases[i].second);
    }
}

static void refuses_what_is_no_document(void **state)
{
    static const char *const documents[] = {
        "",
        " ",
        "text",
        "{\"a\": 1}",
        "<c>",
        "<c>two</c",
        "<c>two</d>",
        "<c>two</c><c/>",
        "<c>two</c>trailing",
        "<c>&unknown;</c>",
        "<c>\x01</c>",
        "<c>\xff</c>",
        "<!DOCTYPE html><html></html>",
        "<!DOCTYPE c [<!ENTITY e 'x'>]><c>&e;</c>",
        "<!DOCTYPE c SYSTEM 'file:///etc/passwd'><c/>",
        "<r><c>one</c><c>two</c></r>",
        "<r><c/><c/></r>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
        CLEANUP(freep) char *first = NULL;
        CLEANUP(freep) char *second = NULL;
        assert_int_equal(read_two(documents[i], &first, &second), -EBADMSG);
    }
}

static void refuses_what_nests_too_deep(void **state)
{
    CLEANUP(freep) char *first = NULL;
    CLEANUP(freep) char *second = NULL;
    char document[8192] = "";

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        strcat(document, "<r>");
    strcat(document, "<e/>");
    for (unsigned i = 0; i < 1000; i++)
        strcat(document, "</r>");
    assert_int_equal(read_two(document, &first, &second), -EBADMSG);
}

static void takes_texts_of_any_length(void **state)
{
    enum { LENGTH = 300000 };
    CLEANUP(freep) char *document = malloc(LENGTH + 16);
    CLEANUP(freep) char *first = NULL;
    CLEANUP(freep) char *second = NULL;

    (void)state;
    assert_non_null(document);
    memcpy(document, "<c>", 3);
    memset(document + 3, 'x', LENGTH);
    memcpy(document + 3 + LENGTH, "</c>", 5);
    assert_int_equal(read_two(document, &first, &second), 0);
    assert_int_equal(strlen(second), LENGTH);
    assert_int_equal(strspn(second, "x"), LENGTH);
}

/* The size alone decides. */
static void refuses_more_than_expat_takes(void **state)
{
    XmlField field = {.path = "c"};

    (void)state;
    assert_int_equal(xml_read("<c/>", (size_t)INT_MAX + 1, &field, 1), -EBADMSG);
    assert_null(field.text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_texts_by_the_end_of_their_path),
        cmocka_unit_test(refuses_what_is_no_document),
        cmocka_unit_test(refuses_what_nests_too_deep),
        cmocka_unit_test(takes_texts_of_any_length),
        cmocka_unit_test(refuses_more_than_expat_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
