// SPDX-License-Identifier: Apache-2.0
/* test_govern_scan.c - walks of the trail: whatever is asked of 300,000 events, one call looks at a bounded number of them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "govern/audit/event_table.h"
#include "store/store.h"

#define EVENTS 300000
#define RARE 7	/* capabilities: once in 100,000, */
#define FEW 8	/* once in 30,000, */
#define MANY 9	/* nearly always */
#define KINDS_ALL 0x7e

/* Two rings have no common order: neighbours have changed places in time. */
static const char fill[] =
	"INSERT INTO boots VALUES (1, 'b', 1);"
	"INSERT INTO events (n, id, boot, cpu, ring, seq, kind, time_ms, agent, op, verdict, capability, hold_no, record, hash)"
	" WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300000)"
	" SELECT n, printf('%026d', n), 1, 0, 0, n, 1, 1000 + n - 1 + 2 * (n % 2), iif(n % 50000 = 3, 2, 1), iif(n % 90001 = 0, 5, 2),"
	" iif(n % 1000 = 0, 2, 1), CASE WHEN n % 90001 = 0 THEN 0 WHEN n % 100000 = 1 THEN 7 WHEN n % 30000 = 5 THEN 8 ELSE 9 END,"
	" 0, zeroblob(224), zeroblob(32) FROM c;";

static int setup(void **state)
{
	struct store_options options = { .path = ":memory:", .migrations = store_migrations, .migrations_count = store_migrations_count };
	struct store *s = NULL;

	assert_int_equal(store_open(&options, &s), 0);
	assert_int_equal(sqlite3_exec(store_db(s), fill, NULL, NULL, NULL), SQLITE_OK);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	store_close(*state);
	return 0;
}

struct found {
	size_t n, calls;
	int64_t last, last_ms, most;
	enum event_order order;
	bool by_time, is_ordered;
};

static int count(void *ctx, const struct event_row *row)
{
	struct found *to = ctx;
	bool is_after = to->by_time && row->time_ms != to->last_ms ? row->time_ms > to->last_ms : row->n > to->last;

	if (to->n++ && is_after != (to->order == EVENT_ASC))
		to->is_ordered = false;
	to->last = row->n;
	to->last_ms = row->time_ms;
	return 0;
}

/* Page after page as the API does it; each call is bounded. */
static struct found walk(struct store *s, struct event_filter f)
{
	struct found to = { .order = f.order, .by_time = f.by_time, .is_ordered = true };
	size_t before;

	f.kinds = KINDS_ALL;
	for (;;) {
		struct event_scan scan;
		int64_t at;

		before = to.n;
		assert_int_equal(event_table_each(s, &f, count, &to, &scan), 0);
		assert_true(scan.stepped <= EVENT_SCAN_ROWS + EVENT_MERGED_MAX);
		to.most = scan.stepped > to.most ? scan.stepped : to.most;
		to.calls++;
		assert_true(to.calls < 100000);
		if (!scan.is_cut && (int64_t)(to.n - before) < f.limit)
			return to;
		at = scan.last_n;
		if (scan.is_cut) {
			int64_t position;

			assert_int_equal(event_table_position(s, scan.last_id, &position, &f.cursor_ms), 0);
			assert_int_equal(position, at);
		} else {
			f.cursor_ms = to.last_ms;
		}
		*(f.order == EVENT_ASC ? &f.after_n : &f.before_n) = at;
	}
}

static struct event_set *set_of(uint32_t *numbers, size_t count, uint64_t unregistered)
{
	static struct event_set set;

	set = (struct event_set){ numbers, count, unregistered };
	return &set;
}

static void check(struct store *s, struct event_filter f, size_t wanted)
{
	for (f.order = EVENT_ASC; f.order <= EVENT_DESC; f.order++) {
		struct found found = walk(s, f);

		assert_int_equal(found.n, wanted);
		assert_true(found.is_ordered);
	}
}

static void test_a_rare_capability_is_found_by_its_index(void **state)
{
	uint32_t one[] = { RARE }, two[] = { RARE, FEW }, none[] = { 3 };
	struct found found;

	found = walk(*state, (struct event_filter){ .set = set_of(one, 1, 0), .limit = 51 });
	assert_int_equal(found.n, 3);
	assert_true(found.most < 10);
	found = walk(*state, (struct event_filter){ .set = set_of(two, 2, 0), .limit = 51 });
	assert_int_equal(found.n, 13);
	assert_true(found.most < 40);
	assert_true(found.is_ordered);
	check(*state, (struct event_filter){ .set = set_of(two, 2, 0), .limit = 5 }, 13);
	check(*state, (struct event_filter){ .set = set_of(none, 1, 0), .limit = 51 }, 0);
	check(*state, (struct event_filter){ .set = set_of(none, 0, 0), .limit = 51 }, 0);
}

static void test_what_no_index_finds_is_looked_for_a_part_at_a_time(void **state)
{
	uint32_t two[] = { RARE, FEW }, many[EVENT_MERGED_MAX + 1];
	struct found found;

	found = walk(*state, (struct event_filter){ .set = set_of(two, 2, 1 << 5), .limit = 51 });
	assert_int_equal(found.n, 16);
	assert_int_equal(found.calls, EVENTS / EVENT_SCAN_ROWS + 1);
	assert_int_equal(found.most, EVENT_SCAN_ROWS);
	check(*state, (struct event_filter){ .set = set_of(two, 0, 1 << 5), .limit = 51 }, 3);
	check(*state, (struct event_filter){ .set = set_of(two, 0, 1 << 5), .limit = 1 }, 3);
	for (size_t i = 0; i < EVENT_MERGED_MAX + 1; i++)
		many[i] = i ? 100 + (uint32_t)i : RARE;
	check(*state, (struct event_filter){ .set = set_of(many, EVENT_MERGED_MAX + 1, 0), .limit = 51 }, 3);
	check(*state, (struct event_filter){ .set = set_of(many, EVENT_MERGED_MAX, 0), .limit = 51 }, 3);
}

static void test_every_other_filter_is_bounded_too(void **state)
{
	uint32_t rare[] = { RARE }, many[] = { MANY };

	check(*state, (struct event_filter){ .agent = 2, .limit = 51 }, 6);
	check(*state, (struct event_filter){ .agent = 1, .set = set_of(rare, 1, 0), .limit = 51 }, 3);
	check(*state, (struct event_filter){ .agent = 1, .verdict = 2, .limit = 51 }, 300);
	check(*state, (struct event_filter){ .agent = 2, .verdict = 2, .limit = 51 }, 0);
	check(*state, (struct event_filter){ .verdict = 1, .agent = 2, .limit = 51 }, 6);
	check(*state, (struct event_filter){ .verdict = 1, .set = set_of(rare, 1, 0), .limit = 51 }, 3);
	check(*state, (struct event_filter){ .until_ms = 1, .limit = 51 }, 0);
	check(*state, (struct event_filter){ .set = set_of(many, 1, 0), .until_ms = 1100, .limit = 51 }, 98);
	check(*state, (struct event_filter){ .set = set_of(rare, 0, 1 << 5), .since_ms = 1, .by_time = true, .limit = 2 }, 3);
	check(*state, (struct event_filter){ .since_ms = 1000 + EVENTS - 99, .by_time = true, .limit = 7 }, 100);
}

static void test_a_whole_walk_misses_nothing(void **state)
{
	struct found found = walk(*state, (struct event_filter){ .limit = 1001 });

	assert_int_equal(found.n, EVENTS);
	assert_int_equal(found.most, 1001);
	found = walk(*state, (struct event_filter){ .by_time = true, .since_ms = 1, .order = EVENT_DESC, .limit = 50000 });
	assert_int_equal(found.n, EVENTS);
	assert_true(found.is_ordered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rare_capability_is_found_by_its_index),
		cmocka_unit_test(test_what_no_index_finds_is_looked_for_a_part_at_a_time),
		cmocka_unit_test(test_every_other_filter_is_bounded_too),
		cmocka_unit_test(test_a_whole_walk_misses_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
