// SPDX-License-Identifier: Apache-2.0
/*
 * capability.c - cvf.capability/v1: an invalid capability cannot exist, because reading one checks it
 */
#include <string.h>

#include "policy/parse.h"

#define TIMEOUT_MAX_S 604800
#define QUESTIONS_MAX 10000
#define VERSION_MAX   32
#define VERSION_BYTES "0123456789.-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct risk_spec {
	int level;
	bool given, requires_approval, approval_given;
	const char *justification;
};

struct effects_spec {
	bool reversible;
	const char *scope, *description;
};

struct compensation_spec {
	bool supported;
	const char *strategy, *capability_id;
};

struct hold_spec {
	long long timeout_s, questions_per_hour;
	int on_timeout;
};

struct spec {
	const char *schema, *id, *name, *description, *version;
	int type, state;
	struct risk_spec risk;
	struct effects_spec effects;
	struct compensation_spec compensation;
	struct hold_spec hold;
	json_t *parameters;
	struct jat match, examples, type_at;
};

static void read_level(const struct jat *at, const struct field *f, void *out)
{
	struct risk_spec *risk = (struct risk_spec *)((char *)out - offsetof(struct risk_spec, level));

	(void)f;
	risk->given = word_find(at, &risk_words, &risk->level);
}

static void read_approval(const struct jat *at, const struct field *f, void *out)
{
	struct risk_spec *risk = (struct risk_spec *)((char *)out - offsetof(struct risk_spec, requires_approval));

	read_bool(at, f, out);
	risk->approval_given = true;
}

static const struct field risk_fields[] = {
	{"level", read_level, offsetof(struct risk_spec, level), false, NULL},
	{"justification", read_any_text, offsetof(struct risk_spec, justification), false, NULL},
	{"requires_approval", read_approval, offsetof(struct risk_spec, requires_approval), false, NULL},
};

static const struct field effects_fields[] = {
	{"reversible", read_bool, offsetof(struct effects_spec, reversible), false, NULL},
	{"scope", read_any_text, offsetof(struct effects_spec, scope), false, NULL},
	{"description", read_any_text, offsetof(struct effects_spec, description), false, NULL},
};

static const struct field compensation_fields[] = {
	{"supported", read_bool, offsetof(struct compensation_spec, supported), false, NULL},
	{"strategy", read_any_text, offsetof(struct compensation_spec, strategy), false, NULL},
	{"capability_id", read_id, offsetof(struct compensation_spec, capability_id), false, NULL},
};

static const struct word state_list[] = {
	{"PROPOSED", STATE_PROPOSED},
	{"ACTIVE", STATE_ACTIVE},
	{"DEPRECATED", STATE_DEPRECATED},
	{"RETIRED", STATE_RETIRED},
};
static const struct words state_words = {"state", state_list, ARRAY_SIZE(state_list)};

/* "1.2.0": three numbers, then perhaps "-" and a word. */
static void read_version(const struct jat *at, const struct field *f, void *out)
{
	const char *text = json_string_value(at->value);
	unsigned int parts[3];
	int n = 0;

	if (text && (sscanf(text, "%4u.%4u.%4u%n", &parts[0], &parts[1], &parts[2], &n) != 3 || !n ||
		     strspn(text, "0123456789.") < (size_t)n || (text[n] && text[n] != '-') || strlen(text) > VERSION_MAX ||
		     strspn(text, VERSION_BYTES) != strlen(text)))
		jat_error(at, "write three numbers, such as \"1.0.0\" or \"2.1.0-rc1\"", "\"%.40s\" is not a version", text);
	else
		read_text(at, f, out);
}

static const struct limits questions_limits = {1, QUESTIONS_MAX};
static const struct limits timeout_limits = {1, TIMEOUT_MAX_S};
static const struct word timeout_list[] = {{"deny", 0}};
static const struct words timeout_words = {"time-out action", timeout_list, 1};
static const struct field hold_fields[] = {
	{"timeout_s", read_number, offsetof(struct hold_spec, timeout_s), false, &timeout_limits},
	{"on_timeout", read_word, offsetof(struct hold_spec, on_timeout), false, &timeout_words},
	{"questions_per_hour", read_number, offsetof(struct hold_spec, questions_per_hour), false, &questions_limits},
	{"escalation", read_escalation, 0, false, NULL},
};

static void read_risk(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, risk_fields, ARRAY_SIZE(risk_fields), out);
}

static void read_effects(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, effects_fields, ARRAY_SIZE(effects_fields), out);
}

static void read_compensation(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, compensation_fields, ARRAY_SIZE(compensation_fields), out);
}

static void read_hold(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, hold_fields, ARRAY_SIZE(hold_fields), out);
}

struct parameter {
	const char *name, *type, *description;
	bool required;
	json_t *preset, *values;
};

static const struct field parameter_fields[] = {
	{"name", read_text, offsetof(struct parameter, name), true, NULL},
	{"type", read_text, offsetof(struct parameter, type), false, NULL},
	{"description", read_any_text, offsetof(struct parameter, description), false, NULL},
	{"required", read_bool, offsetof(struct parameter, required), false, NULL},
	{"default", read_json, offsetof(struct parameter, preset), false, NULL},
	{"enum", read_json, offsetof(struct parameter, values), false, NULL},
};

static void read_parameters(const struct jat *at, const struct field *f, void *out)
{
	read_json(at, f, out);
	if (!json_is_array(at->value))
		jat_error(at, NULL, "must be an array of objects, not %s", json_kind(at->value));
	for (size_t i = 0; i < json_array_size(at->value); i++) {
		struct jat one = jat_element(at, i);
		struct parameter parameter = {0};

		fields_read(&one, parameter_fields, ARRAY_SIZE(parameter_fields), &parameter);
	}
}

static void read_type(const struct jat *at, const struct field *f, void *out)
{
	struct spec *spec = (struct spec *)((char *)out - offsetof(struct spec, type));

	spec->type_at = *at;
	read_word(at, f, out);
}

static const struct field capability_fields[] = {
	{"schema", read_text, offsetof(struct spec, schema), true, NULL},
	{"id", read_id, offsetof(struct spec, id), true, NULL},
	{"name", read_any_text, offsetof(struct spec, name), false, NULL},
	{"description", read_any_text, offsetof(struct spec, description), false, NULL},
	{"state", read_word, offsetof(struct spec, state), false, &state_words},
	{"version", read_version, offsetof(struct spec, version), false, NULL},
	{"operation_type", read_type, offsetof(struct spec, type), false, &type_words},
	{"risk", read_risk, offsetof(struct spec, risk), false, NULL},
	{"side_effects", read_effects, offsetof(struct spec, effects), false, NULL},
	{"compensation", read_compensation, offsetof(struct spec, compensation), false, NULL},
	{"parameters", read_parameters, offsetof(struct spec, parameters), false, NULL},
	{"hold", read_hold, offsetof(struct spec, hold), false, NULL},
	{"match", read_at, offsetof(struct spec, match), false, NULL},
	{"examples", read_at, offsetof(struct spec, examples), false, NULL},
};

/* Strategies of the product itself, which name no capability. */
static bool is_ours(const char *strategy)
{
	return strategy && (strcmp(strategy, "quarantine") == 0 || strcmp(strategy, "snapshot") == 0);
}

/* Of them the one that makes up for what cannot be reversed; nothing takes snapshots. */
static bool makes_up(const char *strategy)
{
	return strategy && strcmp(strategy, "quarantine") == 0;
}

bool capability_keeps(const struct capability *c)
{
	return c->compensated && makes_up(c->strategy);
}

bool capability_in_force(const struct capability *c)
{
	return c->state == STATE_ACTIVE || c->state == STATE_DEPRECATED;
}

bool capability_compensated(const struct capability *c, const struct model *registered)
{
	const struct decl *other;

	if (!c->compensated)
		return false;
	if (makes_up(c->strategy))
		return true;
	if (!c->compensation_id || strcmp(c->compensation_id, c->id) == 0)
		return false;
	if (!registered)
		return true;
	other = model_decl(registered, DECL_CAPABILITY, c->compensation_id);
	return other && capability_in_force(&other->capability);
}

/* One row per rule: when it is broken, and what the message says between its fixed parts. */
static const struct {
	bool irreversible, deletes, uncompensated;
	enum cvf_risk least;
	const char *what;
} consistency[] = {
	{true, false, false, CVF_R2,
	 "Irreversible side effects (reversible=false) require risk level HIGH or CRITICAL"},
	{false, true, false, CVF_R2, "DELETE operations require risk level HIGH or CRITICAL"},
	{true, false, true, CVF_R3,
	 "Irreversible side effects (reversible=false) without compensation require risk level CRITICAL"},
};

char *capability_inconsistent(const struct capability *c, bool compensated)
{
	for (size_t i = 0; i < ARRAY_SIZE(consistency); i++) {
		char *text;

		if ((consistency[i].irreversible && c->reversible) ||
		    (consistency[i].deletes && c->type != TYPE_DELETE) ||
		    (consistency[i].uncompensated && compensated) || c->risk >= consistency[i].least)
			continue;
		if (asprintf(&text, "Risk Consistency Check Failed: %s, got %s", consistency[i].what,
			     risk_name(c->risk)) < 0)
			return strdup("Risk Consistency Check Failed");
		return text;
	}
	return NULL;
}

static void check_reserved(const struct jat *at, const char *id)
{
	static const char *const reserved[] = {"unregistered.", "cvf."};
	struct jat id_at = jat_member(at, "id");

	for (size_t i = 0; id && i < ARRAY_SIZE(reserved); i++)
		if (strncmp(id, reserved[i], strlen(reserved[i])) == 0)
			jat_error(&id_at, NULL, "ids that begin with \"%s\" belong to the product", reserved[i]);
}

static void check_consistency(const struct jat *at, const struct spec *spec, const struct capability *c)
{
	bool compensated = capability_compensated(c, NULL);
	own_free char *broken = capability_inconsistent(c, compensated);
	struct jat risk = jat_member(at, "risk"), level = jat_member(&risk, "level");
	struct jat compensation = jat_member(at, "compensation");

	if (c->compensated && !compensated && !(is_ours(c->strategy) && c->reversible))
		jat_warn(&compensation,
			 "name a registered capability in \"capability_id\", or the strategy \"quarantine\"",
			 "this compensation counts as unsupported: nothing is named that could perform it");
	if (broken)
		jat_error(&level, compensated ? NULL : "raise the level, or name a compensation that exists", "%s",
			  broken);
	if (spec->risk.approval_given && !spec->risk.requires_approval && c->risk >= CVF_R2)
		jat_warn(&risk, NULL, "\"requires_approval\": false does not lower what %s asks for",
			 risk_name(c->risk));
}

/* A type that is not written follows from what is matched: the most severe wins. */
static enum op_type infer_type(const struct matchers *match)
{
	static const uint8_t types[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = TYPE_##type,
#include "cvf/ops.def"
#undef OP
	};
	static const enum op_type severity[] = {TYPE_DELETE, TYPE_EXECUTE, TYPE_NETWORK, TYPE_WRITE, TYPE_READ};
	unsigned int seen = 0;

	for (size_t i = 0; i < match->n; i++)
		for (unsigned int op = 1; op < CVF_OP_MAX; op++)
			if (match->v[i].ops & OP_BIT(op))
				seen |= 1u << types[op];
	for (size_t i = 0; i < ARRAY_SIZE(severity); i++)
		if (seen & 1u << severity[i])
			return severity[i];
	return TYPE_EXECUTE;
}

static void normalise(json_t *j, const struct spec *spec, const struct capability *c)
{
	json_t *part;

	set_default(j, "name", json_string(c->name));
	set_default(j, "description", json_string(c->description));
	set_default(j, "state", json_string(state_list[c->state].name));
	set_default(j, "version", json_string("1.0.0"));
	set_default(j, "operation_type", json_string(type_words.v[c->type - TYPE_READ].name));
	set_default(j, "risk", json_object());
	part = json_object_get(j, "risk");
	json_object_set_new(part, "level", json_string(risk_name(c->risk)));
	json_object_set_new(part, "class", json_string(risk_class(c->risk)));
	set_default(part, "justification", json_string(spec->risk.given ? "" : "no level given: it counts as HIGH"));
	set_default(part, "requires_approval", json_boolean(c->risk >= CVF_R2));
	set_default(j, "side_effects", json_object());
	part = json_object_get(j, "side_effects");
	set_default(part, "reversible", json_boolean(c->reversible));
	set_default(part, "scope", json_string("local"));
	set_default(part, "description", json_string(""));
	set_default(j, "compensation", json_object());
	part = json_object_get(j, "compensation");
	set_default(part, "supported", json_false());
	set_default(part, "strategy", json_string(c->compensation_id ? "command" : "none"));
	set_default(part, "capability_id", json_null());
	if (is_ours(c->strategy))
		json_object_set_new(part, "performed", json_boolean(makes_up(c->strategy)));
	set_default(j, "parameters", json_array());
	set_default(j, "hold", json_object());
	part = json_object_get(j, "hold");
	set_default(part, "timeout_s", json_integer(c->timeout_s));
	set_default(part, "on_timeout", json_string("deny"));
	set_default(part, "questions_per_hour", c->questions_per_hour ? json_integer(c->questions_per_hour) : json_null());
	set_default(part, "escalation", json_array());
	set_default(j, "match", json_object());
	set_default(j, "examples", json_object());
	part = json_object_get(j, "examples");
	set_default(part, "match", json_array());
	set_default(part, "no_match", json_array());
}

void capability_read(const struct jat *at, struct decl *d)
{
	struct capability *c = &d->capability;
	struct spec spec = {.effects.reversible = true, .hold.timeout_s = CVF_HOLD_TIMEOUT_S, .state = STATE_ACTIVE};
	size_t errors = at->doc->d->errors;

	fields_read(at, capability_fields, ARRAY_SIZE(capability_fields), &spec);
	check_reserved(at, spec.id);
	*c = (struct capability){
		.id = spec.id,
		.name = spec.name ? spec.name : spec.id,
		.description = spec.description ? spec.description : "",
		.state = (enum state)spec.state,
		.type = (enum op_type)spec.type,
		.risk = spec.risk.given ? (enum cvf_risk)spec.risk.level : CVF_R2,
		.risk_given = spec.risk.given,
		.requires_approval = spec.risk.requires_approval,
		.reversible = spec.effects.reversible,
		.compensated = spec.compensation.supported,
		.strategy = spec.compensation.strategy,
		.compensation_id = spec.compensation.capability_id,
		.timeout_s = spec.hold.timeout_s,
		.questions_per_hour = spec.hold.questions_per_hour,
	};
	d->id = spec.id;
	if (spec.match.value)
		matchers_read(&spec.match, c);
	if (!c->type && !spec.type_at.value)
		c->type = infer_type(&c->match);
	if (at->doc->d->errors == errors && spec.examples.value)
		examples_check(&spec.examples, c);
	if (at->doc->d->errors == errors)
		check_consistency(at, &spec, c);
	if (at->doc->d->errors == errors)
		normalise(d->normal, &spec, c);
}
