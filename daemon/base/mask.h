/* SPDX-License-Identifier: Apache-2.0 */
/* Makes secrets unreadable in text from outside: there are services and proxies that quote the
 * request they did not like, in whatever writing. What is masked becomes as many asterisks. */
#pragma once

/* The secret as it is; with characters in percent-encoding, as escapes of JSON or HTML, each also
 * escaped again, or a blank for a '+'; in base64, also together with other text; and cut inside
 * one of these, where 12 characters of it are left, or 4 at the end of the text. A secret of less
 * than 8 characters is left alone: it would be part of other words. */
void mask_secret(char *text, const char *secret);

/* Signatures of SigV4: what follows "Signature=", and wherever so many hexadecimal digits stand. */
void mask_signatures(char *text);
