// SPDX-License-Identifier: Apache-2.0
/*
 * offline.c - declarations of files, and what they make of an operation, judged with the library that the daemon
 * compiles policies with
 */
#include "offline.h"

#include "ask.h"
#include "out.h"
#include "policy/policy.h"
#include "text.h"
#include "verbs.h"

#include <string.h>
#include <sys/stat.h>

json_t *offline_diagnoses(const struct diags *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *one = &d->v[i];

		json_array_append_new(list, json_pack("{s:s?, s:i, s:i, s:s?, s:s?, s:s, s:s?}", "file", one->file,
						      "line", (int)one->line, "column", (int)one->column,
						      "message", one->message, "hint", one->hint, "level",
						      one->level == DIAG_ERROR ? "error" : "warning",
						      "word", one->word));
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

int offline_share(const struct call *c, struct model *m, struct diags *d)
{
	const char *base = c->option[OPT_SHARE] ? c->option[OPT_SHARE] : SHARE_DIR;
	int r = load_dir(m, base, "capabilities", BIT(DECL_CAPABILITY), true, d);

	return r < 0 ? r : load_dir(m, base, "profiles", BIT(DECL_PROFILE), true, d);
}

static const struct {
	const char *name;
	unsigned int kinds;
} folders[] = { { "capabilities.d", BIT(DECL_CAPABILITY) },
		{ "profiles.d", BIT(DECL_PROFILE) },
		{ "agents.d", BIT(DECL_AGENT) },
		{ "policies.d", BIT(DECL_POLICY) } };

int offline_etc(const struct call *c, struct model *m, struct diags *d)
{
	const char *base = c->option[OPT_ETC] ? c->option[OPT_ETC] : ETC_DIR;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(folders); i++)
		r = load_dir(m, base, folders[i].name, folders[i].kinds, false, d);
	return r;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

#define EVERY_KIND (DECLARATIONS | BIT(DECL_PROFILE))

int offline_folder(const char *path, struct model *m, struct diags *d)
{
	bool found = false;
	int r = 0;

	if (!is_folder(path))
		return model_load_file(m, path, EVERY_KIND, false, d);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(folders); i++) {
		own_free char *sub = NULL;

		if (asprintf(&sub, "%s/%s", path, folders[i].name) < 0) {
			sub = NULL;
			return -ENOMEM;
		}
		if (!is_folder(sub))
			continue;
		found = true;
		r = model_load_dir(m, sub, folders[i].kinds, false, d);
	}
	return found ? r : model_load_dir(m, path, EVERY_KIND, false, d);
}

int offline_model(const struct call *c, struct model *m, struct diags *d)
{
	int r = offline_share(c, m, d);

	return r < 0 ? r : offline_etc(c, m, d);
}

static const char *verdict_word(enum cvf_verdict v)
{
	static const char *const words[] = { "none", "allow", "deny", "hold" };

	return (size_t)v < ARRAY_SIZE(words) ? words[v] : "none";
}

static json_t *answer_json(const struct answer *a, json_t *trace)
{
	json_t *quorum = a->quorum.people ? json_integer(a->quorum.people) : json_null();

	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s, s:b, s:o, s:o, s:O}", "decision",
			 decision_name(a->decision), "verdict", verdict_word(a->verdict), "capability",
			 a->capability, "risk", risk_name(a->risk), "rule", a->rule, "reason",
			 reason_word(a->reason), "text", a->text ? a->text : reason_sentence(a->reason),
			 "in_scope", a->in_scope, "quorum", quorum, "approvers", quorum_approvers(&a->quorum), "trace", trace);
}

int offline_refuse(const char *doing, const struct diags *d, int status)
{
	own_json json_t *list = offline_diagnoses(d);

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
	r = offline_model(c, m, &d);
	if (r == 0)
		r = model_check(m, &d);
	if (r < 0)
		return offline_refuse("load the declarations", &d, REFUSED);
	r = query_parse(c->words, c->count, &q, &d);
	if (r < 0)
		return offline_refuse("understand the operation", &d, USAGE);
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
