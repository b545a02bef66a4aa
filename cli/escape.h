/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape.h - text that an agent may have written, made safe to show: nothing it holds can move the cursor,
 * hide a part, turn the reading direction, or look like more than one line
 *
 * Invalid UTF-8, control characters, bidi and other invisible characters, unusual spaces, private-use
 * characters, stacks of combining marks and long runs of blanks come out as \n, \xNN, \uNNNN or \UNNNNNNNN; a
 * backslash comes out doubled.
 */
#ifndef CVF_CLI_ESCAPE_H
#define CVF_CLI_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Set once by main: the terminal's character set is not UTF-8, so everything outside ASCII is escaped. */
extern bool escape_ascii_only;

void escape_put(FILE *out, const char *text, size_t size);
/* For our own sentences that quote foreign text: as above, but a backslash stays single. */
void escape_line(FILE *out, const char *text, size_t size);
/* One word of a command line: in double quotes when a reader could not see where it begins and ends. */
void escape_word(FILE *out, const char *text, size_t size);
/* The same into a new string; NULL: out of memory. */
char *escape_text(const char *text, size_t size);
/* Columns that an escaped text takes on a terminal. */
size_t escape_width(const char *text);
/* Bytes of an escaped text that fit into so many columns; a character is never cut. */
size_t escape_fit(const char *text, size_t columns);
/* Characters outside ASCII: the ones that may only look like letters. */
size_t escape_foreign(const char *text, size_t size);

#endif
