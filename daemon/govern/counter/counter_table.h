/* SPDX-License-Identifier: Apache-2.0 */
/* counter_table.h - totals, and what was last seen of each cell */
#ifndef CVF_COUNTER_TABLE_H
#define CVF_COUNTER_TABLE_H

#include <stdint.h>

#include "store/store.h"

struct counter_row {
	uint32_t agent, capability;
	uint16_t op;
	uint8_t verdict;
	uint64_t count;
};

int counter_table_add(struct store *s, const struct counter_row *row) must_check;
struct counter_filter {
	uint32_t agent;			/* 0: all */
	struct counter_row after;	/* in their order: those after it; its count is not looked at */
	int64_t limit;			/* 0: all */
};
/* By agent, capability, operation, verdict. */
int counter_table_each(struct store *s, const struct counter_filter *f, void (*each)(void *ctx, const struct counter_row *row),
		       void *ctx) must_check;

/* One counter of the kernel. agent 0: of whoever has the cell's row. */
struct cell_count {
	uint32_t agent, cell;
	uint64_t value;
};

int cell_table_put(struct store *s, uint64_t generation, const struct cell_count *seen) must_check;
/* By agent, then cell. */
int cell_table_each(struct store *s, uint64_t generation, void (*each)(void *ctx, const struct cell_count *seen),
		    void *ctx) must_check;
/* Forgets the cells of earlier generations: their slots have been cleared. */
int cell_table_drop_before(struct store *s, uint64_t generation) must_check;

#endif
