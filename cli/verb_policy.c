// SPDX-License-Identifier: Apache-2.0
/*
 * verb_policy.c - what a policy would do, before it does it: scenarios, differences, and the recorded history again
 */
#include "ask.h"
#include "escape.h"
#include "offline.h"
#include "out.h"
#include "policy/diff.h"
#include "policy/scenario.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

#include <string.h>

#define PATIENCE_MS 600000	/* of questions that the daemon works on for a while */
#define STEP 100000

static void put_line(const char *text)
{
	escape_line(stdout, text, strlen(text));
}

/* ---- scenarios ---- */

static int load_declarations(const struct call *c, struct model *m)
{
	own_diags struct diags d = { 0 };
	int r = offline_share(c, m, &d);

	if (r == 0)
		r = call_has(c, OPT_DECLARATIONS) ? offline_folder(c->option[OPT_DECLARATIONS], m, &d)
						  : offline_etc(c, m, &d);
	if (r == 0)
		r = model_check(m, &d);
	if (r == -EINVAL)
		return offline_refuse("load the declarations", &d, REFUSED);
	return r < 0 ? say_fail(REFUSED, NULL, "cannot load the declarations: %s", strerror(-r)) : DONE;
}

static void put_count(const char *name, const struct scenario_count *n)
{
	own_free char *shown = escape_text(name, strlen(name));

	printf("%s: %zu passed, %zu failed\n", shown ? shown : "?", n->passed, n->failed);
}

static int test_file(const struct call *c, const char *file)
{
	const char *name = strcmp(file, "-") == 0 ? "stdin" : file;
	own(model) struct model *m = model_new();
	own_json json_t *results = json_array(), *list = NULL, *document = NULL;
	own_diags struct diags d = { 0 };
	own_free char *text = NULL;
	struct scenario_count n;
	size_t size;
	int r = text_read(file, &text, &size);

	if (r < 0)
		return say_fail(r == -ENOENT ? NOT_FOUND : REFUSED, NULL, "cannot read %s: %s", file, strerror(-r));
	r = m ? load_declarations(c, m) : say_no_memory();
	if (r != DONE)
		return r;
	r = scenario_run(m, text, size, name, time(NULL), &d, &n, results);
	if (r < 0 && r != -EINVAL)
		return say_fail(REFUSED, NULL, "cannot run %s: %s", file, strerror(-r));
	list = offline_diagnoses(&d);
	document = json_pack("{s:s, s:I, s:I, s:O, s:O}", "file", name, "passed", (json_int_t)n.passed, "failed",
			     (json_int_t)n.failed, "cases", results, "diagnoses", list);
	if (call_has(c, OPT_JSON))
		out_json(stdout, document);
	else
		out_diagnoses(stderr, list);
	if (!call_has(c, OPT_JSON))
		put_count(name, &n);
	return r == 0 ? DONE : REFUSED;
}

int verb_policy_test(const struct call *c)
{
	int worst = DONE;

	for (size_t i = 0; i < c->count; i++) {
		int r = test_file(c, c->words[i]);

		worst = r == DONE ? worst : r;
	}
	return worst;
}

/* ---- differences ---- */

static void put_changes(const json_t *changes)
{
	const json_t *one;
	size_t i;

	puts(json_array_size(changes) ? "Declarations:" : "No declaration changes.");
	json_array_foreach(changes, i, one) {
		const char *change = out_text(one, "change", "");

		printf("  %c ", *change == 'a' ? '+' : *change == 'r' ? '-' : '~');
		out_value(stdout, out_field(one, "kind"));
		putchar(' ');
		out_value(stdout, out_field(one, "id"));
		if (*out_text(one, "words", "")) {
			fputs(": ", stdout);
			put_line(out_text(one, "words", ""));
		}
		putchar('\n');
	}
}

static void put_agents(const json_t *agents)
{
	size_t n = json_array_size(agents);

	fputs(" by ", stdout);
	out_value(stdout, json_array_get(agents, 0));
	if (n > 1)
		printf(" and %zu other%s", n - 1, n == 2 ? "" : "s");
}

#define ALIKE_MAX 3	/* of decisions that change alike are shown; the rest is counted */

/* How many decisions before this one change in the same words; after it: 0 to the end. */
static size_t count_alike(const json_t *decisions, size_t from, size_t to, const char *words)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += strcmp(out_text(json_array_get(decisions, i), "words", ""), words) == 0;
	return n;
}

static void put_decision(const json_t *decisions, size_t at)
{
	const json_t *one = json_array_get(decisions, at);
	const char *words = out_text(one, "words", "");
	size_t before = count_alike(decisions, 0, at, words);
	size_t after = count_alike(decisions, at + 1, json_array_size(decisions), words);

	if (before >= ALIKE_MAX)
		return;
	fputs("  ", stdout);
	put_line(out_text(one, "operation", "?"));
	put_agents(out_field(one, "agents"));
	fputs(": ", stdout);
	put_line(words);
	putchar('\n');
	if (before + 1 == ALIKE_MAX && after)
		printf("    and %zu more operation%s alike\n", after, after == 1 ? "" : "s");
}

static void put_decisions(const json_t *reply)
{
	const json_t *decisions = out_field(reply, "decisions"), *one;
	json_int_t judged = json_integer_value(out_field(reply, "operations"));
	json_int_t changed = json_integer_value(out_field(reply, "decisions_changed")), shown = 0;
	json_int_t agents = json_integer_value(out_field(reply, "agents"));
	json_int_t of = json_integer_value(out_field(reply, "agents_judged"));
	size_t i;

	printf("\n%s (%lld operations of %lld agent%s tried):\n", changed ? "Decisions" : "No decision changes", judged, of,
	       of == 1 ? "" : "s");
	json_array_foreach(decisions, i, one) {
		put_decision(decisions, i);
		shown += (json_int_t)json_array_size(out_field(one, "agents"));
	}
	if (changed > shown)
		printf("  and %lld more, not listed\n", changed - shown);
	if (agents > of)
		printf("%lld more agents were not tried.\n", agents - of);
}

static int put_diff(const struct call *c, const json_t *reply)
{
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	put_changes(out_field(reply, "changes"));
	put_decisions(reply);
	return DONE;
}

static int load_both(const struct call *c, const char *text, size_t size, const char *name, struct model *before,
		     struct model *after, struct diags *d)
{
	own_diags struct diags quiet = { 0 };
	int r = offline_model(c, before, d);

	if (r == 0)
		r = model_check(before, d);
	if (r == 0)
		r = offline_model(c, after, &quiet);
	if (r == 0)
		r = model_load_candidate(after, text, size, name, DECLARATIONS, d);
	return r == 0 ? model_check(after, d) : r;
}

static int diff_offline(const struct call *c, const char *text, size_t size, const char *name)
{
	own(model) struct model *before = model_new(), *after = model_new();
	own_diags struct diags d = { 0 };
	own(diff) struct diff *diff = NULL;
	own_json json_t *result = NULL;
	int r = before && after ? load_both(c, text, size, name, before, after, &d) : -ENOMEM;

	if (r == -EINVAL)
		return offline_refuse("compare the declarations", &d, REFUSED);
	if (r == 0)
		r = diff_new(before, after, time(NULL), &diff);
	if (r == 0)
		do
			r = diff_step(diff, STEP);
		while (r > 0);
	if (r == 0)
		result = diff_result(diff);
	return result ? put_diff(c, result) : say_no_memory();
}

/* The daemon begins its answer before it knows how it ends. */
static int ask_slowly(const struct call *c, const struct ask *a, json_t **ret)
{
	int r = ask(c, a, ret);

	if (r == DONE && json_is_object(out_field(*ret, "error")))
		return ask_say_error(a->doing, 503, *ret);
	return r;
}

static int diff_daemon(const struct call *c, const char *text, size_t size, const char *name)
{
	own_url struct url u = to_post_v1_policies_diff(&(struct post_v1_policies_diff){ .name = name });
	own_json json_t *reply = NULL;
	int r = ask_slowly(c, &(struct ask){ { &u, text, size, PATIENCE_MS }, "compare the declarations", false }, &reply);

	return r == DONE ? put_diff(c, reply) : r;
}

/* The text of the operand; without one, nothing: what is on disk is what is asked about. */
static int read_operand(const struct call *c, char **ret_text, size_t *ret_size, const char **ret_name)
{
	const char *file = c->count ? c->words[0] : NULL;
	int r = file ? text_read(file, ret_text, ret_size) : 0;

	*ret_name = file && strcmp(file, "-") == 0 ? "stdin" : file;
	if (r < 0)
		return say_fail(r == -ENOENT ? NOT_FOUND : REFUSED, NULL, "cannot read %s: %s", file, strerror(-r));
	return DONE;
}

int verb_policy_diff(const struct call *c)
{
	own_free char *text = NULL;
	bool here = call_has(c, OPT_OFFLINE);
	const char *name;
	size_t size = 0;
	int r = read_operand(c, &text, &size, &name);

	if (r != DONE)
		return r;
	if (!here && (call_has(c, OPT_ETC) || call_has(c, OPT_SHARE)))
		return say_fail(USAGE, "add --offline, or leave them out", "--etc and --share are only for --offline");
	if (here && !name)
		return say_fail(USAGE, "see: cvfctl policy diff --help", "--offline needs a FILE to compare with");
	return here ? diff_offline(c, text, size, name) : diff_daemon(c, text, size, name);
}

/* ---- history ---- */

static const char *verdict_words(const json_t *of, const char *key)
{
	static const struct {
		const char *verdict, *words;
	} rows[] = { { "allow", "allowed" }, { "deny", "denied" }, { "hold", "held" } };
	const char *verdict = out_text(of, key, "");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].verdict, verdict) == 0)
			return rows[i].words;
	return "?";
}

static void put_counts(const json_t *reply)
{
	const json_t *one;
	size_t i;

	printf("%lld recorded operations judged, %lld not:\n", json_integer_value(out_field(reply, "judged")),
	       json_integer_value(out_field(reply, "not_judged")));
	json_array_foreach(out_field(reply, "counts"), i, one) {
		const char *before = verdict_words(one, "before"), *after = verdict_words(one, "after");

		printf("  %8lld  %s, ", json_integer_value(out_field(one, "count")), before);
		printf(before == after ? "as before\n" : "would be %s\n", after);
	}
}

static void put_difference(const json_t *one)
{
	const json_t *event = out_field(one, "event");

	fputs("  ", stdout);
	out_value(stdout, out_field(event, "time"));
	fputs("  ", stdout);
	out_value(stdout, out_field(event, "agent"));
	fputs("  ", stdout);
	text_operation(stdout, event, 100);
	printf("\n      was %s, would be %s: ", verdict_words(one, "before"), verdict_words(one, "after"));
	put_line(out_text(one, "text", ""));
	fputs(" (", stdout);
	out_value(stdout, out_field(one, "capability"));
	fputs(out_text(one, "rule", NULL) ? ", rule " : ", no rule", stdout);
	if (out_text(one, "rule", NULL))
		out_value(stdout, out_field(one, "rule"));
	fputs(")  event ", stdout);
	out_value(stdout, out_field(event, "id"));
	putchar('\n');
}

static void put_rules(const json_t *rules)
{
	const json_t *one;
	size_t i;

	if (json_array_size(rules))
		puts("\nRules and how many of the operations they decide:");
	json_array_foreach(rules, i, one) {
		json_int_t n = json_integer_value(out_field(one, "operations"));

		printf("  %8lld  ", n);
		out_value(stdout, out_field(one, "rule"));
		puts(n ? "" : "  (never used)");
	}
}

static void put_replay(const json_t *reply)
{
	const json_t *differences = out_field(reply, "differences"), *one;
	size_t i;

	put_counts(reply);
	if (json_array_size(differences))
		printf("\nThe first %zu that would come to something else:\n", json_array_size(differences));
	json_array_foreach(differences, i, one)
		put_difference(one);
	put_rules(out_field(reply, "rules"));
}

int verb_policy_replay(const struct call *c)
{
	own_url struct url u = { 0 };
	own_free char *text = NULL;
	own_json json_t *reply = NULL;
	char since[WHEN_MAX];
	const char *name;
	size_t size = 0;
	time_t moment;
	int r = read_operand(c, &text, &size, &name);

	if (r != DONE)
		return r;
	if (when_moment(c->option[OPT_SINCE], time(NULL), &moment) < 0)
		return say_fail(USAGE, "write how long ago (10m, 2h, 7d), a date, or 2025-01-31T08:00:00Z",
				"--since: '%s' is no moment", c->option[OPT_SINCE]);
	when_print(moment, since);
	u = to_post_v1_policies_replay(&(struct post_v1_policies_replay){ .since = since, .agent = c->option[OPT_AGENT], .name = name });
	r = ask_slowly(c, &(struct ask){ { &u, text, size, PATIENCE_MS }, "replay the history", false }, &reply);
	if (r == DONE && call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else if (r == DONE)
		put_replay(reply);
	return r;
}
