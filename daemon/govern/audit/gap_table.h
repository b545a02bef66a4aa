/* SPDX-License-Identifier: Apache-2.0 */
/* gap_table.h - how far each ring of each CPU has been stored, and what is missing below that */
#ifndef CVF_GAP_TABLE_H
#define CVF_GAP_TABLE_H

#include <stdint.h>

#include "store/store.h"

struct ring_row {
	int64_t boot;
	uint32_t cpu, ring;
	uint64_t next;
};

struct gap_row {
	const char *id;
	int64_t boot;
	uint32_t cpu, ring;
	uint64_t first, last, missing;
	int64_t found_ms;
};

int ring_table_put(struct store *s, const struct ring_row *row) must_check;
/* Every ring of a boot. */
int ring_table_each(struct store *s, int64_t boot, int (*each)(void *ctx, const struct ring_row *row), void *ctx) must_check;
/* 0: this ring has no row yet. */
int ring_table_next(struct store *s, const struct ring_row *key, uint64_t *ret_next) must_check;

int gap_table_add(struct store *s, const char *id, const struct ring_row *ring, uint64_t first, uint64_t last,
		  int64_t found_ms) must_check;
/* A record of a declared gap came after all: 1 and when the gap was found; 0: there is no such gap. */
int gap_table_fill(struct store *s, const struct ring_row *ring, uint64_t seq, int64_t *ret_found_ms) must_check;
int gap_table_missing(struct store *s, uint64_t *ret_missing) must_check;
int gap_table_declared(struct store *s, const struct ring_row *ring, uint64_t *ret_missing) must_check;
/* Newest first, those before an id (NULL: all). */
int gap_table_each(struct store *s, const char *before, int64_t limit, void (*each)(void *ctx, const struct gap_row *row), void *ctx) must_check;

#endif
