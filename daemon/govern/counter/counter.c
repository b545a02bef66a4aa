// SPDX-License-Identifier: Apache-2.0
/* counter.c - see counter.h */
#include "counter.h"

#include <string.h>

#include "counter_table.h"
#include "govern/registry/generation_table.h"

struct counter {
	uint64_t generation;	/* that keys and seen belong to; 0: none yet */
	struct cell_keys keys;
	uint64_t seen[CVF_CELLS_MAX];
	uint64_t fresh[CVF_CELLS_MAX];	/* as reported just now */
	uint64_t fresh_generation;
	uint32_t fresh_end;		/* past the last cell reported */
};

int counter_open(struct governor *g, struct counter **ret_counter)
{
	struct counter *c = calloc(1, sizeof(*c));

	(void)g;
	if (!c)
		return -ENOMEM;
	*ret_counter = c;
	return 0;
}

void counter_free(struct counter *c)
{
	if (c)
		free(c->keys.v);
	free(c);
}

static void on_seen(void *ctx, uint32_t cell, uint64_t seen)
{
	struct counter *c = ctx;

	if (cell < CVF_CELLS_MAX)
		c->seen[cell] = seen;
}

/* Meaning and last values of a generation's cells; a generation of another store has none and is not counted. */
static int load(struct governor *g, struct counter *c, uint64_t generation)
{
	int r;

	free(c->keys.v);
	c->keys = (struct cell_keys){ 0 };
	c->generation = generation;
	memset(c->seen, 0, sizeof(c->seen));
	r = generation_table_cells(g->store, generation, &c->keys);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = cell_table_each(g->store, generation, on_seen, c);
	if (r < 0)
		c->generation = 0;
	return r;
}

static void on_count(void *ctx, uint64_t generation, const struct wire_count *one)
{
	struct counter *c = ctx;

	c->fresh_generation = generation;
	if (one->cell >= CVF_CELLS_MAX)
		return;
	c->fresh[one->cell] = one->value;
	if (one->cell >= c->fresh_end)
		c->fresh_end = one->cell + 1;
}

/* A value below the last one means that the kernel's tables were made anew: it counts from zero. */
static uint64_t growth(const struct counter *c, uint32_t cell)
{
	return c->fresh[cell] >= c->seen[cell] ? c->fresh[cell] - c->seen[cell] : c->fresh[cell];
}

static int add_one(struct governor *g, const struct counter *c, uint32_t cell)
{
	const struct cell_key *key = &c->keys.v[cell];
	struct counter_row row = { key->agent, key->capability, key->op, key->verdict, growth(c, cell) };
	int r = counter_table_add(g->store, &row);

	return r < 0 ? r : cell_table_put(g->store, c->generation, cell, c->fresh[cell]);
}

static bool is_due(const struct counter *c, uint32_t cell)
{
	return cell < c->keys.n && c->fresh[cell] && c->fresh[cell] != c->seen[cell];
}

static int add_all(struct governor *g, struct counter *c)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < c->fresh_end; i++)
		if (is_due(c, i))
			r = add_one(g, c, i);
	return r;
}

static bool is_any_due(const struct counter *c)
{
	for (uint32_t i = 0; i < c->fresh_end; i++)
		if (is_due(c, i))
			return true;
	return false;
}

static int save(struct governor *g, struct counter *c)
{
	int r;

	if (!is_any_due(c))
		return 0;
	r = store_begin(g->store, STORE_BATCH);
	if (r == 0)
		r = add_all(g, c);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0) {
		store_rollback(g->store);
		return r;
	}
	for (uint32_t i = 0; i < c->fresh_end; i++)
		if (is_due(c, i))
			c->seen[i] = c->fresh[i];
	return 0;
}

int counter_collect(struct governor *g)
{
	struct counter *c = g->counter;
	int r;

	memset(c->fresh, 0, sizeof(c->fresh));
	c->fresh_generation = 0;
	c->fresh_end = 0;
	r = link_counts(g->link, on_count, c);
	if (r < 0 || !c->fresh_generation)
		return r;
	if (c->fresh_generation != c->generation)
		r = load(g, c, c->fresh_generation);
	return r < 0 ? r : save(g, c);
}

/* counter_collect() loads the meaning of the new cells when the first of them is reported. */
void counter_on_generation(struct governor *g, uint64_t generation)
{
	g->counter->generation = 0;
	if (store_begin(g->store, STORE_BATCH) < 0)
		return;
	if (cell_table_drop_before(g->store, generation) < 0 || store_commit(g->store) < 0)
		store_rollback(g->store); /* rows that nobody reads again */
}
