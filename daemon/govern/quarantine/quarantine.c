// SPDX-License-Identifier: Apache-2.0
/* quarantine.c - see quarantine.h */
#include "quarantine.h"

#include <string.h>

#include "core/event.h"
#include "core/log.h"
#include "peer.h"

#define PURGES_PER_LOOK 64
#define LOOK_TICKS 60 /* seconds between looks at what is too old or too much */

/* A hold that waits for nothing but being kept: the record is copied, the transaction it came with is not over. */
struct waiting {
	struct waiting *next;
	struct cvf_record *record;
};

struct quarantine {
	struct quarantine_peer peer;
	struct waiting *first, **end;
	unsigned int ticks;
};

static void waiting_free(struct waiting *w)
{
	free(w->record);
	free(w);
}

int quarantine_open(struct governor *g, struct quarantine **ret_quarantine)
{
	struct quarantine *q = calloc(1, sizeof(*q));
	int r = q ? peer_open(&q->peer, g->places.run) : -ENOMEM;

	if (r < 0) {
		quarantine_free(q);
		return r;
	}
	q->end = &q->first;
	q->ticks = LOOK_TICKS - 1;
	*ret_quarantine = q;
	return 0;
}

void quarantine_free(struct quarantine *q)
{
	if (!q)
		return;
	while (q->first) {
		struct waiting *w = q->first;

		q->first = w->next;
		waiting_free(w);
	}
	peer_close(&q->peer);
	free(q);
}

const char *quarantine_problem(struct governor *g)
{
	return peer_dial(&g->quarantine->peer) == 0 ? NULL : "cvfd-quarantine does not run: what must be kept first cannot be deleted";
}

/* Beyond a limit of how often, an approval is about going on; the kernel asks for each object then. */
bool quarantine_is_due(const struct cvf_record *r)
{
	return r->cell_flags & CVF_CELL_KEEP && !(r->cell_flags & CVF_CELL_OVER);
}

/* ---- one transaction of one step ---- */

static int end_step(struct governor *g, int r)
{
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

static int note_begun(struct governor *g, const struct kept *k)
{
	int r = store_begin(g->store, STORE_BATCH);

	return end_step(g, r < 0 ? r : kept_table_add(g->store, k));
}

static int note_kept(struct governor *g, const char *id, const struct quarantine_reply *reply)
{
	int r = store_begin(g->store, STORE_BATCH);

	return end_step(g, r < 0 ? r : kept_table_set_kept(g->store, id, reply));
}

static int note_dropped(struct governor *g, const char *id)
{
	int r = store_begin(g->store, STORE_BATCH);

	return end_step(g, r < 0 ? r : kept_table_drop(g->store, id));
}

static int note_ended(struct governor *g, const char *id, enum kept_state state, const char *by)
{
	int r = store_begin(g->store, STORE_BATCH);

	return end_step(g, r < 0 ? r : kept_table_end(g->store, id, state, by, clock_utc_ms()));
}

/* ---- keeping ---- */

struct known {
	char id[ULID_SIZE];
	enum kept_state state;
};

static int copy_known(void *ctx, const struct kept *k)
{
	struct known *known = ctx;

	memcpy(known->id, k->id, sizeof(known->id));
	known->state = k->state;
	return 0;
}

/* What goes: of a rename the new name, else the object. */
static struct text object_of(const struct cvf_record *r)
{
	return record_text(r, r->op == CVF_OP_RENAME ? r->object2 : r->object);
}

static int begin(struct governor *g, const struct cvf_record *r, struct known *ret_known)
{
	struct kept k = { .boot = g->boot, .hold_no = r->hold_no, .agent = r->agent, .session = r->session,
			  .capability = r->capability, .op = (enum cvf_op)r->op, .object = object_of(r),
			  .kept_ms = clock_utc_ms(), .device = r->device };
	int found = kept_table_find_hold(g->store, g->boot, r->hold_no, copy_known, ret_known);

	if (found)
		return found < 0 ? found : 0;
	ulid_next(&g->ids, (uint64_t)k.kept_ms, k.id);
	ret_known->state = KEPT_BEGUN;
	memcpy(ret_known->id, k.id, sizeof(ret_known->id));
	return note_begun(g, &k);
}

static int ask_to_keep(struct governor *g, const struct cvf_record *r, const char *id, struct quarantine_reply *ret_reply)
{
	static struct quarantine_ask ask;
	struct text object = object_of(r);

	if (!object.n || object.n > CVF_PATH_MAX)
		return -ENAMETOOLONG;
	ask = (struct quarantine_ask){ .type = QUARANTINE_KEEP, .pid = r->pid, .inode = r->inode, .device = r->device,
				       .path_len = (uint32_t)object.n, .copy_max = g->settings.quarantine_copy_bytes };
	memcpy(ask.path, object.p, object.n);
	strcpy(ask.id, id);
	return peer_ask(&g->quarantine->peer, &ask, ret_reply);
}

/* Wherever it lies, if it does. */
static int purge_unknown(struct governor *g, const char *id, uint32_t device)
{
	static struct quarantine_ask ask;
	static struct quarantine_reply reply;

	ask = (struct quarantine_ask){ .type = QUARANTINE_PURGE, .device = device };
	strcpy(ask.id, id);
	return peer_ask(&g->quarantine->peer, &ask, &reply);
}

static int try_another_id(struct governor *g, const struct cvf_record *r, struct known *known, struct quarantine_reply *ret_reply)
{
	int result = purge_unknown(g, known->id, r->device);

	if (result == 0)
		result = note_dropped(g, known->id);
	if (result == 0)
		result = begin(g, r, known);
	return result < 0 ? result : ask_to_keep(g, r, known->id, ret_reply);
}

int quarantine_keep(struct governor *g, const struct cvf_record *r)
{
	static struct quarantine_reply reply;
	struct known known;
	int result = begin(g, r, &known);

	if (result < 0 || known.state != KEPT_BEGUN)
		return result;
	result = ask_to_keep(g, r, known.id, &reply);
	if (result == -EEXIST) /* kept before a crash that came before it was noted */
		result = try_another_id(g, r, &known, &reply);
	if (result == 0)
		result = note_kept(g, known.id, &reply);
	else if (note_dropped(g, known.id) < 0)
		log_debug("kept %s: the row stays until the next boot", known.id);
	if (result < 0)
		log_warning("%.*s cannot be kept in quarantine (%s): its %s is refused", (int)object_of(r).n, object_of(r).p,
			    strerror(-result), op_name((enum cvf_op)r->op));
	return result;
}

int quarantine_on_hold(struct governor *g, const struct cvf_record *r)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w)
		w->record = malloc(r->size);
	if (!w || !w->record) {
		free(w);
		return -ENOMEM;
	}
	memcpy(w->record, r, r->size);
	*g->quarantine->end = w;
	g->quarantine->end = &w->next;
	return 0;
}

static int answer(struct governor *g, const struct cvf_record *r, bool is_kept)
{
	const struct wire_answer message = { .digest = r->digest, .hold_no = r->hold_no,
					     .answer = is_kept ? CVF_VERDICT_ALLOW : CVF_VERDICT_DENY,
					     .reason = is_kept ? CVF_REASON_KEEP : CVF_REASON_NOT_KEPT };
	struct wire_reply reply;

	return link_call(g->link, WIRE_ANSWER, &message, -1, &reply);
}

void quarantine_after_commit(struct governor *g)
{
	struct quarantine *q = g->quarantine;

	while (q->first) {
		struct waiting *w = q->first;

		q->first = w->next;
		if (!q->first)
			q->end = &q->first;
		/* An answer that does not arrive: what waits is listed again when cvfd is back. */
		if (answer(g, w->record, quarantine_keep(g, w->record) == 0) < 0)
			log_debug("hold %llu: the answer was not taken", (unsigned long long)w->record->hold_no);
		waiting_free(w);
	}
}

/* ---- afterwards ---- */

static int copy_kept(void *ctx, const struct kept *k)
{
	struct kept *to = ctx;

	*to = *k;
	to->object = (struct text){ 0 };
	return 0;
}

static int find_kept(struct governor *g, const char *id, struct kept *ret_kept)
{
	int r = kept_table_find(g->store, id, copy_kept, ret_kept);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return ret_kept->state == KEPT_KEPT || ret_kept->state == KEPT_LOST ? 0 : -EALREADY;
}

static int ask_about(struct governor *g, const struct kept *k, enum quarantine_type type)
{
	static struct quarantine_ask ask;
	static struct quarantine_reply reply;

	ask = (struct quarantine_ask){ .type = type, .device = k->device };
	strcpy(ask.id, k->id);
	strcpy(ask.store, k->store);
	return peer_ask(&g->quarantine->peer, &ask, &reply);
}

static int end_kept(struct governor *g, const char *id, enum quarantine_type type, enum kept_state state, const char *by)
{
	static struct kept k;
	int r = find_kept(g, id, &k);

	if (r == 0)
		r = ask_about(g, &k, type);
	if (r == 0)
		r = note_ended(g, id, state, by) < 0 ? -EIO : 0;
	return r;
}

int quarantine_restore(struct governor *g, const char *id, const char *by)
{
	return end_kept(g, id, QUARANTINE_RESTORE, KEPT_RESTORED, by);
}

int quarantine_purge(struct governor *g, const char *id, const char *by)
{
	return end_kept(g, id, QUARANTINE_PURGE, KEPT_PURGED, by);
}

struct too_much {
	int64_t before_ms;
	uint64_t bytes, most;
	char ids[PURGES_PER_LOOK][ULID_SIZE];
	size_t n;
};

static int collect_too_much(void *ctx, const struct kept *k)
{
	struct too_much *t = ctx;

	if (k->kept_ms >= t->before_ms && t->bytes <= t->most)
		return 1;
	t->bytes -= k->size < t->bytes ? k->size : t->bytes;
	memcpy(t->ids[t->n++], k->id, ULID_SIZE);
	return 0;
}

/* Whether there may be more to purge. */
static bool purge_too_much(struct governor *g)
{
	struct too_much t = { .before_ms = clock_age_ms() - g->settings.quarantine_age_s * 1000,
			      .most = g->settings.quarantine_bytes };

	if (kept_table_bytes(g->store, &t.bytes) < 0 || kept_table_each_oldest(g->store, PURGES_PER_LOOK, collect_too_much, &t) < 0)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		int r = quarantine_purge(g, t.ids[i], "retention");

		if (r == -ENODEV)
			r = note_ended(g, t.ids[i], KEPT_LOST, "retention");
		if (r < 0) {
			log_warning("kept %s is due to be purged: %s; tried again in a minute", t.ids[i], strerror(-r));
			return false;
		}
	}
	return t.n == PURGES_PER_LOOK;
}

struct begun {
	struct {
		char id[ULID_SIZE];
		uint32_t device;
	} v[PURGES_PER_LOOK];
	size_t n;
};

static int collect_begun(void *ctx, const struct kept *k)
{
	struct begun *b = ctx;

	memcpy(b->v[b->n].id, k->id, ULID_SIZE);
	b->v[b->n++].device = k->device;
	return 0;
}

/* What was being kept when the host went down. */
static void purge_begun(struct governor *g)
{
	struct begun b = { .n = 0 };

	if (kept_table_each_begun(g->store, g->boot, PURGES_PER_LOOK, collect_begun, &b) < 0)
		return;
	for (size_t i = 0; i < b.n; i++) {
		int r = purge_unknown(g, b.v[i].id, b.v[i].device);

		if (r == -EHOSTDOWN || note_dropped(g, b.v[i].id) < 0)
			return;
	}
}

void quarantine_tick(struct governor *g)
{
	struct quarantine *q = g->quarantine;

	if (++q->ticks < LOOK_TICKS)
		return;
	q->ticks = purge_too_much(g) ? LOOK_TICKS - 1 : 0;
	purge_begun(g);
}
