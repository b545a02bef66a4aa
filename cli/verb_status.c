// SPDX-License-Identifier: Apache-2.0
/*
 * verb_status.c - what is in force and how it is doing: documents of the daemon shown as they are
 */
#include "ask.h"
#include "escape.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"

#include "cvf/limits.h"

#include <curl/curl.h>
#include <string.h>

/* A percentage alone says nothing of what it is a part of. */
static void put_completeness(const json_t *reply)
{
	json_int_t recorded = json_integer_value(out_field(reply, "events_recorded")), lost = json_integer_value(out_field(reply, "events_lost"));
	json_int_t unseen = json_integer_value(out_field(reply, "records_unseen"));

	if (!json_is_number(out_field(reply, "audit_completeness"))) {
		puts("Completeness of the audit trail: nothing was recorded yet.");
		return;
	}
	printf("Completeness of the audit trail: the kernel numbers every record. Of %lld numbers up to the last that arrived, %lld are stored\n"
	       "and %lld never arrived (each gap is a row).", (long long)(recorded + lost), (long long)recorded, (long long)lost);
	if (unseen)
		printf(" %lld more are on their way.", (long long)unseen);
	putchar('\n');
}

static int put_status(const struct call *c, const json_t *reply)
{
	(void)c;
	puts(json_is_true(out_field(reply, "enforcing")) ? "Enforcing." : "NOT ENFORCING. See: cvfctl doctor");
	out_tree(stdout, reply, 2);
	put_completeness(reply);
	return 0;
}

int verb_status(const struct call *c)
{
	own_url struct url u = to_get_v1_status();

	return ask_show(c, &(struct ask){ { .to = &u }, "read the status", false }, put_status);
}

static int put_reloaded(const struct call *c, const json_t *reply)
{
	(void)c;
	fputs("generation ", stdout);
	out_value(stdout, out_field(reply, "generation"));
	puts(" is in force");
	out_diagnoses(stderr, out_field(reply, "warnings"));
	return 0;
}

int verb_reload(const struct call *c)
{
	own_url struct url u = to_post_v1_reload();

	return ask_show(c, &(struct ask){ { &u, "{}", 2, 0 }, "reload (the old generation stays in force)", false }, put_reloaded);
}

/* The daemon's version is asked for but not needed. */
static json_t *versions(const struct call *c)
{
	own(client) struct client *cl = NULL;
	own_url struct url u = to_get_v1_status();
	own_reply struct reply reply = { 0 };
	const char *daemon = NULL;

	if (client_new(client_socket(c), &cl) == 0 &&
	    client_request(cl, &(struct request){ .to = &u, .timeout_ms = 2000 }, &reply) == 0)
		daemon = out_text(reply.body, "version", NULL);
	return json_pack("{s:s, s:i, s:s?, s:s, s:s}", "cvfctl", CVF_VERSION, "abi", CVF_ABI, "daemon",
			 daemon, "libcurl", curl_version_info(CURLVERSION_NOW)->version, "jansson",
			 jansson_version_str());
}

int verb_version(const struct call *c)
{
	own_json json_t *document = versions(c);

	if (!document)
		return say_no_memory();
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, document);
		return DONE;
	}
	printf("cvfctl %s (ABI %d, libcurl %s, jansson %s)\n", CVF_VERSION, CVF_ABI,
	       out_text(document, "libcurl", "?"), out_text(document, "jansson", "?"));
	if (out_text(document, "daemon", NULL)) {
		fputs("cvfd ", stdout);
		out_value(stdout, out_field(document, "daemon"));
		putchar('\n');
	}
	return DONE;
}

static int put_counters(const struct call *c, const json_t *reply)
{
	static const struct column columns[] = {
		{ "AGENT", "agent", NULL },	    { "CAPABILITY", "capability", NULL },
		{ "OPERATION", "operation", NULL }, { "VERDICT", "verdict", NULL },
		{ "WOULD BE", "would", NULL },	    { "COUNT", "count", NULL },
	};

	(void)c;
	return out_table(stdout, out_field(reply, "counters"), columns, ARRAY_SIZE(columns), "Nothing was counted yet.");
}

int verb_counters(const struct call *c)
{
	own_url struct url u = to_get_v1_counters(&(struct get_v1_counters){ .agent = c->option[OPT_AGENT] });

	return ask_show(c, &(struct ask){ { .to = &u }, "read the counters", false }, put_counters);
}

static void put_reason(const json_t *one)
{
	static const char *const fields[] = { "rule_text", "hint" };

	fputs("    ", stdout);
	text_reason(stdout, out_text(one, "reason", "-"));
	putchar('\n');
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *text = out_text(one, fields[i], NULL);

		if (!text)
			continue;
		fputs("    ", stdout);
		escape_line(stdout, text, strlen(text));
		putchar('\n');
	}
}

static void put_list(const json_t *list)
{
	static const char *const fields[] = { "time",	    "requested_at", "verdict", "state",
					      "capability", "risk",	    "hold" };
	const json_t *one, *value;
	size_t i;

	json_array_foreach(list, i, one) {
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
			value = out_field(one, fields[k]);
			if (!value || json_is_null(value))
				continue;
			out_value(stdout, value);
			fputs("  ", stdout);
		}
		text_operation(stdout, one, 0);
		putchar('\n');
		put_reason(one);
	}
}

static int put_why(const struct call *c, const json_t *reply)
{
	const json_t *events = out_field(reply, "events"), *holds = out_field(reply, "holds");

	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else if (!events && !holds)
		out_tree(stdout, reply, 0);
	else if (json_array_size(events) + json_array_size(holds) == 0)
		puts("Nothing of yours was denied or held.");
	put_list(call_has(c, OPT_JSON) ? NULL : holds);
	put_list(call_has(c, OPT_JSON) ? NULL : events);
	return DONE;
}

/*
 * An agent has a socket of its own: the kernel refuses it the control socket. Anybody else asks for an agent
 * by name.
 */
int verb_why(const struct call *c)
{
	own_url struct url u = to_get_v1_why(&(struct get_v1_why){ .agent = c->option[OPT_AGENT], .limit = c->option[OPT_LIMIT] });
	own_json json_t *reply = NULL;
	struct ask a = { { .to = &u }, "explain the last denials", true };
	long limit;
	int r = call_number(c, OPT_LIMIT, 1000, &limit);

	if (r < 0)
		return -r;
	r = -ENOENT;
	if (!call_has(c, OPT_AGENT) && !call_has(c, OPT_SOCKET) && !getenv("CVF_SOCKET"))
		r = ask_on(c, AGENT_SOCKET, &a, &reply);
	if (r < 0)
		r = ask(c, &a, &reply);
	return r == DONE ? put_why(c, reply) : r;
}
