// SPDX-License-Identifier: Apache-2.0
/* intake.c - see intake.h */
#include "intake.h"

#include <string.h>

#include "core/event.h"
#include "core/log.h"
#include "event_table.h"
#include "gap_table.h"
#include "govern/agent/image_table.h"
#include "govern/agent/session_table.h"
#include "govern/approval/approval.h"
#include "govern/metric/metric.h"
#include "govern/registry/numbers_table.h"
#include "secrets.h"
#include "sequence.h"
#include "stream.h"
#include "trail.h"

#define SETTLE_TICKS 3 /* seconds between looks at how far the kernel has numbered */
#define SESSIONS_KNOWN 256

struct ring {
	uint32_t cpu, number;
	struct sequence sequence;
	bool is_changed;
};

struct intake {
	struct governor *g;
	struct packet *first, **end;
	size_t bytes;
	struct ring *rings;
	size_t rings_count;
	uint32_t sessions[SESSIONS_KNOWN];	/* by number mod so many: has its row, which need not be looked for again */
	unsigned int ticks;
	bool was_behind;	/* when last looked at, the kernel had numbered more than was accounted for */
};

static void forget_rings(struct intake *i)
{
	for (size_t k = 0; k < i->rings_count; k++)
		sequence_done(&i->rings[k].sequence);
	free(i->rings);
	i->rings = NULL;
	i->rings_count = 0;
}

void intake_free(struct intake *i)
{
	if (!i)
		return;
	while (i->first) {
		struct packet *p = i->first;

		i->first = p->next;
		free(p);
	}
	forget_rings(i);
	free(i);
}

void intake_push(struct intake *i, struct packet *take)
{
	take->next = NULL;
	*i->end = take;
	i->end = &take->next;
	i->bytes += take->size;
}

int intake_is_full(const struct intake *i)
{
	return i->bytes > INTAKE_BYTES_MAX ? -ENOBUFS : 0;
}

uint64_t intake_recorded(const struct intake *i)
{
	return (uint64_t)trail_events(i->g->trail);
}

int64_t intake_head(const struct intake *i)
{
	return trail_position(i->g->trail);
}

static int on_stored_seq(void *ctx, uint64_t seq)
{
	return sequence_take(ctx, seq, clock_boot_ms());
}

/* What the store knows of a ring: how far it is complete, and what lies beyond the first hole. */
static int load_ring(struct intake *i, struct ring *ring)
{
	struct ring_row key = { .boot = i->g->boot, .cpu = ring->cpu, .ring = ring->number };
	uint64_t next;
	int r = ring_table_next(i->g->store, &key, &next);

	if (r < 0)
		return r;
	ring->sequence.next = next ? next : 1;
	return event_table_each_seq(i->g->store, key.boot, key.cpu, key.ring, ring->sequence.next, on_stored_seq,
				    &ring->sequence);
}

static int find_ring(struct intake *i, uint32_t cpu, uint32_t number, struct ring **ret_ring)
{
	struct ring one = { .cpu = cpu, .number = number }, *grown;
	int r;

	for (size_t k = 0; k < i->rings_count; k++) {
		*ret_ring = &i->rings[k];
		if (i->rings[k].cpu == cpu && i->rings[k].number == number)
			return 0;
	}
	r = load_ring(i, &one);
	grown = r < 0 ? NULL : reallocarray(i->rings, i->rings_count + 1, sizeof(*grown));
	if (!grown) {
		sequence_done(&one.sequence);
		return r < 0 ? r : -ENOMEM;
	}
	i->rings = grown;
	grown[i->rings_count] = one;
	*ret_ring = &grown[i->rings_count++];
	return 0;
}

static int on_known_ring(void *ctx, const struct ring_row *row)
{
	struct ring *ring;

	return find_ring(ctx, row->cpu, row->ring, &ring);
}

int intake_open(struct governor *g, struct intake **ret_intake)
{
	struct intake *i = calloc(1, sizeof(*i));
	int r;

	if (!i)
		return -ENOMEM;
	i->g = g;
	i->end = &i->first;
	r = ring_table_each(g->store, g->boot, on_known_ring, i);
	if (r < 0) {
		intake_free(i);
		return r;
	}
	*ret_intake = i;
	return 0;
}

/* Perhaps its gap was declared already. */
static int count_late(struct intake *i, const struct ring_row *key, uint64_t seq)
{
	int64_t found_ms;
	int r = gap_table_fill(i->g->store, key, seq, &found_ms);

	return r > 0 ? metric_on_lost(i->g, -1, found_ms) : r;
}

static int count_seq(struct intake *i, const struct cvf_record *rec)
{
	struct ring_row key = { .boot = i->g->boot, .cpu = rec->cpu, .ring = rec->ring };
	struct ring *ring;
	int r = find_ring(i, rec->cpu, rec->ring, &ring);

	if (r == 0)
		r = sequence_take(&ring->sequence, rec->seq, clock_boot_ms());
	if (r < 0)
		return r;
	ring->is_changed = true;
	return r ? 0 : count_late(i, &key, rec->seq);
}

/* What a record means beside being an event. */
static int note_session(struct intake *i, const struct cvf_record *rec, int64_t time_ms)
{
	struct governor *g = i->g;
	struct session_new s = { .boot = g->boot, .number = rec->session, .agent = rec->agent, .began_ms = time_ms };
	uint32_t *known = &i->sessions[rec->session % SESSIONS_KNOWN];
	char id[ULID_SIZE];
	int r;

	if (!rec->session)
		return 0;
	r = *known == rec->session ? 0 : session_table_get(g->store, &g->ids, &s, id);
	if (r == 0)
		*known = rec->session;
	if (r == 0 && rec->kind == CVF_KIND_SESSION && !rec->result) {
		r = session_table_end(g->store, g->boot, rec->session, time_ms);
		if (r == 0)
			r = approval_on_session_end(g, rec->session);
	}
	return r;
}

/* A hold may end because a grant came to cover it: that is a use of the grant too. */
static int note_resume(struct governor *g, const struct cvf_record *rec, int64_t time_ms)
{
	int r = approval_on_resume(g, rec, time_ms);

	if (r == 0 && rec->reason == CVF_REASON_GRANTED)
		r = approval_on_granted(g, rec, time_ms);
	return r;
}

static int note_kind(struct governor *g, const struct cvf_record *rec, int64_t time_ms)
{
	switch (rec->kind) {
	case CVF_KIND_EXEC:
		return image_table_begin(g->store, g->boot, rec, time_ms);
	case CVF_KIND_EXIT:
		return image_table_end(g->store, g->boot, rec);
	case CVF_KIND_HOLD:
		return approval_on_hold(g, rec);
	case CVF_KIND_RESUME:
		return note_resume(g, rec, time_ms);
	case CVF_KIND_VERDICT:
		return rec->reason == CVF_REASON_GRANTED ? approval_on_granted(g, rec, time_ms) : 0;
	default:
		return 0;
	}
}

/* rec: as it is stored; was: as it came. */
static int add_event(struct intake *i, const struct cvf_record *rec, const struct cvf_record *was, int64_t time_ms)
{
	struct governor *g = i->g;
	bool ran = (rec->flags & CVF_REC_OBSERVED) && rec->verdict;
	const struct text args = record_text(was, was->args);
	uint8_t before[CHAIN_BYTES], hash[CHAIN_BYTES], seal[CHAIN_BYTES];
	char id[ULID_SIZE];
	struct chain_link link = {
		.id = id,
		.boot_id = g->boot_id,
		.time_ms = time_ms,
		.agent = numbers_table_name(g->numbers, NUMBER_AGENT, rec->agent),
		.capability = numbers_table_name(g->numbers, NUMBER_CAPABILITY, rec->capability),
		.rule = numbers_table_name(g->numbers, NUMBER_RULE, rec->rule),
		.record = rec,
		.record_size = rec->size,
	};
	struct event_row row = { .id = id, .boot = g->boot, .time_ms = time_ms, .record = rec, .hash = hash };
	int r = trail_here(g->trail, &row.n, before);

	if (r < 0)
		return r;
	ulid_next(&g->ids, (uint64_t)clock_utc_ms(), id);
	if (rec != was && secrets_seal(g, id, args.p, args.n, seal) == 0)
		link.seal = row.seal = seal;
	chain_hash(before, &link, hash);
	r = event_table_add(g->store, &row, ran ? CVF_VERDICT_ALLOW : rec->verdict);
	if (r > 0 && trail_took(g->trail, hash) < 0)
		return -EIO;
	return r;
}

static int store_record(struct intake *i, const struct cvf_record *rec)
{
	int64_t time_ms = clock_utc_of_boot(rec->time_ns);
	const struct cvf_record *kept = secrets_hide(i->g, rec);
	int r = add_event(i, kept, rec, time_ms);

	if (r <= 0)
		return r; /* 0: sent twice, because an ACK was lost */
	r = count_seq(i, rec);
	if (r == 0)
		r = note_session(i, rec, time_ms);
	if (r == 0)
		r = note_kind(i->g, kept, time_ms);
	return r < 0 ? r : metric_on_record(i->g, rec, time_ms);
}

static int store_packet(struct intake *i, const struct packet *p, size_t *count)
{
	const struct cvf_record *rec;
	enum record_fault fault;
	size_t off = 0;
	int r;

	while ((r = records_next(p->tail, p->tail_size, &off, &rec, &fault))) {
		if (r > 0)
			r = store_record(i, rec);
		else if (i->g->records_bad++ % 1000 == 0)
			log_error("the enforcer sent a malformed record (%s); it is left out and shows as a gap",
				  record_fault_text(fault));
		if (r < 0 && r != -EBADMSG)
			return r;
		++*count;
	}
	return 0;
}

/* Holes that stood long enough, and how far each changed ring is complete. */
static int store_rings(struct intake *i)
{
	int64_t boot_ms = clock_boot_ms(), now_ms = clock_utc_ms();
	int r = 0;

	for (size_t k = 0; k < i->rings_count && r == 0; k++) {
		struct ring *ring = &i->rings[k];
		struct ring_row row = { .boot = i->g->boot, .cpu = ring->cpu, .ring = ring->number };
		uint64_t first, last;
		char id[ULID_SIZE];

		while (r == 0 && sequence_hole(&ring->sequence, boot_ms, &first, &last)) {
			ulid_next(&i->g->ids, (uint64_t)now_ms, id);
			r = gap_table_add(i->g->store, id, &row, first, last, now_ms);
			if (r == 0)
				r = metric_on_lost(i->g, (int64_t)(last - first + 1), now_ms);
			ring->is_changed = true;
		}
		row.next = ring->sequence.next;
		if (r == 0 && ring->is_changed)
			r = ring_table_put(i->g->store, &row);
	}
	return r;
}

static void undo(struct intake *i)
{
	store_rollback(i->g->store);
	memset(i->sessions, 0, sizeof(i->sessions));
	forget_rings(i); /* loaded again from the store when needed */
	metric_undo(i->g);
}

static int commit(struct intake *i)
{
	int r = store_rings(i);

	if (r == 0)
		r = metric_before_commit(i->g);
	if (r == 0)
		r = store_commit(i->g->store);
	if (r == 0)
		metric_after_commit(i->g);
	for (size_t k = 0; r == 0 && k < i->rings_count; k++)
		i->rings[k].is_changed = false;
	return r;
}

/* One transaction: *ret_last is the last packet in it. */
static int store_some(struct intake *i, struct packet **ret_last)
{
	size_t count = 0;
	int r = store_begin(i->g->store, STORE_BATCH);

	for (struct packet *p = i->first; r == 0 && p && count < INTAKE_RECORDS; p = p->next) {
		r = store_packet(i, p, &count);
		*ret_last = p;
	}
	if (r == 0)
		r = commit(i);
	if (r < 0)
		undo(i);
	return r;
}

static uint64_t drop_through(struct intake *i, const struct packet *last)
{
	uint64_t batch = ((const struct wire_records *)packet_fixed(last))->batch;
	struct packet *p;

	do {
		p = i->first;
		i->first = p->next;
		i->bytes -= p->size;
		if (p == last)
			last = NULL;
		free(p);
	} while (last);
	if (!i->first)
		i->end = &i->first;
	return batch;
}

int intake_flush(struct governor *g)
{
	struct intake *i = g->intake;
	int r = 0;

	while (r == 0 && i->first) {
		struct packet *last = NULL;

		r = store_some(i, &last);
		if (r == 0) {
			r = link_ack(g->link, drop_through(i, last));
			trail_tick(g->trail);
			streams_wake(g);
			approval_after_commit(g);
		}
	}
	return r;
}

static uint64_t accounted(const struct sequence *s)
{
	uint64_t n = s->next - 1;

	for (size_t i = 0; i < s->ahead_count; i++)
		n += s->ahead[i].last - s->ahead[i].first + 1;
	return n;
}

uint64_t intake_unseen(const struct intake *i, const struct wire_status *status)
{
	uint64_t numbered = status->seq[0] + status->seq[1], n = 0;

	for (size_t k = 0; k < i->rings_count; k++)
		n += accounted(&i->rings[k].sequence);
	return numbered > n ? numbered - n : 0;
}

/*
 * Nothing follows what a CPU lost last, so no number shows the hole. When all that a ring has numbered is seen, declared
 * missing or counted by the kernel as lost, nothing is on its way, and what is open is what was lost.
 */
static int settle_ring(struct intake *i, uint32_t cpu, uint32_t number)
{
	struct wire_sequence asked = { .cpu = cpu, .ring = number };
	struct ring_row key = { .boot = i->g->boot, .cpu = cpu, .ring = number };
	struct wire_reply now;
	struct ring *ring;
	uint64_t declared, open;
	int r = link_call(i->g->link, WIRE_SEQUENCE, &asked, -1, &now);

	if (r == 0)
		r = now.error;
	if (r < 0 || !now.value)
		return r;
	r = find_ring(i, cpu, number, &ring);
	if (r == 0)
		r = gap_table_declared(i->g->store, &key, &declared);
	if (r < 0)
		return r;
	open = sequence_open(&ring->sequence, now.value);
	if (open && declared + open == now.value2)
		ring->sequence.settled = now.value;
	return 0;
}

/* Tried again at the next look, should cvfd or the store have failed. */
static void settle(struct intake *i)
{
	struct wire_status status;
	bool is_behind;
	int r = link_status(i->g->link, &status);

	if (r < 0)
		return;
	is_behind = intake_unseen(i, &status) > 0;
	for (uint32_t k = 0; is_behind && i->was_behind && r == 0 && k < 2 * status.cpus; k++)
		r = settle_ring(i, k / 2, k % 2);
	i->was_behind = is_behind;
}

static bool has_holes(const struct intake *i)
{
	for (size_t k = 0; k < i->rings_count; k++)
		if (i->rings[k].sequence.ahead_count || i->rings[k].sequence.settled >= i->rings[k].sequence.next)
			return true;
	return false;
}

int intake_tick(struct governor *g)
{
	struct intake *i = g->intake;
	int r;

	if (++i->ticks % SETTLE_TICKS == 0)
		settle(i);
	if (!has_holes(i))
		return 0;
	r = store_begin(g->store, STORE_BATCH);
	if (r == 0)
		r = commit(i);
	if (r < 0)
		undo(i);
	return r;
}
