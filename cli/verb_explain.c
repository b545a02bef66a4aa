// SPDX-License-Identifier: Apache-2.0
/*
 * verb_explain.c - what an operation came to, or would come to, and why: asked of the daemon, or judged here
 * by its library
 */
#include "ask.h"
#include "offline.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"

#include <string.h>

static json_t *question(const struct call *c)
{
	json_t *words = json_array();

	for (size_t i = 0; i < c->count; i++)
		if (json_array_append_new(words, json_string(c->words[i])) < 0)
			goto bad;
	return json_pack("{s:s, s:o}", "agent", c->option[OPT_AGENT], "operation", words);
bad:
	json_decref(words);
	return NULL;
}

static int ask_daemon(const struct call *c, json_t **ret)
{
	own_url struct url u = to_post_v1_explain();
	own_json json_t *body = question(c);
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (!text)
		return say_fail(USAGE, NULL, "the operation is no valid UTF-8");
	return ask(c, &(struct ask){ { &u, text, strlen(text), 0 }, "explain the operation", true }, ret);
}

static void put_trace(const json_t *trace)
{
	const json_t *step;
	size_t i;

	if (json_array_size(trace) > 0)
		puts("\nWhat was compared (+ matched):");
	json_array_foreach(trace, i, step) {
		printf("  %s ", json_is_true(out_field(step, "matched")) ? "+" : "-");
		out_value(stdout, out_field(step, "step"));
		putchar(' ');
		out_value(stdout, out_field(step, "id"));
		if (out_text(step, "why", NULL)) {
			fputs(": ", stdout);
			out_value(stdout, out_field(step, "why"));
		}
		putchar('\n');
	}
}

static void put_fields(const json_t *of, const char *const *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *value = out_field(of, fields[i]);

		if (!value || json_is_null(value))
			continue;
		printf("%-11s ", fields[i]);
		out_value(stdout, value);
		putchar('\n');
	}
}

static void put_answer(const json_t *answer)
{
	static const char *const fields[] = { "verdict", "decision", "capability", "risk",
					      "rule",	 "reason",   "text",	   "in_scope" };

	put_fields(answer, fields, ARRAY_SIZE(fields));
	if (json_integer_value(out_field(answer, "quorum")) > 1 || json_array_size(out_field(answer, "approvers"))) {
		printf("%-11s ", "approvers");
		text_approvers(stdout, answer);
		putchar('\n');
	}
	put_trace(out_field(answer, "trace"));
}

int verb_policy_explain(const struct call *c)
{
	own_json json_t *answer = NULL;
	bool here = call_has(c, OPT_OFFLINE);
	int r;

	if (!here && (call_has(c, OPT_ETC) || call_has(c, OPT_SHARE)))
		return say_fail(USAGE, "add --offline, or leave them out",
				"--etc and --share are only for --offline");
	r = here ? offline_explain(c, &answer) : ask_daemon(c, &answer);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, answer);
	else
		put_answer(answer);
	return DONE;
}

/* What the declarations of today say, if those of then said something else: an answer given is no change. */
static void put_now(const json_t *then, const json_t *now)
{
	const char *was = out_text(then, "verdict", NULL), *is = out_text(now, "verdict", NULL);

	if (!was || !is || strcmp(was, is) == 0)
		return;
	fputs("\nToday it would come to: ", stdout);
	out_value(stdout, out_field(now, "verdict"));
	fputs(", because ", stdout);
	out_value(stdout, out_field(now, "text"));
	putchar('\n');
}

static int put_event(const struct call *c, const json_t *reply)
{
	static const char *const of_event[] = { "id",	    "time",    "agent",	     "session",	   "pid",
						"exe",	    "verdict", "would",	     "capability", "risk",
						"decision", "rule",    "generation", "hold" };
	const json_t *event = out_field(reply, "event");

	(void)c;
	if (!json_is_object(event)) {
		out_tree(stdout, reply, 0);
		return 0;
	}
	fputs("operation   ", stdout);
	text_operation(stdout, event, 0);
	putchar('\n');
	put_fields(event, of_event, ARRAY_SIZE(of_event));
	fputs("reason      ", stdout);
	text_reason(stdout, out_text(event, "reason", "-"));
	putchar('\n');
	put_fields(reply, (const char *const[]){ "rule_text" }, 1);
	put_trace(out_field(reply, "trace"));
	put_now(out_field(reply, "then"), out_field(reply, "now"));
	return 0;
}

int verb_explain(const struct call *c)
{
	own_url struct url u = to_get_v1_events_id_explain(c->words[0]);
	own_free char *doing = NULL;

	if (asprintf(&doing, "explain event %s", c->words[0]) < 0)
		return say_no_memory();
	return ask_show(c, &(struct ask){ { .to = &u }, doing, false }, put_event);
}
