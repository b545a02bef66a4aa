// SPDX-License-Identifier: Apache-2.0
/*
 * verb_declare.c - capabilities, profiles, agents and policies: register, list, show, remove; and what only agents have
 */
#include "ask.h"
#include "escape.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"

#include <string.h>

static void put_risk(FILE *out, const json_t *row)
{
	out_value(out, json_is_object(out_field(row, "risk")) ? out_field(row, "risk.level")
							      : out_field(row, "risk"));
}

static void put_grants(FILE *out, const json_t *row)
{
	fprintf(out, "%zu", json_array_size(out_field(row, "capabilities")));
}

static void put_mode(FILE *out, const json_t *row)
{
	out_value(out, out_field(row, "mode"));
	if (json_is_object(out_field(row, "frozen")))
		fputs(", frozen", out);
}

static void put_rules(FILE *out, const json_t *row)
{
	fprintf(out, "%zu", json_array_size(out_field(row, "rules")));
}

static void put_extends(FILE *out, const json_t *row)
{
	const json_t *list = out_field(row, "extends");

	out_value(out, json_array_size(list) ? list : NULL);
}

static void put_origin(FILE *out, const json_t *row)
{
	if (json_is_true(out_field(row, "builtin")))
		fputs("built in", out);
	else
		out_value(out, out_field(row, "source"));
}

static const struct column capability_columns[] = {
	{ "ID", "id", NULL },	      { "TYPE", "operation_type", NULL }, { "RISK", NULL, put_risk },
	{ "STATE", "state", NULL },   { "VERSION", "version", NULL },	  { "FROM", NULL, put_origin },
	{ "NAME", "name", NULL },
};
static const struct column agent_columns[] = {
	{ "ID", "id", NULL },		{ "MODE", NULL, put_mode }, { "PROFILE", "profile", NULL },
	{ "GRANTS", NULL, put_grants }, { "OWNER", "owner", NULL }, { "FROM", NULL, put_origin },
};
static const struct column policy_columns[] = {
	{ "ID", "id", NULL },	      { "PRIORITY", "priority", NULL }, { "RULES", NULL, put_rules },
	{ "FROM", NULL, put_origin }, { "NAME", "name", NULL },
};

static const struct column profile_columns[] = {
	{ "ID", "id", NULL },	      { "EXTENDS", NULL, put_extends }, { "GRANTS", NULL, put_grants },
	{ "RULES", NULL, put_rules }, { "FROM", NULL, put_origin },	 { "NAME", "name", NULL },
};

#define TO_LIST(plural) \
	static struct url list_##plural(void) \
	{ \
		return to_get_v1_##plural(NULL); \
	}
#define TO_TAKE(plural) \
	static struct url take_##plural(const char *name, const char *replace) \
	{ \
		return to_post_v1_##plural(&(struct post_v1_##plural){ .name = name, .replace = replace }); \
	}
#define TO_VERSIONS(plural) \
	static struct url versions_##plural(const char *id) \
	{ \
		return to_get_v1_##plural##_id_versions(id, NULL); \
	}
TO_LIST(capabilities)
TO_LIST(agents)
TO_LIST(policies)
TO_LIST(profiles)
TO_TAKE(capabilities)
TO_TAKE(agents)
TO_TAKE(policies)
TO_VERSIONS(capabilities)
TO_VERSIONS(agents)
TO_VERSIONS(policies)

static const struct kind {
	const char *noun, *plural, *done;
	struct url (*list)(void), (*take)(const char *name, const char *replace);
	struct url (*one)(const char *id), (*versions)(const char *id), (*remove)(const char *id);
	const struct column *columns;
	size_t columns_count;
	bool replaces;	/* without being asked */
} kinds[] = {
	{ "capability", "capabilities", "registered", list_capabilities, take_capabilities, to_get_v1_capabilities_id,
	  versions_capabilities, to_delete_v1_capabilities_id, capability_columns, ARRAY_SIZE(capability_columns), false },
	{ "agent", "agents", "registered", list_agents, take_agents, to_get_v1_agents_id, versions_agents,
	  to_delete_v1_agents_id, agent_columns, ARRAY_SIZE(agent_columns), false },
	{ "policy", "policies", "in force", list_policies, take_policies, to_get_v1_policies_id, versions_policies,
	  to_delete_v1_policies_id, policy_columns, ARRAY_SIZE(policy_columns), true },
	/* Built in: to look at only. */
	{ "profile", "profiles", NULL, list_profiles, NULL, to_get_v1_profiles_id, NULL, NULL, profile_columns,
	  ARRAY_SIZE(profile_columns), false },
};

static const struct kind *kind_of(const struct call *c)
{
	const struct kind *k = kinds;

	while (strcmp(k->noun, c->verb->noun) != 0)
		k++;
	return k;
}

static void put_id(const struct kind *k, const json_t *one)
{
	own_free char *id = NULL;
	const char *text = json_is_string(one) ? json_string_value(one) : out_text(one, "id", NULL);

	id = text ? escape_text(text, strlen(text)) : NULL;
	if (id)
		printf("%s %s %s\n", k->noun, id, k->done);
}

/*
 * The reply names what was taken in: one declaration, a list, or a list under the plural; any of them is
 * fine.
 */
static void put_registered(const struct kind *k, const json_t *reply)
{
	const json_t *list = json_is_array(reply) ? reply : out_field(reply, k->plural);
	const json_t *one;
	size_t i;

	if (!list)
		list = out_field(reply, "ids");
	if (!list)
		put_id(k, reply);
	json_array_foreach(list, i, one)
		put_id(k, one);
	out_diagnoses(stderr, out_field(reply, "warnings"));
}

int verb_register(const struct call *c)
{
	const struct kind *k = kind_of(c);
	const char *file = c->words[0];
	own_url struct url u = k->take(strcmp(file, "-") == 0 ? "stdin" : file, k->replaces || call_has(c, OPT_REPLACE) ? "1" : NULL);
	own_free char *text = NULL, *doing = NULL;
	own_json json_t *reply = NULL;
	size_t size = 0;
	int r = text_read(file, &text, &size);

	if (r < 0)
		return say_fail(r == -ENOENT ? NOT_FOUND : REFUSED, NULL, "cannot read %s: %s", file,
				strerror(-r));
	if (asprintf(&doing, "%s the %s of %s", c->verb->verb, k->plural, file) < 0)
		return say_no_memory();
	r = ask(c, &(struct ask){ { &u, text, size, 0 }, doing, false }, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		put_registered(k, reply);
	return DONE;
}

static int put_list(const struct call *c, const json_t *reply)
{
	const struct kind *k = kind_of(c);
	own_free char *empty = NULL;

	if (asprintf(&empty, "No %s.", k->plural) < 0)
		return -ENOMEM;
	return out_table(stdout, out_field(reply, k->plural), k->columns, k->columns_count, empty);
}

int verb_list(const struct call *c)
{
	const struct kind *k = kind_of(c);
	own_url struct url u = k->list();
	own_free char *doing = NULL;

	if (asprintf(&doing, "list the %s", k->plural) < 0)
		return say_no_memory();
	return ask_show(c, &(struct ask){ { .to = &u }, doing, false }, put_list);
}

static void put_version_state(FILE *out, const json_t *row)
{
	const char *state = out_text(row, "state", out_text(row, "mode", "-"));

	if (json_is_true(out_field(row, "removed")))
		state = "removed";
	escape_line(out, state, strlen(state));
}

static const struct column version_columns[] = {
	{ "REVISION", "revision", NULL }, { "SINCE", "made_at", NULL },   { "BY", "made_by", NULL },
	{ "STATE", NULL, put_version_state }, { "VERSION", "version", NULL }, { "FROM", "source", NULL },
	{ "NOTE", "note", NULL },
};

static int put_one(const struct call *c, const json_t *reply)
{
	if (call_has(c, OPT_VERSIONS))
		return out_table(stdout, out_field(reply, "versions"), version_columns, ARRAY_SIZE(version_columns), "None.");
	out_tree(stdout, reply, 0);
	return 0;
}

int verb_show(const struct call *c)
{
	const struct kind *k = kind_of(c);
	own_url struct url u = call_has(c, OPT_VERSIONS) ? k->versions(c->words[0]) : k->one(c->words[0]);
	own_free char *doing = NULL;

	if (asprintf(&doing, "show %s %s", k->noun, c->words[0]) < 0)
		return say_no_memory();
	return ask_show(c, &(struct ask){ { .to = &u }, doing, false }, put_one);
}

static int put_removed(const struct call *c, const json_t *reply)
{
	const char *id = c->words[0];

	(void)reply;
	printf("%s ", kind_of(c)->noun);
	escape_put(stdout, id, strlen(id));
	puts(" removed");
	return 0;
}

int verb_remove(const struct call *c)
{
	const struct kind *k = kind_of(c);
	own_url struct url u = k->remove(c->words[0]);
	own_free char *doing = NULL;

	if (asprintf(&doing, "remove %s %s", k->noun, c->words[0]) < 0)
		return say_no_memory();
	return ask_show(c, &(struct ask){ { .to = &u }, doing, false }, put_removed);
}

/* A small object about the first operand, to it or to something of it; takes both. */
static int post_to(const struct call *c, struct url take_to, const char *doing, json_t *body, json_t **ret)
{
	own_url struct url u = take_to;
	own_json json_t *owned = body;
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	own_free char *sentence = NULL;

	if (!text || asprintf(&sentence, "%s %s %s", doing, c->verb->noun, c->words[0]) < 0)
		return say_no_memory();
	return ask(c, &(struct ask){ { &u, text, strlen(text), 0 }, sentence, false }, ret);
}

int verb_attach(const struct call *c)
{
	own_json json_t *reply = NULL;
	own_free char *session = NULL;
	const char *text;
	long pid;
	int r = call_number(c, OPT_PID, 1 << 22, &pid);

	if (r < 0)
		return -r;
	r = post_to(c, to_post_v1_agents_id_sessions(c->words[0]), "attach the process to", json_pack("{s:I}", "pid", (json_int_t)pid),
		       &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	text = out_text(reply, "session", "?");
	session = escape_text(text, strlen(text));
	printf("process %ld is session %s\n", pid, session ? session : "?");
	return DONE;
}

int verb_mode(const struct call *c)
{
	static const char *const modes[] = { "enforce", "observe", "learn" };
	own_json json_t *reply = NULL;
	const char *mode = c->words[1];
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(modes) && strcmp(modes[i], mode) != 0)
		i++;
	if (i == ARRAY_SIZE(modes))
		return say_fail(USAGE, "see: cvfctl agent mode --help",
				"'%s' is no mode: enforce, observe or learn", mode);
	r = post_to(c, to_post_v1_agents_id_mode(c->words[0]), "change the mode of", json_pack("{s:s}", "mode", mode), &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	say_part("agent %s: mode %s", c->words[0], mode);
	putchar('\n');
	return DONE;
}

static int set_frozen(const struct call *c, struct url (*to)(const char *id), const char *done)
{
	own_json json_t *reply = NULL;
	json_t *body = json_object();
	int r = set_note(c, body);

	if (r == DONE)
		r = post_to(c, to(c->words[0]), c->verb->verb, body, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	say_part("agent %s is %s", c->words[0], done);
	printf(", processes: %lld\n", (long long)json_integer_value(out_field(reply, "processes")));
	return DONE;
}

int verb_freeze(const struct call *c)
{
	return set_frozen(c, to_post_v1_agents_id_freeze, "frozen");
}

int verb_thaw(const struct call *c)
{
	return set_frozen(c, to_post_v1_agents_id_thaw, "thawed");
}

int verb_state(const struct call *c)
{
	static const char *const states[] = { "ACTIVE", "DEPRECATED", "RETIRED" };
	own_json json_t *reply = NULL;
	const char *state = c->words[1];
	json_t *body = NULL;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(states) && strcmp(states[i], state) != 0)
		i++;
	if (i == ARRAY_SIZE(states))
		return say_fail(USAGE, "see: cvfctl capability state --help",
				"'%s' is no state to go to: ACTIVE, DEPRECATED or RETIRED", state);
	body = json_pack("{s:s}", "state", state);
	r = set_note(c, body);
	if (r == DONE)
		r = post_to(c, to_post_v1_capabilities_id_state(c->words[0]), "change the state of", body, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	say_part("capability %s is %s", c->words[0], state);
	putchar('\n');
	out_diagnoses(stderr, out_field(reply, "warnings"));
	return DONE;
}
