// SPDX-License-Identifier: Apache-2.0
/*
 * rules.c - cvf.policy/v1, and the rules of a profile: tried in order, first match decides
 */
#include <string.h>

#include "policy/parse.h"

#define PRIORITY_MAX 1000000

#define RATE_MAX 1000000
#define RULE_TIMEOUT_MAX_S 86400
#define QUORUM_MAX 16

struct when_spec {
	struct texts agent, owner, profile, capability, path, argv;
	uint64_t risks, types, ops;
	struct cidrs address;
	struct windows windows;
	struct rate rate;
	long long session_age_s;
	bool in_scope, in_scope_given;
	bool first_use;
};

struct grant_spec {
	int64_t expires;
	const char *ticket;
};

struct question_spec {
	long long timeout_s, quorum;
	struct texts approvers;
};

struct rule_spec {
	const char *id, *reason;
	int effect;
	struct when_spec when;
	struct jat grant_at;
	struct grant_spec grant;
	struct question_spec question;
};

static void refuse_empty(const struct jat *at)
{
	if (json_is_array(at->value) && !json_array_size(at->value))
		jat_error(at, "leave the field out to mean all", "the list is empty");
}

static void read_names(const struct jat *at, const struct field *f, void *out)
{
	refuse_empty(at);
	read_name_globs(at, f, out);
}

static void read_paths(const struct jat *at, const struct field *f, void *out)
{
	refuse_empty(at);
	read_path_globs(at, f, out);
}

static void read_arguments(const struct jat *at, const struct field *f, void *out)
{
	refuse_empty(at);
	read_argv(at, f, out);
}

static void read_addresses(const struct jat *at, const struct field *f, void *out)
{
	refuse_empty(at);
	read_cidrs(at, f, out);
}

static void read_in_scope(const struct jat *at, const struct field *f, void *out)
{
	struct when_spec *when = (struct when_spec *)((char *)out - offsetof(struct when_spec, in_scope));

	read_bool(at, f, out);
	when->in_scope_given = true;
}

static void read_first_use(const struct jat *at, const struct field *f, void *out)
{
	read_bool(at, f, out);
	if (json_is_false(at->value))
		jat_error(at, "leave the field out", "\"first_use\" can only be true");
}

static const struct limits count_limits = {0, RATE_MAX}, window_limits = {1, CVF_RATE_WINDOW_S};
static const struct field rate_fields[] = {
	{"more_than", read_number, offsetof(struct rate, more_than), true, &count_limits},
	{"within_s", read_number, offsetof(struct rate, within_s), true, &window_limits},
};

static const struct limits age_limits = {1, CVF_SESSION_AGE_S};
static const struct field age_fields[] = {
	{"more_than_s", read_number, 0, true, &age_limits},
};

static void read_session_age(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, age_fields, ARRAY_SIZE(age_fields), out);
}

static void read_rate(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, rate_fields, ARRAY_SIZE(rate_fields), out);
}

#define W(member) offsetof(struct when_spec, member)

static const struct field when_fields[] = {
	{"agent", read_names, W(agent), false, NULL},
	{"owner", read_names, W(owner), false, NULL},
	{"profile", read_names, W(profile), false, NULL},
	{"capability", read_names, W(capability), false, NULL},
	{"risk", read_word_bits, W(risks), false, &risk_words},
	{"operation_type", read_word_bits, W(types), false, &type_words},
	{"op", read_word_bits, W(ops), false, &op_words},
	{"path", read_paths, W(path), false, NULL},
	{"argv", read_arguments, W(argv), false, NULL},
	{"address", read_addresses, W(address), false, NULL},
	{"in_scope", read_in_scope, W(in_scope), false, NULL},
	{"time", read_windows, W(windows), false, NULL},
	{"rate", read_rate, W(rate), false, NULL},
	{"first_use", read_first_use, W(first_use), false, NULL},
	{"session_age", read_session_age, W(session_age_s), false, NULL},
};

static void read_when(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, when_fields, ARRAY_SIZE(when_fields), out);
}

static const struct field grant_fields[] = {
	{"expires", read_time, offsetof(struct grant_spec, expires), true, NULL},
	{"ticket", read_text, offsetof(struct grant_spec, ticket), true, NULL},
};

static void read_grant(const struct jat *at, const struct field *f, void *out)
{
	struct rule_spec *rule = (struct rule_spec *)((char *)out - offsetof(struct rule_spec, grant));

	(void)f;
	rule->grant_at = *at;
	fields_read(at, grant_fields, ARRAY_SIZE(grant_fields), out);
}

static const struct limits timeout_limits = {1, RULE_TIMEOUT_MAX_S}, quorum_limits = {1, QUORUM_MAX};
static const struct field question_fields[] = {
	{"timeout_s", read_number, offsetof(struct question_spec, timeout_s), false, &timeout_limits},
	{"approvers", read_approvers, offsetof(struct question_spec, approvers), false, NULL},
	{"quorum", read_number, offsetof(struct question_spec, quorum), false, &quorum_limits},
};

static void read_question(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, question_fields, ARRAY_SIZE(question_fields), out);
}

static const struct word effect_list[] = {
	{"ALLOW", EFFECT_ALLOW},
	{"DENY", EFFECT_DENY},
	{"REQUIRE_APPROVAL", EFFECT_APPROVE},
};
static const struct words effect_words = {"effect", effect_list, ARRAY_SIZE(effect_list)};

static const struct field rule_fields[] = {
	{"id", read_id, offsetof(struct rule_spec, id), false, NULL},
	{"when", read_when, offsetof(struct rule_spec, when), false, NULL},
	{"effect", read_word, offsetof(struct rule_spec, effect), true, &effect_words},
	{"reason", read_any_text, offsetof(struct rule_spec, reason), false, NULL},
	{"standing_grant", read_grant, offsetof(struct rule_spec, grant), false, NULL},
	{"hold", read_question, offsetof(struct rule_spec, question), false, NULL},
};

static struct rule rule_of(const struct rule_spec *spec)
{
	const struct when_spec *w = &spec->when;

	return (struct rule){
		.id = spec->id,
		.agent = w->agent,
		.owner = w->owner,
		.profile = w->profile,
		.capability = w->capability,
		.path = w->path,
		.argv = w->argv,
		.risks = (uint8_t)w->risks,
		.types = (uint8_t)w->types,
		.ops = w->ops ? w->ops : OPS_ALL,
		.address = w->address,
		.windows = w->windows,
		.rate = w->rate,
		.session_age_s = w->session_age_s,
		.first_use = w->first_use,
		.timeout_s = spec->question.timeout_s,
		.approvers = spec->question.approvers,
		.quorum = spec->question.quorum,
		.in_scope = !w->in_scope_given ? TRI_ANY
			    : w->in_scope      ? TRI_YES
					       : TRI_NO,
		.effect = (enum rule_effect)spec->effect,
		.reason = spec->reason,
		.has_grant = spec->grant_at.value != NULL,
		.grant_expires = spec->grant.expires,
		.ticket = spec->grant.ticket,
	};
}

/* Rules that count or look at the session's age take the place of the usual outcome in the kernel. */
static void refuse_when(const struct jat *rule, const struct rule_spec *spec)
{
	const struct when_spec *w = &spec->when;
	struct jat when = jat_member(rule, "when"), at;

	if (w->first_use && spec->effect == EFFECT_ALLOW) {
		at = jat_member(&when, "first_use");
		jat_error(&at, "write DENY or REQUIRE_APPROVAL", "what was never done before cannot be allowed for that");
	}
	if (!w->rate.within_s && !w->session_age_s)
		return;
	at = jat_member(&when, w->rate.within_s ? "rate" : "session_age");
	if (spec->effect == EFFECT_ALLOW)
		jat_error(&at, "write DENY or REQUIRE_APPROVAL",
			  "such a rule takes the place of the usual outcome from some point on: it cannot allow");
	if (w->windows.n)
		jat_error(&at, "write two rules", "a rule cannot look at this and at the time of the week");
	if (w->rate.within_s && w->session_age_s)
		jat_error(&at, "write two rules", "a rule cannot both count and look at the session's age");
}

static void refuse_question(const struct jat *rule, const struct rule_spec *spec)
{
	const struct question_spec *q = &spec->question;
	struct jat at = jat_member(rule, "hold"), quorum = jat_member(&at, "quorum");
	bool is_named = q->approvers.n || q->quorum;

	if ((q->timeout_s || is_named) && spec->effect != EFFECT_APPROVE)
		jat_error(&at, NULL, "only the effect REQUIRE_APPROVAL asks a question, which can run out and have approvers");
	if (is_named && (spec->when.rate.within_s || spec->when.session_age_s))
		jat_error(&at, "leave \"approvers\" and \"quorum\" out, or the condition",
			  "a rule that counts or looks at the session's age asks whether all may go on: any approver answers that");
	if (!approvers_suffice(&q->approvers, q->quorum))
		jat_error(&quorum, "name more users, or a group", "%zu can never be %lld", q->approvers.n, q->quorum);
}

static void read_rule(const struct jat *at, struct rules *rules)
{
	struct rule_spec spec = {0};

	fields_read(at, rule_fields, ARRAY_SIZE(rule_fields), &spec);
	if (!spec.id)
		spec.id = pool_printf(at->doc->pool, "%zu", at->index + 1);
	if (!spec.id) {
		jat_error(at, NULL, "out of memory");
		return;
	}
	if (spec.grant_at.value && spec.effect && spec.effect != EFFECT_ALLOW)
		jat_error(&spec.grant_at, NULL, "a standing grant belongs to the effect ALLOW");
	refuse_when(at, &spec);
	refuse_question(at, &spec);
	for (size_t i = 0; i < rules->n; i++)
		if (strcmp(rules->v[i].id, spec.id) == 0)
			jat_error(at, "a rule without an id has its position, from 1, as its id",
				  "two rules have the id \"%s\"", spec.id);
	rules->v[rules->n++] = rule_of(&spec);
}

void read_rules(const struct jat *at, const struct field *f, void *out)
{
	struct rules *rules = out;

	(void)f;
	if (!json_is_array(at->value)) {
		jat_error(at, NULL, "must be an array of rules, not %s", json_kind(at->value));
		return;
	}
	rules->v = pool_alloc(at->doc->pool, json_array_size(at->value), sizeof(*rules->v));
	for (size_t i = 0; rules->v && i < json_array_size(at->value); i++) {
		struct jat one = jat_element(at, i);

		read_rule(&one, rules);
	}
	if (!rules->v)
		jat_error(at, NULL, "out of memory");
}

void normalise_rules(json_t *object, const struct rules *rules)
{
	size_t i;
	json_t *one;

	set_default(object, "rules", json_array());
	json_array_foreach (json_object_get(object, "rules"), i, one) {
		set_default(one, "id", json_string(rules->v[i].id));
		set_default(one, "when", json_object());
		set_default(one, "reason", json_string(""));
	}
}

struct policy_spec {
	struct policy p;
	const char *schema, *name, *description;
};

#define P(member) (offsetof(struct policy_spec, p) + offsetof(struct policy, member))

static const struct limits priority_limits = {-PRIORITY_MAX, PRIORITY_MAX};
static const struct field policy_fields[] = {
	{"schema", read_text, offsetof(struct policy_spec, schema), true, NULL},
	{"id", read_id, P(id), true, NULL},
	{"name", read_any_text, offsetof(struct policy_spec, name), false, NULL},
	{"description", read_any_text, offsetof(struct policy_spec, description), false, NULL},
	{"priority", read_number, P(priority), false, &priority_limits},
	{"overlay", read_bool, P(overlay), false, NULL},
	{"rules", read_rules, P(rules), true, NULL},
};

static void check_overlay(const struct jat *at, const struct rules *rules)
{
	struct jat list = jat_member(at, "rules");

	for (size_t i = 0; i < rules->n; i++) {
		struct jat one = jat_element(&list, i), effect = jat_member(&one, "effect");

		if (rules->v[i].effect == EFFECT_ALLOW)
			jat_error(&effect,
				  "write DENY or REQUIRE_APPROVAL, or put the rule into a policy that is no overlay",
				  "an overlay only tightens: it cannot allow");
	}
}

void policy_read(const struct jat *at, struct decl *d)
{
	struct policy_spec spec = {0};
	size_t errors = at->doc->d->errors;

	fields_read(at, policy_fields, ARRAY_SIZE(policy_fields), &spec);
	d->policy = spec.p;
	d->id = spec.p.id;
	if (spec.p.overlay && at->doc->d->errors == errors)
		check_overlay(at, &spec.p.rules);
	if (at->doc->d->errors > errors)
		return;
	set_default(d->normal, "name", json_string(spec.name ? spec.name : d->id));
	set_default(d->normal, "description", json_string(""));
	set_default(d->normal, "priority", json_integer(0));
	set_default(d->normal, "overlay", json_false());
	normalise_rules(d->normal, &spec.p.rules);
}
