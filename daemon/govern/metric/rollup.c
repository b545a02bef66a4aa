// SPDX-License-Identifier: Apache-2.0
/* rollup.c - see rollup.h */
#include "rollup.h"

#include <string.h>

#define MINUTES_KEPT_S (49 * HOUR_S)	/* more than 24h reach back */
#define HOURS_KEPT_S (36 * DAY_S)	/* more than 30d reach back, and the history of anomalies */
#define DAYS_KEPT_S (400ll * DAY_S)
#define FIRST_SPACE 64

static int64_t floor_to(int64_t s, int64_t span)
{
	return s - (s % span + span) % span;
}

static int64_t ceil_to(int64_t s, int64_t span)
{
	return floor_to(s + span - 1, span);
}

/* ---- gathering ---- */

static bool is_same(const struct rollup_row *a, const struct rollup_row *b)
{
	return a->metric == b->metric && a->subject == b->subject && a->at == b->at && a->key == b->key;
}

static struct rollup_row *place_of(const struct rollup *u, const struct rollup_row *row)
{
	uint64_t h = 0xcbf29ce484222325ull;
	const int64_t parts[] = { row->metric, row->subject, row->at / MINUTE_S, row->key };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		h = (h ^ (uint64_t)parts[i]) * 0x9e3779b97f4a7c15ull;
	for (i = (h >> 32) & (u->space - 1); u->v[i].span && !is_same(&u->v[i], row);)
		i = (i + 1) & (u->space - 1);
	return &u->v[i];
}

static int grow(struct rollup *u)
{
	struct rollup larger = { .space = u->space ? u->space * 2 : FIRST_SPACE, .used = u->used };

	larger.v = calloc(larger.space, sizeof(*larger.v));
	if (!larger.v)
		return -ENOMEM;
	for (size_t i = 0; i < u->space; i++)
		if (u->v[i].span)
			*place_of(&larger, &u->v[i]) = u->v[i];
	free(u->v);
	*u = larger;
	return 0;
}

int rollup_add(struct rollup *u, const struct sample *sample)
{
	struct rollup_row row = { .metric = sample->metric, .subject = sample->subject, .span = MINUTE_S, .key = sample->key,
				  .at = floor_to(sample->at_ms / 1000, MINUTE_S) };
	struct rollup_row *to;
	int r = u->used * 2 >= u->space ? grow(u) : 0;

	if (r < 0)
		return r;
	to = place_of(u, &row);
	if (!to->span) {
		*to = row;
		u->used++;
	}
	to->n += sample->n;
	to->sum += sample->sum;
	return 0;
}

static int write_one(struct store *s, const struct rollup_row *row)
{
	static const int64_t spans[] = { MINUTE_S, HOUR_S, DAY_S, 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(spans); i++) {
		struct rollup_row one = *row;

		one.span = spans[i];
		one.at = one.span ? floor_to(row->at, one.span) : 0;
		r = rollup_table_add(s, &one);
	}
	return r;
}

int rollup_write(const struct rollup *u, struct store *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < u->space; i++)
		if (u->v[i].span && (u->v[i].n || u->v[i].sum))
			r = write_one(s, &u->v[i]);
	return r;
}

void rollup_clear(struct rollup *u)
{
	if (u->used)
		memset(u->v, 0, u->space * sizeof(*u->v));
	u->used = 0;
}

void rollup_done(struct rollup *u)
{
	free(u->v);
	*u = (struct rollup){ 0 };
}

/* ---- reading ---- */

const char *const period_words[PERIOD_MAX] = { "1h", "24h", "7d", "30d" };

int period_find(const char *word)
{
	for (int i = 0; i < PERIOD_MAX; i++)
		if (strcmp(period_words[i], word) == 0)
			return i;
	return -EINVAL;
}

struct window period_window(enum period p, int64_t now_ms)
{
	static const int64_t lengths[PERIOD_MAX] = { HOUR_S, DAY_S, 7 * DAY_S, 30 * DAY_S };
	struct window w = { .to = floor_to(now_ms / 1000, MINUTE_S) + MINUTE_S };

	w.from = w.to - lengths[p];
	if (p > PERIOD_24H)
		w.from = floor_to(w.from, HOUR_S);
	return w;
}

struct range {
	int64_t span, from, to;
};
#define RANGES_MAX 5

static size_t put_range(struct range *v, size_t n, int64_t span, int64_t from, int64_t to)
{
	if (from >= to)
		return n;
	v[n] = (struct range){ span, from, to };
	return n + 1;
}

/* Days in the middle, hours around them, minutes at the ends. */
static size_t cover(const struct window *w, struct range v[RANGES_MAX])
{
	int64_t hour0 = ceil_to(w->from, HOUR_S), hour1 = floor_to(w->to, HOUR_S);
	int64_t day0 = ceil_to(hour0, DAY_S), day1 = floor_to(hour1, DAY_S);
	size_t n = 0;

	if (hour0 >= hour1)
		return put_range(v, 0, MINUTE_S, w->from, w->to);
	n = put_range(v, n, MINUTE_S, w->from, hour0);
	if (day0 < day1) {
		n = put_range(v, n, HOUR_S, hour0, day0);
		n = put_range(v, n, DAY_S, day0, day1);
		n = put_range(v, n, HOUR_S, day1, hour1);
	} else {
		n = put_range(v, n, HOUR_S, hour0, hour1);
	}
	return put_range(v, n, MINUTE_S, hour1, w->to);
}

int rollup_each(struct store *s, enum metric metric, int64_t subject, const struct window *w, rollup_each_fn each, void *ctx)
{
	struct range v[RANGES_MAX];
	size_t n = cover(w, v);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct rollup_row of = { .metric = metric, .subject = subject, .span = v[i].span, .at = v[i].from };

		r = rollup_table_each(s, &of, v[i].to, each, ctx);
	}
	return r;
}

int rollup_ever(struct store *s, enum metric metric, int64_t subject, rollup_each_fn each, void *ctx)
{
	return rollup_table_each(s, &(struct rollup_row){ .metric = metric, .subject = subject }, 1, each, ctx);
}

static void add_bucket(void *ctx, const struct rollup_row *row)
{
	struct histogram *h = ctx;

	if (row->key < 0 || row->key >= HISTOGRAM_BUCKETS)
		return;
	h->n[row->key] += row->n;
	h->total += row->n;
	h->sum_us += row->sum;
}

int rollup_histogram(struct store *s, enum metric metric, int64_t subject, const struct window *w, struct histogram *ret_h)
{
	*ret_h = (struct histogram){ 0 };
	return rollup_each(s, metric, subject, w, add_bucket, ret_h);
}

int rollup_histogram_ever(struct store *s, enum metric metric, int64_t subject, struct histogram *ret_h)
{
	*ret_h = (struct histogram){ 0 };
	return rollup_ever(s, metric, subject, add_bucket, ret_h);
}

int rollup_prune(struct store *s, int64_t now_ms)
{
	int64_t now = now_ms / 1000;
	int r = rollup_table_prune(s, MINUTE_S, now - MINUTES_KEPT_S);

	if (r == 0)
		r = rollup_table_prune(s, HOUR_S, now - HOURS_KEPT_S);
	return r < 0 ? r : rollup_table_prune(s, DAY_S, now - DAYS_KEPT_S);
}
