// SPDX-License-Identifier: Apache-2.0
/* counter.c - see counter.h */
#include "counter.h"

#include <string.h>

#include "counter_table.h"
#include "govern/metric/rollup.h"
#include "govern/registry/generation_table.h"

/* Counters by agent, then cell. */
struct counts {
	struct cell_count *v;
	size_t n, space;
};

struct counter {
	uint64_t generation;	/* that keys and seen belong to; 0: none yet */
	struct cell_keys keys;
	struct counts seen;
	struct counts fresh;	/* as reported just now */
	uint64_t fresh_generation;
	bool is_short;		/* of memory: not all of what was reported is there */
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
	if (!c)
		return;
	cell_keys_done(&c->keys);
	free(c->seen.v);
	free(c->fresh.v);
	free(c);
}

static bool counts_add(struct counts *k, const struct cell_count *one)
{
	if (k->n == k->space) {
		size_t space = k->space * 2 + 256;
		struct cell_count *v = reallocarray(k->v, space, sizeof(*v));

		if (!v)
			return false;
		k->v = v;
		k->space = space;
	}
	k->v[k->n++] = *one;
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct cell_count *x = a, *y = b;

	if (x->agent != y->agent)
		return x->agent < y->agent ? -1 : 1;
	return (x->cell > y->cell) - (x->cell < y->cell);
}

static void on_seen(void *ctx, const struct cell_count *seen)
{
	struct counter *c = ctx;

	if (!counts_add(&c->seen, seen))
		c->is_short = true;
}

/* Meaning and last values of a generation's cells; a generation of another store has none and is not counted. */
static int load(struct governor *g, struct counter *c, uint64_t generation)
{
	int r;

	cell_keys_done(&c->keys);
	c->generation = generation;
	c->seen.n = 0;
	r = generation_table_cells(g->store, generation, &c->keys);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = cell_table_each(g->store, generation, on_seen, c);
	if (r == 0 && c->is_short)
		r = -ENOMEM;
	if (r < 0)
		c->generation = 0;
	return r;
}

static void on_count(void *ctx, uint64_t generation, const struct wire_count *one)
{
	const struct cell_count count = { one->agent, one->cell, one->value };
	struct counter *c = ctx;

	c->fresh_generation = generation;
	if (!counts_add(&c->fresh, &count))
		c->is_short = true;
}

static const struct row_agent *row_agent_find(const struct cell_keys *k, uint32_t agent)
{
	size_t low = 0, high = k->agents_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->agents[middle].agent == agent)
			return &k->agents[middle];
		if (k->agents[middle].agent < agent)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Whose it is and what it stands for. false: the generation has no such cell or agent. */
static bool meaning(const struct counter *c, const struct cell_count *count, struct counter_row *ret_row)
{
	const struct row_agent *agent = NULL;
	const struct cell_key *key;

	if (count->cell >= c->keys.n)
		return false;
	key = &c->keys.v[count->cell];
	*ret_row = (struct counter_row){ key->agent, key->capability, key->op, key->verdict, 0 };
	if (!count->agent)
		return true;
	agent = key->agent ? NULL : row_agent_find(&c->keys, count->agent);
	if (!agent)
		return false;
	ret_row->agent = agent->agent;
	if (!agent->is_enforced && key->verdict != CVF_VERDICT_ALLOW)
		ret_row->verdict |= COUNTER_WOULD;
	return true;
}

/* For all of them, and for the agent where it is known. */
static int add_samples(struct rollup *u, const struct counter_row *row)
{
	struct sample sample = { .metric = METRIC_OPERATION, .key = row->verdict, .at_ms = clock_utc_ms(), .n = (int64_t)row->count };
	int r = rollup_add(u, &sample);

	if (r < 0 || !row->agent)
		return r;
	sample.subject = row->agent;
	return rollup_add(u, &sample);
}

/* Adds what is new since it was seen. */
static int add_one(struct governor *g, const struct counter *c, const struct cell_count *count, uint64_t seen, struct rollup *u)
{
	struct counter_row row;
	int r;

	if (count->value == seen || !meaning(c, count, &row))
		return 0;
	/* A value below the last one means that the kernel's tables were made anew: it counts from zero. */
	row.count = count->value > seen ? count->value - seen : count->value;
	r = counter_table_add(g->store, &row);
	if (r == 0)
		r = add_samples(u, &row);
	return r < 0 ? r : cell_table_put(g->store, c->generation, count);
}

/* Both lists are in order: what was seen of a counter is found on the way. */
static int add_all(struct governor *g, struct counter *c)
{
	struct rollup u = { 0 };
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->fresh.n; i++) {
		const struct cell_count *count = &c->fresh.v[i];

		while (at < c->seen.n && by_place(&c->seen.v[at], count) < 0)
			at++;
		r = add_one(g, c, count, at < c->seen.n && by_place(&c->seen.v[at], count) == 0 ? c->seen.v[at].value : 0, &u);
	}
	if (r == 0)
		r = rollup_write(&u, g->store);
	rollup_done(&u);
	return r;
}

static bool is_any_new(const struct counter *c)
{
	return c->fresh.n != c->seen.n ||
	       (c->fresh.n && memcmp(c->fresh.v, c->seen.v, c->fresh.n * sizeof(*c->fresh.v)) != 0);
}

static int save(struct governor *g, struct counter *c)
{
	struct counts seen = c->seen;
	int r;

	if (!is_any_new(c))
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
	c->seen = c->fresh;
	c->fresh = seen;
	return 0;
}

int counter_collect(struct governor *g)
{
	struct counter *c = g->counter;
	int r;

	c->fresh.n = 0;
	c->fresh_generation = 0;
	c->is_short = false;
	r = link_counts(g->link, on_count, c);
	if (r < 0 || !c->fresh_generation)
		return r;
	if (c->is_short)
		return -ENOMEM;
	if (c->fresh.n)
		qsort(c->fresh.v, c->fresh.n, sizeof(*c->fresh.v), by_place);
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
