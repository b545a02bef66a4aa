// SPDX-License-Identifier: Apache-2.0
/* overlay.c - see overlay.h */
#include "overlay.h"

#include <string.h>

#include "decl_table.h"
#include "json/doc.h"

static const char *const fields[DECL_KIND_MAX] = { [DECL_AGENT] = "mode", [DECL_CAPABILITY] = "state" };

/* One text while values are put into it. */
struct work {
	const struct overlay *o;
	enum decl_kind kind;
	json_t *list;
	bool is_changed;
};

static bool is_added(const struct work *w, const char *id)
{
	json_t *one;
	size_t i;

	if (!w->o->change || w->o->change->kind != w->kind)
		return false;
	json_array_foreach(w->o->added, i, one)
		if (strcmp(json_string_value(one), id) == 0)
			return true;
	return false;
}

static int set(void *ctx, const char *id, const char *value)
{
	struct work *w = ctx;
	json_t *one;
	size_t i;

	if (is_added(w, id))
		return 0;
	json_array_foreach(w->list, i, one) {
		const char *name = json_string_value(json_object_get(one, "id"));

		if (!name || strcmp(name, id) != 0)
			continue;
		if (json_object_set_new(one, fields[w->kind], json_string(value)) < 0)
			return -ENOMEM;
		w->is_changed = true;
	}
	return 0;
}

static int apply(const struct overlay *o, struct decl_text *text, bool *ret_is_changed)
{
	own_json json_t *root = json_loadb(text->text, text->size, 0, NULL);
	own_json json_t *list = json_is_array(root) ? json_incref(root) : json_pack("[O]", root);
	struct work w = { .o = o, .kind = text->kind, .list = list };
	const struct change *c = o->change;
	int r = list ? set_table_each(o->store, text->kind, set, &w) : -ENOMEM;
	char *changed;

	if (r == 0 && c && c->set && c->kind == text->kind)
		r = set(&w, c->set_id, c->set);
	if (r < 0 || !w.is_changed)
		return r;
	changed = json_dumps(list, JSON_COMPACT);
	if (!changed)
		return -ENOMEM;
	free(text->text);
	text->text = changed;
	text->size = strlen(changed);
	*ret_is_changed = true;
	return 0;
}

int overlay_apply(const struct overlay *o, struct texts_list *texts, bool *ret_is_changed)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < texts->n; i++)
		if (fields[texts->v[i].kind])
			r = apply(o, &texts->v[i], ret_is_changed);
	return r;
}
