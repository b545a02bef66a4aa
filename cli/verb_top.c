// SPDX-License-Identifier: Apache-2.0
/*
 * verb_top.c - what agents do now: looks again and again, at five documents of the API
 *
 * On a terminal one page that changes; elsewhere one view after the other, as it was asked for.
 */
#include "ask.h"
#include "escape.h"
#include "out.h"
#include "routes.h"
#include "screen.h"
#include "top.h"
#include "verbs.h"

#include <string.h>
#include <time.h>

#define EVERY_S 2
#define ONCE_MS 500
#define TIMEOUT_MS 10000
#define LISTED "100"	/* holds, and refusals */

struct top {
	const struct call *c;
	const char *socket;
	struct client *client;
	json_t *before;		/* sums at the last look; NULL: none */
	double before_s;	/* when that was */
	json_t *document;	/* of the last look that succeeded; NULL: none */
	int status;		/* exit status of a refusal that was told; DONE: none */
};

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One document, or a negative errno; a refusal is -EPERM, told where nothing is shown yet. */
static int get(struct top *t, struct url take_to, json_t **ret)
{
	own_url struct url u = take_to;
	own_reply struct reply reply = { 0 };
	int r = client_request(t->client, &(struct request){ .to = &u, .timeout_ms = TIMEOUT_MS }, &reply);

	if (r < 0)
		return r;
	if (ask_status(reply.status) == DONE) {
		*ret = TAKE(reply.body);
		return *ret ? 0 : -EPROTO;
	}
	if (!t->document)
		t->status = ask_say_error("look at what agents do", reply.status, reply.body);
	return -EPERM;
}

static int look(struct top *t)
{
	own_json json_t *status = NULL, *counters = NULL, *health = NULL, *holds = NULL, *refusals = NULL;
	struct top_answers now;
	double at;
	int r = get(t, to_get_v1_status(), &status);

	if (r == 0)
		r = get(t, to_get_v1_counters(NULL), &counters);
	at = now_s();
	if (r == 0)
		r = get(t, to_get_v1_health_agents(NULL), &health);
	if (r == 0)
		r = get(t, to_get_v1_approvals(&(struct get_v1_approvals){ .limit = LISTED }), &holds);
	if (r == 0)
		r = get(t, to_get_v1_events(&(struct get_v1_events){ .verdict = "deny", .limit = LISTED }), &refusals);
	if (r == 0) {
		own_json json_t *before = t->before;

		now = (struct top_answers){ status, out_field(counters, "counters"), out_field(health, "agents"), out_field(holds, "holds"),
					    out_field(refusals, "events") };
		t->before = top_sums(now.counters);
		json_decref(t->document);
		t->document = top_document(&now, t->before, before, at - t->before_s);
		t->before_s = at;
	}
	return r;
}

static int print(const struct top *t, FILE *out, int trouble, size_t lines)
{
	own_free char *sentence = NULL, *shown = NULL;

	if (call_has(t->c, OPT_JSON)) {
		out_json(out, t->document);
		return 0;
	}
	if (trouble < 0 && asprintf(&sentence, "What follows is older: %s (the daemon at %s)",
				    trouble == -EPERM ? "refused" : strerror(-trouble), t->socket) < 0)
		sentence = NULL;
	if (sentence)
		shown = escape_text(sentence, strlen(sentence));
	return top_print(out, t->document, shown, lines);
}

static void pause_ms(int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* The first look, and where rates are wanted at once, the second. */
static int begin(struct top *t, int once_ms)
{
	int r = look(t);

	if (r == 0 && call_has(t->c, OPT_ONCE)) {
		pause_ms(once_ms);
		r = look(t);
	}
	if (r == 0)
		return DONE;
	return t->status ? t->status : ask_say_unreachable(t->socket, r);
}

static int show_page(const struct top *t, struct screen *s, int trouble)
{
	own_free char *page = NULL;
	size_t size, lines, columns;
	FILE *out = open_memstream(&page, &size);
	int r;

	if (!out)
		return -ENOMEM;
	screen_size(&lines, &columns);
	r = print(t, out, trouble, lines);
	if (fclose(out) == 0 && r >= 0)
		screen_show(s, page);
	return r;
}

static int on_terminal(struct top *t, int every_ms)
{
	own(screen) struct screen *s = screen_new();
	int trouble = 0, r = s ? 0 : -ENOMEM;

	while (r >= 0) {
		double next = now_s() + every_ms / 1e3;

		r = show_page(t, s, trouble);
		while (r >= 0 && now_s() < next) {
			if (screen_wait(s, (int)((next - now_s()) * 1e3) + 1))
				return DONE;
			r = show_page(t, s, trouble); /* the size may be another */
		}
		trouble = look(t);
	}
	return say_no_memory();
}

static int in_a_row(struct top *t, int every_ms)
{
	for (;;) {
		if (print(t, stdout, 0, 0) < 0)
			return say_no_memory();
		if (fflush(stdout) != 0 || ferror(stdout))
			return REFUSED;
		if (call_has(t->c, OPT_ONCE))
			return DONE;
		if (!call_has(t->c, OPT_JSON))
			putchar('\n');
		pause_ms(every_ms);
		/* Without a daemon nothing is printed: a program that reads this must not take old figures for new ones. */
		for (int r = look(t); r < 0; r = look(t))
			pause_ms(every_ms);
	}
}

int verb_top(const struct call *c)
{
	struct top t = { .c = c, .socket = client_socket(c) };
	own(client) struct client *cl = NULL;
	long every_s = 0;
	int r = call_duration(c, OPT_EVERY, &every_s);

	if (r < 0)
		return -r;
	if (every_s > 3600)
		return say_fail(USAGE, NULL, "--every: at most an hour");
	if (client_new(t.socket, &cl) < 0)
		return say_no_memory();
	t.client = cl;
	r = begin(&t, every_s ? (int)every_s * 1000 : ONCE_MS);
	every_s = every_s ? every_s : EVERY_S;
	if (r == DONE)
		r = isatty(STDOUT_FILENO) && !call_has(c, OPT_ONCE) && !call_has(c, OPT_JSON) ? on_terminal(&t, (int)every_s * 1000)
											       : in_a_row(&t, (int)every_s * 1000);
	json_decref(t.before);
	json_decref(t.document);
	return r;
}
