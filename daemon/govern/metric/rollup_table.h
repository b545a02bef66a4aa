/* SPDX-License-Identifier: Apache-2.0 */
/* rollup_table.h - sums per minute, hour, day and ever */
#ifndef CVF_ROLLUP_TABLE_H
#define CVF_ROLLUP_TABLE_H

#include <stdint.h>

#include "store/store.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400

struct rollup_row {
	int64_t metric, subject, span, at, key;
	int64_t n, sum;
};

/* Inside a transaction. */
int rollup_table_add(struct store *s, const struct rollup_row *row) must_check;

/* Of one metric and subject, from row->at until `to` (exclusive): the sums of each key, in order of the keys. */
typedef void (*rollup_each_fn)(void *ctx, const struct rollup_row *row);
int rollup_table_each(struct store *s, const struct rollup_row *of, int64_t to, rollup_each_fn each, void *ctx) must_check;
/* The same, bucket by bucket, in order of time. */
int rollup_table_each_bucket(struct store *s, const struct rollup_row *of, int64_t to, rollup_each_fn each, void *ctx) must_check;
/* Every subject of a metric that ever was, but 0. */
int rollup_table_subjects(struct store *s, int64_t metric, void (*each)(void *ctx, int64_t subject), void *ctx) must_check;
/* Removes at most a few thousand buckets of a span that are older. */
int rollup_table_prune(struct store *s, int64_t span, int64_t before) must_check;

/* What a room remembers by a name; empty text: nothing. */
#define MARK_SIZE 64
int mark_table_get(struct store *s, const char *name, char ret_value[MARK_SIZE]) must_check;
int mark_table_put(struct store *s, const char *name, const char *value) must_check;

#define SKILLS_MAX 1000
/* Number of a skill, made if it is new; 0: there are too many. Inside a transaction. */
int skill_table_number(struct store *s, const char *name, int64_t *ret_number) must_check;
int skill_table_name(struct store *s, int64_t number, char *ret_name, size_t size) must_check;

#endif
