// SPDX-License-Identifier: Apache-2.0
/* serve.c - see serve.h */
#include "serve.h"

#include <string.h>

#include "access/door.h"
#include "access/repeat.h"
#include "access/token.h"
#include "agent/agent_api.h"
#include "alert/alert.h"
#include "api/document.h"
#include "approval/approval.h"
#include "audit/audit_api.h"
#include "audit/authoring_api.h"
#include "audit/event_api.h"
#include "audit/explain.h"
#include "backup/backup.h"
#include "counter/counter.h"
#include "core/log.h"
#include "freeze/freeze.h"
#include "health.h"
#include "json/memory.h"
#include "loop.h"
#include "metric/metric.h"
#include "objective/objective.h"
#include "probe.h"
#include "notice/answer_link.h"
#include "notice/notice.h"
#include "people/delegation.h"
#include "people/people.h"
#include "quarantine/quarantine.h"
#include "registry/numbers_table.h"
#include "registry/registry.h"
#include "registry/registry_view.h"

static const struct routes *const all_routes[] = {
	&health_routes, &registry_routes, &agent_routes, &event_routes, &approval_routes, &explain_routes, &counter_routes,
	&authoring_routes, &quarantine_routes, &token_routes, &backup_routes, &serve_routes, &metric_routes, &probe_routes,
	&objective_routes, &alert_routes, &audit_routes, &people_routes, &review_routes, &delegation_routes, &notice_routes,
	&answer_routes, &freeze_routes,
};
#define TABLES SERVE_TABLES
#define PEM_MAX (64u << 10)
_Static_assert(ARRAY_SIZE(all_routes) == TABLES, "SERVE_TABLES");

/* Of the request being served: one thread, one request at a time. */
static struct {
	struct caller caller;
	uint32_t agent;	/* number of the peer's label; 0: none */
} now;

const char *agent_of_caller(const struct request *q)
{
	if (q->socket != SERVE_AGENT)
		return NULL;
	return numbers_table_name(governor_of(q)->numbers, NUMBER_AGENT, now.agent);
}

static unsigned int refuse_label(struct request *q, int error)
{
	if (error == -ESRCH)
		return refuse(q, 403, "no-process", NULL, "the process that connected is gone");
	return refuse(q, 503, "link", "see the journal of cvfd", "the enforcer cannot say who asks: %s", strerror(-error));
}

/* cvfd says whether the peer is governed. Its number could have passed to another process meanwhile: the pidfd tells. */
static unsigned int read_label(struct request *q)
{
	struct wire_label message = { .pid = (uint32_t)q->peer->pid };
	struct wire_reply answer;
	int r = q->peer->pid > 0 ? link_call(governor_of(q)->link, WIRE_LABEL, &message, -1, &answer) : -ESRCH;

	if (r == 0)
		r = answer.error;
	if (r == 0 && !peer_is_alive(q->peer))
		r = -ESRCH;
	if (r < 0)
		return refuse_label(q, r);
	now.agent = (uint32_t)answer.value;
	/* Records came before the answer. What cannot be stored now is told by the loop, which tries again. */
	if (link_queued_bytes(governor_of(q)->link) && loop_drain(governor_of(q)) < 0)
		log_debug("api: what has just been done is not stored yet");
	return 0;
}

static unsigned int allow_agent(struct request *q, const struct route *route)
{
	unsigned int status = door_count_local(q);

	if (!status && route->role != ROLE_NONE)
		status = read_label(q);
	if (status || route->role == ROLE_NONE)
		return status;
	if (!now.agent || !agent_of_caller(q))
		return refuse(q, 403, "not-an-agent", "everybody else asks on the control socket, cvfd.sock",
			      "this socket is for the processes of agents");
	return 0;
}

static unsigned int allow_control(struct request *q, const struct route *route)
{
	own_free char *hint = NULL;
	unsigned int status;

	auth_identify(&governor_of(q)->auth, q->peer, &now.caller);
	status = door_count_local(q);
	if (status || route->role == ROLE_NONE)
		return status;
	delegation_add_roles(governor_of(q), &now.caller);
	if (!caller_may(&now.caller, route->role) && !(route->role == ROLE_APPROVER && (now.caller.roles & (ROLE_DUTIES | ROLE_BREAK_GLASS)))) {
		if (asprintf(&hint, "it needs the role %s: join the group cvf-%s, or add a principal to cvfd.json", role_word(route->role),
			     role_word(route->role)) < 0)
			hint = NULL;
		return refuse(q, 403, "not-permitted", hint, "%s may not do this", now.caller.name);
	}
	status = read_label(q);
	if (!status && now.agent)
		status = refuse(q, 403, "labelled", "agents have agent.sock: why, explain and readyz",
				"a governed process may not use the control socket");
	return status;
}

/* Who sends wrong tokens has the bucket of its address; a right one has its own. */
static unsigned int allow_token(struct request *q, const struct route *route)
{
	unsigned int status = token_identify(q, route, &now.caller);
	bool is_known = strncmp(now.caller.name, "token:", 6) == 0;
	unsigned int limited = door_count(q, is_known ? now.caller.name : q->peer->address);

	return limited ? limited : status;
}

static unsigned int allow(struct request *q, const struct route *route)
{
	now.agent = 0;
	now.caller = (struct caller){ 0 };
	q->caller = &now.caller;
	if (q->socket == SERVE_TCP)
		return allow_token(q, route);
	return q->socket == SERVE_AGENT ? allow_agent(q, route) : allow_control(q, route);
}

void serve_tables(struct routes ret_tables[TABLES])
{
	for (size_t i = 0; i < TABLES; i++)
		ret_tables[i] = *all_routes[i];
}

static json_t *view_openapi(void)
{
	struct routes tables[TABLES];

	serve_tables(tables);
	return openapi_document(tables, TABLES, CVF_VERSION);
}

static unsigned int get_openapi(struct request *q)
{
	return reply(q, 200, view_openapi());
}

static const struct shape openapi_shape = SHAPE(NULL, M(TEXT, "openapi"), M(OBJECT, "info"), M(OBJECT, "tags", .flags = MANY),
	M(OBJECT, "paths"), M(OBJECT, "components"),);

static const struct route own_table[] = {
	{ "GET", "/openapi.json", ROLE_NONE, 0, get_openapi, "This document for programs: OpenAPI 3.1", .answer = &openapi_shape },
	{ "GET", "/v1/openapi.json", ROLE_NONE, 0, get_openapi, "The same", .answer = &openapi_shape },
};
const struct routes serve_routes = { own_table, ARRAY_SIZE(own_table), "The API itself" };

int serve_print_openapi(FILE *out)
{
	json_t *document = view_openapi();
	int r = document ? json_dumpf(document, out, JSON_INDENT(1)) : -1;

	json_decref(document);
	return r < 0 || fputc('\n', out) < 0 ? -ENOMEM : 0;
}

/* Who did what, and what was refused; bodies and credentials never. So many lines a second: the rest is counted. */
#define LINES_PER_SECOND 20
static void note(const struct request *q, unsigned int status, uint64_t took_ns)
{
	static uint64_t second;
	static unsigned int lines, dropped;
	/* What comes after it in the path of a link is a credential. */
	int path_size = strncmp(q->path, ANSWER_PATH, strlen(ANSWER_PATH)) == 0 ? (int)strlen(ANSWER_PATH) : 200;
	int level = status < 400 && strcmp(q->method, "GET") == 0 ? LOG_DEBUG : LOG_INFO;

	if (clock_boot_ns() / 1000000000 != second) {
		if (dropped)
			log_info("api: %u more requests", dropped);
		second = clock_boot_ns() / 1000000000;
		lines = dropped = 0;
	}
	governor_of(q)->api_counts[status < 400 ? 0 : status < 500 ? 1 : 2]++;
	if (level == LOG_INFO && ++lines > LINES_PER_SECOND) {
		dropped++;
		return;
	}
	log_at(level, "api: %.16s %.*s by %s: %u, %zu bytes, %llu us, request %s", q->method, path_size, q->path, *now.caller.name ? now.caller.name : "nobody",
	       status, q->body_size == SIZE_MAX ? (size_t)HTTP_BODY_MAX : q->body_size, (unsigned long long)(took_ns / 1000), q->id);
}

struct failures {
	unsigned long memory, store;
};

static struct failures failures_until_now(struct request *q)
{
	return (struct failures){ memory_failures(), store_failures(governor_of(q)->store) };
}

/*
 * An answer that lacks what found no memory, or what could not be read, is none. What was only asked is refused; whoever wanted
 * something done gets no answer at all: it may be done.
 */
static unsigned int check_whole(struct request *q, unsigned int status, struct failures before)
{
	struct failures until_now = failures_until_now(q);

	if (q->stream || status >= 500 || status == STATUS_NONE)
		return status;
	if (until_now.memory != before.memory)
		return status >= 400 || request_only_asks(q) ? refuse(q, 500, "no-memory", NULL, "out of memory") : STATUS_NONE;
	if (until_now.store != before.store && request_only_asks(q))
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	return status;
}

static unsigned int serve_one(struct request *q)
{
	struct failures failures = failures_until_now(q);
	uint64_t began = clock_boot_ns();
	struct routes tables[TABLES];
	struct router router = { .tables = tables, .tables_count = TABLES, .allow = allow, .run = repeat_run };
	unsigned int status;

	serve_tables(tables);
	status = door_check(q);
	if (!status)
		status = check_whole(q, route_serve(&router, q), failures);
	note(q, status, clock_boot_ns() - began);
	metric_on_request(governor_of(q), (int64_t)((clock_boot_ns() - began) / 1000));
	return status;
}

/* What is stored meanwhile concerns streams, too; but one request is served at a time, and is who it said it is to its end. */
static bool is_serving, is_wake_due;

static unsigned int serve(struct request *q)
{
	unsigned int status;

	is_serving = true;
	status = serve_one(q);
	is_serving = false;
	return status;
}

int serve_open(struct governor *g)
{
	own_free char *control = NULL, *agent = NULL;
	struct http_socket sockets[] = { [SERVE_CONTROL] = { .number = SERVE_CONTROL, .mode = 0666 },
					 [SERVE_AGENT] = { .number = SERVE_AGENT, .mode = 0666 } };
	struct http_options options = { .event = g->event, .sockets = sockets, .sockets_count = ARRAY_SIZE(sockets),
					.serve = serve, .app = g, .request_s = g->settings.api.request_s };

	if (asprintf(&control, "%s/cvfd.sock", g->places.run) < 0 || asprintf(&agent, "%s/agent.sock", g->places.run) < 0)
		return -ENOMEM;
	sockets[SERVE_CONTROL].path = control;
	sockets[SERVE_AGENT].path = agent;
	return http_open(&options, &g->http);
}

/* A few kilobytes of PEM; the key is of the user that the governor runs as. */
static char *read_pem(const char *path)
{
	own_file FILE *f = fopen(path, "re");
	own_free char *text = calloc(1, PEM_MAX + 1);
	size_t n = f && text ? fread(text, 1, PEM_MAX + 1, f) : 0;

	if (!n || n > PEM_MAX) {
		log_error("%s cannot be read, or is no certificate or key: %s", path, f ? "wrong size" : strerror(errno));
		return NULL;
	}
	return TAKE(text);
}

int serve_open_tcp(struct governor *g)
{
	const struct api_settings *s = &g->settings.api;
	own_free char *certificate = s->certificate ? read_pem(s->certificate) : NULL, *key = s->key ? read_pem(s->key) : NULL;
	struct http_socket at = { .number = SERVE_TCP, .address = (const struct sockaddr *)&s->address, .address_size = s->address_size };
	struct http_options options = { .event = g->event, .sockets = &at, .sockets_count = 1, .serve = serve, .app = g,
					.certificate = certificate, .key = key, .request_s = s->request_s };

	if (!s->listen)
		return 0;
	if (s->certificate && (!certificate || !key))
		return -EBADF;
	return http_open(&options, &g->http_tcp);
}

void serve_wake_due(struct governor *g)
{
	if (is_wake_due)
		serve_wake(g);
}

void serve_wake(struct governor *g)
{
	is_wake_due = is_serving;
	if (is_serving)
		return;
	if (g->http)
		http_wake(g->http);
	if (g->http_tcp)
		http_wake(g->http_tcp);
}

static const char introduction[] =
	"# API\n\n"
	"<!-- Generated by `cvfd-govern --print-api`. -->\n\n"
	"HTTP/1.1 with JSON bodies over unix sockets. `/run/cvf/cvfd.sock` is the control socket: who you are comes from the kernel\n"
	"(peer credentials), what you may do from your roles. `/run/cvf/agent.sock` is for the processes of agents, which the\n"
	"kernel keeps away from everything else.\n\n"
	"- Roles: `viewer`, `operator`, `approver`, `admin`. Root is `admin`; members of the groups `cvf-viewer`, `cvf-operator`,\n"
	"  `cvf-approver` and `cvf-admin` have these roles; `principals` of cvfd.json(5) adds roles. `admin` includes every role,\n"
	"  every role includes `viewer`. A governed process can use nothing on the control socket.\n"
	"- Errors: `{\"error\": {\"code\", \"message\", \"hint\"}}` with a fitting status; `code` is stable, the rest is for people. Beside it\n"
	"  stand the members of RFC 9457: `type`, `title`, `status`, `detail`, and `request_id`.\n"
	"- `X-Request-Id` of a request (64 letters, digits, `.`, `_`, `-`) comes back, and is in the log; without one it is made.\n"
	"- Every answer of a GET has an `ETag`; with `If-None-Match` what has not changed is 304.\n"
	"- A POST with an `Idempotency-Key` (128 characters) is done once: within a day it is answered as it was, with\n"
	"  `Idempotent-Replayed: true`; 422 `key-reused` when the same key comes with another request, 409 `done-before` when the answer was\n"
	"  not kept because it is long or secret. What failed with 5xx was not done.\n"
	"- A connection that ends without an answer to a POST or DELETE: it may be done. Ask, or send it again with its key.\n"
	"- `Host` must be localhost or a name without dots; `Origin` is refused unless `api.origins` of cvfd.json(5) lists it.\n"
	"- On TCP, which cvfd.json(5) switches on with `api.listen`, requests carry `Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`\n"
	"  (`cvfctl token`).\n"
	"- Each token, each address without one and each local user has so many requests a minute: 429 with `Retry-After`. Root is not\n"
	"  counted on the control socket. How many: cvfd.json(5).\n"
	"- What is no HTTP (400, 413, 505) and what has a head of more than 32 KiB (431) is refused by the HTTP library in its own words\n"
	"  before anybody looks at it; `api.malformed` of `/v1/status` counts that.\n"
	"- Bodies are strict JSON: no duplicate or unknown members, at most 32 levels deep and 1 MiB long. Parameters that a route does\n"
	"  not have, or given twice, are refused: a filter that is spelled wrong must not show everything.\n"
	"- Lists: `limit` and `cursor`; `next` of an answer is the `cursor` of the page after, null on the last.\n"
	"- In parameters a time is RFC 3339, or how long ago: `90s`, `15m`, `2h`, `7d`.\n"
	"- `GET /openapi.json` says all this to programs.\n"
	"- Ids are strings. Times are RFC 3339 in UTC with milliseconds.\n"
	"- Paths, arguments and names are bytes of the host. Valid UTF-8 is shown as it is, any other byte as `\\xNN` (in JSON\n"
	"  `\"\\\\xNN\"`). Whoever prints them to a terminal must escape control characters.\n"
	"- `risk` is `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`: R0 to R3.\n";

void serve_print_api(FILE *out)
{
	struct routes tables[TABLES];

	serve_tables(tables);
	fputs(introduction, out);
	routes_print(tables, TABLES, out);
}

int serve_reload_settings(struct governor *g, struct diags *d)
{
	struct settings fresh;
	int r = settings_load(g->places.config, &fresh, d);

	if (r < 0) {
		settings_done(&fresh);
		return r;
	}
	auth_init(&g->auth, TAKE(fresh.principals), fresh.principals_count);
	fresh.principals_count = 0;
	settings_done(&g->settings);
	g->settings = fresh;
	free(g->settings_problem);
	g->settings_problem = NULL;
	return 0;
}
