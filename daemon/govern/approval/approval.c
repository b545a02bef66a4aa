// SPDX-License-Identifier: Apache-2.0
/* approval.c - see approval.h: arriving, reconciling, expiring */
#include "approval.h"

#include <sodium.h>
#include <string.h>

#include "answer.h"
#include "core/event.h"
#include "core/log.h"
#include "grant.h"
#include "grant_table.h"
#include "govern/audit/secrets.h"
#include "govern/quarantine/quarantine.h"
#include "govern/registry/uses.h"

#define ASK_AGAIN_TICKS 15	/* seconds between looks at conditions of time */

int approvals_open(struct governor *g, struct approvals **ret_approvals)
{
	struct approvals *a = calloc(1, sizeof(*a));

	(void)g;
	if (!a)
		return -ENOMEM;
	*ret_approvals = a;
	return 0;
}

void approvals_free(struct approvals *a)
{
	if (a) {
		hold_list_done(&a->known);
		free(a->met);
	}
	free(a);
}

bool approval_needs_human(const struct hold *h)
{
	/* Without CVF_CELL_ASK the flag means CRITICAL; with it, a condition that no grant may answer. */
	return h->record->risk >= CVF_R3 || (h->cell_flags & (CVF_CELL_NO_GRANT | CVF_CELL_ASK)) == CVF_CELL_NO_GRANT;
}

bool approval_leaves_no_grant(const struct hold *h)
{
	return (h->cell_flags & CVF_CELL_NO_GRANT) || approval_needs_human(h);
}

bool approval_same_question(const struct hold *a, const struct hold *b)
{
	return a->question == b->question;
}

/* What a grant for the agent would cover, asked by the same program of the same user in the same directory. R3: itself alone. */
uint64_t approval_question(const struct cvf_record *r)
{
	const uint64_t numbers[] = { r->agent, r->uid, r->grant_agent,
				     r->grant_agent && r->risk < CVF_R3 && !(r->cell_flags & CVF_CELL_NO_GRANT) ? 0 : r->hold_no };
	const struct text exe = record_text(r, r->exe), cwd = record_text(r, r->cwd);
	crypto_generichash_state state;
	uint8_t hash[crypto_generichash_BYTES_MIN];
	uint64_t question;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, (const uint8_t *)numbers, sizeof(numbers));
	crypto_generichash_update(&state, (const uint8_t *)exe.p, exe.n);
	crypto_generichash_update(&state, (const uint8_t *)"", 1);
	crypto_generichash_update(&state, (const uint8_t *)cwd.p, cwd.n);
	crypto_generichash_final(&state, hash, sizeof(hash));
	memcpy(&question, hash, sizeof(question));
	return question;
}

static struct hold hold_of_record(struct governor *g, const struct cvf_record *r)
{
	struct hold h = { .boot = g->boot, .hold_no = r->hold_no, .digest = r->digest, .grant_session = r->grant_session,
			  .grant_agent = r->grant_agent, .question = approval_question(r), .agent = r->agent, .session = r->session,
			  .cell_flags = r->cell_flags, .expires_ns = r->expires_ns, .record = r };

	if (!h.expires_ns)
		h.expires_ns = r->time_ns + (uint64_t)CVF_HOLD_TIMEOUT_S * 1000000000u;
	if (r->risk >= CVF_R3)
		h.cell_flags |= CVF_CELL_NO_GRANT;
	h.requested_ms = clock_utc_of_boot(r->time_ns);
	h.expires_ms = clock_utc_of_boot(h.expires_ns);
	return h;
}

int approval_on_hold(struct governor *g, const struct cvf_record *r)
{
	struct hold h = hold_of_record(g, r);
	int result;

	if (!r->hold_no || !r->digest)
		return 0; /* an observed agent: nothing waits */
	if (r->reason == CVF_REASON_KEEP)
		return quarantine_on_hold(g, r);
	ulid_next(&g->ids, (uint64_t)clock_utc_ms(), h.id);
	result = hold_table_add(g->store, &h);
	if (result > 0 && !*g->approvals->news)
		strcpy(g->approvals->news, h.id);
	return result < 0 ? result : 0;
}

static enum hold_state state_of_end(const struct cvf_record *r)
{
	if (r->reason == CVF_REASON_ABANDONED)
		return HOLD_ABANDONED;
	if (r->reason == CVF_REASON_TIMEOUT)
		return HOLD_EXPIRED;
	return r->verdict == CVF_VERDICT_ALLOW ? HOLD_APPROVED : HOLD_DENIED;
}

/* It ran: so says the kernel, whatever the row was made to say meanwhile. */
static int note_released(struct governor *g, const struct hold *h, enum cvf_reason reason)
{
	struct hold ran = *h;
	int r;

	ran.state = HOLD_APPROVED;
	ran.answer = CVF_VERDICT_ALLOW;
	ran.reason = reason;
	r = hold_table_overrule(g->store, &ran);
	return r < 0 ? r : hold_table_set_state(g->store, h->id, HOLD_APPROVED);
}

/*
 * Decided here, and the kernel says how it ended. That the answer went out may not have been noted, while the store could
 * not be written: sent again it met nobody, and the hold looked as if its task had died before.
 */
static int note_end(struct governor *g, const struct hold *h, const struct cvf_record *r)
{
	bool died = r->reason == CVF_REASON_ABANDONED && h->state == HOLD_APPROVED;
	bool ran = r->verdict == CVF_VERDICT_ALLOW && h->answer == CVF_VERDICT_ALLOW && h->state == HOLD_ABANDONED;

	if (r->verdict == CVF_VERDICT_ALLOW && h->answer != CVF_VERDICT_ALLOW)
		return note_released(g, h, r->reason);
	if (died || ran)
		return hold_table_set_state(g->store, h->id, died ? HOLD_ABANDONED : HOLD_APPROVED);
	return h->is_answered ? 0 : hold_table_set_answered(g->store, h->id);
}

/* The kernel says how a hold ended: believed for holds that nobody decided here, and when the task died before its answer. */
int approval_on_resume(struct governor *g, const struct cvf_record *r, int64_t time_ms)
{
	struct hold h = { 0 };
	int result = hold_copy_no(g, r->hold_no, &h);

	if (r->verdict == CVF_VERDICT_ALLOW)
		uses_note(g, r->agent, r->capability);
	if (result <= 0)
		return result;
	if (h.state != HOLD_PENDING)
		return note_end(g, &h, r);
	h.state = state_of_end(r);
	h.reason = r->reason;
	h.answer = r->verdict <= CVF_VERDICT_HOLD ? r->verdict : CVF_VERDICT_NONE;
	h.is_answered = true;
	h.decided_ms = time_ms;
	strcpy(h.decided_by, "kernel");
	result = hold_table_decide(g->store, &h);
	return result < 0 ? result : 0;
}

int approval_on_granted(struct governor *g, const struct cvf_record *r, int64_t time_ms)
{
	if (!r->grant_agent && !r->grant_session)
		return 0;
	return grant_table_use(g->store, g->boot, r->grant_agent, r->grant_session, time_ms);
}

int approval_on_session_end(struct governor *g, uint32_t session)
{
	return grant_on_session_end(g, session);
}

static int collect(void *ctx, const struct hold *h)
{
	return hold_list_add(ctx, h);
}

static int pending(struct governor *g, const char *from, struct hold_list *to)
{
	struct hold_filter f = { .boot = g->boot, .from = from, .limit = INT64_MAX };

	return hold_table_each(g->store, &f, collect, to);
}

/* Judges what waits again, from this hold on (NULL: all); what the rules of now or a grant decide is answered at once. */
static int judge_again(struct governor *g, const char *from, bool conditions_only)
{
	struct hold_list list = { 0 };
	int r = pending(g, from, &list);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (!conditions_only || (list.v[i].cell_flags & CVF_CELL_ASK))
			r = answer_by_rule(g, &list.v[i]);
	hold_list_done(&list);
	if (r < 0 && !link_is_closed(g->link))
		log_error("what waits for approval could not be judged again: %s; it stays held and is tried again", strerror(-r));
	return r;
}

void approval_on_policy(struct governor *g)
{
	(void)judge_again(g, NULL, false);
}

void approval_after_commit(struct governor *g)
{
	char from[ULID_SIZE];

	quarantine_after_commit(g);
	if (!*g->approvals->news)
		return;
	/* What waited before was judged when it came, and nothing else has changed. */
	strcpy(from, g->approvals->news);
	*g->approvals->news = '\0';
	if (judge_again(g, from, false) < 0)
		strcpy(g->approvals->news, from);
}

static int abandon_old(struct governor *g)
{
	int r = store_begin(g->store, STORE_BATCH);

	if (r == 0)
		r = hold_table_abandon_others(g->store, g->boot, clock_utc_ms());
	if (r == 0)
		r = grant_table_end_others(g->store, g->boot);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

int approval_start(struct governor *g)
{
	int r = abandon_old(g);

	if (r == 0)
		r = pending(g, NULL, &g->approvals->known);
	if (r == 0)
		r = grant_send_lost(g);
	return r < 0 ? r : link_ask_holds(g->link);
}

static void strike(struct hold_list *known, uint64_t hold_no)
{
	for (size_t i = 0; i < known->n; i++)
		if (known->v[i].hold_no == hold_no)
			known->v[i].hold_no = 0;
}

/* Decided, but the kernel still waits: the answer was lost with the process that should have sent it. */
static int set_due(struct governor *g, const struct cvf_record *r)
{
	struct hold h;
	int result = hold_copy_no(g, r->hold_no, &h);

	if (result <= 0 || h.state == HOLD_PENDING || h.answer == CVF_VERDICT_NONE)
		return result < 0 ? result : 0;
	return hold_table_set_due(g->store, h.id);
}

/* The kernel lists a hold as it was before it was numbered for a ring. */
static enum record_fault check_listed(const struct packet *p, struct cvf_record *r)
{
	if (p->tail_size > sizeof(*r))
		return RECORD_SIZE;
	memcpy(r, p->tail, p->tail_size);
	if (p->tail_size >= CVF_RECORD_HEAD && !r->seq)
		r->seq = 1;
	return record_check(r, p->tail_size);
}

void approval_on_listed(struct governor *g, const struct packet *p)
{
	static struct cvf_record record;
	const struct cvf_record *r = &record;
	enum record_fault fault = check_listed(p, &record);
	int result;

	if (fault || r->kind != CVF_KIND_HOLD || !r->hold_no) {
		log_error("the enforcer listed a hold that is malformed (%s): it cannot be answered", record_fault_text(fault));
		return;
	}
	strike(&g->approvals->known, r->hold_no);
	result = store_begin(g->store, STORE_BATCH);
	if (result == 0)
		result = approval_on_hold(g, secrets_hide(g, r));
	if (result == 0)
		result = set_due(g, r);
	if (result == 0)
		result = store_commit(g->store);
	if (result < 0) {
		store_rollback(g->store);
		log_error("a held operation could not be stored: %s; it stays held", strerror(-result));
	}
}

static int end_gone(struct governor *g, const struct hold *h)
{
	bool late = h->expires_ns <= clock_boot_ns(); /* the enforcer refuses what nobody answers */
	struct hold gone = *h;
	int r;

	gone.state = late ? HOLD_EXPIRED : HOLD_ABANDONED;
	gone.reason = late ? CVF_REASON_TIMEOUT : CVF_REASON_ABANDONED;
	gone.is_answered = true;
	gone.decided_ms = clock_utc_ms();
	strcpy(gone.decided_by, "kernel");
	r = hold_table_decide(g->store, &gone);
	return r < 0 ? r : 0;
}

/* Holds that were pending and are not on cvfd's list ended while nobody looked. */
void approval_on_listed_end(struct governor *g)
{
	struct hold_list *known = &g->approvals->known;
	int r = store_begin(g->store, STORE_BATCH);

	for (size_t i = 0; r == 0 && i < known->n; i++)
		if (known->v[i].hold_no)
			r = end_gone(g, &known->v[i]);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	hold_list_done(known);
	approval_after_commit(g);
	approval_tick(g);
}

static void expire(struct governor *g)
{
	struct decision d = { .answer = CVF_VERDICT_DENY, .by = "timeout" };
	struct hold_list list = { 0 };
	uint64_t now = clock_boot_ns();
	int r = pending(g, NULL, &list);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (list.v[i].expires_ns <= now)
			r = answer_one(g, &list.v[i], HOLD_EXPIRED, CVF_REASON_TIMEOUT, &d);
	hold_list_done(&list);
}

static bool is_expiry_due(struct governor *g)
{
	int64_t count;
	uint64_t next;

	return hold_table_pending(g->store, g->boot, &count, &next) == 0 && count && next && next <= clock_boot_ns();
}

void approval_tick(struct governor *g)
{
	struct approvals *a = g->approvals;

	grant_tick(g);
	if (*a->news)
		approval_after_commit(g);
	if (is_expiry_due(g))
		expire(g);
	if (++a->ticks % ASK_AGAIN_TICKS == 0)
		(void)judge_again(g, NULL, true);
	if (answer_send_due(g) < 0)
		return; /* said where it failed; tried again in a second */
}
