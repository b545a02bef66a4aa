// SPDX-License-Identifier: Apache-2.0
/* event_view.c - see event_view.h */
#include "event_view.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "core/event.h"
#include "govern/agent/image_table.h"
#include "govern/agent/session_table.h"
#include "govern/approval/hold_table.h"
#include "govern/registry/numbers_table.h"
#include "secrets.h"

static const char *const kind_words[] = {
	[CVF_KIND_VERDICT] = "verdict", [CVF_KIND_HOLD] = "hold", [CVF_KIND_RESUME] = "resume",
	[CVF_KIND_EXEC] = "exec",	[CVF_KIND_EXIT] = "exit", [CVF_KIND_SESSION] = "session",
};
static const char *const verdict_words[] = { NULL, "allow", "deny", "hold" };
static const char *const mode_words[] = { "enforce", "observe", "learn" };
static const char *const protocol_words[] = { "tcp", "udp" };

static const enum cvf_domain domains[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = CVF_DOMAIN_##domain,
#include "cvf/ops.def"
#undef OP
};

const struct shape event_shape = SHAPE("event",
	M(TEXT, "id"), M(NUMBER, "seq"), M(NUMBER, "cpu"), M(NUMBER, "ring"),
	M(WORD, "kind", .words = "verdict|hold|resume|exec|exit|session"), M(TIME, "time"),
	M(TEXT, "agent", .flags = OR_NULL), M(TEXT, "session", .flags = OR_NULL), M(TEXT, "skill", .flags = OR_NULL), M(NUMBER, "pid"),
	M(NUMBER, "ppid"), M(NUMBER, "tid"), M(NUMBER, "uid"), M(TEXT, "comm"), M(TEXT, "exe", .flags = OR_NULL),
	M(TEXT, "argv", .flags = MANY | OR_NULL, .about = "of the operation for `exec`, else of the acting program"),
	M(TEXT, "cwd", .flags = OR_NULL), M(TEXT, "operation", .flags = OR_NULL), M(TEXT, "object", .flags = OR_NULL),
	M(TEXT, "object2", .flags = OR_NULL), M(TEXT, "address", .flags = OR_NULL), M(NUMBER, "port", .flags = OR_NULL),
	M(TEXT, "protocol", .flags = OR_NULL), M(NUMBER, "target_pid", .flags = OR_NULL), M(YES_NO, "args_cut"),
	M(YES_NO, "redacted", .about = "secrets in its arguments were hidden before it was stored"), M(NUMBER, "result"),
	M(TEXT, "capability", .flags = OR_NULL), M(WORD, "risk", .words = RISK_WORDS, .flags = OR_NULL),
	M(TEXT, "decision", .flags = OR_NULL),
	M(WORD, "verdict", .words = "allow|deny|hold", .flags = OR_NULL, .about = "what the kernel did; for an agent that is only observed `allow`"),
	M(WORD, "would", .words = "allow|deny|hold", .flags = OR_NULL, .about = "of an agent that is only observed: what it would have been"),
	M(WORD, "mode", .words = "enforce|observe|learn"), M(TEXT, "reason", .flags = OR_NULL), M(TEXT, "rule", .flags = OR_NULL),
	M(NUMBER, "generation"), M(TEXT, "hold", .flags = OR_NULL), M(TEXT, "digest", .flags = OR_NULL),
	M(TEXT, "reason_text", .flags = SOMETIMES), M(TEXT, "rule_text", .flags = SOMETIMES | OR_NULL),);

const char *verdict_word(unsigned int verdict)
{
	return verdict < ARRAY_SIZE(verdict_words) ? verdict_words[verdict] : NULL;
}

unsigned int verdict_find(const char *word)
{
	for (unsigned int i = 1; i < ARRAY_SIZE(verdict_words); i++)
		if (strcmp(verdict_words[i], word) == 0)
			return i;
	return 0;
}

const char *record_capability(struct governor *g, const struct cvf_record *r, char *room, size_t size)
{
	const char *name = numbers_table_name(g->numbers, NUMBER_CAPABILITY, r->capability);
	const char *op = op_name(r->op);

	if (name || r->capability || !r->op || !op)
		return name;
	snprintf(room, size, "unregistered.%s", op);
	return room;
}

static bool has_address(const struct cvf_record *r)
{
	return domains[r->op] == CVF_DOMAIN_NET && (r->family == AF_INET || r->family == AF_INET6 || r->port);
}

static void address_print(const struct cvf_record *r, char *text, size_t size, const char **ret_format)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(r->address, mapped, sizeof(mapped)) == 0) {
		inet_ntop(AF_INET, r->address + 12, text, (socklen_t)size);
		*ret_format = "%s:%u";
	} else {
		inet_ntop(AF_INET6, r->address, text, (socklen_t)size);
		*ret_format = "[%s]:%u";
	}
}

json_t *record_address(const struct cvf_record *r)
{
	char text[INET6_ADDRSTRLEN] = "";
	const char *format;

	if (!has_address(r))
		return json_null();
	address_print(r, text, sizeof(text), &format);
	return json_string(text);
}

json_t *record_object(const struct cvf_record *r)
{
	struct text path = record_text(r, r->object);
	char address[INET6_ADDRSTRLEN] = "";
	const char *format;

	if (path.n)
		return view_bytes(path.p, path.n);
	if (!has_address(r))
		return json_null();
	address_print(r, address, sizeof(address), &format);
	return *format == '[' ? json_sprintf("[%s]:%u", address, r->port) : json_sprintf("%s:%u", address, r->port);
}

json_t *record_args(const char *p, size_t n)
{
	struct text args = { p, n }, one;
	json_t *list = json_array();
	size_t off = 0;

	while (record_args_next(args, &off, &one))
		json_array_append_new(list, view_bytes(one.p, one.n));
	return list;
}

json_t *record_session(struct governor *g, int64_t boot, const struct cvf_record *r)
{
	char id[ULID_SIZE];

	if (session_table_find(g->store, boot, r->session, id) < 0 || !id[0])
		return json_null();
	return json_string(id);
}

json_t *record_skill(struct governor *g, int64_t boot, const struct cvf_record *r)
{
	char skill[SKILL_SIZE];

	if (session_table_skill(g->store, boot, r->session, skill) < 0 || !skill[0])
		return json_null();
	return json_string(skill);
}

struct program {
	const struct cvf_record *record;
	json_t *to;
};

static void use_image(void *ctx, const struct image_row *row)
{
	struct program *p = ctx;
	const struct cvf_record *r = p->record;

	if (!r->exe.len)
		view_set(p->to, "exe", view_bytes(row->exe, row->exe_n));
	if (!r->args.len)
		view_set(p->to, "argv", record_args(row->args, row->args_n));
	if (!r->cwd.len)
		view_set(p->to, "cwd", view_bytes(row->cwd, row->cwd_n));
}

void record_program(struct governor *g, int64_t boot, const struct cvf_record *r, json_t *to)
{
	struct text exe = record_text(r, r->exe), cwd = record_text(r, r->cwd), args = record_text(r, r->args);
	struct program p = { r, to };

	view_set(to, "exe", exe.n ? view_bytes(exe.p, exe.n) : json_null());
	view_set(to, "argv", args.n ? record_args(args.p, args.n) : json_null());
	view_set(to, "cwd", cwd.n ? view_bytes(cwd.p, cwd.n) : json_null());
	if ((!exe.n || !cwd.n || !args.n) && image_table_use(g->store, boot, r->exec_id, use_image, &p) < 0)
		return; /* shown as null */
}

static json_t *hold_id(struct governor *g, int64_t boot, const struct cvf_record *r)
{
	char id[ULID_SIZE];

	if (!r->hold_no || hold_table_id(g->store, boot, r->hold_no, id) < 0 || !id[0])
		return json_null();
	return json_string(id);
}

/* The decision is what the risk asks for; records without an operation or a verdict have none. */
static void view_verdict(struct governor *g, const struct cvf_record *r, json_t *to)
{
	bool ran = (r->flags & CVF_REC_OBSERVED) && r->verdict;
	char room[64];

	view_set(to, "capability", view_text(record_capability(g, r, room, sizeof(room))));
	view_set(to, "risk", r->verdict ? json_string(risk_name(r->risk)) : json_null());
	view_set(to, "decision", r->verdict ? json_string(decision_name((enum policy_decision)r->risk)) : json_null());
	view_set(to, "verdict", view_text(ran ? "allow" : verdict_word(r->verdict)));
	view_set(to, "would", ran ? view_text(verdict_word(r->verdict)) : json_null());
	view_set(to, "mode", json_string(mode_words[r->mode]));
	view_set(to, "reason", r->reason ? json_string(reason_word(r->reason)) : json_null());
	view_set(to, "rule", view_text(numbers_table_name(g->numbers, NUMBER_RULE, r->rule)));
	view_set(to, "generation", json_integer((json_int_t)r->generation));
}

static void view_who(struct governor *g, const struct event_row *row, json_t *to)
{
	const struct cvf_record *r = row->record;

	view_set(to, "agent", view_text(numbers_table_name(g->numbers, NUMBER_AGENT, r->agent)));
	view_set(to, "session", record_session(g, row->boot, r));
	view_set(to, "skill", record_skill(g, row->boot, r));
	view_set(to, "pid", json_integer(r->pid));
	view_set(to, "ppid", json_integer(r->ppid));
	view_set(to, "tid", json_integer(r->tid));
	view_set(to, "uid", json_integer(r->uid));
	view_set(to, "comm", view_bytes(r->comm, strnlen(r->comm, sizeof(r->comm))));
	record_program(g, row->boot, r, to);
}

static void view_what(const struct cvf_record *r, json_t *to)
{
	struct text object2 = record_text(r, r->object2);
	bool has_place = has_address(r);

	view_set(to, "operation", view_text(r->op ? op_name(r->op) : NULL));
	view_set(to, "object", record_object(r));
	view_set(to, "object2", object2.n ? view_bytes(object2.p, object2.n) : json_null());
	view_set(to, "address", record_address(r));
	view_set(to, "port", has_place ? json_integer(r->port) : json_null());
	view_set(to, "protocol", has_place ? json_string(protocol_words[r->protocol]) : json_null());
	view_set(to, "target_pid", r->target_pid ? json_integer(r->target_pid) : json_null());
	view_set(to, "args_cut", json_boolean(r->flags & CVF_REC_ARGS_CUT));
	view_set(to, "redacted", json_boolean(r->flags & CVF_REC_REDACTED));
	view_set(to, "result", json_integer(r->result));
}

static int keep_record(void *ctx, const struct hold *h)
{
	memcpy(ctx, h->record, h->record->size);
	return 0;
}

/*
 * A hold whose task died ends with a record that names the question only: what was asked is what the hold says. Returns
 * the record to show; room is as large as any.
 */
static const struct cvf_record *with_question(struct governor *g, const struct event_row *row, struct cvf_record *room)
{
	const struct cvf_record *r = row->record;
	struct cvf_record head;

	if (r->kind != CVF_KIND_RESUME || r->op || !r->hold_no ||
	    hold_table_find_no(g->store, row->boot, r->hold_no, keep_record, room) <= 0)
		return r;
	memcpy(&head, r, CVF_RECORD_HEAD);
	room->kind = head.kind;
	room->flags = head.flags | (room->flags & (CVF_REC_ARGS_CUT | CVF_REC_TEXT_CUT | CVF_REC_REDACTED));
	room->cpu = head.cpu;
	room->ring = head.ring;
	room->seq = head.seq;
	room->time_ns = head.time_ns;
	room->verdict = head.verdict;
	room->reason = head.reason;
	room->result = head.result;
	return room;
}

json_t *event_view(struct governor *g, const struct event_row *listed)
{
	static struct cvf_record room;
	struct event_row completed = *listed;
	const struct event_row *row = &completed;
	const struct cvf_record *r;
	json_t *to = json_object();

	completed.record = r = with_question(g, listed, &room);
	view_set(to, "id", json_string(row->id));
	view_set(to, "seq", json_integer((json_int_t)r->seq));
	view_set(to, "cpu", json_integer(r->cpu));
	view_set(to, "ring", json_integer(r->ring));
	view_set(to, "kind", json_string(kind_words[r->kind]));
	view_set(to, "time", view_time(row->time_ms));
	view_who(g, row, to);
	view_what(r, to);
	view_verdict(g, r, to);
	view_set(to, "hold", hold_id(g, row->boot, r));
	view_set(to, "digest", r->digest ? view_hex(r->digest) : json_null());
	return to;
}

/* Copies of three paths and the arguments, each with its NUL. */
static int copy_texts(const struct cvf_record *r, struct question *q)
{
	struct text object = record_text(r, r->object), object2 = record_text(r, r->object2), args = record_text(r, r->args);
	struct text one;
	size_t off = 0, n = 0;
	char *to;

	q->texts = malloc(object.n + object2.n + args.n + 3);
	q->args = calloc(args.n + 1, sizeof(*q->args));
	if (!q->texts || !q->args)
		return -ENOMEM;
	q->query.object = to = q->texts;
	to = mempcpy(to, object.p, object.n);
	*to++ = 0;
	q->query.object2 = object2.n ? to : NULL;
	to = mempcpy(to, object2.p, object2.n);
	*to++ = 0;
	memcpy(to, args.p, args.n);
	to[args.n] = 0;
	while (record_args_next(args, &off, &one))
		q->args[n++] = to + (one.p - args.p);
	q->query.args = n ? q->args + 1 : q->args; /* argv[0] is no argument */
	q->query.args_count = n ? n - 1 : 0;
	return 0;
}

int question_of_record(struct governor *g, const struct cvf_record *r, time_t now, struct question *ret_question)
{
	struct question q = { .query = { .agent = numbers_table_name(g->numbers, NUMBER_AGENT, r->agent), .op = r->op,
					 .port = r->port, .protocol = r->protocol, .now = now } };
	int result;

	if (!q.query.agent || !r->op || (r->flags & (CVF_REC_ARGS_CUT | CVF_REC_TEXT_CUT | CVF_REC_REDACTED)))
		return -ENODATA;
	memcpy(q.query.address, r->address, sizeof(q.query.address));
	result = copy_texts(r, &q);
	if (result < 0) {
		question_done(&q);
		return result;
	}
	*ret_question = q;
	return 0;
}

int question_of_hold(struct governor *g, const struct cvf_record *r, time_t now, struct question *ret_question)
{
	const struct cvf_record *original = secrets_original(g, r);

	return original ? question_of_record(g, original, now, ret_question) : -ENODATA;
}

void question_done(struct question *q)
{
	free(q->texts);
	free(q->args);
	*q = (struct question){ 0 };
}
