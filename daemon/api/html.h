/* SPDX-License-Identifier: Apache-2.0 */
/* html.h - texts of others inside of a page */
#ifndef CVF_API_HTML_H
#define CVF_API_HTML_H

#include <stdio.h>

/*
 * Text inside of an element or of an attribute in double quotes: markup is escaped, what is unseen or deceives is shown as
 * \u{202e}, and what is no UTF-8 as \xNN. ASCII comes out.
 */
void html_put(FILE *out, const char *text, size_t size);

#endif
