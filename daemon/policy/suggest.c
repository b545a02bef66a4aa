// SPDX-License-Identifier: Apache-2.0
/*
 * suggest.c - see suggest.h: what was done, sorted by what may be suggested; the declarations are made in
 * suggest_make.c
 */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <string.h>

#include "policy/glob.h"
#include "policy/suggest_parts.h"
#include "policy/variables.h"

/* Capabilities that are asked for each time, whatever was seen. */
static const struct {
	const char *glob, *why;
} never[] = {
	{"*secret*", "secrets are never suggested"},
	{"*deferred*", "code that others will run is never suggested"},
	{"*credential*", "secrets are never suggested"},
};

/* ---- the agent without what is its own ---- */

/* An agent that is only judged: no process is matched by it. */
static json_t *stand_in(const json_t *own, const char *id, json_t *grants)
{
	json_t *one = json_deep_copy(own);

	json_object_del(one, "builtin");
	json_object_del(one, "source");
	json_object_del(one, "scope");
	json_object_del(one, "match");
	json_object_set_new(one, "id", json_string(id));
	json_object_set_new(one, "capabilities", grants);
	return one;
}

static int load_stand_ins(struct suggestion *s, const char *id)
{
	json_t *both = json_pack("[o, o]", stand_in(s->own, id, json_pack("[s]", "*")),
				 stand_in(s->own, SUGGESTION_BARE, json_array()));
	own_free char *text = both ? json_dumps(both, JSON_COMPACT) : NULL;
	struct diags quiet = {0};
	int r = text ? model_load_candidate(s->m, text, strlen(text), NULL, 1u << DECL_AGENT, &quiet) : -ENOMEM;

	json_decref(both);
	diags_done(&quiet);
	return r;
}

/* Its own scope, pattern by pattern; one that covers everything says nothing about where it works. */
static int load_scope(struct suggestion *s, const struct agent *agent)
{
	struct variable vars[VAR_MAX];
	int r = nfa_init(&s->scope);

	s->scope_paths = agent->scope.paths;
	s->kept = calloc(s->scope_paths.n + 1, sizeof(*s->kept));
	if (r == 0)
		r = s->kept ? variables_bind(s->plan->pool, agent, vars) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < s->scope_paths.n; i++) {
		const struct texts one = {&s->scope_paths.v[i], 1};
		struct texts meaning = {0};

		r = variables_fill(s->plan->pool, vars, &one, &meaning);
		for (size_t k = 0; r == 0 && k < meaning.n; k++)
			if (strcmp(meaning.v[k], "/**") != 0)
				r = glob_add(&s->scope, meaning.v[k], GLOB_PATH, (uint32_t)i);
	}
	s->scope.patterns = (uint32_t)s->scope_paths.n;
	return r;
}

static int begin(struct suggestion *s, const char *id)
{
	const struct decl *own = model_decl(s->m, DECL_AGENT, id);
	int r;

	if (!own)
		return -ENOENT;
	s->own = json_deep_copy(own->normal);
	s->places = path_tree_new();
	s->addresses = json_object();
	r = s->own && s->places && s->addresses ? load_stand_ins(s, id) : -ENOMEM;
	if (r == 0)
		r = plan_get(s->m, &s->plan);
	if (r == 0)
		r = load_scope(s, &own->agent);
	if (r < 0)
		return r;
	s->bare = plan_agent(s->plan, SUGGESTION_BARE);
	s->agent = plan_agent(s->plan, id);
	s->uses = calloc(s->plan->capabilities_count + 1, sizeof(*s->uses));
	return s->uses ? 0 : -ENOMEM;
}

int suggestion_new(struct model *m, const char *agent, time_t now, struct suggestion **ret_suggestion)
{
	own(suggestion) struct suggestion *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->m = m;
	s->now = now;
	r = begin(s, agent);
	if (r == 0)
		*ret_suggestion = TAKE(s);
	return r;
}

static void use_done(struct use *u)
{
	json_decref(u->examples);
	json_decref(u->objects);
}

void suggestion_free(struct suggestion *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->uses && i < s->plan->capabilities_count; i++)
		use_done(&s->uses[i]);
	use_done(&s->unregistered);
	path_tree_free(s->places);
	nfa_done(&s->scope);
	json_decref(s->own);
	json_decref(s->addresses);
	free(s->kept);
	free(s->uses);
	free(s);
}

/* ---- one operation ---- */

bool suggestion_in_kept_scope(struct suggestion *s, const char *path, bool mark)
{
	own_free uint64_t *matched = calloc(s->scope_paths.n / 64 + 1, sizeof(*matched));
	bool found = false;

	if (!matched || nfa_run(&s->scope, path, strlen(path), matched) < 0)
		return false;
	for (uint32_t i = 0; i < s->scope_paths.n; i++) {
		if (!fact(matched, i))
			continue;
		s->kept[i] = s->kept[i] || mark;
		found = true;
	}
	return found;
}

static int add_example(struct use *u, const struct query *q)
{
	own_free char *text = NULL;
	size_t size;
	FILE *out;

	if (!u->examples)
		u->examples = json_array();
	if (json_array_size(u->examples) >= EXAMPLES_MAX)
		return 0;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	fprintf(out, "%s %s", op_name(q->op), q->object ? q->object : "");
	for (size_t i = 0; i < q->args_count && i < 8; i++)
		fprintf(out, " %s", q->args[i]);
	if (fclose(out))
		return -ENOMEM;
	for (size_t i = 0; i < json_array_size(u->examples); i++)
		if (strcmp(json_string_value(json_array_get(u->examples, i)), text) == 0)
			return 0;
	json_array_append_new(u->examples, json_string(text)); /* bytes that are no text are not shown */
	return 0;
}

static int add_address(struct suggestion *s, const struct query *q)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool is_four = memcmp(q->address, mapped, sizeof(mapped)) == 0;
	bool many = json_object_size(s->addresses) >= ADDRESSES_MAX;
	uint8_t address[16];
	char text[INET6_ADDRSTRLEN + 8];

	memcpy(address, q->address, sizeof(address));
	if (many && is_four)
		address[15] = 0;
	else if (many)
		memset(address + 8, 0, 8);
	inet_ntop(is_four ? AF_INET : AF_INET6, is_four ? address + 12 : address, text, sizeof(text));
	strcat(text, is_four ? many ? "/24" : "/32" : many ? "/64" : "/128");
	return json_object_set_new(s->addresses, text, json_true()) ? -ENOMEM : 0;
}

/* What is MEDIUM widens the scope to where it was done, unless it is there already. */
static int add_place(struct suggestion *s, const struct query *q, bool in_profile)
{
	const char *paths[] = {q->object, q->object2};
	int r = 0;

	if (op_domain(q->op) == CVF_DOMAIN_NET)
		return in_profile ? 0 : add_address(s, q);
	if (op_domain(q->op) != CVF_DOMAIN_FILE)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++)
		if (paths[i] && !suggestion_in_kept_scope(s, paths[i], true) && (!in_profile || q->object2))
			r = path_tree_add(s->places, paths[i]);
	return r;
}

static int add_object(struct use *u, const struct query *q)
{
	if (op_domain(q->op) != CVF_DOMAIN_FILE || q->object2)
		return add_example(u, q);
	if (!u->objects)
		u->objects = json_object();
	if (json_object_size(u->objects) < OBJECTS_MAX && json_object_set_new(u->objects, q->object, json_true()))
		return add_example(u, q); /* no text */
	return add_example(u, q);
}

static const char *never_why(const struct capability *c)
{
	if (c->risk == CVF_R3)
		return "CRITICAL is never suggested";
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (fnmatch(never[i].glob, c->id, 0) == 0)
			return never[i].why;
	return NULL;
}

static int add_use(struct suggestion *s, uint32_t capability, const struct query *q, bool in_profile)
{
	const struct capability *c = s->plan->capabilities[capability];
	struct use *u = &s->uses[capability];

	u->operations++;
	u->why = never_why(c);
	if (u->why)
		return add_example(u, q);
	if (c->risk == CVF_R2 || c->requires_approval)
		return add_object(u, q);
	return c->risk == CVF_R1 ? add_place(s, q, in_profile) : 0;
}

static uint32_t capability_at(const struct plan *p, const char *id)
{
	size_t low = 0, high = p->capabilities_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, p->capabilities[middle]->id);

		if (!order)
			return (uint32_t)middle;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

int suggestion_add(struct suggestion *s, const struct query *q)
{
	struct query own = *q;
	struct answer a;
	uint32_t capability;
	int r;

	own.agent = s->agent->agent->id;
	r = policy_eval(s->m, &own, &a, NULL);
	if (r < 0)
		return r;
	s->operations++;
	if (a.reason == CVF_REASON_SELF_GUARD)
		s->guarded++;
	if (a.reason == CVF_REASON_POLICY_DENY)
		s->denied++;
	if (a.reason == CVF_REASON_SELF_GUARD || a.reason == CVF_REASON_POLICY_DENY)
		return 0;
	capability = capability_at(s->plan, a.capability);
	if (capability != UINT32_MAX)
		return add_use(s, capability, &own, a.in_scope);
	s->unregistered.operations++;
	return add_example(&s->unregistered, &own);
}

void suggestion_used(struct suggestion *s, const char *capability)
{
	uint32_t at = capability_at(s->plan, capability);

	if (at == UINT32_MAX || s->uses[at].operations)
		return;
	s->uses[at].operations = 1;
	s->uses[at].why = never_why(s->plan->capabilities[at]);
}
