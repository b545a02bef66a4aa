// SPDX-License-Identifier: Apache-2.0
/*
 * verb_explain.c - what an operation would come to: asked of the daemon, or judged here by the same library
 */
#include "ask.h"
#include "offline.h"
#include "out.h"
#include "verbs.h"

#include <stdint.h>
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
	own_json json_t *body = question(c);
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	if (!text)
		return say_fail(USAGE, NULL, "the operation is no valid UTF-8");
	return ask(c, &(struct ask){ { "POST", "/v1/explain", text, strlen(text), 0 }, "explain the operation", true }, ret);
}

static void put_step(const json_t *step)
{
	const json_t *matched = out_field(step, "matched");

	printf("  %s ", json_is_true(matched) ? "+" : "-");
	out_value(stdout, out_field(step, "step"));
	putchar(' ');
	out_value(stdout, out_field(step, "id"));
	if (out_text(step, "why", NULL)) {
		fputs(": ", stdout);
		out_value(stdout, out_field(step, "why"));
	}
	putchar('\n');
}

static void put_answer(const json_t *answer)
{
	static const char *const fields[] = { "verdict", "decision", "capability", "risk", "rule", "reason" };
	const json_t *trace = out_field(answer, "trace"), *step;
	const char *key;
	json_t *one;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		printf("%-11s ", fields[i]);
		out_value(stdout, out_field(answer, fields[i]));
		putchar('\n');
	}
	json_object_foreach((json_t *)(uintptr_t)answer, key, one) {
		for (i = 0; i < ARRAY_SIZE(fields) && strcmp(fields[i], key) != 0; i++)
			;
		if (i < ARRAY_SIZE(fields) || json_is_array(one))
			continue;
		printf("%-11s ", key);
		out_value(stdout, one);
		putchar('\n');
	}
	if (json_array_size(trace) > 0)
		puts("\nWhat was compared (+ matched):");
	json_array_foreach(trace, i, step)
		put_step(step);
}

int verb_policy_explain(const struct call *c)
{
	own_json json_t *answer = NULL;
	bool here = call_has(c, OPT_OFFLINE);
	int r;

	if (!here && (call_has(c, OPT_ETC) || call_has(c, OPT_SHARE)))
		return say_fail(USAGE, "add --offline, or leave them out", "--etc and --share are only for --offline");
	r = here ? offline_explain(c, &answer) : ask_daemon(c, &answer);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, answer);
	else
		put_answer(answer);
	return DONE;
}
