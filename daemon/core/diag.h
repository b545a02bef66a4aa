/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.h - what is wrong with a piece of input, where, and what to write instead
 *
 * Parsers add to a list and go on, so that one run shows every mistake. The list owns its strings.
 */
#ifndef CVF_DIAG_H
#define CVF_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "own.h"

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_level level;
	char *file;	/* NULL: none */
	unsigned int line, column;	/* from 1; 0: unknown */
	char *message;	/* what is wrong */
	char *hint;	/* what to write or do instead; NULL: none */
	const char *word;	/* static: the stable name of a finding; NULL: none */
};

struct diags {
	struct diag *v;
	size_t n;
	size_t errors;
	bool full;	/* more than DIAGS_MAX: the rest was dropped and counted in errors */
};
#define DIAGS_MAX 200

void diags_done(struct diags *d);
/* Adds one; hint may be NULL. Out of memory: the message is lost, the error is still counted. */
void diags_add(struct diags *d, enum diag_level level, const char *file, unsigned int line, unsigned int column,
	       const char *hint, const char *format, ...) printf_like(7, 8);
/* Names those that were added since there were `from` of them. */
void diags_name(struct diags *d, size_t from, const char *word);
/* "file:line:column: error: message [word]\n    hint\n" for each. */
void diags_print(const struct diags *d, FILE *out);

#endif
