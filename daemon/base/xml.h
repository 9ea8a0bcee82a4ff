/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of some elements of an XML document, read with expat: the answers of STS. Only xml.c
 * uses expat.h.
 *
 * A document with a DOCTYPE is refused, so nothing in it can refer to anything, and all copies that
 * expat makes are wiped: there are secrets among the texts. */
#pragma once

#include <stddef.h>

#include "daemon/base/secret-text.h"

typedef struct XmlField {
    const char *path; /* the last names on the way to the element, such as
                         "Credentials/SessionToken"; without their namespaces */
    SecretText text;  /* without the white space around it; begins all zero; no data: there is no
                         such element */
} XmlField;

/* 0; -EBADMSG: it is not an XML document, nests too deeply, or has a field twice; -ENOMEM. The
 * texts are the caller's to clear, also after a failure. */
int xml_read(const char *document, size_t size, XmlField *fields, size_t n_fields);
