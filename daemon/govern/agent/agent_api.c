// SPDX-License-Identifier: Apache-2.0
/* agent_api.c - /v1/agents/{id}/sessions, /v1/why */
#include "agent_api.h"

#include <string.h>
#include <sys/stat.h>

#include "api/view.h"
#include "govern/approval/hold_view.h"
#include "govern/audit/event_api.h"
#include "govern/audit/event_view.h"
#include "govern/freeze/freeze.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "govern/registry/registry_view.h"
#include "json/doc.h"
#include "session_table.h"
#include "store/ulid.h"

#define STAT_BYTES 1024
#define STARTTIME_FIELD 20	/* fields after the one that is in parentheses */

/* When a process started, so that its number cannot be taken by another meanwhile; 0: not visible. */
static uint64_t start_of(pid_t pid)
{
	char path[32], text[STAT_BYTES];
	own_file FILE *f = NULL;
	const char *at;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	at = strrchr(text, ')');
	for (int i = 0; at && i < STARTTIME_FIELD; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK)) : 0;
}

static bool owns(const struct caller *c, pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return stat(path, &st) == 0 && st.st_uid == c->uid;
}

static unsigned int refuse_enrol(struct request *q, int error, pid_t pid)
{
	switch (error) {
	case -ESRCH:
		return refuse(q, 404, "no-process", NULL, "there is no process %d", pid);
	case -EEXIST:
		return refuse(q, 409, "labelled", "a process belongs to one session as long as it lives",
			      "process %d belongs to an agent already", pid);
	case -EPERM:
		return refuse(q, 403, "not-permitted", "enrol the process that starts the agent's work",
			      "process %d is init or one that enforces: it can be no agent", pid);
	default:
		return refuse(q, 503, "link", "see the journals of cvfd and cvfd-govern", "process %d could not be enrolled: %s",
			      pid, strerror(-error));
	}
}

/* What of the session is known before it has a number, and the process that becomes its first. */
struct enrolment {
	struct session_new session;
	pid_t pid;
	uint64_t start_ns;
};

static unsigned int enrol(struct request *q, const struct enrolment *e)
{
	struct governor *g = governor_of(q);
	struct wire_enrol_pid message = { .pid = (uint32_t)e->pid, .agent = e->session.agent, .start_ns = e->start_ns };
	struct session_new session = e->session;
	struct wire_reply answer;
	char id[ULID_SIZE];
	json_t *to;
	int r = link_call(g->link, WIRE_ENROL_PID, &message, -1, &answer);

	if (r == 0)
		r = answer.error;
	if (r < 0)
		return refuse_enrol(q, r, e->pid);
	session.number = (uint32_t)answer.value;
	r = store_begin(g->store, STORE_BATCH);
	if (r == 0)
		r = session_table_get(g->store, &g->ids, &session, id);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0) { /* governed all the same; the next record of the session names it */
		store_rollback(g->store);
		snprintf(id, sizeof(id), "%u", session.number);
	}
	to = json_pack("{s:s, s:s, s:s?}", "session", id, "agent", q->params[0], "skill", session.skill);
	freeze_show(g, q->params[0], to);
	return reply(q, 201, to);
}

/* An id, as declarations have them. */
static bool is_skill(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return *text && strlen(text) < SKILL_SIZE && text[strspn(text, plain)] == 0 && !strchr("._-", *text);
}

static unsigned int post_session(struct request *q)
{
	struct governor *g = governor_of(q);
	struct enrolment e = { .session = { .boot = g->boot, .began_ms = clock_utc_ms(), .skill = body_text(q, "skill") } };
	const struct caller *c = caller_of(q);
	uint32_t agent = numbers_table_find(g->numbers, NUMBER_AGENT, q->params[0]);
	int64_t pid = body_number(q, "pid");

	if (e.session.skill && !is_skill(e.session.skill))
		return refuse(q, 400, "bad-value", "use letters, digits, '.', '_' and '-'", "\"skill\" is not an id");
	if (!agent || !model_find(registry_model(g->registry), DECL_AGENT, q->params[0]))
		return refuse(q, 404, "not-found", "GET /v1/agents lists the agents", "there is no agent %s", q->params[0]);
	e.pid = (pid_t)pid;
	e.session.agent = agent;
	e.start_ns = start_of(e.pid); /* first: whose the process is must be true of this one */
	if (c->uid != 0 && !owns(c, (pid_t)pid))
		return refuse(q, 403, "not-permitted", "only root may enrol the processes of others",
			      "process %d is not one of %s", (int)pid, c->name);
	return enrol(q, &e);
}

/* On the agent socket the caller's own number; else the one asked for. 0, or the status of the refusal. */
static unsigned int choose_agent(struct request *q, uint32_t *ret_agent)
{
	struct governor *g = governor_of(q);
	const char *own = agent_of_caller(q), *asked = request_query(q, "agent");

	*ret_agent = 0;
	if (own && asked && strcmp(own, asked) != 0)
		return refuse(q, 403, "not-permitted", "leave \"agent\" out", "an agent may ask about itself only");
	if (own)
		asked = own;
	if (!asked)
		return 0;
	*ret_agent = numbers_table_find(g->numbers, NUMBER_AGENT, asked);
	if (!*ret_agent)
		return refuse(q, 404, "not-found", "GET /v1/agents lists the agents", "there is no agent %s", asked);
	return 0;
}

/* Two lists in one page: where each goes on, "EVENT.HOLD", "-" for one that has ended. */
struct place {
	char event[ULID_SIZE], hold[ULID_SIZE];	/* "": from the beginning; "-": nothing more */
};

static bool read_part(const char *text, char to[ULID_SIZE])
{
	if (strcmp(text, "-") == 0) {
		strcpy(to, text);
		return true;
	}
	return strlen(text) == ULID_SIZE - 1 && ulid_normalise(text, to);
}

static bool read_place(const char *cursor, struct place *p)
{
	char event[ULID_SIZE] = "", hold[ULID_SIZE] = "";
	int end = 0;

	if (!cursor)
		return true;
	return sscanf(cursor, "%26[^.].%26[^.]%n", event, hold, &end) == 2 && !cursor[end] && read_part(event, p->event) && read_part(hold, p->hold);
}

/* Cuts a list that has one more than the limit; its part of the next place. */
static const char *cut(json_t *list, size_t limit)
{
	if (json_array_size(list) <= limit)
		return "-";
	json_array_remove(list, limit);
	return json_string_value(json_object_get(json_array_get(list, limit - 1), "id"));
}

/* more: where the events go on that were not looked at yet; "": all were. */
static unsigned int reply_why(struct request *q, uint32_t agent, json_t *take_events, json_t *take_holds, const char *more)
{
	size_t limit = (size_t)query_number(q, "limit");
	const char *event = cut(take_events, limit), *hold = cut(take_holds, limit);
	json_t *next;

	if (*event == '-' && *more)
		event = more;
	next = *event == '-' && *hold == '-' ? json_null() : json_sprintf("%s.%s", event, hold);
	return reply(q, 200, json_pack("{s:s?, s:o, s:o, s:o}", "agent",
				       numbers_table_name(governor_of(q)->numbers, NUMBER_AGENT, agent), "events", take_events, "holds",
				       take_holds, "next", next));
}

static unsigned int get_why(struct request *q)
{
	struct governor *g = governor_of(q);
	struct hold_filter f = { .boot = g->boot, .all_states = true, .limit = query_number(q, "limit") + 1 };
	struct place p = { "", "" };
	unsigned int status;
	json_t *events, *holds;
	char more[ULID_SIZE] = "";
	uint32_t agent;

	if (!read_place(query_text(q, "cursor"), &p))
		return refuse(q, 400, "bad-parameter", "begin again without it", "the parameter \"cursor\" cannot be understood");
	status = choose_agent(q, &agent);
	if (status)
		return status;
	f.agent = agent;
	f.before = *p.hold ? p.hold : NULL;
	events = *p.event == '-' ? json_array() : event_refusals(g, agent, *p.event ? p.event : NULL, f.limit, more);
	holds = *p.hold == '-' ? json_array() : holds_view(g, &f);
	if (events && holds)
		return reply_why(q, agent, events, holds, more);
	json_decref(events);
	json_decref(holds);
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
}

static const struct shape new_shape = SHAPE(NULL,
	M(NUMBER, "pid", .flags = NEEDED, .min = 1, .max = INT32_MAX, .about = "a process of the caller (any process for root), numbered as the host numbers it"),
	M(TEXT, "skill", .max = SKILL_SIZE - 1, .about = "what the session is run for; shown with its events and holds"),);
static const struct shape session_shape = SHAPE(NULL, M(TEXT, "session"), M(TEXT, "agent"), M(TEXT, "skill", .flags = OR_NULL),
	M(OBJECT, "frozen", .flags = SOMETIMES, .of = &frozen_shape, .about = "when the agent is frozen: the process stands until it is thawed"),);
static const struct shape ask_shape = SHAPE(NULL,
	M(TEXT, "agent", .about = "on the agent socket it is the caller's own"),
	PAGE_OF(1000, "20"),);
static const struct shape why_shape = SHAPE(NULL, M(TEXT, "agent", .flags = OR_NULL),
	M(OBJECT, "events", .flags = MANY, .of = &event_shape, .about = "newest first, with `reason_text` and `rule_text`"),
	M(OBJECT, "holds", .flags = MANY, .of = &hold_shape, .about = "newest first"),
	M(TEXT, "next", .flags = OR_NULL, .about = "for `cursor`; null: this is the last page of both lists"),);

static const struct route table[] = {
	{ "POST", "/v1/agents/{id}/sessions", ROLE_OPERATOR, 0, post_session,
	  "Enrol a running process, and what it starts from now on, as a session of an agent",
	  "409 when it belongs to an agent already.", .body = &new_shape, .answer = &session_shape, .status = 201 },
	{ "POST", "/agents/{id}/tasks", ROLE_OPERATOR, 0, post_session, "The same: a task of an agent is a session",
	  .body = &new_shape, .answer = &session_shape, .status = 201 },
	{ "GET", "/v1/why", ROLE_VIEWER, ON_CONTROL | ON_AGENT, get_why, "The last refusals and holds, with their reasons in words",
	  .query = &ask_shape, .answer = &why_shape },
};

const struct routes agent_routes = { table, ARRAY_SIZE(table), "Sessions" };
