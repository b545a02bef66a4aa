// SPDX-License-Identifier: Apache-2.0
/* uses.c - see uses.h */
#include "uses.h"

#include "core/log.h"
#include "govern/approval/hold_table.h"
#include "govern/counter/counter.h"
#include "govern/counter/counter_table.h"
#include "numbers_table.h"
#include "registry.h"

struct loading {
	struct governor *g;
	struct model *m;
	int error;
};

static void add(struct loading *l, uint32_t agent, uint32_t capability)
{
	const char *of = numbers_table_name(l->g->numbers, NUMBER_AGENT, agent);
	const char *what = numbers_table_name(l->g->numbers, NUMBER_CAPABILITY, capability);

	if (of && what && model_note_use(l->m, of, what) < 0)
		l->error = -ENOMEM;
}

static void on_counter(void *ctx, const struct counter_row *row)
{
	if (row->count && counter_ran(row->verdict))
		add(ctx, row->agent, row->capability);
}

static int on_approved(void *ctx, uint32_t agent, uint32_t capability)
{
	add(ctx, agent, capability);
	return 0;
}

int uses_load(struct governor *g, struct model *m)
{
	struct loading l = { .g = g, .m = m };
	int r;

	if (!model_cares_for_uses(m))
		return 0;
	if (counter_collect(g) < 0)
		log_debug("counters: what was used in the last seconds may count as new");
	r = counter_table_each(g->store, &(struct counter_filter){ 0 }, on_counter, &l);
	if (r == 0)
		r = hold_table_each_approved(g->store, on_approved, &l);
	return r < 0 ? r : l.error;
}

void uses_note(struct governor *g, uint32_t agent, uint32_t capability)
{
	const struct model *m = registry_model(g->registry);
	const char *of = numbers_table_name(g->numbers, NUMBER_AGENT, agent);
	const char *what = numbers_table_name(g->numbers, NUMBER_CAPABILITY, capability);

	if (m && of && what && model_cares_for_uses(m) && !model_knows_use(m, of, what))
		registry_compile_soon(g->registry);
}
