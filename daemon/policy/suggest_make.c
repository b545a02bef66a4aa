// SPDX-License-Identifier: Apache-2.0
/*
 * suggest_make.c - the declarations of a suggestion, and what is to be said about them
 */
#include <stdarg.h>
#include <string.h>

#include "policy/suggest_parts.h"

#define POLICY_PRIORITY -1000 /* whatever the host says comes first */
#define DAY_S		86400

struct maker {
	struct suggestion *s;
	const char *id;
	json_t *report, *rules;
};

static void say(struct maker *k, const char *format, ...) printf_like(2, 3);
static void say(struct maker *k, const char *format, ...)
{
	own_free char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	json_array_append_new(k->report, json_string(text ? text : "out of memory"));
}

/* ---- agent ---- */

static void report_scope(struct maker *k)
{
	const json_t *added;
	const char *address;
	json_t *unused;
	size_t i;

	for (i = 0; i < k->s->scope_paths.n; i++)
		if (!k->s->kept[i])
			say(k, "left out of its scope, nothing was changed there: %s", k->s->scope_paths.v[i]);
	json_array_foreach (k->s->added, i, added)
		say(k, "added to its scope: %s", json_string_value(added));
	json_object_foreach (k->s->addresses, address, unused)
		say(k, "added to its scope: %s", address);
}

static json_t *make_grants(struct maker *k)
{
	json_t *grants = json_array();

	for (size_t i = 0; i < k->s->plan->capabilities_count; i++) {
		const struct use *u = &k->s->uses[i];
		const char *id = k->s->plan->capabilities[i]->id;

		if (!u->operations)
			continue;
		if (u->why)
			say(k, "not suggested, %s: %s (%llu)", u->why, id, (unsigned long long)u->operations);
		else if (!k->s->bare->bound->granted[i])
			json_array_append_new(grants, json_string(id));
	}
	return grants;
}

static json_t *make_agent(struct maker *k)
{
	static const char *const kept[] = {"name", "description", "owner", "profile", "home", "match", "limits"};
	json_t *agent = json_pack("{s:s, s:s}", "schema", "cvf.agent/v1", "id", k->id);

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		json_t *value = json_object_get(k->s->own, kept[i]);

		if (value && !(json_is_string(value) && !*json_string_value(value)))
			json_object_set(agent, kept[i], value);
	}
	json_object_set_new(agent, "capabilities", make_grants(k));
	json_object_set(agent, "scope", k->s->suggested);
	report_scope(k);
	json_object_set_new(agent, "mode", json_string("enforce"));
	return agent;
}

/* ---- policy ---- */

/* What is HIGH is allowed for a while where the agent works anyway, and asked for elsewhere. */
static int add_grant(struct maker *k, const struct capability *c, const struct use *u)
{
	own(path_tree) struct path_tree *tree = path_tree_new();
	struct tm day;
	time_t end = k->s->now + (time_t)SUGGEST_GRANT_DAYS * DAY_S;
	char expires[32], ticket[48];
	const char *path;
	json_t *unused;
	int r = tree ? 0 : -ENOMEM;

	json_object_foreach (u->objects, path, unused)
		if (r == 0)
			r = path_tree_add(tree, path, c->type == TYPE_DELETE);
	if (r < 0)
		return r;
	gmtime_r(&end, &day);
	strftime(expires, sizeof(expires), "%Y-%m-%dT%H:%M:%SZ", &day);
	gmtime_r(&k->s->now, &day);
	strftime(ticket, sizeof(ticket), "learned-%Y-%m-%d", &day);
	say(k, "allowed for %d days inside of its scope: %s (%zu objects)", SUGGEST_GRANT_DAYS, c->id,
	    json_object_size(u->objects));
	return json_array_append_new(k->rules, json_pack("{s:s, s:{s:[s], s:[s], s:o}, s:s, s:s, s:{s:s, s:s}}", "id",
							 c->id, "when", "agent", k->id, "capability", c->id, "path",
							 path_tree_globs(tree), "effect", "ALLOW", "reason",
							 "seen while learning", "standing_grant", "expires", expires,
							 "ticket", ticket))
		       ? -ENOMEM
		       : 0;
}

/* What it tried in folders of the system is refused without a question, as it was before. */
static int add_system(struct maker *k)
{
	json_t *globs = path_tree_globs(k->s->system), *capabilities = json_array();
	const json_t *glob;
	json_t *rule;
	size_t i;

	for (i = 0; i < k->s->plan->capabilities_count; i++)
		if (k->s->uses[i].is_of_system)
			json_array_append_new(capabilities, json_string(k->s->plan->capabilities[i]->id));
	if (json_array_size(capabilities))
		json_array_foreach (globs, i, glob)
			say(k, "not suggested and refused, a folder of the system: %s", json_string_value(glob));
	rule = json_pack("{s:s, s:{s:[s], s:O, s:O}, s:s, s:s}", "id", "system-folders", "when", "agent", k->id,
			 "capability", capabilities, "path", globs, "effect", "DENY", "reason",
			 "folders of the system are never suggested");
	i = json_array_size(capabilities);
	json_decref(globs);
	json_decref(capabilities);
	if (!rule || i)
		return rule ? json_array_append_new(k->rules, rule) : -ENOMEM;
	json_decref(rule);
	return 0;
}

/* A capability that a rule of the profile speaks about is left to the profile. */
static bool is_of_profile(const struct maker *k, size_t capability)
{
	for (size_t i = 0; i < k->s->agent->bound->rules.n; i++) {
		const struct planned_rule *p = k->s->agent->bound->rules.v[i].planned;

		if (p->profile && (!p->capabilities || p->capabilities[capability]))
			return true;
	}
	return false;
}

static bool is_of_files(const struct capability *c)
{
	for (size_t i = 0; i < c->match.n; i++)
		if (c->match.v[i].domain == CVF_DOMAIN_FILE || c->match.v[i].domain == CVF_DOMAIN_NET)
			return true;
	return false;
}

static int add_rule(struct maker *k, const char *id, json_t *capabilities, bool elsewhere, const char *reason)
{
	json_t *when = json_pack("{s:[s], s:O}", "agent", k->id, "capability", capabilities);

	if (elsewhere)
		json_object_set_new(when, "in_scope", json_false());
	if (!json_array_size(capabilities)) {
		json_decref(when);
		return 0;
	}
	return json_array_append_new(k->rules, json_pack("{s:s, s:o, s:s, s:s}", "id", id, "when", when, "effect",
							 "REQUIRE_APPROVAL", "reason", reason))
		       ? -ENOMEM
		       : 0;
}

static size_t family_length(const char *id)
{
	const char *last = strrchr(id, '.');

	return last ? (size_t)(last - id) : 0;
}

/* Who makes files in a place may be expected to write to them: one capability of a family stands for the others. */
static bool is_family_seen(const struct maker *k, const struct capability *c)
{
	size_t length = family_length(c->id);

	if (c->type != TYPE_WRITE || c->risk != CVF_R1)
		return false;
	for (size_t i = 0; i < k->s->plan->capabilities_count; i++) {
		const struct capability *other = k->s->plan->capabilities[i];

		if (k->s->uses[i].operations && !k->s->uses[i].why && other->risk == CVF_R1 && other->type == TYPE_WRITE &&
		    family_length(other->id) == length && length && strncmp(other->id, c->id, length) == 0)
			return true;
	}
	return false;
}

/* What it may do and was not seen doing is asked for; so is what it does, elsewhere. */
static int add_holds(struct maker *k)
{
	json_t *unseen = json_array(), *elsewhere = json_array();
	int r;

	for (size_t i = 0; i < k->s->plan->capabilities_count; i++) {
		const struct capability *c = k->s->plan->capabilities[i];
		const struct use *u = &k->s->uses[i];
		bool is_seen = u->operations || is_family_seen(k, c);

		if (c->risk > CVF_R1 || c->requires_approval || u->why || (!u->operations && !k->s->bare->bound->granted[i]))
			continue;
		if (!is_seen)
			json_array_append_new(unseen, json_string(c->id));
		else if (c->risk == CVF_R1 && is_of_files(c) && !is_of_profile(k, i))
			json_array_append_new(elsewhere, json_string(c->id));
	}
	r = add_rule(k, "elsewhere", elsewhere, true, "it was not seen doing this here while learning");
	if (r == 0)
		r = add_rule(k, "unseen", unseen, false, "it was not seen doing this while learning");
	json_decref(unseen);
	json_decref(elsewhere);
	return r;
}

static json_t *make_policy(struct maker *k)
{
	own_free char *id = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->s->plan->capabilities_count; i++)
		if (!k->s->uses[i].why && json_object_size(k->s->uses[i].objects))
			r = add_grant(k, k->s->plan->capabilities[i], &k->s->uses[i]);
	if (r == 0)
		r = add_system(k);
	if (r == 0)
		r = add_holds(k);
	if (r < 0 || asprintf(&id, SUGGESTION_POLICY, k->id) < 0) {
		id = NULL;
		return NULL;
	}
	if (!json_array_size(k->rules))
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:i, s:O}", "schema", "cvf.policy/v1", "id", id, "description",
			 "What was seen of the agent while learning; the rest waits for an approver.", "priority",
			 POLICY_PRIORITY, "rules", k->rules);
}

/* ---- report ---- */

static void say_examples(struct maker *k, const struct use *u)
{
	for (size_t i = 0; i < json_array_size(u->examples); i++)
		say(k, "  %s", json_string_value(json_array_get(u->examples, i)));
}

static void report_asked(struct maker *k)
{
	for (size_t i = 0; i < k->s->plan->capabilities_count; i++) {
		const struct capability *c = k->s->plan->capabilities[i];
		const struct use *u = &k->s->uses[i];

		if (!u->asked || u->why)
			continue;
		say(k, "asked for each time: %s (%llu), for example:", c->id, (unsigned long long)u->asked);
		say_examples(k, u);
	}
	if (k->s->unregistered.operations) {
		say(k, "asked for each time, no capability covers it: register one (%llu), for example:",
		    (unsigned long long)k->s->unregistered.operations);
		say_examples(k, &k->s->unregistered);
	}
	if (k->s->denied)
		say(k, "not suggested, a policy denies it: %llu operations", (unsigned long long)k->s->denied);
	if (k->s->guarded)
		say(k, "not suggested, it touched the enforcement itself: %llu operations",
		    (unsigned long long)k->s->guarded);
}

json_t *suggestion_result(struct suggestion *s)
{
	struct maker k = {.s = s, .id = s->agent->agent->id, .report = json_array(), .rules = json_array()};
	json_t *agent, *policy, *result = NULL;

	if (!k.report || !k.rules)
		return NULL;
	say(&k, "%llu recorded operations", (unsigned long long)s->operations);
	agent = make_agent(&k);
	policy = make_policy(&k);
	report_asked(&k);
	if (agent && policy)
		result = json_pack("{s:O, s:O, s:O, s:I}", "agent", agent, "policy", policy, "report", k.report,
				   "operations", (json_int_t)s->operations);
	json_decref(agent);
	json_decref(policy);
	json_decref(k.report);
	json_decref(k.rules);
	return result;
}
