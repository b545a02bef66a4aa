// SPDX-License-Identifier: Apache-2.0
/*
 * offline.c - validate a file, and explain an operation, with the library that the daemon compiles policies
 * with
 */
#include "offline.h"

#include "ask.h"
#include "out.h"
#include "policy/policy.h"
#include "text.h"
#include "verbs.h"

#include <string.h>

#define BIT(kind) (1u << (kind))
#define DECLARATIONS (BIT(DECL_CAPABILITY) | BIT(DECL_AGENT) | BIT(DECL_POLICY))

static void own_diags_(struct diags *d)
{
	diags_done(d);
}
#define own_diags __attribute__((cleanup(own_diags_)))

static json_t *diagnoses_json(const struct diags *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *one = &d->v[i];

		json_array_append_new(list, json_pack("{s:s?, s:i, s:i, s:s?, s:s?, s:s}", "file", one->file,
						      "line", (int)one->line, "column", (int)one->column,
						      "message", one->message, "hint", one->hint, "level",
						      one->level == DIAG_ERROR ? "error" : "warning"));
	}
	return list;
}

static int load_dir(struct model *m, const char *base, const char *sub, unsigned int kinds, bool builtin,
		    struct diags *d)
{
	own_free char *path = NULL;

	if (asprintf(&path, "%s/%s", base, sub) < 0)
		return -ENOMEM;
	return model_load_dir(m, path, kinds, builtin, d);
}

static int load_share(const struct call *c, struct model *m, struct diags *d)
{
	const char *base = c->option[OPT_SHARE] ? c->option[OPT_SHARE] : SHARE_DIR;
	int r = load_dir(m, base, "capabilities", BIT(DECL_CAPABILITY), true, d);

	return r < 0 ? r : load_dir(m, base, "profiles", BIT(DECL_PROFILE), true, d);
}

static int load_etc(const struct call *c, struct model *m, struct diags *d)
{
	const char *base = c->option[OPT_ETC] ? c->option[OPT_ETC] : ETC_DIR;
	int r = load_dir(m, base, "capabilities.d", BIT(DECL_CAPABILITY), false, d);

	if (r == 0)
		r = load_dir(m, base, "agents.d", BIT(DECL_AGENT), false, d);
	return r < 0 ? r : load_dir(m, base, "policies.d", BIT(DECL_POLICY), false, d);
}

static unsigned int kinds_of(const struct call *c)
{
	static const struct {
		const char *noun;
		unsigned int kinds;
	} rows[] = { { "capability", BIT(DECL_CAPABILITY) },
		     { "agent", BIT(DECL_AGENT) },
		     { "policy", BIT(DECL_POLICY) } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].noun, c->verb->noun) == 0)
			return rows[i].kinds;
	return DECLARATIONS;
}

static int put_verdict(const struct call *c, const char *name, const struct diags *d, size_t count)
{
	own_json json_t *list = diagnoses_json(d);
	own_json json_t *document = json_pack("{s:b, s:s, s:I, s:O}", "valid", d->errors == 0, "file", name,
					      "declarations", (json_int_t)count, "diagnoses", list);

	if (call_has(c, OPT_JSON) && document)
		out_json(stdout, document);
	else
		out_diagnoses(stderr, list);
	if (d->errors == 0 && !call_has(c, OPT_JSON))
		printf("%s is valid: %zu declaration%s\n", name, count, count == 1 ? "" : "s");
	if (d->errors > 0)
		return say_fail(REFUSED, NULL, "%s is not valid: %zu error%s", name, d->errors,
				d->errors == 1 ? "" : "s");
	return DONE;
}

static size_t count_all(const struct model *m)
{
	size_t n = 0;

	for (enum decl_kind k = 0; k < DECL_KIND_MAX; k++)
		n += model_count(m, k);
	return n;
}

int verb_validate(const struct call *c)
{
	own(model) struct model *m = model_new();
	own_diags struct diags d = { 0 };
	own_free char *text = NULL;
	const char *file = c->words[0], *name = strcmp(file, "-") == 0 ? "stdin" : file;
	size_t size, before = 0, after = 0;
	int r;

	if (!m)
		return say_no_memory();
	r = text_read(file, &text, &size);
	if (r < 0)
		return say_fail(r == -ENOENT ? NOT_FOUND : REFUSED, NULL, "cannot read %s: %s", file,
				strerror(-r));
	r = load_share(c, m, &d);
	before = count_all(m);
	if (r == 0)
		r = model_load_text(m, text, size, name, kinds_of(c), false, &d);
	after = count_all(m);
	if (r == 0)
		r = model_check(m, &d);
	if (r < 0 && r != -EINVAL)
		return say_fail(REFUSED, NULL, "cannot check %s: %s", file, strerror(-r));
	return put_verdict(c, name, &d, after - before);
}

static const char *verdict_word(enum cvf_verdict v)
{
	static const char *const words[] = { "none", "allow", "deny", "hold" };

	return (size_t)v < ARRAY_SIZE(words) ? words[v] : "none";
}

static json_t *answer_json(const struct answer *a, json_t *trace)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:b, s:O}", "decision",
			 decision_name(a->decision), "verdict", verdict_word(a->verdict), "capability",
			 a->capability, "risk", risk_name(a->risk), "rule", a->rule, "reason",
			 reason_word(a->reason), "text", a->text ? a->text : reason_sentence(a->reason),
			 "in_scope", a->in_scope, "trace", trace);
}

static int refuse(const char *doing, const struct diags *d, int status)
{
	own_json json_t *list = diagnoses_json(d);

	out_diagnoses(stderr, list);
	return say_fail(status, NULL, "cannot %s", doing);
}

int offline_explain(const struct call *c, json_t **ret)
{
	own(model) struct model *m = model_new();
	own_diags struct diags d = { 0 };
	own_json json_t *trace = json_array();
	struct query q = { 0 };
	struct answer a;
	int r;

	if (!m || !trace)
		return say_no_memory();
	r = load_share(c, m, &d);
	if (r == 0)
		r = load_etc(c, m, &d);
	if (r == 0)
		r = model_check(m, &d);
	if (r < 0)
		return refuse("load the declarations", &d, REFUSED);
	r = query_parse(c->words, c->count, &q, &d);
	if (r < 0)
		return refuse("understand the operation", &d, USAGE);
	q.agent = c->option[OPT_AGENT];
	q.now = time(NULL);
	r = policy_eval(m, &q, &a, trace);
	if (r == -ENOENT)
		return say_fail(NOT_FOUND, "see: cvfctl agent list", "no such agent: %s", q.agent);
	*ret = r < 0 ? NULL : answer_json(&a, trace);
	return *ret ? DONE
		    : say_fail(REFUSED, NULL, "cannot explain the operation: %s",
			       strerror(r < 0 ? -r : ENOMEM));
}
