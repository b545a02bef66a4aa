// SPDX-License-Identifier: Apache-2.0
/*
 * check.c - what only the whole model can show
 */
#include <string.h>

#include "policy/glob.h"
#include "policy/parse.h"

static void complain(struct diags *d, enum diag_level level, const struct decl *decl, const char *hint,
		     const char *text)
{
	diags_add(d, level, decl->source->name, decl->line, decl->column, hint, "%s", text);
}

/* text is a format; `a` and `b` its strings. */
static void complain2(struct diags *d, enum diag_level level, const struct decl *decl, const char *hint, const char *a,
		      const char *what, const char *b)
{
	own_free char *text = NULL;

	if (asprintf(&text, "\"%s\" %s%s%s%s", a, what, b ? " \"" : "", b ? b : "", b ? "\"" : "") < 0)
		text = NULL;
	complain(d, level, decl, hint, text ? text : "out of memory");
}

static void check_duplicates(const struct model *m, struct diags *d)
{
	static const char *const names[DECL_KIND_MAX] = {"capability", "agent", "policy", "profile"};

	for (int kind = 0; kind < DECL_KIND_MAX; kind++) {
		for (size_t i = 1; i < m->all[kind].n; i++) {
			const struct decl *a = m->all[kind].v[i - 1], *b = m->all[kind].v[i];
			own_free char *hint = NULL;

			if (strcmp(a->id, b->id) || (a->candidate && !b->candidate && !b->builtin))
				continue;
			if (a->builtin != b->builtin && a->kind == DECL_CAPABILITY &&
			    a->capability.state == STATE_PROPOSED) {
				complain2(d, DIAG_ERROR, a, "give the proposal an id of its own", names[kind],
					  "is PROPOSED, but is shipped and in force under this id:", a->id);
				continue;
			}
			if (a->builtin != b->builtin) {
				complain2(d, DIAG_WARNING, a, NULL, names[kind],
					  "takes the place of the shipped one:", a->id);
				continue;
			}
			if (asprintf(&hint, "the other one is in %s, line %u",
				     a->source->name ? a->source->name : "the request", a->line) < 0)
				hint = NULL;
			complain2(d, DIAG_ERROR, b, hint, names[kind], "is declared twice:", b->id);
		}
	}
}

/* A compensation that nobody registered is none, and then the level may be too low after all. */
static void check_compensation(const struct model *m, const struct decl *decl, struct diags *d)
{
	const struct capability *c = &decl->capability;
	bool compensated = capability_compensated(c, m);
	own_free char *broken = capability_inconsistent(c, compensated);

	if (c->state == STATE_RETIRED)
		return; /* refused whatever could make up for it */
	if (c->compensated && c->compensation_id && !compensated)
		complain2(d, DIAG_WARNING, decl, "it counts as unsupported until that capability is in force", c->id,
			  "is compensated by a capability that is not in force:", c->compensation_id);
	if (broken)
		complain(d, DIAG_ERROR, decl, "register the compensating capability, or raise the level", broken);
}

static const char *profile_at(const void *ctx, size_t i)
{
	const struct model *m = ctx;

	return i < m->seen[DECL_PROFILE].n ? m->seen[DECL_PROFILE].v[i]->id : NULL;
}

/* A grant that names one capability, which is not or no longer what agents should be granted. */
static void check_granted_state(const struct model *m, const struct decl *decl, const char *granted, struct diags *d)
{
	static const char *const words[] = {
		[STATE_PROPOSED] = "is granted a capability that is only proposed:",
		[STATE_DEPRECATED] = "is granted a deprecated capability:",
		[STATE_RETIRED] = "is granted a retired capability:",
	};
	static const char *const hints[] = {
		[STATE_PROPOSED] = "until it is ACTIVE its operations count as unregistered, HIGH",
		[STATE_DEPRECATED] = "it still works; its description should say what to grant instead",
		[STATE_RETIRED] = "its operations are refused: grant what took its place",
	};
	const struct decl *one = model_decl(m, DECL_CAPABILITY, granted);

	if (one && one->capability.state != STATE_ACTIVE)
		complain2(d, DIAG_WARNING, decl, hints[one->capability.state], decl->id, words[one->capability.state],
			  granted);
}

/* Grants that name nothing are most likely misspelt. */
static void check_grants(const struct model *m, const struct decl *decl, const struct texts *grants, struct diags *d)
{
	const struct decls *capabilities = &m->seen[DECL_CAPABILITY];

	for (size_t i = 0; i < grants->n; i++) {
		const struct texts one = {grants->v + i, 1};
		struct nfa names;
		bool found = false;
		int r = glob_names(&one, &names);

		for (size_t k = 0; r == 0 && !found && k < capabilities->n; k++)
			found = glob_matches(&names, capabilities->v[k]->id);
		nfa_done(&names);
		check_granted_state(m, decl, grants->v[i], d);
		if (r == 0 && !found)
			complain2(d, DIAG_WARNING, decl, "no registered capability has such an id", decl->id,
				  "is granted what does not exist:", grants->v[i]);
	}
}

/* In a capability an unknown user may be any; a scope would become everybody's. */
static void check_users_of_scope(const struct decl *decl, const struct scope *scope, struct diags *d)
{
	for (size_t i = 0; !decl->agent.uids_count && i < scope->paths.n; i++)
		if (strstr(scope->paths.v[i], "${UID}"))
			complain2(d, DIAG_ERROR, decl, "add \"match\": {\"uid\": [...]}, or write the number", decl->id,
				  "matches no user, and its scope needs one:", scope->paths.v[i]);
}

static bool is_pattern(const char *glob)
{
	return strpbrk(glob, "*?[{\\");
}

/* Reserved names that stand for operations that no capability covers. */
static bool is_unregistered_name(const char *id)
{
	static const char start[] = "unregistered.";

	return strncmp(id, start, strlen(start)) == 0 && op_find(id + strlen(start)) != CVF_OP_NONE;
}

const char *rule_unknown(const struct model *m, const struct rule *r, size_t *ret_index)
{
	for (size_t i = 0; i < r->capability.n; i++) {
		const char *id = r->capability.v[i];

		if (is_pattern(id) || is_unregistered_name(id) || model_decl(m, DECL_CAPABILITY, id))
			continue;
		if (ret_index)
			*ret_index = i;
		return id;
	}
	return NULL;
}

/* Of candidates model_lint() says it, as an error. */
static void check_rules(const struct model *m, const struct decl *decl, const struct rules *rules, struct diags *d)
{
	for (size_t i = 0; i < rules->n && !decl->candidate; i++) {
		size_t before = d->n;
		const char *id = rule_unknown(m, &rules->v[i], NULL);

		if (id)
			complain2(d, DIAG_WARNING, decl, "until it is registered, that rule denies", rules->v[i].id,
				  "is a rule on what nobody registered:", id);
		diags_name(d, before, "unregistered");
	}
}

/* An agent's profile is checked with the profile itself. */
static void check_extends(const struct model *m, const struct decl *decl, struct diags *d)
{
	struct profiles chain = {0};
	own_free char *hint = NULL;
	const char *culprit, *meant;
	int r = profile_chain(m, decl->id, &chain, &culprit);

	profiles_done(&chain);
	if (r == -ELOOP)
		complain2(d, DIAG_ERROR, decl, "take one \"extends\" out", decl->id,
			  "extends what extends itself, by way of", culprit);
	if (r == -E2BIG)
		complain2(d, DIAG_ERROR, decl, "at most 16 profiles, itself included: write some of them as one", decl->id,
			  "extends too many profiles; the first that is too many is", culprit);
	if (r != -ENOENT)
		return;
	meant = nearest(culprit, profile_at, m);
	if (meant && asprintf(&hint, "did you mean \"%s\"?", meant) < 0)
		hint = NULL;
	complain2(d, DIAG_ERROR, decl, hint, decl->id, "extends a profile that does not exist:", culprit);
}

static void check_agent(const struct model *m, const struct decl *decl, struct diags *d)
{
	const char *profile = decl->agent.profile, *meant;
	const struct decl *shared = model_decl(m, DECL_PROFILE, profile);
	struct profiles chain = {0};
	own_free char *hint = NULL;

	check_grants(m, decl, &decl->agent.grants, d);
	check_users_of_scope(decl, &decl->agent.scope, d);
	if (profile_chain(m, profile, &chain, NULL) < 0)
		chain = (struct profiles){0};
	for (size_t i = 0; i < chain.n; i++)
		check_users_of_scope(decl, &chain.v[i]->scope, d);
	profiles_done(&chain);
	if (strcmp(profile, "default") == 0 || shared)
		return;
	meant = nearest(profile, profile_at, m);
	if (meant && asprintf(&hint, "did you mean \"%s\"?", meant) < 0)
		hint = NULL;
	complain2(d, DIAG_ERROR, decl, hint, decl->id, "names a profile that does not exist:", profile);
}

struct user {
	uint32_t uid;
	const struct decl *decl;
};

static int by_uid(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static int check_uids(const struct model *m, struct diags *d)
{
	const struct decls *agents = &m->seen[DECL_AGENT];
	own_free struct user *users = NULL;
	size_t n = 0;

	for (size_t i = 0; i < agents->n; i++)
		n += agents->v[i]->agent.uids_count;
	users = calloc(n + 1, sizeof(*users));
	if (!users)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < agents->n; i++)
		for (size_t k = 0; k < agents->v[i]->agent.uids_count; k++)
			users[n++] = (struct user){agents->v[i]->agent.uids[k], agents->v[i]};
	qsort(users, n, sizeof(*users), by_uid);
	for (size_t i = 1; i < n; i++)
		if (users[i].uid == users[i - 1].uid)
			complain2(d, DIAG_ERROR, users[i].decl, "a user's processes can belong to one agent only",
				  users[i].decl->id, "matches a user that is matched already, by",
				  users[i - 1].decl->id);
	return 0;
}

int model_check(const struct model *m, struct diags *d)
{
	size_t errors = d->errors;

	check_duplicates(m, d);
	for (size_t i = 0; i < m->seen[DECL_CAPABILITY].n; i++)
		check_compensation(m, m->seen[DECL_CAPABILITY].v[i], d);
	for (size_t i = 0; i < m->seen[DECL_PROFILE].n; i++)
		check_extends(m, m->seen[DECL_PROFILE].v[i], d);
	for (size_t i = 0; i < m->seen[DECL_PROFILE].n; i++)
		check_grants(m, m->seen[DECL_PROFILE].v[i], &m->seen[DECL_PROFILE].v[i]->profile.grants, d);
	for (size_t i = 0; i < m->seen[DECL_AGENT].n; i++)
		check_agent(m, m->seen[DECL_AGENT].v[i], d);
	for (size_t i = 0; i < m->seen[DECL_POLICY].n; i++)
		check_rules(m, m->seen[DECL_POLICY].v[i], &m->seen[DECL_POLICY].v[i]->policy.rules, d);
	for (size_t i = 0; i < m->seen[DECL_PROFILE].n; i++)
		check_rules(m, m->seen[DECL_PROFILE].v[i], &m->seen[DECL_PROFILE].v[i]->profile.rules, d);
	if (check_uids(m, d) < 0)
		return -ENOMEM;
	return d->errors > errors ? -EINVAL : 0;
}

static void earliest(const struct rules *rules, time_t now, time_t *best)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->v[i];

		if (r->has_grant && r->grant_expires > now && (!*best || r->grant_expires < *best))
			*best = r->grant_expires;
	}
}

time_t policy_next_expiry(const struct model *m, time_t now)
{
	time_t best = 0;

	for (size_t i = 0; i < m->seen[DECL_POLICY].n; i++)
		earliest(&m->seen[DECL_POLICY].v[i]->policy.rules, now, &best);
	for (size_t i = 0; i < m->seen[DECL_PROFILE].n; i++)
		earliest(&m->seen[DECL_PROFILE].v[i]->profile.rules, now, &best);
	return best;
}

static bool cares(const struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].first_use)
			return true;
	return false;
}

bool model_cares_for_uses(const struct model *m)
{
	for (size_t i = 0; i < m->seen[DECL_POLICY].n; i++)
		if (cares(&m->seen[DECL_POLICY].v[i]->policy.rules))
			return true;
	for (size_t i = 0; i < m->seen[DECL_PROFILE].n; i++)
		if (cares(&m->seen[DECL_PROFILE].v[i]->profile.rules))
			return true;
	return false;
}
