// SPDX-License-Identifier: Apache-2.0
/* ocsf.c - see ocsf.h; reads `images` for what the acting program was, `holds` for what was asked, `marks` for which host it is */
#include "ocsf.h"

#include <arpa/inet.h>
#include <stdalign.h>
#include <string.h>
#include <sys/wait.h>

#include "core/event.h"
#include "entry.h"
#include "json/doc.h"

#define OCSF_VERSION "1.3.0"
#define OTHER 99
#define HOST_SIZE 80

/* Kinds of a file and of a resource of the kernel. */
#define FILE_UNKNOWN 0
#define FILE_SOCKET 5
#define KERNEL_SYSTEM_CALL 2
#define OS_LINUX 200

enum { CLASS_FILE = 1001, CLASS_KERNEL = 1003, CLASS_PROCESS = 1007, CLASS_NETWORK = 4001, CLASS_API = 6003 };

static const struct {
	int uid;
	const char *name, *category;
} classes[] = {
	{ CLASS_FILE, "File System Activity", "System Activity" },
	{ CLASS_KERNEL, "Kernel Activity", "System Activity" },
	{ CLASS_PROCESS, "Process Activity", "System Activity" },
	{ CLASS_NETWORK, "Network Activity", "Network Activity" },
	{ CLASS_API, "API Activity", "Application Activity" },
};

struct activity {
	int class, id;
	const char *name;
};

static const char *const op_names[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = name,
#include "cvf/ops.def"
#undef OP
};
static const enum cvf_domain op_domains[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = CVF_DOMAIN_##domain,
#include "cvf/ops.def"
#undef OP
};
static const char *const reason_words[CVF_REASON_MAX] = {
#define REASON(number, suffix, word, sentence) [number] = word,
#include "cvf/reasons.def"
#undef REASON
};

/* Operations that the framework has a name for. */
static const struct {
	int op;
	struct activity activity;
} known[] = {
	{ CVF_OP_EXEC, { CLASS_PROCESS, 1, "Launch" } },     { CVF_OP_READ, { CLASS_FILE, 2, "Read" } },
	{ CVF_OP_WRITE, { CLASS_FILE, 3, "Update" } },	     { CVF_OP_CREATE, { CLASS_FILE, 1, "Create" } },
	{ CVF_OP_DELETE, { CLASS_FILE, 4, "Delete" } },	     { CVF_OP_RENAME, { CLASS_FILE, 5, "Rename" } },
	{ CVF_OP_ATTR, { CLASS_FILE, 6, "Set Attributes" } }, { CVF_OP_TRUNCATE, { CLASS_FILE, 3, "Update" } },
	{ CVF_OP_MOUNT, { CLASS_FILE, 12, "Mount" } },	     { CVF_OP_CONNECT, { CLASS_NETWORK, 1, "Open" } },
	{ CVF_OP_SEND, { CLASS_NETWORK, 6, "Traffic" } },
};

/* The framework says: what it has no number for is 99, and its name is that of the source. */
static struct activity by_its_domain(const struct cvf_record *r)
{
	static const int by_domain[] = { [CVF_DOMAIN_FILE] = CLASS_FILE, [CVF_DOMAIN_EXEC] = CLASS_PROCESS,
					 [CVF_DOMAIN_NET] = CLASS_NETWORK, [CVF_DOMAIN_SYS] = CLASS_KERNEL };

	if (op_domains[r->op] == CVF_DOMAIN_SYS)
		return (struct activity){ CLASS_KERNEL, 4, "Invoke" };
	return (struct activity){ by_domain[op_domains[r->op]], OTHER, op_names[r->op] };
}

/* asked: the record that says what it was about, the same or that of the hold that it ends. */
static struct activity activity_of(const struct cvf_record *r, const struct cvf_record *asked)
{
	struct activity a = { .class = 0 };

	if (r->kind == CVF_KIND_EXEC)
		return (struct activity){ CLASS_PROCESS, 1, "Launch" };
	if (r->kind == CVF_KIND_EXIT)
		return (struct activity){ CLASS_PROCESS, 2, "Terminate" };
	if (!asked->op)
		return (struct activity){ CLASS_PROCESS, OTHER, r->kind == CVF_KIND_SESSION ? "session" : "resume" };
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].op == asked->op)
			a = known[i].activity;
	if (!a.class)
		a = by_its_domain(asked);
	if (a.class == CLASS_FILE && !asked->object.len) /* a file without a name is none */
		a = (struct activity){ CLASS_KERNEL, 4, "Invoke" };
	return a;
}

/* Bytes of the host: what is no UTF-8 is shown as \xNN, byte by byte. */
static json_t *bytes_view(const char *p, size_t n)
{
	json_t *whole = json_stringn(p, n), *shown;
	own_free char *text = whole ? NULL : malloc(4 * n + 1);
	size_t at = 0;

	if (whole || !text)
		return whole;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] < 0x80)
			text[at++] = p[i];
		else
			at += (size_t)sprintf(text + at, "\\x%02x", (unsigned char)p[i]);
	}
	shown = json_stringn(text, at);
	return shown;
}

static void set(json_t *to, const char *name, json_t *take)
{
	if (take)
		json_object_set_new(to, name, take);
}

static void set_text(json_t *to, const char *name, const char *text)
{
	if (text)
		set(to, name, json_string(text));
}

static json_t *file_view(const char *p, size_t n, int type)
{
	const char *slash = memrchr(p, '/', n);
	json_t *to = json_object();

	set(to, "path", bytes_view(p, n));
	set(to, "name", slash ? bytes_view(slash + 1, n - (size_t)(slash + 1 - p)) : bytes_view(p, n));
	json_object_set_new(to, "type_id", json_integer(type));
	return to;
}

static json_t *args_view(const char *args, size_t n)
{
	own_free char *line = malloc(n + 1);

	if (!line)
		return NULL;
	for (size_t i = 0; i < n; i++)
		line[i] = args[i] ? args[i] : ' ';
	return bytes_view(line, n ? n - 1 : 0);
}

static void set_program(json_t *to, struct blob exe, struct blob args)
{
	if (exe.n)
		json_object_set_new(to, "file", file_view(exe.p, exe.n, FILE_UNKNOWN));
	if (args.n)
		set(to, "cmd_line", args_view(args.p, args.n));
}

static int read_image(struct stmt *q, void *ctx)
{
	struct blob exe = stmt_col_blob(q), args = stmt_col_blob(q);

	set_program(ctx, exe, args);
	return 0;
}

/* What the record carries, else what its exec_id names. */
static json_t *process_view(struct store *s, const struct entry *e, const struct cvf_record *r)
{
	json_t *to = json_pack("{s:I, s:s}", "pid", (json_int_t)r->pid, "uid", "");
	char uid[64];
	struct stmt *q;

	snprintf(uid, sizeof(uid), "%lld-%u-%llu", (long long)e->boot, r->pid, (unsigned long long)r->start_ns);
	set_text(to, "uid", uid);
	set(to, "name", bytes_view(r->comm, strnlen(r->comm, sizeof(r->comm))));
	if (r->kind == CVF_KIND_EXEC) {
		struct text exe = record_text(r, r->exe), args = record_text(r, r->args);

		set_program(to, (struct blob){ exe.p, exe.n }, (struct blob){ args.p, args.n });
		return to;
	}
	q = stmt(s, "SELECT exe, args FROM images WHERE boot = ? AND exec_id = ?");
	stmt_int(q, e->boot);
	stmt_int(q, (int64_t)r->exec_id);
	(void)!stmt_one(q, read_image, to); /* without its name, where it is not known any more */
	return to;
}

/* The program that an exec asked for: it runs in the process that asked. */
static json_t *wanted_view(const struct cvf_record *asked, const char *uid)
{
	const struct text object = record_text(asked, asked->object), args = record_text(asked, asked->args);
	json_t *to = json_pack("{s:I, s:s}", "pid", (json_int_t)asked->pid, "uid", uid);

	set_program(to, (struct blob){ object.p, object.n }, (struct blob){ args.p, args.n });
	set(to, "name", json_incref(json_object_get(json_object_get(to, "file"), "name")));
	return to;
}

static void set_process(json_t *to, const struct cvf_record *r, const struct cvf_record *asked, json_t *actor)
{
	json_t *process = asked->op == CVF_OP_EXEC && r->kind != CVF_KIND_EXEC ?
		wanted_view(asked, json_string_value(json_object_get(actor, "uid"))) : json_incref(actor);

	json_object_set_new(to, "process", process);
	if (r->kind == CVF_KIND_EXIT && WIFEXITED(r->result))
		json_object_set_new(to, "exit_code", json_integer(WEXITSTATUS(r->result)));
}

static void set_object(json_t *to, const struct cvf_record *r, int class)
{
	const struct text object = record_text(r, r->object), object2 = record_text(r, r->object2);
	bool is_socket = r->op == CVF_OP_UNIX_CONNECT || r->op == CVF_OP_UNIX_SEND || r->op == CVF_OP_UNIX_BIND;
	int type = is_socket ? FILE_SOCKET : FILE_UNKNOWN;
	char address[INET6_ADDRSTRLEN];

	if (class == CLASS_FILE && object.n)
		json_object_set_new(to, "file", file_view(object.p, object.n, type));
	if (class == CLASS_FILE && object2.n)
		json_object_set_new(to, "file_result", file_view(object2.p, object2.n, type));
	if (class == CLASS_KERNEL)
		json_object_set_new(to, "kernel", json_pack("{s:s, s:i, s:s}", "name", op_names[r->op], "type_id", KERNEL_SYSTEM_CALL,
							    "type", "System Call"));
	if (class == CLASS_NETWORK && inet_ntop(AF_INET6, r->address, address, sizeof(address)))
		json_object_set_new(to, "dst_endpoint", json_pack("{s:s, s:i}", "ip", strncmp(address, "::ffff:", 7) == 0 ? address + 7 : address,
								  "port", (int)r->port));
}

/* ---- what all entries have ---- */

static const char *class_name(int uid, const char **ret_category)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		*ret_category = classes[i].category;
		if (classes[i].uid == uid)
			return classes[i].name;
	}
	return NULL;
}

static json_t *base_view(const struct entry *e, const struct activity *a, int severity)
{
	static const char *const severities[] = { "Unknown", "Informational", "Low", "Medium", "High", "Critical" };
	const char *category, *class = class_name(a->class, &category);

	return json_pack("{s:i, s:s, s:i, s:s, s:i, s:s, s:i, s:I, s:i, s:i, s:s, s:{s:s, s:s, s:I, s:{s:s, s:s, s:s}}}", "class_uid", a->class,
			 "class_name", class, "category_uid", a->class / 1000, "category_name", category, "activity_id", a->id,
			 "activity_name", a->name, "type_uid", a->class * 100 + a->id, "time", (json_int_t)e->time_ms,
			 "timezone_offset", 0, "severity_id", severity, "severity", severities[severity], "metadata", "version", OCSF_VERSION, "uid", e->id, "sequence",
			 (json_int_t)e->n, "product", "name", "CVF Enforcer", "vendor_name", "CVF", "version", CVF_VERSION);
}

static void set_status(json_t *to, bool is_success)
{
	json_object_set_new(to, "status_id", json_integer(is_success ? 1 : 2));
	json_object_set_new(to, "status", json_string(is_success ? "Success" : "Failure"));
}

struct outcome {
	int action;
	const char *action_name;
	int disposition;
	const char *disposition_name;
};

/* allow, deny, hold: as it was enforced. What waits is neither allowed nor denied, and 99 is none of the framework's actions. */
static struct outcome outcome_of(const struct cvf_record *r, int64_t verdict)
{
	if (verdict == CVF_VERDICT_HOLD)
		return (struct outcome){ 0, "Unknown", 14, "Delayed" };
	if (verdict == CVF_VERDICT_DENY)
		return (struct outcome){ 2, "Denied", 2, "Blocked" };
	if (r->kind == CVF_KIND_RESUME)
		return (struct outcome){ 1, "Allowed", 8, "Approved" };
	if (r->verdict != CVF_VERDICT_ALLOW) /* observed: it would not have been */
		return (struct outcome){ 1, "Allowed", 15, "Detected" };
	return (struct outcome){ 1, "Allowed", 1, "Allowed" };
}

/* Attributes of the framework's profile security_control; only of what was judged. */
static void set_verdict(json_t *to, const struct cvf_record *r, int64_t verdict)
{
	struct outcome o = outcome_of(r, verdict);
	json_t *profiles = json_pack("[s]", "host");

	if (verdict) {
		json_array_append_new(profiles, json_string("security_control"));
		json_object_set_new(to, "action_id", json_integer(o.action));
		json_object_set_new(to, "action", json_string(o.action_name));
		json_object_set_new(to, "disposition_id", json_integer(o.disposition));
		json_object_set_new(to, "disposition", json_string(o.disposition_name));
	}
	json_object_set_new(json_object_get(to, "metadata"), "profiles", profiles);
	if (verdict == CVF_VERDICT_ALLOW || verdict == CVF_VERDICT_DENY)
		set_status(to, verdict == CVF_VERDICT_ALLOW);
}

static int read_mark(struct stmt *q, void *ctx)
{
	snprintf(ctx, HOST_SIZE, "%s", stmt_col_text(q));
	return 0;
}

static void set_mark(struct store *s, json_t *to, const char *name, const char *mark)
{
	struct stmt *q = stmt(s, "SELECT value FROM marks WHERE name = ?");
	char value[HOST_SIZE];

	stmt_text(q, mark);
	if (stmt_one(q, read_mark, value) > 0)
		set_text(to, name, value);
}

/* Which host the store is of, as its governor has put down; a copy may be read anywhere. */
static json_t *host_view(struct store *s)
{
	json_t *to = json_pack("{s:i, s:s, s:{s:s, s:i}}", "type_id", 0, "type", "Unknown", "os", "name", "Linux", "type_id", OS_LINUX);

	set_mark(s, to, "uid", MARK_HOST_ID);
	set_mark(s, to, "hostname", MARK_HOST_NAME);
	if (!json_object_get(to, "uid") && !json_object_get(to, "hostname"))
		set_text(to, "name", "unknown");
	return to;
}

/* Of the end of a hold whose record says only that: the record of the hold, where it is still known. */
static const struct cvf_record *what_was_asked(struct store *s, const struct entry *e, const struct cvf_record *r)
{
	static alignas(8) char copy[sizeof(struct cvf_record)];
	const struct cvf_record *asked = r;
	struct blob held;
	struct stmt *q;

	if (r->kind != CVF_KIND_RESUME || r->object.len || !r->hold_no)
		return r;
	q = stmt(s, "SELECT record FROM holds WHERE boot = ? AND hold_no = ?");
	stmt_int(q, e->boot);
	stmt_int(q, (int64_t)r->hold_no);
	if (stmt_row(q) <= 0)
		return r;
	held = stmt_col_blob(q);
	if (held.n <= sizeof(copy) && record_check(memcpy(copy, held.p, held.n), held.n) == RECORD_OK)
		asked = (const void *)copy;
	stmt_end(q);
	return asked;
}

static json_t *own_view(const struct names *names, const struct entry *e, const struct cvf_record *r)
{
	static const char *const risks[] = { "LOW", "MEDIUM", "HIGH", "CRITICAL" };
	static const char *const verdicts[] = { NULL, "allow", "deny", "hold" };
	json_t *to = json_object();
	char digest[17];

	set_text(to, "agent", names_find(names, NAME_AGENT, r->agent));
	set_text(to, "capability", names_find(names, NAME_CAPABILITY, r->capability));
	set_text(to, "rule", names_find(names, NAME_RULE, r->rule));
	set_text(to, "operation", op_names[r->op]);
	set_text(to, "risk", risks[r->risk]);
	set_text(to, "verdict", verdicts[r->verdict]);
	set_text(to, "reason", reason_words[r->reason]);
	json_object_set_new(to, "session", json_integer(r->session));
	json_object_set_new(to, "generation", json_integer((json_int_t)r->generation));
	json_object_set_new(to, "observed", json_boolean(r->flags & CVF_REC_OBSERVED));
	json_object_set_new(to, "redacted", json_boolean(r->flags & CVF_REC_REDACTED));
	snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)r->digest);
	if (r->digest)
		set_text(to, "digest", digest);
	if (r->hold_no)
		json_object_set_new(to, "hold_no", json_integer((json_int_t)r->hold_no));
	if (e->has_seal)
		set(to, "seal", hex_view(e->seal.p, e->seal.n));
	return to;
}

static json_t *event_view(struct store *s, const struct names *names, const struct entry *e, const struct cvf_record *r)
{
	const struct cvf_record *asked = what_was_asked(s, e, r);
	struct activity a = activity_of(r, asked);
	static const int severities[] = { 1, 2, 4, 5 };
	json_t *to = base_view(e, &a, severities[r->risk]), *own = own_view(names, e, r), *process = process_view(s, e, r);
	char uid[16];

	snprintf(uid, sizeof(uid), "%u", r->uid);
	set_verdict(to, r, e->verdict);
	set_object(to, asked, a.class);
	if (a.class == CLASS_PROCESS)
		set_process(to, r, asked, process);
	json_object_set_new(to, "actor", json_pack("{s:o, s:{s:s}}", "process", process, "user", "uid", uid));
	set_text(json_object_get(to, "actor"), "app_name", names_find(names, NAME_AGENT, r->agent));
	json_object_set_new(to, "device", host_view(s));
	set_text(own, "boot", names_find(names, NAME_BOOT, e->boot));
	set(own, "hash", hex_view(e->hash.p, e->hash.n));
	json_object_set_new(to, "unmapped", json_pack("{s:o}", "cvf", own));
	return to;
}

/* ---- acts ---- */

static const struct {
	const char *kind;
	int id;
	const char *name;
} act_activities[] = {
	{ "asked", 1, "Create" },   { "grant", 1, "Create" },	{ "key", 1, "Create" },	      { "declared", 3, "Update" },
	{ "decided", 3, "Update" }, { "consent", 3, "Update" }, { "generation", 3, "Update" }, { "kept", 3, "Update" },
	{ "token", 1, "Create" },   { "token-revoked", 4, "Delete" },
	{ "factor", 1, "Create" },  { "factor-used", 3, "Update" }, { "factor-failed", 3, "Update" },
	{ "factor-unlocked", 3, "Update" }, { "factor-removed", 4, "Delete" },
	{ "glass", 1, "Create" },   { "reviewed", 3, "Update" }, { "lent", 1, "Create" }, { "lent-ended", 4, "Delete" },
	{ "frozen", 3, "Update" },   { "thawed", 3, "Update" },
	{ "pruned", 4, "Delete" },  { "grant-ended", 4, "Delete" },
};

static json_t *act_view(struct store *s, const struct names *names, const struct entry *e)
{
	struct activity a = { CLASS_API, OTHER, e->kind };
	json_t *body = json_loads(e->body, 0, NULL), *to, *own;
	const char *by = json_string_value(json_object_get(body, "by"));

	for (size_t i = 0; i < ARRAY_SIZE(act_activities); i++)
		if (strcmp(act_activities[i].kind, e->kind) == 0)
			a = (struct activity){ CLASS_API, act_activities[i].id, act_activities[i].name };
	to = base_view(e, &a, 1);
	set_status(to, true);
	json_object_set_new(to, "actor", json_pack("{s:{s:s}}", "user", "name", by ? by : "cvfd-govern"));
	json_object_set_new(to, "api", json_pack("{s:s}", "operation", e->kind));
	json_object_set_new(to, "src_endpoint", host_view(s));
	own = json_pack("{s:s, s:o}", "act", e->kind, "body", body ? body : json_null());
	set_text(own, "boot", names_find(names, NAME_BOOT, e->boot));
	set(own, "hash", hex_view(e->hash.p, e->hash.n));
	json_object_set_new(to, "unmapped", json_pack("{s:o}", "cvf", own));
	return to;
}

json_t *ocsf_view(struct store *s, const struct names *names, const struct entry *e)
{
	const struct cvf_record *r = e->is_act ? NULL : entry_record(e);

	if (e->is_act)
		return act_view(s, names, e);
	return r ? event_view(s, names, e, r) : NULL;
}
