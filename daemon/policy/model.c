// SPDX-License-Identifier: Apache-2.0
/*
 * model.c - every declaration in force: loaded whole text by whole text, or not at all
 *
 * A declaration of the host with the id of a shipped one takes its place, as /etc does for /usr everywhere else.
 */
#include "policy/model.h"

#include <string.h>

#include "policy/plan.h"

static const struct kind {
	const char *schema, *name;
	void (*read)(const struct jat *at, struct decl *d);
} kinds[DECL_KIND_MAX] = {
	[DECL_CAPABILITY] = {"cvf.capability/v1", "capability", capability_read},
	[DECL_AGENT] = {"cvf.agent/v1", "agent", agent_read},
	[DECL_POLICY] = {"cvf.policy/v1", "policy", policy_read},
	[DECL_PROFILE] = {"cvf.profile/v1", "profile", profile_read},
};

/* What hides what: the last one is seen. */
enum layer { LAYER_SHIPPED, LAYER_HOST, LAYER_CANDIDATE };

struct model *model_new(void)
{
	struct model *m = calloc(1, sizeof(*m));

	if (m)
		m->plan = calloc(1, sizeof(*m->plan));
	if (m && !m->plan) {
		free(m);
		m = NULL;
	}
	return m;
}

static void source_free(struct source *s)
{
	if (!s)
		return;
	pool_free(s->pool);
	json_decref(s->root);
	free(s->name);
	free(s->text);
	free(s);
}

static void model_forget_plan(struct model *m)
{
	plan_free(*m->plan);
	*m->plan = NULL;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	model_forget_plan(m);
	json_decref(m->uses);
	for (int kind = 0; kind < DECL_KIND_MAX; kind++) {
		for (size_t i = 0; i < m->all[kind].n; i++)
			json_decref(m->all[kind].v[i]->normal);
		free(m->all[kind].v);
		free(m->seen[kind].v);
	}
	while (m->sources) {
		struct source *next = m->sources->next;

		source_free(m->sources);
		m->sources = next;
	}
	free(m->plan);
	free(m);
}

/* ---- one text ---- */

static const char *schema_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < DECL_KIND_MAX ? kinds[i].schema : NULL;
}

static int find_kind(const struct jat *at, unsigned int allowed)
{
	struct jat schema = jat_member(at, "schema");
	const char *text = json_string_value(schema.value), *meant;
	own_free char *hint = NULL;

	if (!json_is_object(at->value)) {
		jat_error(at, NULL, "a declaration must be an object, not %s", json_kind(at->value));
		return -1;
	}
	for (int kind = 0; text && kind < DECL_KIND_MAX; kind++) {
		if (strcmp(text, kinds[kind].schema))
			continue;
		if (allowed & 1u << kind)
			return kind;
		jat_error(&schema, NULL, "a declaration of the kind \"%s\" does not belong here", text);
		return -1;
	}
	meant = text ? nearest(text, schema_at, NULL) : NULL;
	if (asprintf(&hint, "write \"schema\": \"%s\"", meant ? meant : "cvf.capability/v1") < 0)
		hint = NULL;
	if (text)
		jat_error(&schema, hint, "unknown schema \"%.80s\"", text);
	else
		jat_error(&schema, hint, "the field \"schema\" is missing or no string");
	return -1;
}

static struct decl *read_decl(const struct jat *at, struct source *source, unsigned int allowed, enum layer layer)
{
	int kind = find_kind(at, allowed);
	struct decl *d;

	if (kind < 0)
		return NULL;
	d = pool_alloc(source->pool, 1, sizeof(*d));
	if (d)
		d->normal = json_deep_copy(at->value);
	if (!d || !d->normal) {
		jat_error(at, NULL, "out of memory");
		return NULL;
	}
	d->kind = (enum decl_kind)kind;
	d->builtin = layer == LAYER_SHIPPED;
	d->source = source;
	d->index = at->index;
	jat_locate(at, false, &d->line, &d->column);
	kinds[kind].read(at, d);
	json_object_set_new(d->normal, "builtin", json_boolean(d->builtin));
	json_object_set_new(d->normal, "source", source->name ? json_string(source->name) : json_null());
	return d;
}

/* By id; a candidate, the latest first, before the host's own, that before the shipped one. */
static int compare(const void *a, const void *b)
{
	const struct decl *x = *(struct decl *const *)a, *y = *(struct decl *const *)b;
	int order = strcmp(x->id, y->id);

	return order ? order : x->builtin - y->builtin + y->candidate - x->candidate;
}

static int reserve(struct decls *list, size_t n)
{
	struct decl **v = reallocarray(list->v, list->n + n + 1, sizeof(struct decl *));

	if (v)
		list->v = v;
	return v ? 0 : -ENOMEM;
}

/* Sorts, and chooses what is seen. Stable order matters only between duplicates, which model_check() refuses. */
static void settle(struct model *m, int kind)
{
	struct decls *all = &m->all[kind], *seen = &m->seen[kind];

	if (all->n)
		qsort(all->v, all->n, sizeof(struct decl *), compare);
	seen->n = 0;
	for (size_t i = 0; i < all->n; i++)
		if (!seen->n || strcmp(seen->v[seen->n - 1]->id, all->v[i]->id))
			seen->v[seen->n++] = all->v[i];
}

static int adopt(struct model *m, struct decl *const *v, size_t n, enum layer layer)
{
	for (int kind = 0; kind < DECL_KIND_MAX; kind++)
		if (reserve(&m->all[kind], n) < 0 || reserve(&m->seen[kind], m->all[kind].n + n) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		v[i]->candidate = layer == LAYER_CANDIDATE ? m->candidates + 1 : 0;
		m->all[v[i]->kind].v[m->all[v[i]->kind].n++] = v[i];
	}
	m->candidates += layer == LAYER_CANDIDATE;
	for (int kind = 0; kind < DECL_KIND_MAX; kind++)
		settle(m, kind);
	model_forget_plan(m);
	return 0;
}

static struct source *source_new(const char *name, const char *text, size_t size)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->pool = pool_new();
	s->name = name ? strdup(name) : NULL;
	s->text = malloc(size + 1);
	if (s->text)
		s->size = (size_t)((char *)mempcpy(s->text, text, size) - s->text);
	if (!s->pool || !s->text || (name && !s->name)) {
		source_free(s);
		return NULL;
	}
	return s;
}

/* Reads every declaration of the document; the ones that could be read are in v whether or not others failed. */
static size_t read_all(const struct jat *root, struct source *s, unsigned int allowed, enum layer layer,
		       struct decl **v)
{
	size_t n = 0;

	for (size_t i = 0; i < (json_is_array(root->value) ? json_array_size(root->value) : 1); i++) {
		struct jat one = json_is_array(root->value) ? jat_element(root, i) : *root;
		struct decl *d = read_decl(&one, s, allowed, layer);

		if (d)
			v[n++] = d;
	}
	return n;
}

/* Takes the source; nothing is added if there is an error. */
static int take(struct model *m, struct source *s, const struct jat *at, unsigned int allowed, enum layer layer)
{
	own_free struct decl **v = calloc(json_array_size(at->value) + 1, sizeof(struct decl *));
	size_t errors = at->doc->d->errors, n = v ? read_all(at, s, allowed, layer, v) : 0;
	int r = !v ? -ENOMEM : at->doc->d->errors > errors ? -EINVAL : adopt(m, v, n, layer);

	if (r < 0) {
		for (size_t i = 0; i < n; i++)
			json_decref(v[i]->normal);
		source_free(s);
		return r;
	}
	s->next = m->sources;
	m->sources = s;
	return 0;
}

static int load(struct model *m, const struct jdoc *given, unsigned int allowed, enum layer layer)
{
	struct source *s = source_new(given->name, given->text, given->size);
	struct jdoc_mark mark = {0};
	struct jdoc doc = *given;
	struct jat root;
	int r;

	if (!s)
		return -ENOMEM;
	doc.mark = &mark;
	doc.pool = s->pool;
	r = jdoc_parse(&doc, &s->root);
	if (r < 0) {
		source_free(s);
		return r;
	}
	root = jat_root(&doc, s->root);
	return take(m, s, &root, allowed, layer);
}

int model_load_text(struct model *m, const char *text, size_t size, const char *name, unsigned int allowed,
		    bool builtin, struct diags *d)
{
	const struct jdoc doc = {.name = name, .text = text, .size = size, .d = d};

	return load(m, &doc, allowed, builtin ? LAYER_SHIPPED : LAYER_HOST);
}

int model_load_candidate(struct model *m, const char *text, size_t size, const char *name, unsigned int allowed,
			 struct diags *d)
{
	const struct jdoc doc = {.name = name, .text = text, .size = size, .d = d};

	return load(m, &doc, allowed, LAYER_CANDIDATE);
}

/* The same place in another document of the same text. chain: room for it and all above it. */
static struct jat *move(const struct jat *at, const struct jdoc *doc, struct jat *chain)
{
	struct jat *up = at->up ? move(at->up, doc, chain) : NULL, *to = up ? up + 1 : chain;

	*to = *at;
	to->doc = doc;
	to->up = up;
	return to;
}

int model_load_part(struct model *m, const struct jat *at, unsigned int allowed)
{
	struct source *s = source_new(at->doc->name, at->doc->text, at->doc->size);
	struct jat chain[JSON_DEPTH_MAX + 1];
	struct jdoc doc = *at->doc;
	const struct jat *root = at;

	if (!s)
		return -ENOMEM;
	while (root->up)
		root = root->up;
	s->root = json_incref(root->value);
	doc.pool = s->pool;
	return take(m, s, move(at, &doc, chain), allowed, LAYER_CANDIDATE);
}

/* ---- looking ---- */

const struct decl *model_decl(const struct model *m, enum decl_kind kind, const char *id)
{
	const struct decls *seen = &m->seen[kind];
	size_t low = 0, high = seen->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, seen->v[middle]->id);

		if (!order)
			return seen->v[middle];
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

size_t model_count(const struct model *m, enum decl_kind kind)
{
	return m->seen[kind].n;
}

const json_t *model_at(const struct model *m, enum decl_kind kind, size_t i)
{
	return i < m->seen[kind].n ? m->seen[kind].v[i]->normal : NULL;
}

const json_t *model_find(const struct model *m, enum decl_kind kind, const char *id)
{
	const struct decl *d = model_decl(m, kind, id);

	return d ? d->normal : NULL;
}

bool model_knows_use(const struct model *m, const char *agent, const char *capability)
{
	return json_object_get(json_object_get(m->uses, agent), capability);
}

int model_note_use(struct model *m, const char *agent, const char *capability)
{
	json_t *of;

	if (model_knows_use(m, agent, capability))
		return 0;
	if (!m->uses)
		m->uses = json_object();
	of = json_object_get(m->uses, agent);
	if (!of && json_object_set_new(m->uses, agent, json_object()) == 0)
		of = json_object_get(m->uses, agent);
	if (json_object_set_new(of, capability, json_true()) < 0)
		return -ENOMEM;
	model_forget_plan(m);
	return 1;
}
