// SPDX-License-Identifier: Apache-2.0
#include "follow.h"

#include "ask.h"
#include "out.h"
#include "routes.h"
#include "text.h"

#include <fnmatch.h>
#include <string.h>

#define RETRY_S 1

static bool agrees(const struct call *c, enum option o, const json_t *event, const char *field)
{
	return !c->option[o] || fnmatch(c->option[o], out_text(event, field, ""), 0) == 0;
}

static void put_event(const json_t *event)
{
	static const char *const fields[] = { "time", "agent", "verdict", "risk", "capability", "reason" };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		out_value(stdout, out_field(event, fields[i]));
		fputs("  ", stdout);
	}
	text_operation(stdout, event, 0);
	putchar('\n');
}

/* The server may filter as well; doing it here too keeps the promise of --help whatever its version. */
static void on_message(void *ctx, const char *data)
{
	const struct call *c = ctx;
	own_json json_t *event = json_loads(data, JSON_ALLOW_NUL, NULL);

	if (!json_is_object(event) || !json_object_get(event, "id"))
		return;
	if (!agrees(c, OPT_AGENT, event, "agent") || !agrees(c, OPT_CAPABILITY, event, "capability") ||
	    !agrees(c, OPT_VERDICT, event, "verdict"))
		return;
	if (call_has(c, OPT_JSON))
		out_json(stdout, event);
	else
		put_event(event);
	fflush(stdout);
}

static bool on_bytes(void *ctx, const char *bytes, size_t size)
{
	struct sse *s = ctx;

	sse_feed(s, bytes, size);
	return !s->failed && !ferror(stdout);
}

static struct url stream_url(const struct call *c)
{
	return to_get_v1_events_stream(&(struct get_v1_events_stream){
		.agent = c->option[OPT_AGENT], .capability = c->option[OPT_CAPABILITY], .verdict = c->option[OPT_VERDICT] });
}

/*
 * One connection. DONE: it ended and may be tried again; a negative errno: none was made; else an exit
 * status.
 */
static int connect_once(struct client *cl, const struct url *to, struct sse *s)
{
	const struct stream_sink sink = { on_bytes, s };
	own_reply struct reply reply = { 0 };
	int r;

	/*
	 * What was received in part is asked for again: the stream resumes after the last complete message.
	 */
	sse_restart(s);
	r = client_stream(cl, to, s->id, &sink, &reply);
	if (s->failed || ferror(stdout))
		return REFUSED;
	if (r == 0 && reply.status >= 300)
		return ask_say_error("follow the events", reply.status, reply.body);
	return r;
}

int follow(const struct call *c, const char *last)
{
	struct call asked = *c;	/* what the callback reads; the verb's own call stays const */
	struct sse s = { .on_message = on_message, .ctx = &asked, .id = last && *last ? strdup(last) : NULL };
	own(client) struct client *cl = NULL;
	own_url struct url u = stream_url(c);
	const char *socket = client_socket(c);
	bool was_there = false;
	int r = u.text ? client_new(socket, &cl) : -ENOMEM;

	while (r != -ENOMEM) {
		r = connect_once(cl, &u, &s);
		if (r < 0 && !was_there)
			r = ask_say_unreachable(socket, r);
		if (r > 0)
			break;
		was_there = true;
		sleep(RETRY_S);
	}
	sse_done(&s);
	return r == -ENOMEM ? say_no_memory() : r;
}
