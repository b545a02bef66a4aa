// SPDX-License-Identifier: Apache-2.0
/* rings.c - see rings.h: reads `rings`, `gaps` and `pruned` */
#include "rings.h"

#include <stdlib.h>

#include "store/stmt.h"

static size_t place(const struct rings *r, int64_t boot, int64_t cpu, int64_t ring)
{
	uint64_t key = (uint64_t)boot * 1000003 + (uint64_t)cpu * 2 + (uint64_t)ring;
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ull >> 20) & (r->room - 1);

	while (r->v[i].count && (r->v[i].boot != boot || r->v[i].cpu != cpu || r->v[i].ring != ring))
		i = (i + 1) & (r->room - 1);
	return i;
}

static int grow(struct rings *r)
{
	struct rings bigger = { .room = r->room ? r->room * 2 : 256 };

	bigger.v = calloc(bigger.room, sizeof(*bigger.v));
	if (!bigger.v)
		return -ENOMEM;
	for (size_t i = 0; i < r->room; i++)
		if (r->v[i].count)
			bigger.v[place(&bigger, r->v[i].boot, r->v[i].cpu, r->v[i].ring)] = r->v[i];
	bigger.n = r->n;
	free(r->v);
	*r = bigger;
	return 0;
}

int rings_add(struct rings *r, int64_t boot, int64_t cpu, int64_t ring)
{
	struct ring_count *at = r->v ? &r->v[r->last] : NULL;

	if (at && at->count && at->boot == boot && at->cpu == cpu && at->ring == ring) {
		at->count++;
		return 0;
	}
	if (r->n * 2 >= r->room && grow(r) < 0)
		return -ENOMEM;
	r->last = place(r, boot, cpu, ring);
	at = &r->v[r->last];
	r->n += !at->count;
	*at = (struct ring_count){ boot, cpu, ring, at->count + 1 };
	return 0;
}

void rings_done(struct rings *r)
{
	free(r->v);
	*r = (struct rings){ 0 };
}

struct balancing {
	const struct rings *rings;
	int (*each)(void *ctx, const struct ring_balance *b);
	void *ctx;
};

static int balance(struct stmt *q, void *ctx)
{
	const struct balancing *w = ctx;
	struct ring_balance b = { .boot = stmt_col_int(q) };

	b.cpu = stmt_col_int(q);
	b.ring = stmt_col_int(q);
	b.numbered = stmt_col_int(q) - 1;
	b.missing = stmt_col_int(q);
	b.pruned = stmt_col_int(q);
	if (w->rings->room)
		b.stored = w->rings->v[place(w->rings, b.boot, b.cpu, b.ring)].count;
	return w->each(w->ctx, &b);
}

int rings_each(const struct rings *r, struct store *s, int (*each)(void *ctx, const struct ring_balance *b), void *ctx)
{
	static const char sql[] =
		"SELECT boot, cpu, ring, next,"
		" (SELECT ifnull(sum(missing), 0) FROM gaps g WHERE g.boot = r.boot AND g.cpu = r.cpu AND g.ring = r.ring),"
		" (SELECT ifnull(sum(count), 0) FROM pruned p WHERE p.boot = r.boot AND p.cpu = r.cpu AND p.ring = r.ring)"
		" FROM rings r";

	return stmt_each(stmt(s, sql), balance, &(struct balancing){ r, each, ctx });
}
