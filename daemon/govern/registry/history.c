// SPDX-License-Identifier: Apache-2.0
/* history.c - see history.h */
#include "history.h"

#include <sodium.h>
#include <string.h>

#include "json/doc.h"
#include "version_table.h"

/* What the store knew last, beside what comes into force: both in order of id. */
struct known {
	char *id;
	int64_t revision;
	uint8_t digest[VERSION_DIGEST_BYTES];
	bool is_removed;
};

struct known_list {
	struct known *v;
	size_t n, space;
};

static void known_done(struct known_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].id);
	free(l->v);
}

static int keep(void *ctx, const struct version_row *row)
{
	struct known_list *l = ctx;
	struct known one = { .id = strdup(row->id), .revision = row->revision, .is_removed = !row->text };

	memcpy(one.digest, row->digest, sizeof(one.digest));
	if (l->n == l->space) {
		struct known *grown = reallocarray(l->v, l->space * 2 + 64, sizeof(*grown));

		if (grown) {
			l->v = grown;
			l->space = l->space * 2 + 64;
		}
	}
	if (!one.id || l->n == l->space) {
		free(one.id);
		return -ENOMEM;
	}
	l->v[l->n++] = one;
	return 0;
}

struct work {
	struct governor *g;
	const struct history *h;
	enum decl_kind kind;
};

static int add(const struct work *w, const struct version_row *what)
{
	static const uint8_t none[VERSION_DIGEST_BYTES];
	struct version_row row = *what;

	row.kind = w->kind;
	row.digest = row.digest ? row.digest : none;
	row.generation = w->h->generation;
	row.made_ms = clock_utc_ms();
	row.made_by = w->h->by;
	row.note = w->h->note;
	return version_table_add(w->g->store, &row);
}

/* known: its last row, or NULL. */
static int note_present(const struct work *w, const char *id, const json_t *decl, const struct known *known)
{
	own_free char *text = json_dumps(decl, JSON_COMPACT | JSON_SORT_KEYS);
	uint8_t digest[VERSION_DIGEST_BYTES];

	if (!text)
		return -ENOMEM;
	crypto_generichash(digest, sizeof(digest), (const unsigned char *)text, strlen(text), NULL, 0);
	if (known && !known->is_removed && memcmp(known->digest, digest, sizeof(digest)) == 0)
		return 0;
	return add(w, &(struct version_row){ .id = id, .revision = known ? known->revision + 1 : 1, .digest = digest, .text = text });
}

static int note_gone(const struct work *w, const struct known *known)
{
	return known->is_removed ? 0 : add(w, &(struct version_row){ .id = known->id, .revision = known->revision + 1 });
}

static int note_kind(const struct work *w, const struct known_list *known)
{
	size_t i = 0, k = 0, n = model_count(w->h->model, w->kind);
	int r = 0;

	while (r == 0 && (i < n || k < known->n)) {
		const json_t *decl = i < n ? model_at(w->h->model, w->kind, i) : NULL;
		const char *id = json_string_value(json_object_get(decl, "id"));
		int order = !decl ? 1 : k == known->n ? -1 : strcmp(id, known->v[k].id);

		r = order > 0 ? note_gone(w, &known->v[k]) : note_present(w, id, decl, order == 0 ? &known->v[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	return r;
}

int history_note(struct governor *g, const struct history *h)
{
	int r = 0;

	for (int kind = 0; r == 0 && kind < DECL_KIND_MAX; kind++) {
		struct work w = { g, h, (enum decl_kind)kind };
		struct known_list known = { 0 };

		r = version_table_each_last(g->store, w.kind, keep, &known);
		if (r == 0)
			r = note_kind(&w, &known);
		known_done(&known);
	}
	return r;
}

static int view(void *ctx, const struct version_row *row)
{
	own_json json_t *decl = row->text ? json_loads(row->text, 0, NULL) : NULL;
	json_t *to = json_object();

	view_set(to, "revision", json_integer(row->revision));
	view_set(to, "removed", json_boolean(!row->text));
	view_set(to, "made_at", view_time(row->made_ms));
	view_set(to, "made_by", view_text(row->made_by));
	view_set(to, "note", view_text(row->note));
	view_set(to, "generation", json_integer((json_int_t)row->generation));
	for (size_t i = 0; i < 4; i++) {
		static const char *const members[] = { "version", "state", "mode", "source" };

		view_set(to, members[i], json_incref(json_object_get(decl, members[i])));
	}
	view_set(to, "declaration", json_incref(decl));
	return json_array_append_new(ctx, to) < 0 ? -ENOMEM : 0;
}

json_t *history_view(struct governor *g, const struct version_filter *f)
{
	json_t *list = json_array();

	if (list && version_table_each(g->store, f, view, list) == 0)
		return list;
	json_decref(list);
	return NULL;
}
