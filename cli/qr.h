/* SPDX-License-Identifier: Apache-2.0 */
/* qr.h - a text as a QR code, two modules to a character */
#ifndef CVF_CLI_QR_H
#define CVF_CLI_QR_H

#include <stdio.h>

/* For terminals that show UTF-8, dark or light: the colours are said. 0, or negative errno. */
int qr_put(FILE *out, const char *text);

#endif
