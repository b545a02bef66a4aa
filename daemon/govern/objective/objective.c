// SPDX-License-Identifier: Apache-2.0
/* objective.c - see objective.h */
#include "objective.h"

#include <string.h>

#include "api/view.h"
#include "maintenance_table.h"

#define CLOSED "minutes_closed"	/* the last minute that was closed, UTC s */
#define FIRST "minutes_first"
#define LATE_S 5		/* samples of a minute come so much later */
#define AT_ONCE 1000

static int64_t minute_of(int64_t now_ms)
{
	return now_ms / 1000 / MINUTE_S * MINUTE_S;
}

static int get_mark(struct store *s, const char *name, int64_t *ret_value)
{
	char text[MARK_SIZE];
	int r = mark_table_get(s, name, text);

	*ret_value = strtoll(text, NULL, 10);
	return r;
}

static int put_mark(struct store *s, const char *name, int64_t value)
{
	char text[MARK_SIZE];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return mark_table_put(s, name, text);
}

/* ---- minutes ---- */

static void add_canary(void *ctx, const struct rollup_row *row)
{
	int64_t *n = ctx;

	if (row->key == 0 || row->key == 1)
		n[row->key] += row->n;
}

static void add_any(void *ctx, const struct rollup_row *row)
{
	*(int64_t *)ctx += row->n;
}

/* Of a minute that nobody looked at nothing is written: it is missing, which is bad. After a clock was set back, it may be written. */
static int close_minute(struct governor *g, struct rollup *u, int64_t minute)
{
	struct rollup_row of = { .metric = METRIC_CANARY, .span = MINUTE_S, .at = minute };
	struct rollup_row itself = { .metric = METRIC_MINUTE, .span = MINUTE_S, .at = minute };
	struct sample sample = { .metric = METRIC_MINUTE, .at_ms = minute * 1000, .n = 1 };
	int64_t n[2] = { 0 }, written = 0;
	int covered = maintenance_table_covers(g->store, minute * 1000);
	int r = covered < 0 ? covered : rollup_table_each(g->store, &of, minute + MINUTE_S, add_canary, n);

	if (r == 0)
		r = rollup_table_each(g->store, &itself, minute + MINUTE_S, add_any, &written);
	if (r < 0 || written || (!covered && !n[0] && !n[1]))
		return r;
	sample.key = covered ? MINUTE_EXCLUDED : n[0] ? MINUTE_BAD : MINUTE_GOOD;
	return rollup_add(u, &sample);
}

static int begin_at(struct governor *g, int64_t minute)
{
	int64_t first = 0;
	int r = get_mark(g->store, FIRST, &first);

	if (r == 0)
		r = put_mark(g->store, CLOSED, minute - MINUTE_S);
	return r < 0 || (first && first <= minute) ? r : put_mark(g->store, FIRST, minute);
}

int objective_close_minutes(struct governor *g, struct rollup *u, int64_t now_ms)
{
	int64_t end = minute_of(now_ms - LATE_S * 1000), closed = 0, minute;
	int r = get_mark(g->store, CLOSED, &closed);

	if (r < 0 || closed + MINUTE_S == end)
		return r;
	if (!closed || closed >= end) /* never, or by a clock that was set back since */
		return begin_at(g, end);
	for (minute = closed + MINUTE_S; r == 0 && minute < end && minute <= closed + AT_ONCE * MINUTE_S; minute += MINUTE_S)
		r = close_minute(g, u, minute);
	return r < 0 ? r : put_mark(g->store, CLOSED, minute - MINUTE_S);
}

/* ---- scores ---- */

static void add_minute(void *ctx, const struct rollup_row *row)
{
	int64_t *n = ctx;

	if (row->key >= 0 && row->key < MINUTE_MAX)
		n[row->key] += row->n;
}

static int score_uptime(struct governor *g, struct window *w, struct score *ret)
{
	int64_t n[MINUTE_MAX] = { 0 }, closed = 0, first = 0, whole;
	int r = get_mark(g->store, CLOSED, &closed);

	if (r == 0)
		r = get_mark(g->store, FIRST, &first);
	if (r < 0 || !first)
		return r;
	if (w->from < first)
		w->from = first;
	if (w->to > closed + MINUTE_S)
		w->to = closed + MINUTE_S;
	if (w->from >= w->to)
		return 0;
	r = rollup_each(g->store, METRIC_MINUTE, 0, w, add_minute, n);
	whole = (w->to - w->from) / MINUTE_S;
	ret->good = n[MINUTE_GOOD];
	ret->excluded = n[MINUTE_EXCLUDED];
	ret->bad = whole - ret->good - ret->excluded > 0 ? whole - ret->good - ret->excluded : 0;
	return r;
}

struct response {
	int64_t bucket, good, bad;
};

static void add_response(void *ctx, const struct rollup_row *row)
{
	struct response *to = ctx;

	if (row->key <= to->bucket)
		to->good += row->n;
	else
		to->bad += row->n;
}

static int score_response(struct governor *g, const struct target *t, const struct window *w, struct score *ret)
{
	struct response sums = { .bucket = histogram_bucket(t->within_us) };
	enum metric metric = t->kind == TARGET_API_RESPONSE ? METRIC_REQUEST_PROMISE : METRIC_PROMISE;
	int r = rollup_each(g->store, metric, 0, w, add_response, &sums);

	ret->good = sums.good;
	ret->bad = sums.bad;
	return r;
}

int objective_score(struct governor *g, const struct target *t, int64_t minutes, int64_t now_ms, struct score *ret)
{
	struct window w = { .to = minute_of(now_ms) + MINUTE_S };

	*ret = (struct score){ 0 };
	w.from = w.to - minutes * MINUTE_S;
	if (minutes * MINUTE_S > DAY_S)
		w.from = w.from / HOUR_S * HOUR_S; /* older minutes are no more */
	return t->kind == TARGET_UPTIME ? score_uptime(g, &w, ret) : score_response(g, t, &w, ret);
}

double objective_burn(const struct target *t, const struct score *score)
{
	int64_t whole = score->good + score->bad;

	return whole ? (double)score->bad / (double)whole / (1 - t->percent / 100) : -1;
}

/* ---- view ---- */

static json_t *view_burn(struct governor *g, const struct target *t, int64_t minutes, int64_t now_ms)
{
	struct score score;
	double burn;

	if (objective_score(g, t, minutes, now_ms, &score) < 0)
		return json_null();
	burn = objective_burn(t, &score);
	return burn < 0 ? json_null() : json_real(burn);
}

static json_t *view_one(struct governor *g, const struct target *t, int64_t now_ms)
{
	struct score score;
	double share = 0, allowed;
	json_t *to;
	int64_t whole;

	if (objective_score(g, t, t->days * DAY_S / MINUTE_S, now_ms, &score) < 0)
		return NULL;
	to = json_object();
	whole = score.good + score.bad;
	allowed = (double)whole * (1 - t->percent / 100);
	if (whole)
		share = 100.0 * (double)score.good / (double)whole;
	view_set(to, "id", view_text(t->id));
	view_set(to, "kind", json_string(target_words[t->kind]));
	view_set(to, "target", json_real(t->percent));
	view_set(to, "within_ms", t->within_us ? json_integer(t->within_us / 1000) : json_null());
	view_set(to, "days", json_integer(t->days));
	view_set(to, "state", json_string(!whole ? "no-data" : share >= t->percent ? "met" : "missed"));
	view_set(to, "value", whole ? json_real(share) : json_null());
	view_set(to, "good", json_integer(score.good));
	view_set(to, "bad", json_integer(score.bad));
	view_set(to, "excluded", json_integer(score.excluded));
	view_set(to, "budget_left", whole ? json_real(100.0 * (1 - (double)score.bad / allowed)) : json_null());
	view_set(to, "burn_1h", view_burn(g, t, 60, now_ms));
	view_set(to, "burn_6h", view_burn(g, t, 360, now_ms));
	return to;
}

json_t *objectives_view(struct governor *g, int64_t now_ms)
{
	json_t *list = json_array();

	for (size_t i = 0; i < g->settings.targets.n; i++) {
		json_t *one = view_one(g, &g->settings.targets.v[i], now_ms);

		if (!one) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, one);
	}
	return list;
}
