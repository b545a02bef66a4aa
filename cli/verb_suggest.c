// SPDX-License-Identifier: Apache-2.0
/*
 * verb_suggest.c - the declaration that covers what an agent was seen doing: to standard output, what is to be said about
 * it to standard error
 */
#include "ask.h"
#include "escape.h"
#include "json/plain.h"
#include "out.h"
#include "routes.h"
#include "verbs.h"
#include "when.h"

#include <string.h>

#define PATIENCE_MS 600000

static void put_report(const struct call *c, const json_t *reply)
{
	const json_t *line;
	size_t i;

	json_array_foreach(out_field(reply, "report"), i, line) {
		const char *text = json_string_value(line);

		escape_line(stderr, text ? text : "?", strlen(text ? text : "?"));
		fputc('\n', stderr);
	}
	if (json_is_object(out_field(reply, "policy")) && !call_has(c, OPT_POLICY))
		fputs("It belongs to a policy that holds the rest: the same command with --policy prints that.\n", stderr);
	fputs("What it would have meant so far: cvfctl policy replay FILE --since T.\n", stderr);
}

static int put_part(const json_t *reply, const char *part)
{
	const json_t *one = out_field(reply, part);
	own_free char *text = NULL;

	if (!json_is_object(one))
		return say_fail(NOT_FOUND, NULL, "there is no %s to suggest", part);
	text = json_plain(one, JSON_INDENT(1));
	if (!text)
		return say_no_memory();
	puts(text);
	return DONE;
}

static int ask_daemon(const struct call *c, const char *since, json_t **ret)
{
	own_url struct url u = to_get_v1_agents_id_suggestion(c->words[0], &(struct get_v1_agents_id_suggestion){ .since = since });
	own_free char *doing = NULL;
	int r;

	if (asprintf(&doing, "suggest a declaration for %s", c->words[0]) < 0)
		return say_no_memory();
	r = ask(c, &(struct ask){ { .to = &u, .timeout_ms = PATIENCE_MS }, doing, false }, ret);
	if (r == DONE && json_is_object(out_field(*ret, "error")))
		return ask_say_error(doing, 503, *ret);
	return r;
}

int verb_suggest(const struct call *c)
{
	own_json json_t *reply = NULL;
	char since[WHEN_MAX];
	time_t moment;
	int r;

	if (call_has(c, OPT_SINCE) && when_moment(c->option[OPT_SINCE], time(NULL), &moment) < 0)
		return say_fail(USAGE, "write how long ago (10m, 2h, 7d), a date, or 2025-01-31T08:00:00Z",
				"--since: '%s' is no moment", c->option[OPT_SINCE]);
	if (call_has(c, OPT_SINCE))
		when_print(moment, since);
	r = ask_daemon(c, call_has(c, OPT_SINCE) ? since : NULL, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	put_report(c, reply);
	return put_part(reply, call_has(c, OPT_POLICY) ? "policy" : "agent");
}
