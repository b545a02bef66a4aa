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

/* Others run what is there, or the system does. */
static const char *const system_folders[] = {"/usr/", "/bin/", "/sbin/", "/lib", "/boot/", "/etc/", "/proc/", "/sys/"};

/* ---- the agent without what is its own ---- */

/* An agent that is only judged: no process is matched by it. */
static json_t *stand_in(const json_t *own, const char *id, json_t *grants, json_t *scope)
{
	json_t *one = json_deep_copy(own);

	json_object_del(one, "builtin");
	json_object_del(one, "source");
	json_object_del(one, "match");
	json_object_set_new(one, "id", json_string(id));
	json_object_set_new(one, "capabilities", grants);
	json_object_set(one, "scope", scope);
	return one;
}

static int load_candidate(struct suggestion *s, json_t *take_declarations, enum decl_kind kind)
{
	own_json json_t *declarations = take_declarations;
	own_free char *text = declarations ? json_dumps(declarations, JSON_COMPACT) : NULL;
	struct diags quiet = {0};
	int r = text ? model_load_candidate(s->m, text, strlen(text), NULL, 1u << kind, &quiet) : -ENOMEM;

	diags_done(&quiet);
	return r;
}

static int load_stand_ins(struct suggestion *s, json_t *scope)
{
	const char *id = json_string_value(json_object_get(s->own, "id"));
	int r = load_candidate(s,
			       json_pack("[o, o]", stand_in(s->own, id, json_pack("[s]", "*"), scope),
					 stand_in(s->own, SUGGESTION_BARE, json_array(), scope)),
			       DECL_AGENT);

	if (r == 0)
		r = plan_get(s->m, &s->plan);
	if (r < 0)
		return r;
	s->bare = plan_agent(s->plan, SUGGESTION_BARE);
	s->agent = plan_agent(s->plan, id);
	return 0;
}

/* What was suggested before must not hide what was seen since. */
static int forget_policy(struct suggestion *s, const char *agent)
{
	own_free char *id = NULL;

	if (asprintf(&id, SUGGESTION_POLICY, agent) < 0) {
		id = NULL;
		return -ENOMEM;
	}
	if (!model_decl(s->m, DECL_POLICY, id))
		return 0;
	return load_candidate(s, json_pack("{s:s, s:s, s:[]}", "schema", "cvf.policy/v1", "id", id, "rules"),
			      DECL_POLICY);
}

/* A pattern that covers everything says nothing about where it works. */
static bool says_where(const char *pattern)
{
	return strcmp(pattern, "/**") != 0 && strcmp(pattern, "**") != 0;
}

/* Where it works as declared; its addresses are those that it talked to. */
static json_t *declared_scope(const struct texts *declared)
{
	json_t *paths = json_array();

	for (size_t i = 0; i < declared->n; i++)
		if (says_where(declared->v[i]))
			json_array_append_new(paths, json_string(declared->v[i]));
	return json_pack("{s:o, s:[]}", "paths", paths, "net");
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
			if (says_where(meaning.v[k]))
				r = glob_add(&s->scope, meaning.v[k], GLOB_PATH, (uint32_t)i);
	}
	s->scope.patterns = (uint32_t)s->scope_paths.n;
	return r;
}

static int begin(struct suggestion *s, const char *id)
{
	const struct decl *own = model_decl(s->m, DECL_AGENT, id);
	own_json json_t *scope = NULL;
	int r;

	if (!own)
		return -ENOENT;
	s->own = json_deep_copy(own->normal);
	s->places = path_tree_new();
	s->system = path_tree_new();
	s->addresses = json_object();
	scope = declared_scope(&own->agent.scope.paths);
	r = s->own && s->places && s->system && s->addresses && scope ? forget_policy(s, id) : -ENOMEM;
	if (r == 0)
		r = load_stand_ins(s, scope);
	if (r == 0)
		r = load_scope(s, &own->agent);
	if (r < 0)
		return r;
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
	path_tree_free(s->system);
	nfa_done(&s->scope);
	json_decref(s->own);
	json_decref(s->addresses);
	json_decref(s->added);
	json_decref(s->suggested);
	free(s->kept);
	free(s->uses);
	free(s);
}

/* ---- the first round: places ---- */

/* Is it in its declared scope? Those patterns stay. */
static bool keep_scope(struct suggestion *s, const char *path)
{
	own_free uint64_t *matched = calloc(s->scope_paths.n / 64 + 1, sizeof(*matched));
	bool found = false;

	if (!matched || nfa_run(&s->scope, path, strlen(path), matched) < 0)
		return false;
	for (uint32_t i = 0; i < s->scope_paths.n; i++) {
		if (!fact(matched, i))
			continue;
		s->kept[i] = true;
		found = true;
	}
	return found;
}

static bool is_four(const uint8_t address[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static void print_address(const uint8_t address[16], char text[INET6_ADDRSTRLEN])
{
	bool four = is_four(address);

	inet_ntop(four ? AF_INET : AF_INET6, four ? address + 12 : address, text, INET6_ADDRSTRLEN);
}

static int add_address(struct suggestion *s, const struct query *q)
{
	bool many = json_object_size(s->addresses) >= ADDRESSES_MAX, four = is_four(q->address);
	char shown[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];
	uint8_t address[16];

	memcpy(address, q->address, sizeof(address));
	if (many && four)
		address[15] = 0;
	else if (many)
		memset(address + 8, 0, 8);
	print_address(address, shown);
	snprintf(text, sizeof(text), "%s%s", shown, four ? many ? "/24" : "/32" : many ? "/64" : "/128");
	return json_object_set_new(s->addresses, text, json_true()) ? -ENOMEM : 0;
}

static bool is_of_system(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(system_folders); i++)
		if (strncmp(path, system_folders[i], strlen(system_folders[i])) == 0)
			return true;
	return false;
}

static bool is_in_scope(struct suggestion *s, const struct query *q, const char *path)
{
	struct query one = {.agent = q->agent, .op = CVF_OP_WRITE, .object = path, .now = q->now};
	struct answer a;

	return policy_eval(s->m, &one, &a, NULL) == 0 && a.in_scope;
}

/* A name that it made or took away will not be the last of its kind; one that it wrote to may be. */
static bool comes_and_goes(enum cvf_op op)
{
	return op == CVF_OP_CREATE || op == CVF_OP_RENAME || op == CVF_OP_LINK || op == CVF_OP_DELETE;
}

/* What is MEDIUM widens the scope to where it was done, unless it is there already. */
static int add_place(struct suggestion *s, const struct query *q, enum cvf_risk risk, bool in_scope)
{
	const char *paths[] = {q->object, q->object2};
	enum cvf_domain domain = op_domain(q->op);
	int r = 0;

	if (domain == CVF_DOMAIN_NET)
		return in_scope || risk != CVF_R1 ? 0 : add_address(s, q);
	if (domain != CVF_DOMAIN_FILE && domain != CVF_DOMAIN_EXEC)
		return 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++) {
		if (!paths[i] || keep_scope(s, paths[i]) || risk != CVF_R1 || domain != CVF_DOMAIN_FILE ||
		    is_in_scope(s, q, paths[i]))
			continue;
		r = path_tree_add(is_of_system(paths[i]) ? s->system : s->places, paths[i], comes_and_goes(q->op));
	}
	return r;
}

static json_t *settled_scope(struct suggestion *s)
{
	json_t *paths = json_array(), *net = json_array();
	const char *address;
	json_t *unused;

	for (size_t i = 0; i < s->scope_paths.n; i++)
		if (s->kept[i])
			json_array_append_new(paths, json_string(s->scope_paths.v[i]));
	json_array_extend(paths, s->added);
	json_object_foreach (s->addresses, address, unused)
		json_array_append_new(net, json_string(address));
	return json_pack("{s:o, s:o}", "paths", paths, "net", net);
}

int suggestion_settle(struct suggestion *s)
{
	s->added = path_tree_globs(s->places);
	s->suggested = s->added ? settled_scope(s) : NULL;
	return s->suggested ? load_stand_ins(s, s->suggested) : -ENOMEM;
}

/* ---- the second round: what it comes to ---- */

static void put_object(FILE *out, const struct query *q)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, "%s ", op_name(q->op));
	if (op_domain(q->op) == CVF_DOMAIN_NET) {
		print_address(q->address, text);
		fprintf(out, is_four(q->address) ? "%s:%u" : "[%s]:%u", text, q->port);
	} else if (q->object) {
		fputs(q->object, out);
	}
	if (q->object2)
		fprintf(out, " to %s", q->object2);
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
	put_object(out, q);
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

static int add_object(struct use *u, const struct query *q)
{
	if (!u->objects)
		u->objects = json_object();
	if (json_object_size(u->objects) < OBJECTS_MAX && json_object_set_new(u->objects, q->object, json_true()))
		return add_example(u, q); /* no text */
	return 0;
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

static int add_use(struct use *u, const struct query *q, const struct answer *a)
{
	u->operations++;
	if (u->why)
		return add_example(u, q);
	if (a->verdict == CVF_VERDICT_ALLOW)
		return 0;
	if (a->risk == CVF_R1 && !a->in_scope && op_domain(q->op) == CVF_DOMAIN_FILE && is_of_system(q->object)) {
		u->is_of_system = true;
		return 0;
	}
	if (a->risk == CVF_R2 && a->in_scope && op_domain(q->op) == CVF_DOMAIN_FILE && !q->object2)
		return add_object(u, q);
	u->asked++;
	return add_example(u, q);
}

/* ---- one operation ---- */

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

static int add_seen(struct suggestion *s, const struct query *q, const struct answer *a)
{
	uint32_t capability = capability_at(s->plan, a->capability);
	struct use *u = capability == UINT32_MAX ? &s->unregistered : &s->uses[capability];

	if (capability != UINT32_MAX)
		u->why = never_why(s->plan->capabilities[capability]);
	if (!s->suggested)
		return u->why || a->risk == CVF_R0 ? 0 : add_place(s, q, a->risk, a->in_scope);
	return add_use(u, q, a);
}

int suggestion_add(struct suggestion *s, const struct query *q)
{
	struct query own = *q;
	struct answer a;
	int r;

	own.agent = s->agent->agent->id;
	r = policy_eval(s->m, &own, &a, NULL);
	if (r < 0)
		return r;
	if (s->suggested) {
		s->operations++;
		s->guarded += a.reason == CVF_REASON_SELF_GUARD;
		s->denied += a.reason == CVF_REASON_POLICY_DENY;
	}
	return a.reason == CVF_REASON_SELF_GUARD || a.reason == CVF_REASON_POLICY_DENY ? 0 : add_seen(s, &own, &a);
}

void suggestion_used(struct suggestion *s, const char *capability)
{
	uint32_t at = capability_at(s->plan, capability);

	if (at == UINT32_MAX || s->uses[at].operations)
		return;
	s->uses[at].operations = 1;
	s->uses[at].why = never_why(s->plan->capabilities[at]);
}
