// SPDX-License-Identifier: Apache-2.0
/*
 * verb_doctor.c - runs every check and shows what to do
 */
#include "ask.h"
#include "doctor.h"
#include "escape.h"
#include "out.h"
#include "routes.h"
#include "verbs.h"

#include <stdarg.h>
#include <string.h>

struct finding finding(enum finding_level level, const char *fix, const char *format, ...)
{
	struct finding f = { .level = level, .fix = fix };
	va_list args;

	va_start(args, format);
	if (vasprintf(&f.seen, format, args) < 0)
		f.seen = NULL;
	va_end(args);
	return f;
}

static json_t *get(struct client *cl, struct url take_to, int *ret_reach, long *ret_http)
{
	own_url struct url u = take_to;
	own_reply struct reply reply = { 0 };
	int r = client_request(cl, &(struct request){ .to = &u, .timeout_ms = 5000 }, &reply);

	if (ret_reach)
		*ret_reach = r;
	if (ret_http)
		*ret_http = r == 0 ? reply.status : 0;
	return r == 0 && (ret_http || ask_status(reply.status) == DONE) ? TAKE(reply.body) : NULL;
}

static void examine(struct patient *p)
{
	own(client) struct client *cl = NULL;

	p->reach = client_new(client_socket(p->c), &cl);
	if (p->reach == 0)
		p->status = get(cl, to_get_v1_status(), &p->reach, NULL);
	if (p->reach < 0)
		return;
	p->ready = get(cl, to_get_readyz(), NULL, &p->ready_http);
	p->agents = get(cl, to_get_v1_agents(NULL), NULL, NULL);
	if (p->agents) {
		json_t *list = json_incref(json_object_get(p->agents, "agents"));

		json_decref(p->agents);
		p->agents = list;
	}
}

static const char *const level_words[] = { "OK", "WARN", "FAIL" };

static void run_checks(const struct patient *p, const struct check *checks, size_t n, json_t *list,
		       int *worst)
{
	for (size_t i = 0; i < n; i++) {
		struct finding f = checks[i].look(p);

		if ((int)f.level > *worst)
			*worst = (int)f.level;
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s?, s:s?}", "check", checks[i].name, "result",
						level_words[f.level], "seen", f.seen, "fix", f.fix));
		free(f.seen);
	}
}

static void put_findings(const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *fix = out_text(one, "fix", NULL);

		printf("%-4s  %-17s  ", out_text(one, "result", "?"), out_text(one, "check", "?"));
		out_value(stdout, out_field(one, "seen"));
		putchar('\n');
		if (fix)
			printf("%25s%s\n", "-> ", fix);
	}
}

int verb_doctor(const struct call *c)
{
	struct patient p = { .c = c };
	own_json json_t *list = json_array();
	own_json json_t *document = NULL;
	int worst = FINDING_OK;

	examine(&p);
	run_checks(&p, host_checks, host_checks_count, list, &worst);
	run_checks(&p, daemon_checks, daemon_checks_count, list, &worst);
	document = json_pack("{s:b, s:O}", "ok", worst < FINDING_FAIL, "checks", list);
	if (call_has(c, OPT_JSON) && document)
		out_json(stdout, document);
	else
		put_findings(list);
	json_decref(p.status);
	json_decref(p.agents);
	json_decref(p.ready);
	return worst < FINDING_FAIL ? DONE : REFUSED;
}
