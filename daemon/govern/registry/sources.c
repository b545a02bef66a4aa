// SPDX-License-Identifier: Apache-2.0
/*
 * sources.c - see sources.h
 *
 * Order: what the product ships, the administrator's files, what the API registered. An id that occurs twice is an error of
 * the whole (model_check), so nobody can shadow a declaration quietly.
 */
#include "sources.h"

#include <string.h>

#include "decl_table.h"
#include "json/doc.h"

static const char *const plurals[DECL_KIND_MAX] = {
	[DECL_CAPABILITY] = "capabilities",
	[DECL_AGENT] = "agents",
	[DECL_POLICY] = "policies",
	[DECL_PROFILE] = "profiles",
};

const char *decl_kind_plural(enum decl_kind kind)
{
	return plurals[kind];
}

struct work {
	struct governor *g;
	const struct change *change;
	struct model *model;
	json_t *added;	/* ids */
	struct diags *d;
};

static int load_files(struct work *w)
{
	static const struct {
		bool is_builtin;
		const char *folder;
		enum decl_kind kind;
	} folders[] = {
		{ true, "capabilities", DECL_CAPABILITY }, { true, "profiles", DECL_PROFILE },
		{ false, "capabilities.d", DECL_CAPABILITY }, { false, "agents.d", DECL_AGENT },
		{ false, "policies.d", DECL_POLICY },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *base = folders[i].is_builtin ? w->g->places.share : w->g->places.etc;
		own_free char *path = NULL;
		int one;

		if (asprintf(&path, "%s/%s", base, folders[i].folder) < 0)
			return -ENOMEM;
		one = model_load_dir(w->model, path, 1u << folders[i].kind, folders[i].is_builtin, w->d);
		r = one < 0 && r == 0 ? one : r; /* go on: one run shows every mistake */
	}
	return r;
}

static bool is_added(const struct work *w, const char *id)
{
	size_t i;
	json_t *one;

	json_array_foreach(w->added, i, one)
		if (strcmp(json_string_value(one), id) == 0)
			return true;
	return false;
}

static int load_registered(void *ctx, const struct decl_row *row)
{
	struct work *w = ctx;
	const struct change *c = w->change;

	if (c && c->kind == row->kind && ((c->drop && strcmp(c->drop, row->id) == 0) || is_added(w, row->id)))
		return 0;
	return model_load_text(w->model, row->text, strlen(row->text), row->source, 1u << row->kind, false, w->d);
}

/* Which ids the new text declares: read by a model of its own, which also gives the diagnoses of the text alone. */
static int read_added(struct work *w)
{
	own(model) struct model *alone = model_new();
	int r;

	if (!alone)
		return -ENOMEM;
	r = model_load_text(alone, w->change->text, w->change->size, w->change->source, 1u << w->change->kind, false, w->d);
	for (size_t i = 0; r == 0 && i < model_count(alone, w->change->kind); i++)
		json_array_append(w->added, json_object_get(model_at(alone, w->change->kind, i), "id"));
	return r;
}

static int refuse_shadowing(struct work *w)
{
	size_t i;
	json_t *one;
	int r = 0;

	json_array_foreach(w->added, i, one) {
		const json_t *old = model_find(w->model, w->change->kind, json_string_value(one));
		const char *source = json_string_value(json_object_get(old, "source"));

		if (!old)
			continue;
		diags_add(w->d, DIAG_ERROR, w->change->source, 0, 0, "edit that file and reload, or choose another id",
			  "\"%s\" is already declared in %s", json_string_value(one), source ? source : "the product");
		r = -EEXIST;
	}
	return r;
}

static int load_change(struct work *w)
{
	const struct change *c = w->change;
	struct diags again = { 0 };
	int r = refuse_shadowing(w);

	if (r == 0)
		r = model_load_text(w->model, c->text, c->size, c->source, 1u << c->kind, false, &again);
	diags_done(&again);
	return r;
}

struct modes {
	const struct work *w;
	json_t *agents;	/* of a model as JSON, borrowed */
	bool changed;
};

/* An agent that is registered anew comes with the mode that its declaration says. */
static int set_mode(void *ctx, const char *agent, const char *mode)
{
	struct modes *m = ctx;
	json_t *one;
	size_t i;

	if (m->w->change && m->w->change->kind == DECL_AGENT && is_added(m->w, agent))
		return 0;
	json_array_foreach(m->agents, i, one) {
		const char *id = json_string_value(json_object_get(one, "id"));

		if (!id || strcmp(id, agent) != 0)
			continue;
		json_object_set_new(one, "mode", json_string(mode));
		m->changed = true;
	}
	return 0;
}

static json_t *model_json(const struct model *m);
static int model_of_json(const json_t *root, struct model **ret_model);

/* Modes set through the API win over the declarations': the model is made again with them in place. */
static int apply_modes(struct work *w)
{
	own_json json_t *root = model_json(w->model);
	struct modes modes = { .w = w, .agents = json_object_get(root, plurals[DECL_AGENT]) };
	const struct change *c = w->change;
	struct model *with = NULL;
	int r;

	if (!root)
		return -ENOMEM;
	r = mode_table_each(w->g->store, set_mode, &modes);
	if (r == 0 && c && c->mode)
		r = set_mode(&modes, c->mode_agent, c->mode);
	if (r < 0 || !modes.changed)
		return r;
	r = model_of_json(root, &with);
	if (r < 0)
		return r;
	model_free(w->model);
	w->model = with;
	return 0;
}

static int build(struct work *w)
{
	bool has_text = w->change && w->change->text;
	int r = 0;

	if (has_text)
		r = read_added(w);
	if (r < 0)
		return r;
	r = load_files(w);
	if (has_text && r == 0)
		r = load_change(w);
	if (r == 0)
		r = decl_table_each(w->g->store, load_registered, w);
	if (r == 0)
		r = model_check(w->model, w->d);
	if (r == 0)
		r = apply_modes(w);
	return r;
}

int sources_model(struct governor *g, const struct change *change, struct model **ret_model, struct diags *d)
{
	struct work w = { .g = g, .change = change, .model = model_new(), .added = json_array(), .d = d };
	int r = w.model && w.added ? build(&w) : -ENOMEM;

	if (r == 0 && d->errors)
		r = -EINVAL;
	if (r == 0)
		*ret_model = TAKE(w.model);
	model_free(w.model);
	json_decref(w.added);
	return r;
}

static json_t *model_json(const struct model *m)
{
	json_t *root = json_object();

	for (int kind = 0; kind < DECL_KIND_MAX; kind++) {
		json_t *list = json_array();

		for (size_t i = 0; i < model_count(m, (enum decl_kind)kind); i++)
			json_array_append_new(list, json_deep_copy(model_at(m, (enum decl_kind)kind, i)));
		json_object_set_new(root, plurals[kind], list);
	}
	return root;
}

char *model_text(const struct model *m)
{
	own_json json_t *root = model_json(m);

	return root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

/* Members that say "not given" are left out. */
static void drop_nulls(json_t *value)
{
	const char *key;
	json_t *one;
	size_t i;
	void *next;

	json_object_foreach_safe(value, next, key, one) {
		if (json_is_null(one))
			json_object_del(value, key);
		else
			drop_nulls(one);
	}
	json_array_foreach(value, i, one)
		drop_nulls(one);
}

/*
 * Normalised declarations say more than a declaration may: where they come from, which goes back to being arguments, the
 * second spelling of the risk, and what was not given.
 */
static json_t *plain_of(const json_t *decl)
{
	json_t *plain = json_deep_copy(decl);

	json_object_del(plain, "source");
	json_object_del(plain, "builtin");
	json_object_del(json_object_get(plain, "risk"), "class");
	drop_nulls(plain);
	return plain;
}

static int load_normalised(struct model *m, enum decl_kind kind, const json_t *decl, struct diags *d)
{
	own_json json_t *plain = plain_of(decl);
	const char *source = json_string_value(json_object_get(decl, "source"));
	bool is_builtin = json_is_true(json_object_get(decl, "builtin"));
	own_free char *text = plain ? json_dumps(plain, JSON_COMPACT) : NULL;

	return text ? model_load_text(m, text, strlen(text), source, 1u << kind, is_builtin, d) : -ENOMEM;
}

static int model_of_json(const json_t *root, struct model **ret_model)
{
	/* Profiles and capabilities first: later kinds refer to them. */
	static const enum decl_kind order[] = { DECL_CAPABILITY, DECL_PROFILE, DECL_AGENT, DECL_POLICY };
	own(model) struct model *m = model_new();
	struct diags d = { 0 };
	int r = m ? 0 : -ENOMEM;

	for (size_t k = 0; k < ARRAY_SIZE(order); k++) {
		const json_t *list = json_object_get(root, plurals[order[k]]);

		for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
			r = load_normalised(m, order[k], json_array_get(list, i), &d);
	}
	if (r == 0)
		r = model_check(m, &d);
	diags_done(&d);
	if (r < 0)
		return r;
	*ret_model = TAKE(m);
	return 0;
}

int model_of_text(const char *text, struct model **ret_model)
{
	own_json json_t *root = json_loads(text, 0, NULL);

	return root ? model_of_json(root, ret_model) : -EINVAL;
}
