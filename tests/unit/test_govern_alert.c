// SPDX-License-Identifier: Apache-2.0
/* test_govern_alert.c - alerts and objectives with samples of a stand-in clock: nothing here looks at the time of day */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../support/governor.h"
#include "govern/alert/alert.h"
#include "govern/alert/alert_table.h"
#include "govern/alert/anomaly.h"
#include "govern/metric/execution_table.h"
#include "govern/objective/maintenance_table.h"
#include "govern/objective/objective.h"

#define HOUR_MS 3600000ll
#define MINUTE_MS 60000ll
#define NOW (1764003600000ll + 30 * MINUTE_MS) /* half past a full hour */

static int setup(void **state)
{
	struct governor *g = governor_make(":memory:");

	targets_default(&g->settings.targets);
	g->canary_ok = true;
	g->canary_ms = 1;
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	governor_free(*state);
	return 0;
}

static void put(struct governor *g, enum metric metric, int64_t subject, int64_t key, int64_t at_ms, int64_t n)
{
	struct rollup u = { 0 };

	assert_int_equal(rollup_add(&u, &(struct sample){ metric, subject, key, at_ms, n, 0 }), 0);
	assert_int_equal(store_begin(g->store, STORE_BATCH), 0);
	assert_int_equal(rollup_write(&u, g->store), 0);
	assert_int_equal(store_commit(g->store), 0);
	rollup_done(&u);
}

/* So many of a key in each of the hours before the last one. */
static void put_hours(struct governor *g, enum metric metric, int64_t key, int hours, int64_t n)
{
	for (int h = 2; h < 2 + hours; h++)
		put(g, metric, 1, key, NOW - h * HOUR_MS, n);
}

struct found {
	char kinds[512], reason[256];
	int n;
};

static void add(void *ctx, const struct alert *a)
{
	struct found *f = ctx;

	f->n++;
	snprintf(f->kinds + strlen(f->kinds), sizeof(f->kinds) - strlen(f->kinds), "%s:%s ", a->kind, a->subject);
	snprintf(f->reason, sizeof(f->reason), "%s", a->reason);
}

static struct found look(struct governor *g, int64_t now_ms)
{
	struct found f = { 0 };

	assert_int_equal(alert_evaluate(g, now_ms), 0);
	assert_int_equal(alert_table_each(g->store, false, NULL, 100, add, &f), 0);
	return f;
}

#define GOOD EXECUTION_KEY(0, EXECUTION_SUCCESS)
#define BAD EXECUTION_KEY(0, EXECUTION_FAILURE)
#define RISKY EXECUTION_KEY(2, EXECUTION_SUCCESS)

/* ---- arithmetic ---- */

static void test_a_rate_needs_history_a_number_and_a_distance(void **state)
{
	struct history h = { .hours = 100, .active = 100 };

	(void)state;
	for (size_t i = 0; i < h.hours; i++)
		h.count[i] = 4 + (int64_t)(i % 3);
	assert_int_equal(anomaly_rate(&h, 40).shift, SHIFT_UP);
	assert_int_equal(anomaly_rate(&h, 7).shift, SHIFT_NONE); /* hardly more than ever */
	assert_int_equal(anomaly_rate(&h, 9).shift, SHIFT_NONE); /* a handful */
	assert_int_equal(anomaly_rate(&h, 0).shift, SHIFT_NONE); /* four an hour may pause */
	h.active = ANOMALY_LEAST_HOURS - 1;
	assert_int_equal(anomaly_rate(&h, 4000).shift, SHIFT_NONE);
	h.active = ANOMALY_LEAST_HOURS;
	assert_int_equal(anomaly_rate(&h, 4000).shift, SHIFT_UP);
	h.count[50] = 3000; /* it has done that before */
	assert_int_equal(anomaly_rate(&h, 4000).shift, SHIFT_NONE);
	memset(&h, 0, sizeof(h));
	assert_int_equal(anomaly_rate(&h, 4000).shift, SHIFT_NONE);
}

static void test_silence_is_strange_only_where_there_never_was_any(void **state)
{
	struct history h = { .hours = 48, .active = 48 };

	(void)state;
	for (size_t i = 0; i < h.hours; i++)
		h.count[i] = 30;
	assert_int_equal(anomaly_rate(&h, 0).shift, SHIFT_DOWN);
	assert_int_equal(anomaly_rate(&h, 1).shift, SHIFT_NONE);
	h.count[3] = 0;
	assert_int_equal(anomaly_rate(&h, 0).shift, SHIFT_NONE);
}

static void test_a_mix_is_compared_when_there_is_enough_of_both(void **state)
{
	const int64_t before[4] = { 950, 40, 10, 0 }, few[4] = { 5, 0, 40, 0 }, same[4] = { 95, 4, 1, 0 }, moved[4] = { 20, 0, 80, 0 };
	unsigned int class;

	(void)state;
	assert_true(anomaly_mix(before, few, &class) < 0);
	assert_true(anomaly_mix(few, moved, &class) < 0);
	assert_true(anomaly_mix(before, same, &class) < 0.01);
	assert_true(anomaly_mix(before, moved, &class) > 0.7);
	assert_int_equal(class, 2);
}

/* ---- alerts ---- */

static void test_nothing_is_said_of_an_agent_without_a_history(void **state)
{
	struct governor *g = *state;

	put(g, METRIC_EXECUTION, 1, BAD, NOW - MINUTE_MS, 5000);
	put(g, METRIC_OPERATION, 1, CVF_VERDICT_DENY, NOW - MINUTE_MS, 5000);
	assert_int_equal(look(g, NOW).n, 0);
	put_hours(g, METRIC_EXECUTION, GOOD, 10, 5);
	assert_int_equal(look(g, NOW).n, 0);
}

static void test_more_refusals_than_ever_in_words_once_and_over_when_quiet(void **state)
{
	struct governor *g = *state;
	struct found f;

	put_hours(g, METRIC_EXECUTION, GOOD, 40, 5);
	put_hours(g, METRIC_OPERATION, CVF_VERDICT_DENY, 40, 2);
	put(g, METRIC_EXECUTION, 1, GOOD, NOW - MINUTE_MS, 5);
	put(g, METRIC_OPERATION, 1, CVF_VERDICT_DENY, NOW - MINUTE_MS, 3);
	assert_int_equal(look(g, NOW).n, 0);
	put(g, METRIC_OPERATION, 1, CVF_VERDICT_DENY, NOW - MINUTE_MS, 45);
	f = look(g, NOW);
	assert_string_equal(f.kinds, "more-refusals:coder-1 ");
	assert_non_null(strstr(f.reason, "coder-1 was refused operations 48 times in the last hour"));
	assert_non_null(strstr(f.reason, "2.0 times an hour and never more than 2"));
	assert_int_equal(look(g, NOW + MINUTE_MS).n, 1); /* the same one */
	/* Two hours later the hour is quiet, but ran nothing either: no silence, five an hour may pause. */
	assert_int_equal(look(g, NOW + 2 * HOUR_MS).n, 0);
}

static void test_errors_and_other_risks(void **state)
{
	struct governor *g = *state;
	struct found f;

	put_hours(g, METRIC_EXECUTION, GOOD, 60, 60);
	put(g, METRIC_EXECUTION, 1, RISKY, NOW - MINUTE_MS, 60);
	f = look(g, NOW);
	assert_string_equal(f.kinds, "other-risks:coder-1 ");
	assert_non_null(strstr(f.reason, "100 % of what coder-1 ran in the last hour was R2"));
	put(g, METRIC_EXECUTION, 1, BAD, NOW - MINUTE_MS, 30);
	f = look(g, NOW);
	assert_non_null(strstr(f.kinds, "more-errors:coder-1 "));
}

/* Two agents with one history: who goes on as before is not named because of the other. */
static void test_who_changed_is_named_and_its_quiet_twin_is_not(void **state)
{
	struct governor *g = *state;
	struct found f;

	governor_number(g, NUMBER_AGENT, "coder-2");
	for (int h = 2; h < 62; h++)
		for (int64_t agent = 1; agent <= 2; agent++) {
			put(g, METRIC_EXECUTION, agent, GOOD, NOW - h * HOUR_MS, 54);
			put(g, METRIC_EXECUTION, agent, RISKY, NOW - h * HOUR_MS, 6);
			put(g, METRIC_OPERATION, agent, CVF_VERDICT_DENY, NOW - h * HOUR_MS, 2);
		}
	/* The same number of executions of both; of the one, most are now of another risk. */
	put(g, METRIC_EXECUTION, 1, GOOD, NOW - MINUTE_MS, 20);
	put(g, METRIC_EXECUTION, 1, RISKY, NOW - MINUTE_MS, 40);
	put(g, METRIC_EXECUTION, 2, GOOD, NOW - MINUTE_MS, 54);
	put(g, METRIC_EXECUTION, 2, RISKY, NOW - MINUTE_MS, 6);
	f = look(g, NOW);
	assert_string_equal(f.kinds, "other-risks:coder-1 ");
	assert_non_null(strstr(f.reason, "66 % of what coder-1 ran in the last hour was R2"));
	assert_non_null(strstr(f.reason, "in the 60 hours before 10 %"));
	/* And the other way round: the other does more of the same. */
	put(g, METRIC_OPERATION, 2, CVF_VERDICT_DENY, NOW - MINUTE_MS, 60);
	put(g, METRIC_OPERATION, 1, CVF_VERDICT_DENY, NOW - MINUTE_MS, 3);
	f = look(g, NOW);
	assert_int_equal(f.n, 2);
	assert_non_null(strstr(f.kinds, "more-refusals:coder-2 "));
}

static void test_silence(void **state)
{
	struct governor *g = *state;
	struct found f;

	for (int m = 61; m < 50 * 60; m += 10)
		put(g, METRIC_EXECUTION, 1, GOOD, NOW - m * MINUTE_MS, 10);
	/* The hours that are history end with a whole one. */
	for (int h = 50; h < 180; h++)
		put(g, METRIC_EXECUTION, 1, GOOD, NOW - h * HOUR_MS, 60);
	f = look(g, NOW);
	assert_string_equal(f.kinds, "silent:coder-1 ");
	put(g, METRIC_EXECUTION, 1, GOOD, NOW - MINUTE_MS, 1);
	assert_int_equal(look(g, NOW + ALERT_CLEAR_MS + MINUTE_MS).n, 0);
}

static void test_the_host(void **state)
{
	struct governor *g = *state;
	struct found f;

	assert_int_equal(look(g, NOW).n, 0);
	g->canary_ok = false;
	snprintf(g->canary_problem, sizeof(g->canary_problem), "an operation that must be refused was not refused");
	put(g, METRIC_RECORD, 0, RECORD_LOST, NOW, 7);
	put(g, METRIC_QUESTION, 0, OUTCOME_ASKED, NOW, 3);
	put(g, METRIC_QUESTION, 0, OUTCOME_EXPIRED, NOW, 2);
	f = look(g, NOW);
	assert_string_equal(f.kinds, "unanswered:host records-lost:host not-enforcing:host ");
	g->canary_ok = true;
	f = look(g, NOW + ALERT_CLEAR_MS + 1000);
	assert_string_equal(f.kinds, "unanswered:host records-lost:host ");
}

static void test_an_alert_is_acknowledged_once(void **state)
{
	struct governor *g = *state;
	struct alert a = { .id = "A", .kind = "k", .subject = "s", .severity = "warning", .reason = "r", .opened_ms = 1, .seen_ms = 1,
			   .acked_by = "maria", .acked_ms = 2 };

	assert_int_equal(store_begin(g->store, STORE_BATCH), 0);
	assert_int_equal(alert_table_ack(g->store, &a), 0);
	assert_int_equal(alert_table_add(g->store, &a), 0);
	assert_int_equal(alert_table_ack(g->store, &a), 1);
	assert_int_equal(alert_table_ack(g->store, &a), 0);
	assert_int_equal(store_commit(g->store), 0);
}

/* ---- objectives ---- */

static void close_minutes(struct governor *g, int64_t now_ms)
{
	struct rollup u = { 0 };

	assert_int_equal(store_begin(g->store, STORE_BATCH), 0);
	assert_int_equal(objective_close_minutes(g, &u, now_ms), 0);
	assert_int_equal(rollup_write(&u, g->store), 0);
	assert_int_equal(store_commit(g->store), 0);
	rollup_done(&u);
}

static struct score score_of(struct governor *g, enum target_kind kind, int64_t now_ms)
{
	struct score s;

	for (size_t i = 0; i < g->settings.targets.n; i++)
		if (g->settings.targets.v[i].kind == kind)
			assert_int_equal(objective_score(g, &g->settings.targets.v[i], 30 * 24 * 60, now_ms, &s), 0);
	return s;
}

static void test_minutes_are_good_bad_missing_or_left_out(void **state)
{
	struct governor *g = *state;
	struct maintenance m = { .id = "M", .note = "n", .made_by = "root", .from_ms = NOW + 30 * MINUTE_MS,
				 .to_ms = NOW + 40 * MINUTE_MS, .made_ms = NOW };
	struct score s = score_of(g, TARGET_UPTIME, NOW);

	assert_int_equal(s.good + s.bad + s.excluded, 0); /* nobody has looked yet: no data */
	assert_true(objective_burn(&g->settings.targets.v[0], &s) < 0);
	assert_int_equal(store_begin(g->store, STORE_BATCH), 0);
	assert_int_equal(maintenance_table_add(g->store, &m), 0);
	assert_int_equal(store_commit(g->store), 0);
	close_minutes(g, NOW + 10000);
	for (int i = 0; i < 20; i++)
		put(g, METRIC_CANARY, 0, 1, NOW + i * MINUTE_MS + 1000, 2);
	put(g, METRIC_CANARY, 0, 0, NOW + 5 * MINUTE_MS, 1);
	close_minutes(g, NOW + 10 * MINUTE_MS + 10000);
	close_minutes(g, NOW + 10 * MINUTE_MS + 11000);
	s = score_of(g, TARGET_UPTIME, NOW + 10 * MINUTE_MS);
	assert_int_equal(s.good, 9);
	assert_int_equal(s.bad, 1);
	/* Nobody looks for half an hour, ten minutes of which are maintenance. */
	close_minutes(g, NOW + 50 * MINUTE_MS + 10000);
	s = score_of(g, TARGET_UPTIME, NOW + 50 * MINUTE_MS);
	assert_int_equal(s.good, 19);
	assert_int_equal(s.excluded, 10);
	assert_int_equal(s.bad, 21);
	/* A clock set back by forty minutes counts none of them again, and goes on from there. */
	for (int i = 10; i <= 60; i++)
		close_minutes(g, NOW + i * MINUTE_MS + 10000);
	s = score_of(g, TARGET_UPTIME, NOW + 49 * MINUTE_MS);
	assert_int_equal(s.good, 19);
	assert_int_equal(s.good + s.bad + s.excluded, 50);
}

static void test_minutes_of_a_clock_that_was_ahead(void **state)
{
	struct governor *g = *state;
	struct score s;

	/* Three hours ahead and back: the minutes that come are counted as they come, not when the clock is there again. */
	close_minutes(g, NOW + 10000);
	close_minutes(g, NOW + 3 * HOUR_MS + 10000);
	close_minutes(g, NOW + MINUTE_MS + 10000);
	for (int i = 1; i <= 30; i++) {
		put(g, METRIC_CANARY, 0, 1, NOW + i * MINUTE_MS + 1000, 60);
		close_minutes(g, NOW + (i + 1) * MINUTE_MS + 10000);
	}
	s = score_of(g, TARGET_UPTIME, NOW + 31 * MINUTE_MS);
	assert_int_equal(s.good, 30);
	assert_int_equal(s.bad, 1);
}

static void test_a_first_minute_of_a_clock_that_was_years_ahead(void **state)
{
	struct governor *g = *state;
	struct score s;

	close_minutes(g, NOW + 9000 * 24 * HOUR_MS);
	close_minutes(g, NOW + 10000);
	put(g, METRIC_CANARY, 0, 1, NOW + 1000, 60);
	close_minutes(g, NOW + MINUTE_MS + 10000);
	s = score_of(g, TARGET_UPTIME, NOW + MINUTE_MS);
	assert_int_equal(s.good, 1);
	assert_int_equal(s.bad, 0);
}

static void test_answers_in_time_too_late_and_never(void **state)
{
	struct governor *g = *state;
	struct score s;

	put(g, METRIC_PROMISE, 0, histogram_bucket(300 * 1000000ll), NOW, 96);
	put(g, METRIC_PROMISE, 0, histogram_bucket(300 * 1000000ll + 1), NOW, 3);
	put(g, METRIC_PROMISE, 0, PROMISE_UNANSWERED, NOW, 1);
	s = score_of(g, TARGET_APPROVAL_RESPONSE, NOW);
	assert_int_equal(s.good, 96);
	assert_int_equal(s.bad, 4);
	assert_true(objective_burn(&g->settings.targets.v[1], &s) > 0.79 && objective_burn(&g->settings.targets.v[1], &s) < 0.81);
	s = score_of(g, TARGET_API_RESPONSE, NOW);
	assert_int_equal(s.good + s.bad, 0);
}

static void test_a_budget_that_burns_is_an_alert_while_it_goes_on(void **state)
{
	struct governor *g = *state;

	put(g, METRIC_PROMISE, 0, PROMISE_UNANSWERED, NOW - 40 * MINUTE_MS, 50);
	assert_int_equal(look(g, NOW).n, 0); /* it was long ago */
	put(g, METRIC_PROMISE, 0, PROMISE_UNANSWERED, NOW - MINUTE_MS, 50);
	assert_string_equal(look(g, NOW).kinds, "objective-burns:approval-response objective-burns-fast:approval-response ");
	put(g, METRIC_PROMISE, 0, 0, NOW, 5000);
	assert_int_equal(look(g, NOW + ALERT_CLEAR_MS + MINUTE_MS).n, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rate_needs_history_a_number_and_a_distance),
		cmocka_unit_test(test_silence_is_strange_only_where_there_never_was_any),
		cmocka_unit_test(test_a_mix_is_compared_when_there_is_enough_of_both),
		T(test_nothing_is_said_of_an_agent_without_a_history),
		T(test_more_refusals_than_ever_in_words_once_and_over_when_quiet),
		T(test_errors_and_other_risks),
		T(test_who_changed_is_named_and_its_quiet_twin_is_not),
		T(test_silence),
		T(test_the_host),
		T(test_an_alert_is_acknowledged_once),
		T(test_minutes_are_good_bad_missing_or_left_out),
		T(test_minutes_of_a_clock_that_was_ahead),
		T(test_a_first_minute_of_a_clock_that_was_years_ahead),
		T(test_answers_in_time_too_late_and_never),
		T(test_a_budget_that_burns_is_an_alert_while_it_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
