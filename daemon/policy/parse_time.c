// SPDX-License-Identifier: Apache-2.0
/*
 * parse_time.c - RFC 3339 times, and hours of the week in UTC
 */
#include <string.h>
#include <time.h>

#include "policy/parse.h"

#define DAY_MINUTES  1440
#define WEEK_MINUTES (7 * DAY_MINUTES)

/* Digits at *s as a number of this width; moves past them. */
static bool digits_parse(const char **s, int width, int *ret_value)
{
	int value = 0;

	for (int i = 0; i < width; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		value = value * 10 + (**s - '0');
	}
	*ret_value = value;
	return true;
}

static bool literal_parse(const char **s, const char *any_of)
{
	if (!**s || !strchr(any_of, **s))
		return false;
	(*s)++;
	return true;
}

static bool offset_parse(const char **s, int *ret_seconds)
{
	int sign = **s == '-' ? -1 : 1, hours, minutes;

	if (literal_parse(s, "Zz")) {
		*ret_seconds = 0;
		return true;
	}
	if (!literal_parse(s, "+-") || !digits_parse(s, 2, &hours) || !literal_parse(s, ":") ||
	    !digits_parse(s, 2, &minutes))
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool time_parse(const char *text, int64_t *ret_time)
{
	struct tm tm = {0}, given;
	const char *s = text;
	int offset;
	time_t t;

	if (!digits_parse(&s, 4, &tm.tm_year) || !literal_parse(&s, "-") || !digits_parse(&s, 2, &tm.tm_mon) ||
	    !literal_parse(&s, "-") || !digits_parse(&s, 2, &tm.tm_mday) || !literal_parse(&s, "Tt ") ||
	    !digits_parse(&s, 2, &tm.tm_hour) || !literal_parse(&s, ":") || !digits_parse(&s, 2, &tm.tm_min) ||
	    !literal_parse(&s, ":") || !digits_parse(&s, 2, &tm.tm_sec))
		return false;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (!offset_parse(&s, &offset) || *s || tm.tm_sec > 60)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	given = tm;
	t = timegm(&tm);
	/* timegm() carries what is out of range: a date that changed was none. */
	if (tm.tm_mon != given.tm_mon || tm.tm_mday != given.tm_mday || given.tm_hour > 23 || given.tm_min > 59)
		return false;
	*ret_time = t - offset;
	return true;
}

void read_time(const struct jat *at, const struct field *f, void *out)
{
	const char *text = json_string_value(at->value);

	(void)f;
	if (!text || !time_parse(text, out))
		jat_error(at, "write a time as in \"2026-12-31T23:59:59Z\"", "this is not an RFC 3339 time");
}

static bool day_parse(const char **s, int *ret_day)
{
	static const char days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

	for (int i = 0; i < 7; i++) {
		if (strncmp(*s, days[i], 3) == 0) {
			*s += 3;
			*ret_day = i;
			return true;
		}
	}
	return false;
}

/* "Mon-Fri,Sun": a range may go over the week's end. */
static bool days_parse(const char **s, uint8_t *ret_days)
{
	int first, last;

	do {
		if (!day_parse(s, &first))
			return false;
		last = first;
		if (literal_parse(s, "-") && !day_parse(s, &last))
			return false;
		for (int day = first;; day = (day + 1) % 7) {
			*ret_days |= (uint8_t)(1u << day);
			if (day == last)
				break;
		}
	} while (literal_parse(s, ","));
	return true;
}

static bool clock_parse(const char **s, int *ret_minutes)
{
	int hours, minutes;

	if (!digits_parse(s, 2, &hours) || !literal_parse(s, ":") || !digits_parse(s, 2, &minutes))
		return false;
	*ret_minutes = hours * 60 + minutes;
	return minutes < 60 && *ret_minutes <= DAY_MINUTES;
}

static bool window_parse(const char **s, struct window *w)
{
	int from = 0, to = DAY_MINUTES;

	w->days = 0;
	if (**s >= 'A') {
		if (!days_parse(s, &w->days))
			return false;
		*s += strspn(*s, " ");
	} else {
		w->days = 0x7f;
	}
	if (**s && **s != ';' && (!clock_parse(s, &from) || !literal_parse(s, "-") || !clock_parse(s, &to)))
		return false;
	w->from = (uint16_t)from;
	w->to = (uint16_t)(to <= from ? to + DAY_MINUTES : to);
	*s += strspn(*s, " ");
	return from < DAY_MINUTES && (!**s || **s == ';');
}

bool windows_parse(struct pool *pool, const char *text, struct windows *w)
{
	size_t space = 1;
	struct window *v;

	for (const char *c = text; *c; c++)
		space += *c == ';';
	v = pool_alloc(pool, w->n + space, sizeof(*v));
	if (!v)
		return false;
	if (w->n)
		memcpy(v, w->v, w->n * sizeof(*v));
	w->v = v;
	for (const char *s = text;; s++) {
		s += strspn(s, " ");
		if (!*s || !window_parse(&s, &w->v[w->n]))
			return false;
		w->n++;
		if (!*s)
			return true;
	}
}

void read_windows(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	for (size_t i = 0; i < elements_count(at); i++) {
		struct jat one = element_at(at, i);
		const char *text = json_string_value(one.value);

		if (!text || !windows_parse(at->doc->pool, text, out))
			jat_error(&one, "write days and hours in UTC, for example \"Mon-Fri 09:00-18:00\"",
				  "this is not a time of the week");
	}
	if (!elements_count(at))
		jat_error(at, "leave the field out to mean always", "the list is empty");
}

bool windows_hold(const struct windows *w, int64_t now)
{
	/* 1970-01-01 was a Thursday: day 3 when the week begins on Monday. */
	int64_t minute = (now < 0 ? now - 59 : now) / 60 + 3 * DAY_MINUTES;

	minute = (minute % WEEK_MINUTES + WEEK_MINUTES) % WEEK_MINUTES;
	for (size_t i = 0; i < w->n; i++) {
		for (int day = 0; day < 7; day++) {
			int64_t since = (minute - day * DAY_MINUTES + WEEK_MINUTES) % WEEK_MINUTES;

			if (w->v[i].days >> day & 1 && since >= w->v[i].from && since < w->v[i].to)
				return true;
		}
	}
	return false;
}
