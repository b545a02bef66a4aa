/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - who declared what, and when: every declaration that comes into force, changes or goes leaves a row, whether it
 * came from a file, from the API or with the product
 */
#ifndef CVF_HISTORY_H
#define CVF_HISTORY_H

#include "api/view.h"
#include "govern/govern.h"
#include "version_table.h"

struct history {
	const struct model *model;	/* that comes into force */
	uint64_t generation;
	const char *by, *note;		/* note NULL: none */
};

/* Inside the transaction of the activation. */
int history_note(struct governor *g, const struct history *h) must_check;

/* [{revision, version, state, made_at, made_by, note, source, generation, removed, declaration}], newest first. NULL: no store. */
json_t *history_view(struct governor *g, const struct version_filter *f);

#endif
