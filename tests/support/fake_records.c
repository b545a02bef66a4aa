// SPDX-License-Identifier: Apache-2.0
/* fake_records.c - records, verdicts and holds of the fake enforcer */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/image.h"
#include "fake.h"
#include "policy/policy.h"

#define ALIGN8(n) (((n) + 7u) & ~7u)

static uint64_t boot_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* FNV-1a: equal questions give equal digests, that is all the fake needs. */
static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	for (const unsigned char *c = p; n--; c++)
		h = (h ^ *c) * 0x100000001b3ull;
	return h;
}

static void add_text(struct cvf_record *r, struct cvf_span *span, const char *p, size_t n)
{
	span->off = (uint16_t)r->text_len;
	span->len = (uint16_t)n;
	memcpy(r->text + r->text_len, p, n);
	r->text_len += (uint32_t)n;
}

static void fill_texts(struct cvf_record *r, const struct fake_op *op, enum cvf_kind kind)
{
	struct cvf_span one;
	uint32_t start;

	if (kind == CVF_KIND_EXEC)
		add_text(r, &r->exe, op->object, strlen(op->object));
	else if (op->object)
		add_text(r, &r->object, op->object, strlen(op->object));
	if (op->object2)
		add_text(r, &r->object2, op->object2, strlen(op->object2));
	start = r->text_len;
	for (size_t i = 0; i < op->args_count; i++) {
		add_text(r, &one, op->args[i], strlen(op->args[i]) + 1);
		if (i > 0)
			r->args_total += one.len;
		r->args_count = (uint32_t)i;
	}
	r->args = (struct cvf_span){ (uint16_t)start, (uint16_t)(r->text_len - start) };
	if (kind == CVF_KIND_HOLD || kind == CVF_KIND_EXEC)
		add_text(r, &r->cwd, "/home/dev", 9);
	if (kind == CVF_KIND_HOLD)
		add_text(r, &r->exe, "/usr/bin/bash", 13);
}

static void fill_digests(struct cvf_record *r)
{
	uint64_t h = mix(0xcbf29ce484222325ull, &r->op, sizeof(r->op));

	h = mix(h, r->text + r->object.off, r->object.len);
	h = mix(h, r->text + r->object2.off, r->object2.len);
	h = mix(h, r->text + r->args.off, r->args.len);
	h = mix(h, r->address, sizeof(r->address));
	r->grant_agent = mix(h, &r->agent, sizeof(r->agent));
	r->grant_session = mix(r->grant_agent, &r->session, sizeof(r->session));
	r->digest = mix(r->grant_session, &r->tid, sizeof(r->tid));
}

void fake_fill(struct fake *f, struct cvf_record *r, const struct fake_op *op, enum cvf_kind kind)
{
	*r = (struct cvf_record){ .kind = (uint16_t)kind, .flags = op->flags, .cpu = op->cpu % FAKE_CPUS, .ring = op->ring & 1,
				  .time_ns = boot_ns(), .generation = f->generation, .agent = op->agent, .session = op->session,
				  .pid = op->pid, .tid = op->pid, .ppid = 1, .uid = op->uid, .start_ns = 1000 + op->pid,
				  .exec_id = op->exec_id, .op = (uint16_t)op->op, .verdict = op->verdict, .reason = op->reason,
				  .risk = op->risk, .mode = op->mode, .cell_flags = op->cell_flags, .capability = op->capability,
				  .rule = op->rule, .hold_no = op->hold_no, .result = op->result, .port = op->port,
				  .comm = "fake" };
	memcpy(r->address, op->address, sizeof(r->address));
	if (op->port)
		r->family = AF_INET;
	fill_texts(r, op, kind);
	if (op->op)
		fill_digests(r);
	r->size = CVF_RECORD_HEAD + r->text_len;
}

void fake_emit(struct fake *f, struct cvf_record *r)
{
	if (f->pending_bytes + ALIGN8(r->size) > sizeof(f->pending))
		fake_flush(f);
	r->seq = ++f->seq[r->cpu][r->ring];
	memset(f->pending + f->pending_bytes, 0, ALIGN8(r->size));
	memcpy(f->pending + f->pending_bytes, r, r->size);
	f->pending_bytes += ALIGN8(r->size);
	f->pending_count++;
}

void fake_record(struct fake *f, const struct fake_op *op, enum cvf_kind kind)
{
	static struct cvf_record r;

	fake_fill(f, &r, op, kind);
	fake_emit(f, &r);
}

struct fake_hold *fake_find(struct fake *f, uint64_t hold_no)
{
	for (int i = 0; i < FAKE_HOLDS; i++)
		if (f->holds[i].is_used && f->holds[i].record.hold_no == hold_no)
			return &f->holds[i];
	return NULL;
}

static bool is_granted(struct fake *f, const struct cvf_record *r)
{
	for (size_t i = 0; i < sizeof(f->grants) / sizeof(f->grants[0]); i++) {
		struct fake_grant *g = &f->grants[i];

		if (!g->digest || (g->digest != r->grant_agent && g->digest != r->grant_session))
			continue;
		if ((g->expires_ns && g->expires_ns <= boot_ns()) || !g->uses)
			continue;
		if (g->uses != CVF_USES_UNLIMITED)
			g->uses--;
		return true;
	}
	return false;
}

void fake_ask(struct fake *f, struct fake_op *op)
{
	static struct cvf_record r;
	struct fake_hold *h = f->holds;

	op->ring = CVF_RING_VERDICT;
	op->verdict = CVF_VERDICT_HOLD;
	op->hold_no = f->hold_no + 1;
	fake_fill(f, &r, op, CVF_KIND_HOLD);
	if (!(op->cell_flags & CVF_CELL_NO_GRANT) && is_granted(f, &r)) {
		r.kind = CVF_KIND_VERDICT;
		r.verdict = CVF_VERDICT_ALLOW;
		r.reason = CVF_REASON_GRANTED;
		r.hold_no = 0;
		fake_emit(f, &r);
		say("verdict allow reason %u", r.reason);
		return;
	}
	while (h < f->holds + FAKE_HOLDS && h->is_used)
		h++;
	if (h == f->holds + FAKE_HOLDS)
		return;
	f->hold_no++;
	r.expires_ns = r.time_ns + 1000000000ull * (op->timeout_s ? op->timeout_s : CVF_HOLD_TIMEOUT_S);
	*h = (struct fake_hold){ .is_used = true, .record = r };
	fake_emit(f, &r);
	say("verdict hold %llu digest %lld", (unsigned long long)r.hold_no, (long long)r.digest);
}

void fake_resume(struct fake *f, struct fake_hold *h, enum cvf_verdict verdict, enum cvf_reason reason)
{
	struct cvf_record *r = &h->record;

	h->is_used = false;
	r->kind = CVF_KIND_RESUME;
	r->time_ns = boot_ns();
	r->verdict = (uint8_t)verdict;
	r->reason = (uint8_t)reason;
	fake_emit(f, r);
	fake_flush(f);
}

static const struct cvf_cell *judge(struct fake *f, const struct fake_op *op, uint32_t *ret_cell)
{
	struct query q = { .op = op->op, .object = op->object ? op->object : "", .object2 = op->object2, .port = op->port,
			   .args = (const char *const *)op->args + (op->args_count > 0),
			   .args_count = op->args_count ? op->args_count - 1 : 0 };
	const struct cvf_cell *cells;
	size_t n;

	memcpy(q.address, op->address, sizeof(q.address));
	cells = image_section(f->image, CVF_SECTION_CELL, &n);
	*ret_cell = image_judge(f->image, op->agent, &q);
	return &cells[*ret_cell];
}

static struct cvf_agent agent_of(const struct fake *f, uint32_t agent)
{
	size_t n;
	const struct cvf_image_agent *v = image_section(f->image, CVF_SECTION_AGENT, &n);

	for (size_t i = 0; i < n; i++)
		if (v[i].agent == agent)
			return v[i].value;
	return (struct cvf_agent){ .mode = CVF_MODE_ENFORCE };
}

/* As the kernel does: by cell, and where agents share a row by agent, too. */
static void count(struct fake *f, uint32_t cell, uint32_t agent)
{
	size_t i = 0;

	while (i < f->counts_count && (f->counts[i].cell != cell || f->counts[i].agent != agent))
		i++;
	if (i == FAKE_COUNTS)
		return;
	if (i == f->counts_count)
		f->counts[f->counts_count++] = (struct wire_count){ .cell = cell, .agent = agent };
	f->counts[i].value++;
}

void fake_do(struct fake *f, struct fake_op *op)
{
	static const char *const words[] = { "none", "allow", "deny", "hold" };
	const struct cvf_cell *cell;
	uint32_t number;

	if (!f->image) {
		say("verdict none: no image");
		return;
	}
	cell = judge(f, op, &number);
	count(f, number, agent_of(f, op->agent).shared ? op->agent : 0);
	op->risk = cell->risk;
	op->cell_flags = cell->flags;
	op->reason = cell->reason;
	op->capability = cell->capability;
	op->rule = cell->rule;
	op->verdict = cell->action;
	op->mode = agent_of(f, op->agent).mode;
	if (!op->timeout_s)
		op->timeout_s = cell->timeout_s;
	if (op->mode == CVF_MODE_ENFORCE && cell->action == CVF_VERDICT_HOLD) {
		fake_ask(f, op);
		return;
	}
	if (op->mode != CVF_MODE_ENFORCE && cell->action != CVF_VERDICT_ALLOW)
		op->flags |= CVF_REC_OBSERVED;
	op->ring = cell->action == CVF_VERDICT_ALLOW ? CVF_RING_EVENT : CVF_RING_VERDICT;
	if (cell->action != CVF_VERDICT_ALLOW || (cell->flags & CVF_CELL_RECORD))
		fake_record(f, op, CVF_KIND_VERDICT);
	say("verdict %s reason %u", words[op->mode == CVF_MODE_ENFORCE ? cell->action : CVF_VERDICT_ALLOW], cell->reason);
}
