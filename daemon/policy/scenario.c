// SPDX-License-Identifier: Apache-2.0
/*
 * scenario.c - see scenario.h
 */
#include "policy/scenario.h"

#include <string.h>

#include "policy/parse.h"

#define WORDS_MAX 2048
#define SCHEMA	  "cvf.test/v1"

struct runner {
	struct model *m;
	struct diags *d;
	time_t now; /* of the file, or of the call */
	const char *agent;
	struct scenario_count *count;
	json_t *results;
};

struct case_spec {
	const char *name, *agent;
	struct jat operation, expect, at;
	int64_t time;
};

struct file_spec {
	const char *schema, *name, *description, *agent;
	struct jat declarations, cases;
	int64_t time;
};

#define C(member) offsetof(struct case_spec, member)
static const struct field case_fields[] = {
	{"name", read_any_text, C(name), false, NULL},	  {"agent", read_id, C(agent), false, NULL},
	{"operation", read_at, C(operation), true, NULL}, {"expect", read_at, C(expect), true, NULL},
	{"time", read_time, C(time), false, NULL},
};

#define F(member) offsetof(struct file_spec, member)
static const struct field file_fields[] = {
	{"schema", read_text, F(schema), true, NULL},
	{"name", read_any_text, F(name), false, NULL},
	{"description", read_any_text, F(description), false, NULL},
	{"agent", read_id, F(agent), false, NULL},
	{"time", read_time, F(time), false, NULL},
	{"declarations", read_at, F(declarations), false, NULL},
	{"cases", read_at, F(cases), true, NULL},
};

/* ---- what is expected ---- */

static const char *got_verdict(const struct answer *a)
{
	static const char *const words[] = {"none", "allow", "deny", "hold"};

	return words[a->verdict];
}

static const char *got_decision(const struct answer *a)
{
	return decision_name(a->decision);
}

static const char *got_capability(const struct answer *a)
{
	return a->capability;
}

static const char *got_risk(const struct answer *a)
{
	return risk_name(a->risk);
}

static const char *got_rule(const struct answer *a)
{
	return a->rule;
}

static const char *got_reason(const struct answer *a)
{
	return reason_word(a->reason);
}

static bool is_verdict(const char *word)
{
	return strcmp(word, "allow") == 0 || strcmp(word, "deny") == 0 || strcmp(word, "hold") == 0;
}

static bool is_decision(const char *word)
{
	for (int i = AUTO_EXECUTE; i <= HUMAN_INTERVENTION; i++)
		if (strcmp(word, decision_name((enum policy_decision)i)) == 0)
			return true;
	return false;
}

static bool is_risk(const char *word)
{
	for (int i = CVF_R0; i <= CVF_R3; i++)
		if (strcmp(word, risk_name((enum cvf_risk)i)) == 0 || strcmp(word, risk_class((enum cvf_risk)i)) == 0)
			return true;
	return false;
}

static bool is_reason(const char *word)
{
	for (unsigned int i = 1; i < CVF_REASON_MAX; i++)
		if (strcmp(word, reason_word(i)) == 0)
			return true;
	return false;
}

/* known: is it a word at all? hint: which there are. */
static const struct aspect {
	const char *name, *hint;
	const char *(*got)(const struct answer *a);
	bool (*known)(const char *word);
} aspects[] = {
	{"verdict", "write allow, deny or hold", got_verdict, is_verdict},
	{"decision", "write AUTO_EXECUTE, SCOPE_GUARD, APPROVAL_REQUIRED or HUMAN_INTERVENTION", got_decision,
	 is_decision},
	{"capability", NULL, got_capability, NULL},
	{"risk", "write LOW, MEDIUM, HIGH or CRITICAL", got_risk, is_risk},
	{"rule", "write \"policy-id/rule-id\", or null for no rule", got_rule, NULL},
	{"reason", "write a word like policy-deny or out-of-scope", got_reason, is_reason},
};

static const char *aspect_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < ARRAY_SIZE(aspects) ? aspects[i].name : NULL;
}

static void refuse_unknown(const struct jat *at, const char *key)
{
	const char *meant = nearest(key, aspect_at, NULL);
	own_free char *hint = NULL;

	if (meant && asprintf(&hint, "did you mean \"%s\"?", meant) < 0)
		hint = NULL;
	jat_error_key(at, hint ? hint : "write verdict, decision, capability, risk, rule or reason",
		      "\"%.80s\" is nothing that can be expected", key);
}

/* A member of "expect" that means nothing would expect nothing. */
static void check_expect(const struct jat *expect)
{
	const char *key;
	json_t *value;

	if (!json_is_object(expect->value) || !json_object_size(expect->value)) {
		jat_error(expect, "for example {\"verdict\": \"deny\", \"rule\": \"prod/no-deletes\"}",
			  "\"expect\" must be an object with at least one member");
		return;
	}
	json_object_foreach (expect->value, key, value) {
		struct jat at = jat_member(expect, key);
		const struct aspect *known = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(aspects); i++)
			if (strcmp(aspects[i].name, key) == 0)
				known = &aspects[i];
		if (!known)
			refuse_unknown(&at, key);
		else if (json_is_null(value) && strcmp(key, "rule") == 0)
			continue;
		else if (!json_is_string(value) || (known->known && !known->known(json_string_value(value))))
			jat_error(&at, known->hint, "no %s that there is", key);
	}
}

static bool is_met(const struct aspect *aspect, const json_t *expected, const struct answer *a)
{
	const char *got = aspect->got(a), *wanted = json_string_value(expected);

	if (!wanted || !got)
		return !wanted && !got;
	return strcmp(wanted, got) == 0 || (aspect->got == got_risk && strcmp(wanted, risk_class(a->risk)) == 0);
}

/* ---- one case ---- */

/* Words of an operation; the memory is the document's. */
static char **words_of(const struct jat *at)
{
	size_t n = json_array_size(at->value);
	char **words = pool_alloc(at->doc->pool, n + 1, sizeof(*words));

	for (size_t i = 0; words && i < n; i++) {
		const char *word = json_string_value(json_array_get(at->value, i));

		words[i] = word ? pool_text(at->doc->pool, word) : NULL;
		if (!words[i])
			return NULL;
	}
	return n && n <= WORDS_MAX ? words : NULL;
}

/* One text as in the examples of a capability, or an array of words. */
static int read_operation(const struct jat *at, struct query *q, struct diags *d)
{
	char **words;

	if (json_is_string(at->value))
		return query_parse_text(at->doc->pool, json_string_value(at->value), q, d);
	words = words_of(at);
	if (words)
		return query_parse(words, json_array_size(at->value), q, d);
	diags_add(d, DIAG_ERROR, NULL, 0, 0, "for example [\"exec\", \"/usr/bin/git\", \"push\"] or \"write /srv/x\"",
		  "an operation is a string or an array of strings");
	return -EINVAL;
}

static bool parse_operation(const struct jat *at, struct query *q)
{
	struct diags own = {0};
	int r = read_operation(at, q, &own);

	for (size_t i = 0; i < own.n; i++)
		jat_error(at, own.v[i].hint, "%s", own.v[i].message ? own.v[i].message : "out of memory");
	diags_done(&own);
	return r == 0;
}

static char *print_operation(const struct jat *at)
{
	size_t size, i;
	json_t *word;
	char *text = NULL;
	FILE *f;

	if (json_is_string(at->value))
		return strdup(json_string_value(at->value));
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	json_array_foreach (at->value, i, word)
		fprintf(f, "%s%s", i ? " " : "", json_string_value(word));
	return fclose(f) ? NULL : text;
}

static void tell(const struct jat *at, const struct case_spec *c, const char *agent, const struct aspect *aspect,
		 const struct answer *a)
{
	const char *wanted = json_string_value(at->value), *got = aspect->got(a);
	own_free char *operation = print_operation(&c->operation), *hint = NULL;

	if (asprintf(&hint, "it is %s, because %s (%s, %s%s)", got_verdict(a),
		     a->text ? a->text : reason_sentence(a->reason), a->capability, a->rule ? "rule " : "no rule",
		     a->rule ? a->rule : "") < 0)
		hint = NULL;
	jat_error(at, hint, "%s%s%s %s: expected the %s %s, got %s", c->name ? c->name : "", c->name ? ": " : "", agent,
		  operation ? operation : "?", aspect->name, wanted ? wanted : "none", got ? got : "none");
}

static void note(const struct runner *r, const struct case_spec *c, const char *agent, const struct answer *a,
		 bool passed)
{
	own_free char *operation = print_operation(&c->operation);
	unsigned int line, column;
	json_t *got = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(aspects); i++) {
		const char *text = aspects[i].got(a);

		json_object_set_new(got, aspects[i].name, text ? json_string(text) : json_null());
	}
	jat_locate(&c->at, false, &line, &column);
	json_array_append_new(r->results,
			      json_pack("{s:s?, s:i, s:s, s:s?, s:b, s:o}", "name", c->name, "line", (int)line, "agent",
					agent, "operation", operation, "passed", passed, "got", got));
}

static int judge(struct runner *r, const struct case_spec *c)
{
	const char *agent = c->agent ? c->agent : r->agent;
	struct query q = {0};
	struct answer a;
	bool passed = true;
	int result;

	if (!agent) {
		jat_error(&c->at, "write \"agent\" here, or beside \"cases\" for all", "the case names no agent");
		return 0;
	}
	if (!parse_operation(&c->operation, &q))
		return 0;
	q.agent = agent;
	q.now = c->time ? c->time : r->now;
	result = policy_eval(r->m, &q, &a, NULL);
	if (result == -ENOENT)
		jat_error(&c->at, "declare it under \"declarations\", or name the folder where it is",
			  "there is no agent \"%s\"", agent);
	if (result < 0)
		return result == -ENOENT ? 0 : result;
	for (size_t i = 0; i < ARRAY_SIZE(aspects); i++) {
		struct jat at = jat_member(&c->expect, aspects[i].name);

		if (!at.value || is_met(&aspects[i], at.value, &a))
			continue;
		tell(&at, c, agent, &aspects[i], &a);
		passed = false;
	}
	*(passed ? &r->count->passed : &r->count->failed) += 1;
	if (r->results)
		note(r, c, agent, &a, passed);
	return 0;
}

static int run_case(struct runner *r, const struct jat *at)
{
	struct case_spec c = {.at = *at};
	size_t errors = r->d->errors, run = r->count->passed + r->count->failed;
	int result = 0;

	fields_read(at, case_fields, ARRAY_SIZE(case_fields), &c);
	if (c.expect.value)
		check_expect(&c.expect);
	if (r->d->errors == errors)
		result = judge(r, &c);
	/* What cannot be run has not passed. */
	if (r->count->passed + r->count->failed == run)
		r->count->failed++;
	return result;
}

/* ---- a file ---- */

static int run_file(struct runner *r, const struct jat *at)
{
	struct file_spec f = {0};
	struct runner own = *r;
	size_t errors = r->d->errors;
	int result = 0;

	fields_read(at, file_fields, ARRAY_SIZE(file_fields), &f);
	if (f.schema && strcmp(f.schema, SCHEMA)) {
		struct jat schema = jat_member(at, "schema");

		jat_error(&schema, "write \"schema\": \"" SCHEMA "\"", "unknown schema \"%.80s\"", f.schema);
	}
	if (f.cases.value && !json_is_array(f.cases.value))
		jat_error(&f.cases, NULL, "must be an array of cases, not %s", json_kind(f.cases.value));
	if (f.declarations.value)
		result = model_load_part(r->m, &f.declarations, 0xf);
	if (result == 0 && f.declarations.value)
		result = model_check(r->m, r->d);
	if (result < 0 || r->d->errors > errors)
		return result == -EINVAL ? 0 : result;
	own.agent = f.agent;
	own.now = f.time ? f.time : r->now;
	for (size_t i = 0; result == 0 && i < json_array_size(f.cases.value); i++) {
		struct jat one = jat_element(&f.cases, i);

		result = run_case(&own, &one);
	}
	return result;
}

static int run_all(struct runner *r, const struct jdoc *doc)
{
	own_json json_t *root = NULL;
	int result = jdoc_parse(doc, &root);
	struct jat at;

	if (result < 0)
		return result;
	at = jat_root(doc, root);
	for (size_t i = 0; result == 0 && i < elements_count(&at); i++) {
		struct jat one = element_at(&at, i);

		result = run_file(r, &one);
	}
	return result;
}

int scenario_run(struct model *m, const char *text, size_t size, const char *name, time_t now, struct diags *d,
		 struct scenario_count *ret_count, json_t *results)
{
	struct jdoc doc = {.name = name, .text = text, .size = size, .d = d, .pool = pool_new()};
	struct runner r = {.m = m, .d = d, .now = now, .count = ret_count, .results = results};
	size_t errors = d->errors;
	int result = -ENOMEM;

	*ret_count = (struct scenario_count){0};
	if (doc.pool)
		result = run_all(&r, &doc);
	pool_free(doc.pool);
	return result == 0 && d->errors > errors ? -EINVAL : result;
}
