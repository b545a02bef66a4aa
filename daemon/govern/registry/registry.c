// SPDX-License-Identifier: Apache-2.0
/*
 * registry.c - see registry.h
 *
 * Order of an activation: numbers and the generation become durable first (records of the new generation must be readable
 * whatever happens next), then cvfd gets the image, then the change itself is committed. If that last commit fails, the old
 * declarations are put in force again under a newer generation.
 */
#include "registry.h"

#include <string.h>

#include "cgroup.h"
#include "core/log.h"
#include "decl_table.h"
#include "generation_table.h"
#include "govern/approval/approval.h"
#include "govern/counter/counter.h"
#include "history.h"
#include "image_send.h"
#include "json/memory.h"
#include "json/doc.h"
#include "numbers_table.h"
#include "uses.h"

#define RETRY_S 10

struct registry {
	struct governor *g;
	struct origin now;
	uint64_t generation;
	char *problem;
	struct origin past;	/* of an earlier generation, for explanations */
	uint64_t past_generation;
	time_t recompile_at;	/* when a standing grant runs out; 0: never */
};

struct compiled {
	const struct model *model;	/* what it was made of */
	struct cvf_image *image;
	size_t size;
};

int registry_open(struct governor *g, struct registry **ret_registry)
{
	struct registry *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->g = g;
	*ret_registry = r;
	return 0;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	origin_done(&r->now);
	origin_done(&r->past);
	free(r->problem);
	free(r);
}

const struct model *registry_model(const struct registry *r)
{
	return r->now.model;
}

uint64_t registry_generation(const struct registry *r)
{
	return r->generation;
}

const char *registry_problem(const struct registry *r)
{
	return r->problem;
}

static int next_generation(struct governor *g, uint64_t *ret_generation)
{
	struct wire_status status;
	uint64_t last;
	int r = link_status(g->link, &status);

	if (r == 0)
		r = generation_table_last(g->store, &last);
	if (r == 0)
		*ret_generation = (status.generation > last ? status.generation : last) + 1;
	return r;
}

/* Inside a transaction: numbers for new names, the image, the generation's row. */
static int compile_and_note(struct governor *g, const struct origin *o, uint64_t generation, struct compiled *ret,
			    struct diags *d)
{
	struct numbers numbers = numbers_table_numbers(g->numbers);
	struct cell_keys keys = { 0 };
	own_free char *text = NULL;
	int r = policy_compile(o->model, &numbers, generation, time(NULL), &ret->image, &ret->size, d);

	if (r < 0)
		return r == -E2BIG ? -EINVAL : r;
	r = image_cell_keys(ret->image, &keys);
	if (r < 0)
		return r;
	text = texts_print(&o->texts);
	r = text ? generation_table_add(g->store, generation, g->boot, clock_utc_ms(), text, &keys) : -ENOMEM;
	cell_keys_done(&keys);
	return r;
}

static int compile(struct governor *g, const struct origin *o, struct compiled *ret, struct diags *d)
{
	uint64_t generation = 0;
	int r = uses_load(g, o->model);

	if (r == 0)
		r = next_generation(g, &generation);
	if (r == 0)
		r = store_begin(g->store, STORE_DURABLE);
	if (r < 0)
		return r;
	r = compile_and_note(g, o, generation, ret, d);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0) {
		store_rollback(g->store);
		if (numbers_table_reload(g->numbers) < 0)
			return -ENOMEM;
	}
	return r;
}

/* As it was written, so that the next reading of it says the same. */
static int store_added(struct governor *g, const struct change *c, const char *by)
{
	own_json json_t *body = json_loadb(c->text, c->size, 0, NULL);
	own_json json_t *list = json_is_array(body) ? json_incref(body) : json_pack("[O]", body);
	json_t *decl;
	size_t i;
	int r = list ? 0 : -ENOMEM;

	json_array_foreach(list, i, decl) {
		own_free char *text = json_dumps(decl, JSON_INDENT(1));
		struct decl_row row = { c->kind, json_string_value(json_object_get(decl, "id")), c->source, text };

		r = text && row.id ? decl_table_put(g->store, &row, clock_utc_ms(), by) : -ENOMEM;
		if (r == 0)
			r = set_table_put(g->store, c->kind, row.id, NULL);
		if (r < 0)
			break;
	}
	return r;
}

static int store_change(struct governor *g, const struct change *c, const char *by)
{
	int r = 0;

	if (!c)
		return 0;
	if (c->text)
		r = store_added(g, c, by);
	if (r == 0 && c->drop)
		r = decl_table_drop(g->store, c->kind, c->drop);
	if (r == 0 && c->drop)
		r = set_table_put(g->store, c->kind, c->drop, NULL);
	if (r == 0 && c->set)
		r = set_table_put(g->store, c->kind, c->set_id, c->set);
	return r;
}

void registry_set(struct registry *reg, struct origin *take, uint64_t generation)
{
	origin_done(&reg->now);
	reg->now = *take;
	*take = (struct origin){ 0 };
	reg->generation = generation;
	reg->recompile_at = policy_next_expiry(reg->now.model, time(NULL));
}

void registry_compile_soon(struct registry *reg)
{
	reg->recompile_at = 1;
}

static int send_compiled(struct governor *g, const struct compiled *c, struct diags *d)
{
	const char *fault = NULL;
	int r = image_send(g->link, c->image, c->size, &fault);

	if (r == -EBADE)
		diags_add(d, DIAG_ERROR, NULL, 0, 0, "this is a defect of the product: please report it",
			  "the enforcer refused the compiled policy: %s", fault);
	return r;
}

/* The transaction is open while cvfd takes the image, so that both happen or none. */
static int send_and_commit(struct governor *g, const struct compiled *c, const struct change *change, const char *by,
			   struct diags *d)
{
	int r = store_begin(g->store, STORE_DURABLE);

	if (r == 0)
		r = store_change(g, change, by);
	if (r == 0)
		r = history_note(g, &(struct history){ c->model, c->image->generation, by, change ? change->note : NULL });
	if (r == 0)
		r = generation_table_activate(g->store, c->image->generation);
	if (r == 0)
		r = send_compiled(g, c, d);
	if (r < 0) {
		store_rollback(g->store);
		return r;
	}
	r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r < 0 ? -EIO : 0;
}

/* cvfd has the new image, the store has not: go back to what the store says. */
static void put_back(struct governor *g)
{
	struct registry *reg = g->registry;
	struct compiled c = { 0 };
	struct diags d = { 0 };
	const char *fault;

	if (reg->now.model && compile(g, &reg->now, &c, &d) == 0 && image_send(g->link, c.image, c.size, &fault) == 0)
		reg->generation = c.image->generation;
	free(c.image);
	diags_done(&d);
}

/* Takes the origin, whatever happens. */
static int activate(struct governor *g, struct origin *take, const struct change *change, const char *by, struct diags *d)
{
	unsigned long failures = memory_failures();
	struct compiled c = { .model = take->model };
	int r = compile(g, take, &c, d);

	if (r == 0 && memory_failures() != failures)
		r = -ENOMEM;
	if (r == 0 && counter_collect(g) < 0 && link_is_closed(g->link)) /* what the old generation counted until now */
		r = -ECONNRESET;
	if (r == 0)
		r = send_and_commit(g, &c, change, by, d);
	if (r == 0) {
		registry_set(g->registry, take, c.image->generation);
		counter_on_generation(g, c.image->generation);
		r = cgroup_bind_all(g, c.image);
	} else if (r == -EIO) {
		put_back(g);
	}
	free(c.image);
	origin_done(take);
	return r;
}

static void set_problem(struct registry *reg, const struct diags *d)
{
	FILE *out;
	size_t size;

	free(reg->problem);
	reg->problem = NULL;
	out = d ? open_memstream(&reg->problem, &size) : NULL;
	if (!out)
		return;
	diags_print(d, out);
	fclose(out); /* only now the text stays where it is */
}

int registry_activate(struct governor *g, const struct change *change, const char *by, struct diags *d)
{
	struct origin o = { 0 };
	int r = sources_collect(g, change, &o, d);

	if (r == 0)
		r = activate(g, &o, change, by, d);
	if (r < 0)
		return r;
	set_problem(g->registry, NULL);
	approval_on_policy(g);
	return 0;
}

static int last_origin(struct governor *g, struct origin *ret_origin)
{
	own_free char *text = NULL;
	int r = generation_table_model(g->store, 0, &text);

	return r < 0 ? r : sources_of_text(text, ret_origin);
}

static int start_with(struct governor *g, int (*source)(struct governor *g, struct origin *ret_origin))
{
	struct diags d = { 0 };
	struct origin o = { 0 };
	int r = source(g, &o);

	if (r == 0)
		r = activate(g, &o, NULL, "start", &d);
	diags_done(&d);
	return r;
}

int registry_start(struct governor *g)
{
	struct diags d = { 0 };
	int r = registry_activate(g, NULL, "start", &d);

	if (r == -EINVAL || r == -EEXIST || r == -EBADE) {
		set_problem(g->registry, &d);
		r = start_with(g, last_origin);
		if ((r == -ENOENT || r == -ENODATA || r == -EINVAL || r == -EEXIST || r == -EBADE) && !link_is_closed(g->link))
			r = start_with(g, sources_shipped);
	}
	diags_done(&d);
	return r;
}

const struct model *registry_model_of(struct governor *g, uint64_t generation)
{
	struct registry *reg = g->registry;
	own_free char *text = NULL;
	struct origin o;

	if (generation == reg->generation)
		return reg->now.model;
	if (reg->past.model && reg->past_generation == generation)
		return reg->past.model;
	if (!generation || generation_table_model(g->store, generation, &text) < 0 || sources_of_text(text, &o) < 0)
		return NULL;
	origin_done(&reg->past);
	reg->past = o;
	reg->past_generation = generation;
	return o.model;
}

/* The declarations in force are compiled again, not those on disk: nobody asked for a reload. */
void registry_tick(struct governor *g)
{
	struct registry *reg = g->registry;
	struct origin same = { 0 };
	struct diags d = { 0 };
	own_free char *text = NULL;

	if (!reg->recompile_at || time(NULL) < reg->recompile_at)
		return;
	reg->recompile_at = time(NULL) + RETRY_S;
	text = texts_print(&reg->now.texts);
	if (!text || sources_of_text(text, &same) < 0 || activate(g, &same, NULL, "expiry", &d) < 0)
		log_error("the policy could not be compiled again, though a standing grant expired or something was used for the first time; tried again in %d s", RETRY_S);
	else
		approval_on_policy(g);
	diags_done(&d);
}
