/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation_table.h - every compiled policy: its declarations, and what each of its cells stands for
 *
 * Kept, so that an event of last month can still be explained and counters of an earlier generation still be named.
 */
#ifndef CVF_GENERATION_TABLE_H
#define CVF_GENERATION_TABLE_H

#include <stdint.h>

#include "store/store.h"

/* What a counter counts. Stored as it is. */
struct cell_key {
	uint32_t agent, capability;
	uint16_t op;
	uint8_t verdict;	/* what the kernel does; with COUNTER_WOULD what it would have done */
	uint8_t reserved;
};

/* An agent that shares its row: what is counted for it says so itself. Stored as it is. */
struct row_agent {
	uint32_t agent;
	uint32_t is_enforced;
};

struct cell_keys {
	struct cell_key *v;	/* malloc'ed; agent 0: of a row that several agents have, verdict as if it were enforced */
	size_t n;
	struct row_agent *agents; /* malloc'ed, ascending */
	size_t agents_count;
};

void cell_keys_done(struct cell_keys *k);

/* Inside a transaction. model: its declarations (texts_print). */
int generation_table_add(struct store *s, uint64_t generation, int64_t boot, int64_t now_ms, const char *model,
			 const struct cell_keys *cells) must_check;
/* Marks it as the one in force. */
int generation_table_activate(struct store *s, uint64_t generation) must_check;
int generation_table_last(struct store *s, uint64_t *ret_generation) must_check;	/* 0: none */
/* -ENOENT: not known. generation 0: the last one that was in force. *ret_model is malloc'ed. */
int generation_table_model(struct store *s, uint64_t generation, char **ret_model) must_check;
int generation_table_cells(struct store *s, uint64_t generation, struct cell_keys *ret_cells) must_check;

#endif
