// SPDX-License-Identifier: Apache-2.0
/* test_govern_approval.c - holds and grants against a peer that answers as cvfd does, or does not */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "../support/governor.h"
#include "../support/temp.h"
#include "govern/approval/grant.h"
#include "store/stmt.h"

/* The other end of the link: answers every request with what the test set, and keeps what it was asked. */
struct peer_thread {
	pthread_t thread;
	int fd;
	int error;
	uint64_t value;
	struct {
		uint16_t type;
		union {
			struct wire_answer answer;
			struct wire_grant grant;
		};
		int64_t decided;	/* rows of the hold that were decided when the request came, seen by another connection */
	} asked[64];
	size_t asked_count;
	const char *database;
};

struct fixture {
	char *dir, *path;
	struct governor *g;
	struct peer_thread peer;
};

static int64_t decided_rows(const char *database)
{
	struct store_options o = { .path = database, .migrations = store_migrations, .migrations_count = store_migrations_count };
	struct store *s = NULL;
	int64_t n = -1;
	struct stmt *q;

	if (store_open(&o, &s) < 0)
		return -1;
	q = stmt(s, "SELECT COUNT(*) FROM holds WHERE state <> 0");
	if (stmt_row(q) == 1)
		n = stmt_col_int(q);
	stmt_end(q);
	store_close(s);
	return n;
}

static void *answer_requests(void *ctx)
{
	struct peer_thread *p = ctx;
	char buffer[4096] __attribute__((aligned(8)));
	const struct wire_head *head = (const void *)buffer;

	while (recv(p->fd, buffer, sizeof(buffer), 0) > 0) {
		struct {
			struct wire_head head;
			struct wire_reply reply;
		} out = { { sizeof(out), WIRE_REPLY, 0, head->id, 0 }, { .error = p->error, .value = p->value } };

		if (p->asked_count < 64) {
			p->asked[p->asked_count].type = head->type;
			memcpy(&p->asked[p->asked_count].answer, head + 1, sizeof(struct wire_answer));
			p->asked[p->asked_count++].decided = decided_rows(p->database);
		}
		if (send(p->fd, &out, sizeof(out), MSG_NOSIGNAL) < 0)
			break;
	}
	return NULL;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = temp_make();
	f->path = temp_path(f->dir, "cvf.db");
	f->g = governor_make(f->path);
	f->peer.value = 1;
	f->peer.database = f->path;
	governor_link(f->g, &f->peer.fd);
	pthread_create(&f->peer.thread, NULL, answer_requests, &f->peer);
	*state = f;
	return 0;
}

static void hang_up(struct fixture *f)
{
	if (f->peer.fd < 0)
		return;
	shutdown(f->peer.fd, SHUT_RDWR);
	pthread_join(f->peer.thread, NULL);
	close(f->peer.fd);
	f->peer.fd = -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	hang_up(f);
	governor_free(f->g);
	temp_remove(f->dir);
	free(f->path);
	free(f);
	return 0;
}

static void hear(struct fixture *f, const struct cvf_record *r)
{
	assert_int_equal(store_begin(f->g->store, STORE_BATCH), 0);
	assert_int_equal(approval_on_hold(f->g, r), 0);
	assert_int_equal(store_commit(f->g->store), 0);
}

static void hold(struct fixture *f, uint64_t hold_no, uint32_t pid, char id[ULID_SIZE])
{
	struct cvf_record r = record_hold(hold_no, pid);

	hear(f, &r);
	assert_int_equal(hold_table_id(f->g->store, f->g->boot, hold_no, id), 0);
	assert_int_not_equal(id[0], 0);
}

static int keep_state(void *ctx, const struct hold *h)
{
	*(enum hold_state *)ctx = h->state;
	return 0;
}

static enum hold_state state_of(struct fixture *f, const char *id)
{
	enum hold_state state = HOLD_STATE_MAX;

	assert_int_equal(hold_table_find(f->g->store, id, keep_state, &state), 1);
	return state;
}

static const struct decision once = { .answer = CVF_VERDICT_ALLOW, .by = "alice", .scope = "once" };

static void test_the_decision_is_stored_before_the_answer_is_sent(void **state)
{
	struct fixture *f = *state;
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), 0);
	assert_int_equal(resumed, 1);
	assert_int_equal(f->peer.asked_count, 1);
	assert_int_equal(f->peer.asked[0].type, WIRE_ANSWER);
	assert_int_equal(f->peer.asked[0].answer.digest, 1010);
	assert_int_equal(f->peer.asked[0].answer.hold_no, 1);
	assert_int_equal(f->peer.asked[0].answer.answer, CVF_VERDICT_ALLOW);
	assert_int_equal(f->peer.asked[0].answer.reason, CVF_REASON_APPROVED);
	assert_int_equal(f->peer.asked[0].decided, 1); /* another process sees it already */
}

static void test_a_hold_heard_twice_is_one(void **state)
{
	struct fixture *f = *state;
	struct cvf_record r = record_hold(1, 10);
	int64_t pending;
	uint64_t next;

	hear(f, &r);
	hear(f, &r);
	assert_int_equal(hold_table_pending(f->g->store, f->g->boot, &pending, &next), 0);
	assert_int_equal(pending, 1);
	assert_int_equal(next, r.expires_ns);
}

static void test_nothing_is_sent_when_nothing_can_be_stored(void **state)
{
	struct fixture *f = *state;
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	strcpy(f->g->store_problem, "database or disk is full");
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), -EIO);
	assert_int_equal(f->peer.asked_count, 0);
	assert_int_equal(state_of(f, id), HOLD_PENDING);
	f->g->store_problem[0] = 0;
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), 0);
}

static void test_an_answer_that_meets_nobody_is_no_approval(void **state)
{
	struct fixture *f = *state;
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	f->peer.value = 0;
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), -ESRCH);
	assert_int_equal(state_of(f, id), HOLD_ABANDONED);
	hold(f, 2, 11, id);
	f->peer.error = -ESTALE;
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), -ESRCH);
	assert_int_equal(state_of(f, id), HOLD_ABANDONED);
}

static void test_an_answer_that_was_not_taken_is_sent_again(void **state)
{
	struct fixture *f = *state;
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	f->peer.error = -ENOMEM;
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), -ENOMEM);
	assert_int_equal(state_of(f, id), HOLD_APPROVED);
	f->peer.error = 0;
	approval_tick(f->g);
	assert_int_equal(f->peer.asked_count, 2);
	approval_tick(f->g);
	assert_int_equal(f->peer.asked_count, 2);
}

static int count_one(void *ctx, const struct hold *h)
{
	(void)h;
	++*(int *)ctx;
	return 0;
}

static int unanswered(struct fixture *f)
{
	int n = 0;

	assert_int_equal(hold_table_each_unanswered(f->g->store, f->g->boot, count_one, &n), 0);
	return n;
}

/* Its row says so with the record of the task's going on, or else at the next tick; it is not sent again. */
static void test_an_answer_that_met_its_task_is_noted_later(void **state)
{
	struct fixture *f = *state;
	struct cvf_record r = record_hold(1, 10);
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), 0);
	assert_int_equal(unanswered(f), 1);
	r.kind = CVF_KIND_RESUME;
	r.verdict = CVF_VERDICT_ALLOW;
	r.reason = CVF_REASON_APPROVED;
	assert_int_equal(store_begin(f->g->store, STORE_BATCH), 0);
	assert_int_equal(approval_on_resume(f->g, &r, 1), 0);
	assert_int_equal(store_commit(f->g->store), 0);
	assert_int_equal(unanswered(f), 0);
	assert_int_equal(state_of(f, id), HOLD_APPROVED);
	hold(f, 2, 11, id);
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), 0);
	approval_tick(f->g);
	assert_int_equal(unanswered(f), 0);
	assert_int_equal(state_of(f, id), HOLD_APPROVED);
	assert_int_equal(f->peer.asked_count, 2);
}

static void test_a_lost_link_keeps_the_decision(void **state)
{
	struct fixture *f = *state;
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	hang_up(f);
	assert_true(approval_decide(f->g, id, &once, &resumed) < 0);
	assert_int_equal(state_of(f, id), HOLD_APPROVED);
	governor_link(f->g, &f->peer.fd);
	f->peer.asked_count = 0;
	pthread_create(&f->peer.thread, NULL, answer_requests, &f->peer);
	approval_tick(f->g);
	assert_int_equal(f->peer.asked_count, 1);
	assert_int_equal(f->peer.asked[0].answer.answer, CVF_VERDICT_ALLOW);
}

static void test_decided_once(void **state)
{
	struct fixture *f = *state;
	unsigned int resumed;
	char id[ULID_SIZE];
	struct decision no = { .answer = CVF_VERDICT_DENY, .by = "bob" };

	hold(f, 1, 10, id);
	assert_int_equal(approval_decide(f->g, id, &no, &resumed), 0);
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), -EALREADY);
	assert_int_equal(approval_decide(f->g, "01ARZ3NDEKTSV4RRFFQ69G5FAV", &once, &resumed), -ENOENT);
	assert_int_equal(state_of(f, id), HOLD_DENIED);
	assert_int_equal(f->peer.asked_count, 1);
}

static void test_a_grant_follows_the_answers(void **state)
{
	struct fixture *f = *state;
	struct decision d = { .answer = CVF_VERDICT_ALLOW, .by = "alice", .scope = "agent", .for_s = 60, .uses = 3 };
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	hold(f, 2, 11, id);
	assert_int_equal(approval_decide(f->g, id, &d, &resumed), 0);
	assert_int_equal(resumed, 2);
	assert_int_equal(f->peer.asked_count, 3);
	assert_int_equal(f->peer.asked[2].type, WIRE_GRANT_ADD);
	assert_int_equal(f->peer.asked[2].grant.digest, 3000);
	assert_int_equal(f->peer.asked[2].grant.uses, 3);
	assert_true(f->peer.asked[2].grant.expires_ns > clock_boot_ns());
	assert_true(f->peer.asked[2].grant.expires_ns < clock_boot_ns() + 61000000000ull);
}

static void test_a_session_grant_ends_with_its_session(void **state)
{
	struct fixture *f = *state;
	struct decision d = { .answer = CVF_VERDICT_ALLOW, .by = "alice", .scope = "session" };
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	assert_int_equal(approval_decide(f->g, id, &d, &resumed), 0);
	assert_int_equal(f->peer.asked[1].grant.digest, 2000);
	assert_int_equal(f->peer.asked[1].grant.expires_ns, 0);
	assert_int_equal(f->peer.asked[1].grant.uses, CVF_USES_UNLIMITED);
	assert_int_equal(approval_on_session_end(f->g, 2), 0);
	assert_int_equal(f->peer.asked_count, 2);
	assert_int_equal(approval_on_session_end(f->g, 1), 0);
	assert_int_equal(f->peer.asked_count, 3);
	assert_int_equal(f->peer.asked[2].type, WIRE_GRANT_DROP);
}

static void test_what_an_approver_can_tell_apart_is_two_questions(void **state)
{
	struct cvf_record a = record_hold(1, 1), b = record_hold(2, 2);

	(void)state;
	record_put(&a, &a.cwd, "/home/x", 7);
	record_put(&b, &b.cwd, "/home/x", 7);
	assert_int_equal(approval_question(&a), approval_question(&b)); /* other process, other hold */
	b.session = 9;
	assert_int_equal(approval_question(&a), approval_question(&b));
	b.grant_agent++;
	assert_int_not_equal(approval_question(&a), approval_question(&b));
	b.grant_agent--;
	b.agent = 2;
	assert_int_not_equal(approval_question(&a), approval_question(&b));
	b.agent = 1;
	b.uid = 1000;
	assert_int_not_equal(approval_question(&a), approval_question(&b));
	b.uid = 0;
	b.text[b.cwd.off + 6] = 'y';
	assert_int_not_equal(approval_question(&a), approval_question(&b));
	b.text[b.cwd.off + 6] = 'x';
	b.cell_flags = CVF_CELL_NO_GRANT;
	assert_int_not_equal(approval_question(&a), approval_question(&b));
	b.cell_flags = 0;
	a.risk = b.risk = CVF_R3;
	assert_int_not_equal(approval_question(&a), approval_question(&b));
	a.risk = b.risk = CVF_R2;
	a.grant_agent = b.grant_agent = 0; /* no digest: nothing is the same but itself */
	assert_int_not_equal(approval_question(&a), approval_question(&b));
	assert_int_equal(approval_question(&a), approval_question(&a));
}

static void test_critical_is_known_by_risk_or_flag(void **state)
{
	struct cvf_record r = record_hold(1, 1);
	struct hold h = { .record = &r };

	(void)state;
	assert_false(approval_needs_human(&h));
	assert_false(approval_leaves_no_grant(&h));
	h.cell_flags = CVF_CELL_NO_GRANT;
	assert_true(approval_needs_human(&h));
	/* a condition of time: anybody may approve it, once */
	h.cell_flags = CVF_CELL_NO_GRANT | CVF_CELL_ASK;
	assert_false(approval_needs_human(&h));
	assert_true(approval_leaves_no_grant(&h));
	r.risk = CVF_R3;
	assert_true(approval_needs_human(&h));
	h.cell_flags = 0;
	assert_true(approval_needs_human(&h));
}

static void test_expiry_is_denied_in_order_of_arrival(void **state)
{
	struct fixture *f = *state;
	struct cvf_record r = record_hold(1, 10);
	char id[ULID_SIZE];

	r.expires_ns = clock_boot_ns() - 1;
	hear(f, &r);
	hold(f, 2, 11, id);
	approval_tick(f->g);
	assert_int_equal(f->peer.asked_count, 1);
	assert_int_equal(f->peer.asked[0].answer.hold_no, 1);
	assert_int_equal(f->peer.asked[0].answer.answer, CVF_VERDICT_DENY);
	assert_int_equal(f->peer.asked[0].answer.reason, CVF_REASON_TIMEOUT);
	assert_int_equal(state_of(f, id), HOLD_PENDING);
}

static void test_a_death_after_the_answer_is_an_end_without_it(void **state)
{
	struct fixture *f = *state;
	struct cvf_record r = record_hold(1, 10);
	unsigned int resumed;
	char id[ULID_SIZE];

	hold(f, 1, 10, id);
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), 0);
	r.kind = CVF_KIND_RESUME;
	r.verdict = CVF_VERDICT_ALLOW;
	r.reason = CVF_REASON_APPROVED;
	assert_int_equal(approval_on_resume(f->g, &r, 1), 0);
	assert_int_equal(state_of(f, id), HOLD_APPROVED);
	r.verdict = CVF_VERDICT_DENY;
	r.reason = CVF_REASON_ABANDONED;
	assert_int_equal(approval_on_resume(f->g, &r, 1), 0);
	assert_int_equal(state_of(f, id), HOLD_ABANDONED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_the_decision_is_stored_before_the_answer_is_sent),
		T(test_a_hold_heard_twice_is_one),
		T(test_nothing_is_sent_when_nothing_can_be_stored),
		T(test_an_answer_that_meets_nobody_is_no_approval),
		T(test_an_answer_that_was_not_taken_is_sent_again),
		T(test_an_answer_that_met_its_task_is_noted_later),
		T(test_a_lost_link_keeps_the_decision),
		T(test_decided_once),
		T(test_a_grant_follows_the_answers),
		T(test_a_session_grant_ends_with_its_session),
		T(test_what_an_approver_can_tell_apart_is_two_questions),
		T(test_critical_is_known_by_risk_or_flag),
		T(test_expiry_is_denied_in_order_of_arrival),
		T(test_a_death_after_the_answer_is_an_end_without_it),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
