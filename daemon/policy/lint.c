// SPDX-License-Identifier: Apache-2.0
/*
 * lint.c - what is most likely not meant in declarations that are tried: capabilities, agents; rules are in
 * lint_rules.c
 */
#include "policy/lint.h"

#include <string.h>

#include "policy/cover.h"

#define COMPARISONS_MAX 20000000

bool is_everything(const struct texts *paths)
{
	static const char *all = "/**";
	const struct texts everything = {&all, 1};

	return paths->n && texts_cover(paths, &everything, GLOB_PATH);
}

bool is_every_address(const struct cidrs *addresses)
{
	for (size_t i = 0; i < addresses->n; i++)
		if (addresses->v[i].bits == 0 || addresses->v[i].bits == 96)
			return true;
	return false;
}

/* ---- capabilities ---- */

static bool has_same_arguments(const struct matcher *a, const struct matcher *b)
{
	if (!a->argv.v)
		return true;
	if (!b->argv.v || a->argv.n != b->argv.n)
		return false;
	for (size_t i = 0; i < a->argv.n; i++)
		if (strcmp(a->argv.v[i], b->argv.v[i]))
			return false;
	return true;
}

static bool matcher_covers(const struct matcher *a, const struct matcher *b)
{
	if (a->domain != b->domain || (a->domain != CVF_DOMAIN_FILE && a->domain != CVF_DOMAIN_EXEC) ||
	    b->ops & ~a->ops || a->except.n)
		return false;
	return has_same_arguments(a, b) && texts_cover(&a->paths, &b->paths, GLOB_PATH);
}

/* Whatever the capability covers, the other one covers too, and the higher level decides. */
static bool is_overruled(const struct capability *c, const struct capability *other)
{
	for (size_t i = 0; i < c->match.n; i++) {
		bool found = false;

		for (size_t k = 0; !found && k < other->match.n; k++)
			found = matcher_covers(&other->match.v[k], &c->match.v[i]);
		if (!found)
			return false;
	}
	return c->match.n > 0;
}

static void lint_overruled(struct lint *l, const struct decl *decl, const struct place *p)
{
	const struct capability *c = &decl->capability;

	for (size_t i = 0; i < l->plan->capabilities_count; i++) {
		const struct capability *other = l->plan->capabilities[i];

		if (other == c || other->risk <= c->risk || !is_overruled(c, other))
			continue;
		place_tell(p, l->d, DIAG_WARNING, "shadowed", "of several the highest level decides",
			   "\"%s\" never decides: \"%s\" covers all of it and is %s", c->id, other->id,
			   risk_name(other->risk));
		return;
	}
}

#define CHANGES                                                                                                        \
	(OP_BIT(CVF_OP_WRITE) | OP_BIT(CVF_OP_CREATE) | OP_BIT(CVF_OP_DELETE) | OP_BIT(CVF_OP_RENAME) |                \
	 OP_BIT(CVF_OP_LINK) | OP_BIT(CVF_OP_ATTR) | OP_BIT(CVF_OP_TRUNCATE))

static void lint_capability(struct lint *l, const struct decl *decl)
{
	const struct capability *c = &decl->capability;
	struct place p;

	place_begin(&p, decl);
	if (!c->risk_given)
		place_tell(&p, l->d, DIAG_WARNING, "falls-to-default", "write \"risk\": {\"level\": ...}",
			   "\"%s\" says no level: it counts as HIGH", c->id);
	if (!c->match.n)
		place_tell(&p, l->d, DIAG_WARNING, "unreachable", "write what it covers as its \"match\"",
			   "\"%s\" covers no operation", c->id);
	lint_overruled(l, decl, &p);
	if (c->risk != CVF_R0)
		return;
	for (size_t i = 0; i < c->match.n; i++) {
		const struct matcher *m = &c->match.v[i];

		if (m->domain == CVF_DOMAIN_FILE && m->ops & CHANGES && is_everything(&m->paths))
			place_tell(&p, l->d, DIAG_WARNING, "too-wide",
				   "name the folders it is about, or raise its level",
				   "\"%s\" is LOW and lets every file of the host be changed", c->id);
	}
}

/* ---- agents ---- */

static bool is_every_name(const struct texts *names)
{
	static const char *all = "*";
	const struct texts everything = {&all, 1};

	return names->n && texts_cover(names, &everything, GLOB_NAME);
}

static void lint_scope(struct lint *l, const struct decl *decl)
{
	const struct scope *scope = &decl->agent.scope;
	struct place p;

	place_begin(&p, decl);
	place_key(&p, "scope");
	if (is_everything(&scope->paths))
		place_tell(&p, l->d, DIAG_WARNING, "too-wide", "name the folders it works in",
			   "the scope of \"%s\" is the whole file system: what is MEDIUM is allowed anywhere",
			   decl->id);
	if (is_every_address(&scope->net))
		place_tell(&p, l->d, DIAG_WARNING, "too-wide", "name the addresses it talks to",
			   "the scope of \"%s\" is every address: what is MEDIUM may talk to anybody", decl->id);
}

static void lint_agent(struct lint *l, const struct decl *decl)
{
	struct place p;

	place_begin(&p, decl);
	if (!json_object_get(p.at[p.depth].value, "profile") && !decl->agent.grants.n)
		place_tell(&p, l->d, DIAG_WARNING, "falls-to-default",
			   "name a profile: cvfctl agent list shows those in use",
			   "\"%s\" names no profile and no capability: it has the profile default", decl->id);
	place_key(&p, "capabilities");
	if (is_every_name(&decl->agent.grants))
		place_tell(&p, l->d, DIAG_WARNING, "too-wide",
			   "grant what it needs: cvfctl agent suggest says what that was",
			   "\"%s\" is granted every capability, those of tomorrow too", decl->id);
	lint_scope(l, decl);
}

/* ---- all ---- */

static void lint_all(struct lint *l)
{
	for (int kind = 0; kind < DECL_KIND_MAX; kind++) {
		const struct decls *seen = &l->m->seen[kind];

		for (size_t i = 0; i < seen->n; i++) {
			const struct decl *decl = seen->v[i];

			if (!decl->candidate)
				continue;
			if (kind == DECL_CAPABILITY)
				lint_capability(l, decl);
			else if (kind == DECL_AGENT)
				lint_agent(l, decl);
			else
				lint_rules(l, decl, kind == DECL_POLICY ? &decl->policy.rules : &decl->profile.rules);
		}
	}
}

static uint64_t *ops_of_capabilities(const struct plan *p)
{
	uint64_t *ops = calloc(p->capabilities_count + 1, sizeof(*ops));

	for (size_t i = 0; ops && i < p->capabilities_count; i++)
		for (size_t k = 0; k < p->capabilities[i]->match.n; k++)
			ops[i] |= p->capabilities[i]->match.v[k].ops;
	return ops;
}

int model_lint(const struct model *m, time_t now, struct diags *d)
{
	struct lint l = {.m = m, .now = now, .d = d, .comparisons = COMPARISONS_MAX};
	size_t errors = d->errors;
	int r = plan_get(m, &l.plan);

	if (r < 0)
		return r;
	l.ops = ops_of_capabilities(l.plan);
	if (!l.ops)
		return -ENOMEM;
	lint_all(&l);
	free(l.ops);
	return d->errors > errors ? -EINVAL : 0;
}
