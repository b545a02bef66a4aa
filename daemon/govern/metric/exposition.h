/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exposition.h - everything as one text for Prometheus
 *
 * Totals are of the store, so they go on after a restart. At most EXPOSITION_AGENTS agents have series of their own, those with
 * the lowest numbers; the others are one together, so that an old series never changes its meaning.
 */
#ifndef CVF_EXPOSITION_H
#define CVF_EXPOSITION_H

#include "govern/govern.h"

#define EXPOSITION_AGENTS 200
#define EXPOSITION_OTHERS "_other"	/* no agent can be called so */
#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* malloc'ed; NULL: the store cannot be read, or no memory. */
char *exposition_text(struct governor *g, size_t *ret_size);
/* A label value between its quotes, escaped: printable ASCII; a line feed as \n, other characters as \\uNNNN, bytes that are no UTF-8 as \\xNN. */
void exposition_label(FILE *out, const char *value);

#endif
