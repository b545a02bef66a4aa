/* SPDX-License-Identifier: Apache-2.0 */
/* rings.h - how many events of each ring of each boot are stored, against how far the kernel had numbered */
#ifndef CVF_RINGS_H
#define CVF_RINGS_H

#include "store/store.h"

struct ring_count {
	int64_t boot, cpu, ring, count;
};

struct rings {
	struct ring_count *v;	/* open addressing; count 0: free */
	size_t room, n, last;
};

int rings_add(struct rings *r, int64_t boot, int64_t cpu, int64_t ring) must_check;
void rings_done(struct rings *r);

struct ring_balance {
	int64_t boot, cpu, ring;
	int64_t numbered;	/* by the kernel, as the store knows */
	int64_t stored, missing, pruned;
};
/* Every ring that the store knows. Non-zero ends the walk with it. */
int rings_each(const struct rings *r, struct store *s, int (*each)(void *ctx, const struct ring_balance *b), void *ctx) must_check;

#endif
