/* SPDX-License-Identifier: Apache-2.0 */
/* version_table.h - every declaration that was ever in force: rows are only ever added */
#ifndef CVF_VERSION_TABLE_H
#define CVF_VERSION_TABLE_H

#include <stdint.h>

#include "policy/policy.h"
#include "store/store.h"

#define VERSION_DIGEST_BYTES 16

struct version_row {
	enum decl_kind kind;
	const char *id;
	int64_t revision;	/* from 1, per declaration */
	const uint8_t *digest;	/* of text */
	const char *text;	/* normalised declaration; NULL: it went */
	uint64_t generation;
	int64_t made_ms;
	const char *made_by, *note;	/* note NULL: none */
};

typedef int (*version_each)(void *ctx, const struct version_row *row);	/* non-zero ends the walk; negative: returned */

int version_table_add(struct store *s, const struct version_row *row) must_check;
/* The last row of every declaration of a kind, in order of id; made_by and note are not read. */
int version_table_each_last(struct store *s, enum decl_kind kind, version_each each, void *ctx) must_check;
/* Of one, newest first. */
struct version_filter {
	enum decl_kind kind;
	const char *id;
	int64_t before;	/* only revisions less than this; 0: all */
	int64_t limit;	/* 0: all */
};
int version_table_each(struct store *s, const struct version_filter *f, version_each each, void *ctx) must_check;

#endif
