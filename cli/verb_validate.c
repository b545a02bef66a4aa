// SPDX-License-Identifier: Apache-2.0
/*
 * verb_validate.c - a file of declarations, checked together with what it will meet: mistakes, and what is most likely
 * not meant
 */
#include "ask.h"
#include "offline.h"
#include "out.h"
#include "text.h"
#include "verbs.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

static unsigned int kinds_of(const struct call *c)
{
	static const struct {
		const char *noun;
		unsigned int kinds;
	} rows[] = { { "capability", BIT(DECL_CAPABILITY) },
		     { "agent", BIT(DECL_AGENT) },
		     { "policy", BIT(DECL_POLICY) },
		     { "profile", BIT(DECL_PROFILE) } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].noun, c->verb->noun) == 0)
			return rows[i].kinds;
	return DECLARATIONS;
}

/* Warnings about other files are not this file's: their own validation says them. */
static json_t *diagnoses_of(const struct diags *d, const char *name, size_t *ret_warnings)
{
	own_json json_t *all = offline_diagnoses(d);
	json_t *list = json_array(), *one;
	size_t i;

	*ret_warnings = 0;
	json_array_foreach(all, i, one) {
		bool warning = strcmp(out_text(one, "level", "error"), "warning") == 0;

		if (warning && strcmp(out_text(one, "file", name), name) != 0)
			continue;
		*ret_warnings += warning;
		json_array_append(list, one);
	}
	return list;
}

static int put_verdict(const struct call *c, const char *name, const struct diags *d, size_t count)
{
	size_t warnings;
	own_json json_t *list = diagnoses_of(d, name, &warnings);
	bool strict = call_has(c, OPT_STRICT) && warnings > 0, valid = d->errors == 0 && !strict;
	own_json json_t *document = json_pack("{s:b, s:s, s:I, s:I, s:O}", "valid", valid, "file", name, "declarations",
					      (json_int_t)count, "warnings", (json_int_t)warnings, "diagnoses", list);

	if (call_has(c, OPT_JSON) && document)
		out_json(stdout, document);
	else
		out_diagnoses(stderr, list);
	if (d->errors > 0)
		return say_fail(REFUSED, NULL, "%s is not valid: %zu error%s", name, d->errors,
				d->errors == 1 ? "" : "s");
	if (strict)
		return say_fail(REFUSED, "without --strict, warnings are only shown", "%s is not accepted: %zu warning%s",
				name, warnings, warnings == 1 ? "" : "s");
	if (call_has(c, OPT_JSON))
		return DONE;
	say_part("%s is valid: %zu declaration%s", name, count, count == 1 ? "" : "s");
	if (warnings)
		printf(", %zu warning%s", warnings, warnings == 1 ? "" : "s");
	putchar('\n');
	return DONE;
}

/* What the host declares belongs to the question; where that is broken, it is judged without. */
static int load_host(const struct call *c, struct model *m, struct diags *d)
{
	own_diags struct diags own = { 0 };
	int r = offline_etc(c, m, &own);

	if (own.errors)
		diags_add(d, DIAG_WARNING, NULL, 0, 0, "validate those files too",
			  "%zu mistake%s in the declarations of %s: they are judged without what is wrong", own.errors,
			  own.errors == 1 ? "" : "s", c->option[OPT_ETC] ? c->option[OPT_ETC] : ETC_DIR);
	return r == -ENOMEM ? r : 0;
}

static size_t count_all(const struct model *m)
{
	size_t n = 0;

	for (enum decl_kind k = 0; k < DECL_KIND_MAX; k++)
		n += model_count(m, k);
	return n;
}

/* Alone first: how many declarations it is, whatever it takes the place of. */
static size_t count_alone(const char *text, size_t size, const char *name, unsigned int kinds)
{
	own(model) struct model *alone = model_new();
	own_diags struct diags quiet = { 0 };

	if (!alone || model_load_text(alone, text, size, name, kinds, false, &quiet) < 0)
		return 0;
	return count_all(alone);
}

/* The host that it is validated on is mostly the one that it is for. */
static bool is_on_host(const char *name)
{
	return *name == '@' ? getgrnam(name + 1) != NULL : getpwnam(name) != NULL;
}

int verb_validate(const struct call *c)
{
	own(model) struct model *m = model_new();
	own_diags struct diags d = { 0 };
	own_free char *text = NULL;
	const char *file = c->words[0], *name = strcmp(file, "-") == 0 ? "stdin" : file;
	size_t size;
	int r;

	if (!m)
		return say_no_memory();
	r = text_read(file, &text, &size);
	if (r < 0)
		return say_fail(r == -ENOENT ? NOT_FOUND : REFUSED, NULL, "cannot read %s: %s", file,
				strerror(-r));
	r = offline_share(c, m, &d);
	if (r == 0)
		r = load_host(c, m, &d);
	if (r == 0)
		r = model_load_candidate(m, text, size, name, kinds_of(c), &d);
	if (r == 0)
		r = model_check(m, &d);
	if (r == 0)
		r = model_lint(m, time(NULL), &d);
	model_lint_approvers(m, is_on_host, &d);
	if (r < 0 && r != -EINVAL)
		return say_fail(REFUSED, NULL, "cannot check %s: %s", file, strerror(-r));
	return put_verdict(c, name, &d, count_alone(text, size, name, kinds_of(c)));
}
