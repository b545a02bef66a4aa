// SPDX-License-Identifier: Apache-2.0
/*
 * quorum.c - who must approve what a rule asks about: "approvers" and "quorum" of a rule's "hold"
 */
#include <ctype.h>
#include <string.h>

#include "policy/parse.h"
#include "policy/plan.h"

#define NAME_BYTES 63
#define NAMES_MAX  32

/* "alice" or "@release": whether the host has them is the host's to know, and may change. */
static bool is_name(const char *text)
{
	size_t n;

	text += *text == '@';
	n = strlen(text);
	for (const char *at = text; *at; at++)
		if (!isgraph((unsigned char)*at) || *at == ',' || *at == '"')
			return false;
	return n > 0 && n <= NAME_BYTES && *text != '@';
}

static bool is_named_before(const struct texts *names, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(names->v[k], names->v[i]) == 0)
			return true;
	return false;
}

void read_approvers(const struct jat *at, const struct field *f, void *out)
{
	struct texts *names = out;
	size_t errors = at->doc->d->errors;

	read_texts(at, f, out);
	if (at->doc->d->errors > errors)
		return;
	if (!names->n || names->n > NAMES_MAX)
		jat_error(at, names->n ? "name a group" : "leave the field out to mean whoever has the role approver",
			  names->n ? "the list has more than 32 names" : "the list is empty");
	for (size_t i = 0; i < names->n; i++) {
		struct jat one = element_at(at, i);

		if (!is_name(names->v[i]))
			jat_error(&one, "write for example [\"alice\", \"@release\"]: users, and groups after an @",
				  "\"%.80s\" is no name of a user or a group", names->v[i]);
		else if (is_named_before(names, i))
			jat_error(&one, NULL, "\"%.80s\" is named twice", names->v[i]);
	}
}

#define STEPS_MAX 8
#define STEP_MAX_S 86400
struct step_spec {
	long long after_s;
	struct texts approvers;
};
static const struct limits step_limits = {1, STEP_MAX_S};
static const struct field step_fields[] = {
	{"after_s", read_number, offsetof(struct step_spec, after_s), true, &step_limits},
	{"approvers", read_approvers, offsetof(struct step_spec, approvers), true, NULL},
};

void read_escalation(const struct jat *at, const struct field *f, void *out)
{
	size_t n = json_array_size(at->value);
	long long before = 0;

	(void)f;
	(void)out;
	if (!json_is_array(at->value) || n > STEPS_MAX)
		jat_error(at, "write [{\"after_s\": 120, \"approvers\": [\"@oncall\"]}]", "must be an array of at most %d objects", STEPS_MAX);
	for (size_t i = 0; json_is_array(at->value) && i < n; i++) {
		struct jat one = element_at(at, i);
		struct step_spec spec = {0};

		fields_read(&one, step_fields, ARRAY_SIZE(step_fields), &spec);
		if (spec.after_s && spec.after_s <= before)
			jat_error(&one, "write them in the order in which they come", "\"after_s\" must be more than that of the step before");
		before = spec.after_s;
	}
}

bool approvers_suffice(const struct texts *names, long long quorum)
{
	for (size_t i = 0; i < names->n; i++)
		if (*names->v[i] == '@')
			return true;
	return !names->n || (long long)names->n >= quorum;
}

static void tell_unknown(const struct decl *decl, size_t rule, size_t i, struct diags *d)
{
	const struct rule *r = decl->kind == DECL_POLICY ? &decl->policy.rules.v[rule] : &decl->profile.rules.v[rule];
	const char *name = r->approvers.v[i];
	struct place p;

	place_begin(&p, decl);
	place_key(&p, "rules");
	place_element(&p, rule);
	place_key(&p, "hold");
	place_key(&p, "approvers");
	place_element(&p, i);
	place_tell(&p, d, DIAG_WARNING, "no-such-approver",
		   *name == '@' ? NULL : "a group has an @ in front", "rule \"%s\" names \"%s\", which this host does not have: nobody approves as that",
		   r->id, name);
}

void model_lint_approvers(const struct model *m, bool (*is_known)(const char *name), struct diags *d)
{
	static const enum decl_kind kinds[] = {DECL_POLICY, DECL_PROFILE};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const struct decls *seen = &m->seen[kinds[k]];

		for (size_t i = 0; i < seen->n; i++) {
			const struct decl *decl = seen->v[i];
			const struct rules *rules = kinds[k] == DECL_POLICY ? &decl->policy.rules : &decl->profile.rules;

			for (size_t n = 0; decl->candidate && n < rules->n; n++)
				for (size_t a = 0; a < rules->v[n].approvers.n; a++)
					if (!is_known(rules->v[n].approvers.v[a]))
						tell_unknown(decl, n, a, d);
		}
	}
}

struct quorum rule_quorum(const struct rule *r)
{
	return (struct quorum){
		.people = r && r->quorum ? (unsigned int)r->quorum : 1,
		.approvers = r ? r->approvers.v : NULL,
		.approvers_count = r ? r->approvers.n : 0,
	};
}

json_t *quorum_approvers(const struct quorum *q)
{
	json_t *list = json_array();

	for (size_t i = 0; i < q->approvers_count; i++)
		json_array_append_new(list, json_string(q->approvers[i]));
	return list;
}

bool quorum_is_stricter(const struct quorum *a, const struct quorum *b)
{
	return a->people > b->people || (a->people == b->people && a->approvers_count && !b->approvers_count);
}

int policy_quorum(const struct model *m, const char *rule, struct quorum *ret_quorum)
{
	const struct plan *p;
	int r = plan_get(m, &p);

	if (r < 0)
		return r;
	*ret_quorum = rule_quorum(NULL);
	for (size_t i = 0; i < p->rules_count; i++) {
		struct quorum one = rule_quorum(p->rules[i].rule);

		if (rule ? strcmp(p->rules[i].name, rule) == 0 : quorum_is_stricter(&one, ret_quorum))
			*ret_quorum = one;
	}
	return 0;
}
