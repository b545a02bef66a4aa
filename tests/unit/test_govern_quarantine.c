// SPDX-License-Identifier: Apache-2.0
/*
 * test_govern_quarantine.c - what goes is kept before any answer that lets it go, whoever gave it, and stays if it cannot be
 *
 * Two stand-ins on threads: cvfd, which takes answers, and cvfd-quarantine, which answers as the test set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/un.h>

#include "../support/governor.h"
#include "../support/temp.h"

#define ASKED_MAX 64

struct fixture {
	char *dir;
	struct governor *g;
	int link_fd, listen_fd;
	pthread_t enforcer, keeper;
	struct wire_answer answers[ASKED_MAX];
	size_t answers_count;
	struct {
		uint32_t type, device;
		uint64_t inode, copy_max;
		char id[32], path[64], store[64];
		size_t answers;	/* sent by then */
	} asked[ASKED_MAX];
	size_t asked_count;
	int error;		/* of the next replies */
	size_t good_after;	/* so many of them; 0: all */
	bool hangs_up;		/* instead of replying */
	uint64_t size;
};

static void *take_answers(void *ctx)
{
	struct fixture *f = ctx;
	char buffer[4096] __attribute__((aligned(8)));
	const struct wire_head *head = (const void *)buffer;

	while (recv(f->link_fd, buffer, sizeof(buffer), 0) > 0) {
		struct {
			struct wire_head head;
			struct wire_reply reply;
		} out = { { sizeof(out), WIRE_REPLY, 0, head->id, 0 }, { .value = 1 } };

		if (head->type == WIRE_ANSWER && f->answers_count < ASKED_MAX)
			memcpy(&f->answers[f->answers_count++], head + 1, sizeof(struct wire_answer));
		if (send(f->link_fd, &out, sizeof(out), MSG_NOSIGNAL) < 0)
			break;
	}
	return NULL;
}

static void note_asked(struct fixture *f, const struct quarantine_ask *ask)
{
	size_t n = f->asked_count++ % ASKED_MAX;

	f->asked[n].type = ask->type;
	f->asked[n].device = ask->device;
	f->asked[n].inode = ask->inode;
	f->asked[n].copy_max = ask->copy_max;
	f->asked[n].answers = f->answers_count;
	snprintf(f->asked[n].id, 32, "%s", ask->id);
	snprintf(f->asked[n].path, 64, "%.63s", ask->path);
	snprintf(f->asked[n].store, 64, "%.63s", ask->store);
}

static bool is_good(const struct fixture *f)
{
	return f->good_after && f->asked_count > f->good_after;
}

static void serve_one(struct fixture *f, int fd)
{
	static struct quarantine_ask ask;
	static struct quarantine_reply reply;

	while (recv(fd, &ask, sizeof(ask), 0) == sizeof(ask)) {
		note_asked(f, &ask);
		if (f->hangs_up)
			return;
		reply = (struct quarantine_reply){ .serial = ask.serial, .error = is_good(f) ? 0 : f->error, .how = QUARANTINE_LINKED, .size = f->size,
						   .mode = 0100640, .uid = 1000, .gid = 100, .links = 1, .mtime_ns = 1500000000ll };
		strcpy(reply.store, "/work");
		strcpy(reply.origin, "/work/src/a.c");
		if (send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			return;
	}
}

static void *keep(void *ctx)
{
	struct fixture *f = ctx;
	int fd;

	while ((fd = accept(f->listen_fd, NULL, NULL)) >= 0) {
		serve_one(f, fd);
		close(fd);
	}
	return NULL;
}

static void keeper_start(struct fixture *f)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/quarantine.sock", f->dir);
	f->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listen_fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(f->listen_fd, 4), 0);
	pthread_create(&f->keeper, NULL, keep, f);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct quarantine *other;

	f->dir = temp_make();
	f->g = governor_make(":memory:");
	f->g->places.run = f->dir;
	f->g->settings.quarantine_age_s = 3600;
	f->g->settings.quarantine_bytes = 1000;
	f->g->settings.quarantine_copy_bytes = 77;
	quarantine_free(f->g->quarantine);
	assert_int_equal(quarantine_open(f->g, &other), 0); /* now that the folder is known */
	f->g->quarantine = other;
	governor_link(f->g, &f->link_fd);
	pthread_create(&f->enforcer, NULL, take_answers, f);
	keeper_start(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	shutdown(f->link_fd, SHUT_RDWR);
	pthread_join(f->enforcer, NULL);
	close(f->link_fd);
	governor_free(f->g);
	shutdown(f->listen_fd, SHUT_RDWR);
	pthread_join(f->keeper, NULL);
	close(f->listen_fd);
	temp_remove(f->dir);
	free(f);
	return 0;
}

/* A delete of /home/a.c; reason KEEP: nobody is asked. */
static struct cvf_record record_delete(uint64_t hold_no, enum cvf_reason reason)
{
	struct cvf_record r = { .kind = CVF_KIND_HOLD, .seq = hold_no, .time_ns = clock_boot_ns(), .generation = 5, .agent = 1,
				.session = 1, .pid = 10, .tid = 10, .op = CVF_OP_DELETE, .verdict = CVF_VERDICT_HOLD,
				.reason = (uint8_t)reason, .risk = CVF_R2, .cell_flags = CVF_CELL_KEEP, .capability = 1,
				.digest = 1000 + hold_no, .grant_session = 2000 + hold_no, .grant_agent = 3000 + hold_no,
				.hold_no = hold_no, .inode = 4711, .device = 8 << 20 | 1 };

	record_put(&r, &r.object, "/home/a.c", 9);
	r.expires_ns = r.time_ns + 60000000000ull;
	return r;
}

static void hear(struct fixture *f, const struct cvf_record *r)
{
	assert_int_equal(store_begin(f->g->store, STORE_BATCH), 0);
	assert_int_equal(approval_on_hold(f->g, r), 0);
	assert_int_equal(store_commit(f->g->store), 0);
	approval_after_commit(f->g);
}

static void hear_keep(struct fixture *f, uint64_t hold_no)
{
	struct cvf_record r = record_delete(hold_no, CVF_REASON_KEEP);

	hear(f, &r);
}

struct seen {
	size_t n;
	struct kept last;
	char object[32];
};

static int see(void *ctx, const struct kept *k)
{
	struct seen *s = ctx;

	s->n++;
	s->last = *k;
	snprintf(s->object, sizeof(s->object), "%.*s", (int)k->object.n, k->object.p);
	return 0;
}

static size_t count_kept(struct fixture *f, enum kept_state state, struct seen *ret_seen)
{
	struct kept_filter filter = { .state = state, .limit = 100 };

	*ret_seen = (struct seen){ 0 };
	assert_int_equal(kept_table_each(f->g->store, &filter, see, ret_seen), 0);
	return ret_seen->n;
}

static void look(struct fixture *f)
{
	for (int i = 0; i < 61; i++)
		quarantine_tick(f->g);
}

static void test_it_is_kept_then_it_goes_and_nobody_is_asked(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;
	int64_t pending;
	uint64_t next;

	hear_keep(f, 1);
	assert_int_equal(f->asked_count, 1);
	assert_int_equal(f->asked[0].type, QUARANTINE_KEEP);
	assert_int_equal(f->asked[0].inode, 4711);
	assert_int_equal(f->asked[0].device, 8 << 20 | 1);
	assert_int_equal(f->asked[0].copy_max, 77);
	assert_string_equal(f->asked[0].path, "/home/a.c");
	assert_int_equal(f->asked[0].answers, 0);
	assert_int_equal(f->answers_count, 1);
	assert_int_equal(f->answers[0].answer, CVF_VERDICT_ALLOW);
	assert_int_equal(f->answers[0].reason, CVF_REASON_KEEP);
	assert_int_equal(f->answers[0].digest, 1001);
	assert_int_equal(count_kept(f, KEPT_KEPT, &seen), 1);
	assert_string_equal(seen.object, "/home/a.c");
	assert_string_equal(seen.last.store, "/work");
	assert_int_equal(seen.last.uid, 1000);
	assert_int_equal(hold_table_pending(f->g->store, f->g->boot, &pending, &next), 0);
	assert_int_equal(pending, 0);
}

static void test_what_cannot_be_kept_stays(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;

	f->error = -ESTALE;
	hear_keep(f, 1);
	assert_int_equal(f->answers[0].answer, CVF_VERDICT_DENY);
	assert_int_equal(f->answers[0].reason, CVF_REASON_NOT_KEPT);
	assert_int_equal(count_kept(f, KEPT_ANY, &seen), 0);
}

static void test_a_silent_keeper_lets_nothing_go_and_is_called_again(void **state)
{
	struct fixture *f = *state;

	f->hangs_up = true;
	hear_keep(f, 1);
	assert_int_equal(f->answers[0].answer, CVF_VERDICT_DENY);
	f->hangs_up = false;
	hear_keep(f, 2);
	assert_int_equal(f->answers[1].answer, CVF_VERDICT_ALLOW);
}

static void test_heard_twice_is_kept_once(void **state)
{
	struct fixture *f = *state;

	hear_keep(f, 1);
	hear_keep(f, 1);
	assert_int_equal(f->asked_count, 1);
	assert_int_equal(f->answers_count, 2);
	assert_int_equal(f->answers[1].answer, CVF_VERDICT_ALLOW);
}

static void test_an_id_that_was_used_before_a_crash_is_given_up(void **state)
{
	struct fixture *f = *state;

	f->error = -EEXIST;
	f->good_after = 1;
	hear_keep(f, 1);
	assert_int_equal(f->asked_count, 3);
	assert_int_equal(f->asked[1].type, QUARANTINE_PURGE);
	assert_string_equal(f->asked[1].id, f->asked[0].id);
	assert_string_equal(f->asked[1].store, "");
	assert_int_equal(f->asked[2].type, QUARANTINE_KEEP);
	assert_string_not_equal(f->asked[0].id, f->asked[2].id);
	assert_int_equal(f->answers[0].answer, CVF_VERDICT_ALLOW);
}

static void test_what_was_begun_before_the_host_went_down_is_purged(void **state)
{
	struct fixture *f = *state;
	struct kept k = { .id = "01ARZ3NDEKTSV4RRFFQ69G5FAV", .boot = f->g->boot, .hold_no = 1, .op = CVF_OP_DELETE, .device = 9,
			  .object = { "/x", 2 } };
	static struct seen seen;

	assert_int_equal(kept_table_add(f->g->store, &k), 0);
	look(f);
	assert_int_equal(f->asked_count, 0); /* of this boot: it may be under way */
	assert_int_equal(boot_table_get(f->g->store, "another", 2, &f->g->boot), 0);
	look(f);
	assert_int_equal(f->asked_count, 1);
	assert_int_equal(f->asked[0].type, QUARANTINE_PURGE);
	assert_int_equal(f->asked[0].device, 9);
	look(f);
	assert_int_equal(f->asked_count, 1);
	assert_int_equal(count_kept(f, KEPT_ANY, &seen), 0);
}

static int copy_state(void *ctx, const struct hold *h)
{
	*(enum hold_state *)ctx = h->state;
	return 0;
}

static enum hold_state hold_state_of(struct governor *g, const char *of)
{
	enum hold_state state = HOLD_STATE_MAX;

	assert_int_equal(hold_table_find(g->store, of, copy_state, &state), 1);
	return state;
}

static enum hold_state approve(struct fixture *f, uint8_t flags, int expected)
{
	static const struct decision once = { .answer = CVF_VERDICT_ALLOW, .by = "alice", .scope = "once" };
	struct cvf_record r = record_delete(1, CVF_REASON_APPROVAL);
	char id[ULID_SIZE];
	unsigned int resumed;

	r.cell_flags |= flags;
	hear(f, &r);
	assert_int_equal(f->answers_count, 0);
	assert_int_equal(hold_table_id(f->g->store, f->g->boot, 1, id), 0);
	assert_int_equal(approval_decide(f->g, id, &once, &resumed), expected);
	return hold_state_of(f->g, id);
}

static void test_what_a_person_approves_is_kept_before_the_answer(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(approve(f, 0, 0), HOLD_APPROVED);
	assert_int_equal(f->asked_count, 1);
	assert_int_equal(f->asked[0].answers, 0);
	assert_int_equal(f->answers[0].answer, CVF_VERDICT_ALLOW);
	assert_int_equal(f->answers[0].reason, CVF_REASON_APPROVED);
}

static void test_an_approval_that_cannot_be_carried_out_is_a_denial(void **state)
{
	struct fixture *f = *state;

	f->error = -EFBIG;
	assert_int_equal(approve(f, 0, -EREMOTEIO), HOLD_DENIED);
	assert_int_equal(f->answers_count, 1);
	assert_int_equal(f->answers[0].answer, CVF_VERDICT_DENY);
	assert_int_equal(f->answers[0].reason, CVF_REASON_NOT_KEPT);
	approval_tick(f->g);
	assert_int_equal(f->answers_count, 1);
}

static void test_going_on_beyond_a_limit_keeps_nothing_yet(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(approve(f, CVF_CELL_OVER, 0), HOLD_APPROVED);
	assert_int_equal(f->asked_count, 0);
	assert_int_equal(f->answers[0].answer, CVF_VERDICT_ALLOW);
}

static void test_a_rename_keeps_what_had_the_new_name(void **state)
{
	struct fixture *f = *state;
	struct cvf_record r = record_delete(1, CVF_REASON_KEEP);

	r.op = CVF_OP_RENAME;
	record_put(&r, &r.object2, "/home/b.c", 9);
	hear(f, &r);
	assert_string_equal(f->asked[0].path, "/home/b.c");
}

static void test_restored_and_purged_once(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;
	char id[ULID_SIZE];

	hear_keep(f, 1);
	count_kept(f, KEPT_KEPT, &seen);
	memcpy(id, seen.last.id, sizeof(id));
	f->error = -EEXIST;
	assert_int_equal(quarantine_restore(f->g, id, "root"), -EEXIST);
	assert_int_equal(count_kept(f, KEPT_KEPT, &seen), 1);
	f->error = 0;
	assert_int_equal(quarantine_restore(f->g, id, "root"), 0);
	assert_int_equal(f->asked[2].type, QUARANTINE_RESTORE);
	assert_string_equal(f->asked[2].id, id);
	assert_string_equal(f->asked[2].store, "/work");
	assert_int_equal(f->asked[2].device, 8 << 20 | 1);
	assert_int_equal(count_kept(f, KEPT_RESTORED, &seen), 1);
	assert_string_equal(seen.last.ended_by, "root");
	assert_int_equal(quarantine_restore(f->g, id, "root"), -EALREADY);
	assert_int_equal(quarantine_purge(f->g, id, "root"), -EALREADY);
	assert_int_equal(kept_table_find_prefix(f->g->store, "01", id), 1);
	assert_string_equal(id, seen.last.id);
	assert_int_equal(kept_table_find_prefix(f->g->store, "0ZZZZZ", id), 0);
	assert_int_equal(quarantine_purge(f->g, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "root"), -ENOENT);
}

static void test_too_much_is_purged_from_the_oldest_on(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;

	f->size = 400;
	for (uint64_t i = 1; i <= 4; i++)
		hear_keep(f, i);
	look(f);
	assert_int_equal(count_kept(f, KEPT_KEPT, &seen), 2);
	assert_int_equal(count_kept(f, KEPT_PURGED, &seen), 2);
	assert_string_equal(seen.last.ended_by, "retention");
	assert_int_equal(seen.last.hold_no, 1); /* the last of the list is the oldest */
}

static void test_what_is_too_old_is_purged_and_lost_where_it_cannot_be(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;

	hear_keep(f, 1);
	look(f);
	assert_int_equal(count_kept(f, KEPT_KEPT, &seen), 1);
	f->g->settings.quarantine_age_s = -1;
	f->error = -ENODEV;
	look(f);
	assert_int_equal(count_kept(f, KEPT_LOST, &seen), 1);
	f->error = 0;
	assert_int_equal(quarantine_restore(f->g, seen.last.id, "root"), 0); /* its file system came back */
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_it_is_kept_then_it_goes_and_nobody_is_asked),
		T(test_what_cannot_be_kept_stays),
		T(test_a_silent_keeper_lets_nothing_go_and_is_called_again),
		T(test_heard_twice_is_kept_once),
		T(test_an_id_that_was_used_before_a_crash_is_given_up),
		T(test_what_was_begun_before_the_host_went_down_is_purged),
		T(test_what_a_person_approves_is_kept_before_the_answer),
		T(test_an_approval_that_cannot_be_carried_out_is_a_denial),
		T(test_going_on_beyond_a_limit_keeps_nothing_yet),
		T(test_a_rename_keeps_what_had_the_new_name),
		T(test_restored_and_purged_once),
		T(test_too_much_is_purged_from_the_oldest_on),
		T(test_what_is_too_old_is_purged_and_lost_where_it_cannot_be),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
