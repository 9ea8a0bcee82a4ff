/* SPDX-License-Identifier: Apache-2.0 */
/* Makes secrets unreadable in text from outside: there are services and proxies that quote the
 * request they did not like, in whatever writing. What is masked becomes as many asterisks. */
#pragma once

/* The secret as it is; with characters in percent-encoding, as escapes of JSON or HTML, each also
 * escaped again, or a blank for a '+'; in base64, also together with other text; with white space
 * between its characters, as in folded lines; and any part of it in one of these that has 12
 * characters, or 4 of its beginning at the end of the text. A secret of less than 8 characters is
 * left alone: it would be part of other words. */
void mask_secret(char *text, const char *secret);

/* Signatures of SigV4: what follows "Signature=", and wherever so many hexadecimal digits stand, or
 * more than half as many at the end of the text. */
void mask_signatures(char *text);

/* User and password of each URL. */
void mask_users(char *text);
