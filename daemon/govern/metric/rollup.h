/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollup.h - sums of what happened per minute, hour, day and ever, so that no view reads more rows when there is more history
 *
 * Samples are gathered in memory and written in the transaction that makes them true: whatever was counted was counted
 * once, whoever dies when. A correction is a sample that takes away.
 */
#ifndef CVF_ROLLUP_H
#define CVF_ROLLUP_H

#include "histogram.h"
#include "rollup_table.h"

/* Numbers are in the store: append only. Subject 0 is all of them. */
enum metric {
	METRIC_EXECUTION = 1,	/* of an agent; key: EXECUTION_KEY(); sum: microseconds */
	METRIC_LATENCY = 2,	/* of executions of an agent; key: bucket; sum: microseconds */
	METRIC_CAPABILITY = 3,	/* executions of a capability; as METRIC_EXECUTION; no subject 0 */
	METRIC_SKILL = 4,	/* of a skill; likewise */
	METRIC_OPERATION = 5,	/* of an agent, counted by the kernel; key: verdict as in the table counters */
	METRIC_QUESTION = 6,	/* of an agent, by the minute it was asked in; key: enum outcome */
	METRIC_ANSWER = 7,	/* time people took; key: bucket; sum: microseconds; subject 0 only */
	METRIC_RECORD = 8,	/* of the kernel; key: enum record_fate; subject 0 only */
	METRIC_CANARY = 9,	/* key: 1 refused as it must be, 0 not; subject 0 only */
	METRIC_REQUEST = 10,	/* of the API; key: bucket; sum: microseconds; subject 0 only */
	METRIC_MINUTE = 11,	/* key: enum minute_kind; subject 0 only */
	METRIC_PROMISE = 12,	/* questions outside maintenance; key: bucket, PROMISE_UNANSWERED; subject 0 only */
	METRIC_REQUEST_PROMISE = 13, /* requests outside maintenance; key: bucket; subject 0 only */
};

#define EXECUTION_KEY(risk, status) ((risk) << 4 | (status))
#define EXECUTION_KEY_RISK(key) ((key) >> 4 & 3)
#define EXECUTION_KEY_STATUS(key) ((key) & 15)

enum outcome {
	OUTCOME_ASKED, OUTCOME_APPROVED, OUTCOME_GRANTED, OUTCOME_DENIED, OUTCOME_EXPIRED, OUTCOME_ABANDONED,
	OUTCOME_OVER_BUDGET,
	OUTCOME_ENDED,	/* refused, and not by a person: the kernel ended it */
	OUTCOME_MAX
};
enum record_fate { RECORD_STORED, RECORD_LOST };
enum minute_kind { MINUTE_GOOD, MINUTE_BAD, MINUTE_EXCLUDED, MINUTE_MAX };
#define PROMISE_UNANSWERED 100

struct sample {
	enum metric metric;
	int64_t subject, key, at_ms, n, sum;
};

/* Samples that are not written yet. All zeros: empty. */
struct rollup {
	struct rollup_row *v;	/* a hash table; span 0 marks a free place */
	size_t used, space;
};

int rollup_add(struct rollup *u, const struct sample *sample) must_check;
/* Writes them to every span; inside a transaction. They stay until rollup_clear(). */
int rollup_write(const struct rollup *u, struct store *s) must_check;
void rollup_clear(struct rollup *u);
void rollup_done(struct rollup *u);

/* A time: whole minutes, the beginning of the longer ones whole hours. */
enum period { PERIOD_1H, PERIOD_24H, PERIOD_7D, PERIOD_30D, PERIOD_MAX };
extern const char *const period_words[PERIOD_MAX];
int period_find(const char *word);	/* -EINVAL: none of them */
struct window {
	int64_t from, to;	/* UTC seconds; to is exclusive */
};
struct window period_window(enum period p, int64_t now_ms);

/* Sums by key over a window; each may be called several times for a key. */
int rollup_each(struct store *s, enum metric metric, int64_t subject, const struct window *w, rollup_each_fn each, void *ctx)
	must_check;
int rollup_histogram(struct store *s, enum metric metric, int64_t subject, const struct window *w, struct histogram *ret_h)
	must_check;
/* Since the beginning. */
int rollup_ever(struct store *s, enum metric metric, int64_t subject, rollup_each_fn each, void *ctx) must_check;
int rollup_histogram_ever(struct store *s, enum metric metric, int64_t subject, struct histogram *ret_h) must_check;
/* Forgets what is older than any view. */
int rollup_prune(struct store *s, int64_t now_ms) must_check;

#endif
