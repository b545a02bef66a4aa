// SPDX-License-Identifier: Apache-2.0
/*
 * sources.c - see sources.h
 *
 * Order: what the product ships, the administrator's files, what the API registered. A declaration of this host takes the
 * place of a shipped one with the same id; among those of this host an id that occurs twice is an error.
 */
#include "sources.h"

#include <string.h>

#include "decl_table.h"
#include "json/doc.h"
#include "json/memory.h"
#include "overlay.h"

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

void origin_done(struct origin *o)
{
	model_free(o->model);
	texts_done(&o->texts);
	*o = (struct origin){ 0 };
}

struct work {
	unsigned long failures; /* of memory, when it began */
	struct governor *g;
	const struct change *change;
	struct texts_list texts;
	struct model *model;
	json_t *added;	/* ids */
	struct diags *d;
};

struct folder {
	bool is_builtin;
	const char *name;
	enum decl_kind kind;
};
static const struct folder folders[] = {
	{ true, "capabilities", DECL_CAPABILITY }, { true, "profiles", DECL_PROFILE },
	{ false, "capabilities.d", DECL_CAPABILITY }, { false, "profiles.d", DECL_PROFILE },
	{ false, "agents.d", DECL_AGENT }, { false, "policies.d", DECL_POLICY },
};

static int add_folders(struct work *w, bool builtin_only)
{
	int worst = 0;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *base = folders[i].is_builtin ? w->g->places.share : w->g->places.etc;
		own_free char *path = NULL;
		int r;

		if (builtin_only && !folders[i].is_builtin)
			continue;
		if (asprintf(&path, "%s/%s", base, folders[i].name) < 0)
			return -ENOMEM;
		r = texts_add_folder(&w->texts, path, folders[i].kind, folders[i].is_builtin, w->d);
		worst = r < 0 ? r : worst;
	}
	return worst;
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

static int add_registered(void *ctx, const struct decl_row *row)
{
	struct work *w = ctx;
	const struct change *c = w->change;
	struct decl_text one = { .kind = row->kind, .size = strlen(row->text) };

	if (c && c->kind == row->kind && ((c->drop && strcmp(c->drop, row->id) == 0) || is_added(w, row->id)))
		return 0;
	memcpy(&one.name, &row->source, sizeof(one.name));
	memcpy(&one.text, &row->text, sizeof(one.text));
	return texts_add(&w->texts, &one);
}

static int load_alone(struct model *alone, const struct change *c, struct diags *d)
{
	return model_load_text(alone, c->text, c->size, c->source, 1u << c->kind, false, d);
}

/*
 * Which ids the new text declares: read by a model of its own. Its mistakes are reported at once, without those of files;
 * its warnings come with the whole, so they are not reported here.
 */
static int read_added(struct work *w)
{
	own(model) struct model *alone = model_new();
	const struct change *c = w->change;
	struct diags quiet = { 0 };
	int r;

	if (!alone)
		return -ENOMEM;
	r = load_alone(alone, c, &quiet);
	diags_done(&quiet);
	if (r < 0)
		return load_alone(alone, c, w->d);
	for (size_t i = 0; r == 0 && i < model_count(alone, c->kind); i++)
		json_array_append(w->added, json_object_get(model_at(alone, c->kind, i), "id"));
	return r;
}

/* An id of the change that a file declares. */
static int refuse_shadowing(struct work *w)
{
	size_t i;
	json_t *one;
	int r = 0;

	json_array_foreach(w->added, i, one) {
		const json_t *old = model_find(w->model, w->change->kind, json_string_value(one));
		const char *source = json_string_value(json_object_get(old, "source"));

		if (!old || json_is_true(json_object_get(old, "builtin")))
			continue;
		diags_add(w->d, DIAG_ERROR, w->change->source, 0, 0, "edit that file and reload, or choose another id",
			  "\"%s\" is already declared in %s", json_string_value(one), source ? source : "a file");
		r = -EEXIST;
	}
	return r;
}

static int add_change(struct work *w)
{
	const struct change *c = w->change;
	struct decl_text one = { .kind = c->kind, .size = c->size };

	memcpy(&one.name, &c->source, sizeof(one.name));
	memcpy(&one.text, &c->text, sizeof(one.text));
	return texts_add(&w->texts, &one);
}

static bool is_known(const struct diags *d, const struct diag *one)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].message && one->message && strcmp(d->v[i].message, one->message) == 0)
			return true;
	return false;
}

/* Places are those of the texts as written; what the overlay adds to that has none. */
static void tell_new(struct work *w, const struct diags *again)
{
	for (size_t i = 0; i < again->n; i++) {
		const struct diag *one = &again->v[i];

		if (one->level == DIAG_ERROR || !is_known(w->d, one))
			diags_add(w->d, one->level, one->file, 0, 0, one->hint, "%s", one->message ? one->message : "out of memory");
	}
}

/* What the API set is put into the texts, and the model made again. */
static int apply_overlay(struct work *w)
{
	struct overlay overlay = { .store = w->g->store, .change = w->change, .added = w->added };
	struct diags again = { 0 };
	bool is_changed = false;
	int r = overlay_apply(&overlay, &w->texts, &is_changed);

	if (r < 0 || !is_changed)
		return r;
	model_free(w->model);
	w->model = model_new();
	r = w->model ? texts_load(&w->texts, w->model, &again) : -ENOMEM;
	if (r == 0)
		r = model_check(w->model, &again);
	tell_new(w, &again);
	diags_done(&again);
	return r;
}

/* Files first, alone: an id that they declare is not the API's to change. */
static int check_shadowing(struct work *w)
{
	struct diags quiet = { 0 };
	int r;

	if (!w->change || !w->change->text)
		return 0;
	r = texts_load(&w->texts, w->model, &quiet); /* mistakes are reported when all is loaded */
	diags_done(&quiet);
	if (r != -ENOMEM)
		r = refuse_shadowing(w);
	if (r < 0)
		return r;
	model_free(w->model);
	w->model = model_new();
	return w->model ? add_change(w) : -ENOMEM;
}

static int collect(struct work *w)
{
	int r = w->change && w->change->text ? read_added(w) : 0;
	int files;

	if (r < 0)
		return r;
	files = add_folders(w, false);
	if (files == -ENOMEM)
		return files;
	r = check_shadowing(w);
	if (r == 0)
		r = decl_table_each(w->g->store, add_registered, w);
	if (r == 0)
		r = texts_load(&w->texts, w->model, w->d);
	if (r == 0)
		r = files;
	if (r == 0)
		r = model_check(w->model, w->d);
	return r < 0 ? r : apply_overlay(w);
}

/* A declaration, or a part of one, that found no memory is not in the model: without a rule that refuses, more would be permitted. */
static int finish(struct work *w, int r, struct origin *ret_origin)
{
	if (memory_failures() != w->failures)
		r = -ENOMEM;
	if (r == 0)
		*ret_origin = (struct origin){ w->model, w->texts };
	else {
		model_free(w->model);
		texts_done(&w->texts);
	}
	json_decref(w->added);
	return r;
}

int sources_collect(struct governor *g, const struct change *change, struct origin *ret_origin, struct diags *d)
{
	struct work w = { .failures = memory_failures(), .g = g, .change = change, .model = model_new(), .added = json_array(), .d = d };
	int r = w.model && w.added ? collect(&w) : -ENOMEM;

	return finish(&w, r == 0 && d->errors ? -EINVAL : r, ret_origin);
}

int sources_shipped(struct governor *g, struct origin *ret_origin)
{
	struct diags d = { 0 };
	struct work w = { .failures = memory_failures(), .g = g, .model = model_new(), .d = &d };
	int r = w.model ? add_folders(&w, true) : -ENOMEM;

	if (r == 0)
		r = texts_load(&w.texts, w.model, &d);
	if (r == 0)
		r = model_check(w.model, &d);
	diags_done(&d);
	return finish(&w, r, ret_origin);
}

int sources_of_text(const char *json, struct origin *ret_origin)
{
	struct diags d = { 0 };
	struct work w = { .failures = memory_failures(), .model = model_new(), .d = &d };
	int r = w.model ? texts_parse(json, &w.texts) : -ENOMEM;

	if (r == 0)
		r = texts_load(&w.texts, w.model, &d);
	if (r == 0)
		r = model_check(w.model, &d);
	diags_done(&d);
	return finish(&w, r, ret_origin);
}
