// SPDX-License-Identifier: Apache-2.0
/* test_govern_metric.c - histograms, periods, and sums of any window against the samples themselves */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "govern/metric/rollup.h"
#include "store/store.h"

static void test_durations_fall_into_the_bucket_below_whose_bound_they_are(void **state)
{
	(void)state;
	assert_int_equal(histogram_bucket(0), 0);
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		assert_int_equal(histogram_bucket(histogram_bounds[i]), i);
		assert_int_equal(histogram_bucket(histogram_bounds[i] + 1), i + 1);
		assert_true(histogram_has_bound(histogram_bounds[i]));
		assert_false(histogram_has_bound(histogram_bounds[i] + 1));
	}
	assert_int_equal(histogram_bucket(INT64_MAX), HISTOGRAM_BUCKETS - 1);
	assert_false(histogram_has_bound(INT64_MAX));
}

static void test_a_percentile_lies_in_the_bucket_of_its_rank(void **state)
{
	struct histogram h = { 0 };
	double p;

	(void)state;
	assert_true(histogram_quantile(&h, 0.5) < 0); /* of nothing there is none */
	for (int i = 0; i < 100; i++) {
		h.n[histogram_bucket(i < 90 ? 1500 : 40000)]++;
		h.total++;
	}
	p = histogram_quantile(&h, 0.5);
	assert_true(p > 1000 && p <= 2000);
	p = histogram_quantile(&h, 0.99);
	assert_true(p > 20000 && p <= 50000);
	assert_int_equal(histogram_within(&h, 2000), 90);
	assert_int_equal(histogram_within(&h, 1000), 0);
	assert_int_equal(histogram_within(&h, 50000), 100);
	h.n[HISTOGRAM_BUCKETS - 1] = 1000000;
	h.total += 1000000;
	assert_true(histogram_quantile(&h, 0.99) == (double)histogram_bounds[HISTOGRAM_BUCKETS - 2]);
}

static void test_periods_are_whole_minutes_up_to_now(void **state)
{
	const int64_t now_ms = 1764000000000ll + 37 * 1000 + 500; /* 16:00:37.5 */
	struct window w;

	(void)state;
	assert_int_equal(period_find("1h"), PERIOD_1H);
	assert_int_equal(period_find("30d"), PERIOD_30D);
	assert_true(period_find("2h") < 0);
	for (int p = 0; p < PERIOD_MAX; p++) {
		w = period_window((enum period)p, now_ms);
		assert_true(w.to * 1000 > now_ms && w.to * 1000 <= now_ms + 60000);
		assert_int_equal(w.to % 60, 0);
		assert_int_equal(w.from % (p > PERIOD_24H ? 3600 : 60), 0);
	}
	w = period_window(PERIOD_24H, now_ms);
	assert_int_equal(w.to - w.from, DAY_S);
}

#define SAMPLES 400

static int setup(void **state)
{
	struct store_options o = { .path = ":memory:", .migrations = store_migrations, .migrations_count = store_migrations_count };
	struct store *s;

	assert_int_equal(store_open(&o, &s), 0);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	store_close(*state);
	return 0;
}

static void write_all(struct store *s, struct rollup *u)
{
	assert_int_equal(store_begin(s, STORE_BATCH), 0);
	assert_int_equal(rollup_write(u, s), 0);
	assert_int_equal(store_commit(s), 0);
	rollup_clear(u);
}

struct sum {
	int64_t n[4], sum;
};

static void add(void *ctx, const struct rollup_row *row)
{
	struct sum *to = ctx;

	to->n[row->key] += row->n;
	to->sum += row->sum;
}

/* Any window of minutes adds up to the samples in it: no minute is left out, none is counted twice. */
static void test_every_window_is_the_sum_of_its_samples(void **state)
{
	struct store *s = *state;
	struct rollup u = { 0 };
	struct sample v[SAMPLES];
	const int64_t start = 1764000000 - 3600 * 50;

	srand(7);
	for (int i = 0; i < SAMPLES; i++) {
		v[i] = (struct sample){ .metric = METRIC_EXECUTION, .key = rand() % 4, .n = 1, .sum = rand() % 1000,
					.at_ms = (start + rand() % (3600 * 100)) * 1000 + rand() % 1000 };
		assert_int_equal(rollup_add(&u, &v[i]), 0);
		if (i % 50 == 0)
			write_all(s, &u);
	}
	write_all(s, &u);
	for (int k = 0; k < 300; k++) {
		struct window w = { .from = start + rand() % (3600 * 100) / 60 * 60 };
		struct sum got = { 0 }, wanted = { 0 };

		w.from = w.from / 60 * 60;
		w.to = w.from + rand() % (3600 * 60) / 60 * 60;
		for (int i = 0; i < SAMPLES; i++)
			if (v[i].at_ms >= w.from * 1000 && v[i].at_ms < w.to * 1000) {
				wanted.n[v[i].key]++;
				wanted.sum += v[i].sum;
			}
		assert_int_equal(rollup_each(s, METRIC_EXECUTION, 0, &w, add, &got), 0);
		assert_memory_equal(&got, &wanted, sizeof(got));
	}
	rollup_done(&u);
}

static void test_what_is_taken_away_leaves_nothing(void **state)
{
	struct store *s = *state;
	struct rollup u = { 0 };
	struct sample one = { .metric = METRIC_EXECUTION, .key = 1, .n = 1, .sum = 5, .at_ms = 1764000000000ll };
	struct sum got = { 0 };

	assert_int_equal(rollup_add(&u, &one), 0);
	write_all(s, &u);
	one.n = -1;
	one.sum = -5;
	assert_int_equal(rollup_add(&u, &one), 0);
	write_all(s, &u);
	assert_int_equal(rollup_ever(s, METRIC_EXECUTION, 0, add, &got), 0);
	assert_int_equal(got.n[1], 0);
	assert_int_equal(got.sum, 0);
	rollup_done(&u);
}

/* What a rollback took back may be written again; what was forgotten is not. */
static void test_a_rollback_counts_nothing(void **state)
{
	struct store *s = *state;
	struct rollup u = { 0 };
	struct sample one = { .metric = METRIC_RECORD, .n = 1, .at_ms = 1764000000000ll };
	struct sum got = { 0 };

	assert_int_equal(rollup_add(&u, &one), 0);
	assert_int_equal(store_begin(s, STORE_BATCH), 0);
	assert_int_equal(rollup_write(&u, s), 0);
	store_rollback(s);
	assert_int_equal(rollup_ever(s, METRIC_RECORD, 0, add, &got), 0);
	assert_int_equal(got.n[0], 0);
	write_all(s, &u);
	assert_int_equal(rollup_ever(s, METRIC_RECORD, 0, add, &got), 0);
	assert_int_equal(got.n[0], 1);
	rollup_done(&u);
}

/* Old minutes go; the sums of every period stay what they were. */
static void test_pruning_changes_no_view(void **state)
{
	struct store *s = *state;
	struct rollup u = { 0 };
	const int64_t now_ms = 1764000000000ll + 1234567;

	for (int64_t m = 0; m < 40 * 24 * 60; m += 7)
		assert_int_equal(rollup_add(&u, &(struct sample){ .metric = METRIC_RECORD, .n = 1, .at_ms = now_ms - m * 60000 }), 0);
	write_all(s, &u);
	for (int p = 0; p < PERIOD_MAX; p++) {
		struct window w = period_window((enum period)p, now_ms);
		struct sum before = { 0 }, after = { 0 };

		assert_int_equal(rollup_each(s, METRIC_RECORD, 0, &w, add, &before), 0);
		for (int i = 0; i < 20; i++) {
			assert_int_equal(store_begin(s, STORE_BATCH), 0);
			assert_int_equal(rollup_prune(s, now_ms), 0);
			assert_int_equal(store_commit(s), 0);
		}
		assert_int_equal(rollup_each(s, METRIC_RECORD, 0, &w, add, &after), 0);
		assert_true(before.n[0] > 0);
		assert_int_equal(after.n[0], before.n[0]);
	}
	rollup_done(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations_fall_into_the_bucket_below_whose_bound_they_are),
		cmocka_unit_test(test_a_percentile_lies_in_the_bucket_of_its_rank),
		cmocka_unit_test(test_periods_are_whole_minutes_up_to_now),
		cmocka_unit_test_setup_teardown(test_every_window_is_the_sum_of_its_samples, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_taken_away_leaves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_rollback_counts_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pruning_changes_no_view, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
