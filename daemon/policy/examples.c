// SPDX-License-Identifier: Apache-2.0
/*
 * examples.c - a capability's "examples": operations that its own matchers must cover, and others that they must not
 *
 * They are tried for an agent "example" that works in /home/example/work: what a reader takes the variables for.
 */
#include <string.h>

#include "policy/glob.h"
#include "policy/parse.h"
#include "policy/plan.h"
#include "policy/variables.h"

#define EXAMPLES_MAX 1000

/* How far a matcher agrees with an operation; the farthest one tells what is missing. */
enum agreement { AGREES_NOT, AGREES_OP, AGREES_OBJECT, AGREES_BUT_EXCEPT, AGREES };

struct example {
	struct jat at;
	const char *text;
	struct query q;
	enum agreement best;
	const struct matcher *by;
};

struct examples {
	struct jat at; /* of the list: its elements' places lead up to it */
	struct example *v;
	size_t n;
};

/* One matcher of paths as a trie: does the object match, do the arguments too, is it an exception? */
struct tester {
	const struct matcher *m;
	struct nfa nfa;
};
enum { BIT_OBJECT = 1, BIT_ALL = 2, BIT_EXCEPT = 4 };
enum { PATTERN_OBJECT, PATTERN_ALL, PATTERN_EXCEPT, PATTERNS };

static const struct agent example_agent = {
	.id = "example",
	.home = "/home/example",
	.uids = (uint32_t[]){1000},
	.uids_count = 1,
	.scope.paths = {(const char *[]){"/home/example/work/**"}, 1},
};

static int add_paths(struct tester *t, const struct texts *paths, const struct texts *argv, uint32_t pattern)
{
	uint32_t arguments = NFA_NONE;
	int r = 0;

	if (t->m->domain == CVF_DOMAIN_EXEC) {
		arguments = nfa_root(&t->nfa);
		r = arguments == NFA_NONE ? -ENOMEM : glob_add_arguments(&t->nfa, arguments, argv, pattern);
	}
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = t->m->domain == CVF_DOMAIN_EXEC ? glob_add_program(&t->nfa, paths->v[i], arguments)
						    : glob_add(&t->nfa, paths->v[i], GLOB_PATH, pattern);
	return r;
}

/* nfa_done() in any case. */
static int tester_init(struct tester *t, const struct matcher *m, struct pool *pool,
		       const struct variable vars[VAR_MAX])
{
	struct texts paths = {0}, except = {0};
	int r = nfa_init(&t->nfa);

	t->m = m;
	t->nfa.patterns = PATTERNS;
	if (r == 0)
		r = variables_fill(pool, vars, &m->paths, &paths);
	if (r == 0)
		r = variables_fill(pool, vars, &m->except, &except);
	if (r == 0)
		r = add_paths(t, &paths, NULL, PATTERN_OBJECT);
	if (r == 0)
		r = add_paths(t, &paths, m->argv.v ? &m->argv : NULL, PATTERN_ALL);
	return r < 0 ? r : add_paths(t, &except, NULL, PATTERN_EXCEPT);
}

static enum agreement try_path(const struct tester *t, const struct query *q, const char *path)
{
	own_free char *text = NULL;
	uint64_t matched = 0;
	size_t size;

	if (t->m->domain == CVF_DOMAIN_FILE) {
		if (nfa_run(&t->nfa, path, strlen(path), &matched) < 0)
			return AGREES_NOT;
	} else {
		text = query_exec_text(q, path, &size);
		if (!text || nfa_run(&t->nfa, text, size, &matched) < 0)
			return AGREES_NOT;
	}
	if (matched & BIT_ALL)
		return matched & BIT_EXCEPT ? AGREES_BUT_EXCEPT : AGREES;
	return matched & BIT_OBJECT ? AGREES_OBJECT : AGREES_OP;
}

static enum agreement try_net(const struct matcher *m, const struct query *q)
{
	struct net_pattern p = {.address = m->address, .protocols = m->protocols};

	if (!net_pattern_matches(&p, q->address, q->port, q->protocol))
		return AGREES_OP;
	p.ports = m->ports;
	if (!net_pattern_matches(&p, q->address, q->port, q->protocol))
		return AGREES_OBJECT;
	p.except = m->except_net;
	return net_pattern_matches(&p, q->address, q->port, q->protocol) ? AGREES : AGREES_BUT_EXCEPT;
}

static enum agreement try_matcher(const struct tester *t, const struct query *q)
{
	enum agreement first, second;

	if (!(t->m->ops & OP_BIT(q->op)))
		return AGREES_NOT;
	if (t->m->domain == CVF_DOMAIN_NET)
		return try_net(t->m, q);
	if (t->m->domain == CVF_DOMAIN_SYS)
		return AGREES;
	first = try_path(t, q, q->object);
	second = q->object2 ? try_path(t, q, q->object2) : AGREES_NOT;
	return first > second ? first : second;
}

static int try_all(const struct capability *c, struct pool *pool, struct examples *lists, size_t n)
{
	struct variable vars[VAR_MAX];
	int r = variables_bind(pool, &example_agent, vars);

	for (size_t i = 0; r == 0 && i < c->match.n; i++) {
		struct tester t;

		r = tester_init(&t, &c->match.v[i], pool, vars);
		for (size_t k = 0; r == 0 && k < n; k++) {
			for (size_t e = 0; e < lists[k].n; e++) {
				struct example *one = &lists[k].v[e];
				enum agreement now = try_matcher(&t, &one->q);

				if (now <= one->best)
					continue;
				one->best = now;
				one->by = t.m;
			}
		}
		nfa_done(&t.nfa);
	}
	return r;
}

/* The words of the query's own complaint, at the example. */
static void complain_query(const struct jat *at, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		jat_error(at, d->v[i].hint, "the example is no operation: %s", d->v[i].message);
	if (!d->n)
		jat_error(at, NULL, "out of memory");
}

static void read_list(const struct jat *at, const struct field *f, void *out)
{
	struct examples *list = out;

	(void)f;
	if (!json_is_array(at->value) || json_array_size(at->value) > EXAMPLES_MAX) {
		jat_error(at, "for example [\"write /etc/hosts\", \"exec /usr/bin/git push\"]",
			  "must be an array of at most %d operations", EXAMPLES_MAX);
		return;
	}
	list->at = *at;
	list->v = pool_alloc(at->doc->pool, json_array_size(at->value), sizeof(*list->v));
	for (size_t i = 0; list->v && i < json_array_size(at->value); i++) {
		struct example *e = &list->v[list->n];
		struct diags d = {0};

		e->at = jat_element(&list->at, i);
		e->text = json_string_value(e->at.value);
		if (!e->text)
			jat_error(&e->at, "for example \"write /etc/hosts\"", "an example must be a string, not %s",
				  json_kind(e->at.value));
		else if (query_parse_text(at->doc->pool, e->text, &e->q, &d) < 0)
			complain_query(&e->at, &d);
		else
			list->n++;
		diags_done(&d);
	}
}

static void complain_missed(const struct example *e)
{
	static const char *const whats[] = {
		[AGREES_NOT] = "nothing in \"match\" covers the operation",
		[AGREES_OP] = "covers other paths or addresses",
		[AGREES_OBJECT] = "covers the object, but not with these arguments or this port",
		[AGREES_BUT_EXCEPT] = "covers it, and takes it out by \"except\"",
	};

	if (e->by)
		jat_error(&e->at, "mend the matcher, or move the example to \"no_match\"",
			  "\"%.200s\" is not matched: the nearest, %s[%u], %s", e->text, e->by->group, e->by->index,
			  whats[e->best]);
	else
		jat_error(&e->at, "mend the matcher, or move the example to \"no_match\"",
			  "\"%.200s\" is not matched: %s %s", e->text, whats[AGREES_NOT], op_name(e->q.op));
}

void examples_check(const struct jat *at, const struct capability *c)
{
	static const struct field fields[] = {
		{"match", read_list, 0, false, NULL},
		{"no_match", read_list, sizeof(struct examples), false, NULL},
	};
	struct examples lists[2] = {0};

	fields_read(at, fields, ARRAY_SIZE(fields), lists);
	if (try_all(c, at->doc->pool, lists, ARRAY_SIZE(lists)) < 0) {
		jat_error(at, NULL, "out of memory");
		return;
	}
	for (size_t i = 0; i < lists[0].n; i++)
		if (lists[0].v[i].best != AGREES)
			complain_missed(&lists[0].v[i]);
	for (size_t i = 0; i < lists[1].n; i++)
		if (lists[1].v[i].best == AGREES)
			jat_error(&lists[1].v[i].at, "take it out with \"except\", or move the example to \"match\"",
				  "\"%.200s\" is matched, by %s[%u]", lists[1].v[i].text, lists[1].v[i].by->group,
				  lists[1].v[i].by->index);
}
