// SPDX-License-Identifier: Apache-2.0
/*
 * fake_pour.c - many records, as fast as the governor acknowledges them: what a busy host does, in a fixed order
 *
 * Sixteen records are made once and only numbered, stamped and given a file of their own when they are sent, so that making
 * them costs the machine little beside storing them.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fake.h"

#define KINDS 16
#define SESSIONS 8
#define CAPABILITIES 5	/* that the tests declare */
#define WINDOW (FAKE_BATCHES - 2)

/* Of sixteen: ten files, three connections, a refusal, a program and its end. */
static const struct fake_op ops[KINDS] = {
#define FILE_OP(o, name) { .op = CVF_OP_##o, .object = "/home/dev/work/service/src/" name "-00000000", .verdict = CVF_VERDICT_ALLOW }
#define CONNECT { .op = CVF_OP_CONNECT, .port = 443, .address = { [10] = 0xff, 0xff, 10, 1, 2, 3 }, .verdict = CVF_VERDICT_ALLOW }
	FILE_OP(WRITE, "main.c"), FILE_OP(CREATE, "cache/object"), FILE_OP(WRITE, "table"), FILE_OP(RENAME, "index.tmp"), CONNECT,
	FILE_OP(WRITE, "log/today"), FILE_OP(DELETE, "cache/object"), FILE_OP(WRITE, "main.h"), FILE_OP(CREATE, "lock"), CONNECT,
	{ .op = CVF_OP_EXEC, .object = "/usr/bin/gcc-00000000" },
	FILE_OP(WRITE, "build/x.o"), FILE_OP(DELETE, "lock"), CONNECT,
	{ .op = CVF_OP_WRITE, .object = "/etc/cron.d/job-00000000", .verdict = CVF_VERDICT_DENY },
	{ .op = CVF_OP_NONE },
#undef FILE_OP
#undef CONNECT
};
static struct cvf_record records[KINDS];
static uint64_t poured;

static void prepare(struct fake *f)
{
	static char *const args[] = { "gcc", "-O2", "-Wall", "-Iinclude", "-c", "src/main.c", "-o", "build/main.o" };

	for (int i = 0; i < KINDS; i++) {
		struct fake_op op = ops[i];
		bool is_program = op.op == CVF_OP_EXEC || op.op == CVF_OP_NONE;

		op.agent = 1;
		op.capability = 1 + (uint32_t)i % CAPABILITIES;
		op.pid = 5000;
		op.risk = CVF_R1;
		op.ring = op.verdict == CVF_VERDICT_DENY ? CVF_RING_VERDICT : CVF_RING_EVENT;
		op.reason = op.verdict == CVF_VERDICT_DENY ? CVF_REASON_OUT_OF_SCOPE : CVF_REASON_IN_SCOPE;
		op.args = args;
		op.args_count = op.op == CVF_OP_EXEC ? sizeof(args) / sizeof(args[0]) : 0;
		fake_fill(f, &records[i], &op, !is_program ? CVF_KIND_VERDICT : op.op ? CVF_KIND_EXEC : CVF_KIND_EXIT);
	}
}

static void number_object(struct cvf_record *r, uint64_t n)
{
	struct cvf_span span = r->object.len ? r->object : r->exe;
	char digits[9];

	if (span.len < 9)
		return;
	snprintf(digits, sizeof(digits), "%08llu", (unsigned long long)n % 100000000);
	memcpy(r->text + span.off + span.len - 8, digits, 8);
}

/* A program and its end are of one process, which is the eighth session's or the first's in turn. */
static void pour_one(struct fake *f, uint64_t now_ns)
{
	struct cvf_record *r = &records[poured % KINDS];
	uint32_t turn = (uint32_t)(poured / KINDS);

	r->cpu = (uint32_t)(poured / 64) % FAKE_CPUS;
	r->time_ns = now_ns;
	r->session = 1 + turn % SESSIONS;
	r->pid = r->tid = 5000 + turn % 30000;
	r->start_ns = 1000 + turn;
	if (r->kind == CVF_KIND_EXEC)
		f->exec_id++;
	r->exec_id = f->exec_id;
	number_object(r, poured++);
	fake_emit(f, r);
	f->pour--;
}

static bool has_room(const struct fake *f)
{
	int n = 0;

	for (const struct fake_batch *b = f->first; b; b = b->next)
		n++;
	return n < WINDOW;
}

void fake_pour(struct fake *f)
{
	struct timespec ts;
	bool was_pouring = f->pour;

	if (f->pour && !records[0].kind)
		prepare(f);
	clock_gettime(CLOCK_BOOTTIME, &ts);
	while (f->pour && has_room(f))
		pour_one(f, (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec);
	if (was_pouring && !f->pour)
		fake_flush(f);
}
