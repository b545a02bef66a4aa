// SPDX-License-Identifier: Apache-2.0
/* view.c - see view.h */
#include "view.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "core/utf8.h"
#include "json/memory.h"

json_t *view_bytes(const char *p, size_t n)
{
	own_free char *text = malloc(4 * n + 1);
	size_t used = 0;

	if (!text) {
		memory_note();
		return NULL;
	}
	for (size_t i = 0; i < n;) {
		uint32_t c = 0;
		size_t length = utf8_decode(p + i, n - i, &c);

		if (length && c) {
			memcpy(text + used, p + i, length);
			used += length;
			i += length;
		} else {
			used += (size_t)sprintf(text + used, "\\x%02x", (unsigned char)p[i++]);
		}
	}
	return json_stringn_nocheck(text, used);
}

json_t *view_text(const char *text)
{
	return text ? view_bytes(text, strlen(text)) : json_null();
}

json_t *view_hex(uint64_t value)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, value);
	return json_string(text);
}

void moment_print(int64_t utc_ms, char ret_text[TIME_TEXT])
{
	time_t seconds = (time_t)(utc_ms / 1000);
	char date[TIME_TEXT];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret_text, TIME_TEXT, "%.20s.%03dZ", date, (int)(utc_ms % 1000));
}

json_t *view_time(int64_t utc_ms)
{
	char text[TIME_TEXT];

	if (utc_ms <= 0)
		return json_null();
	moment_print(utc_ms, text);
	return json_string(text);
}

static int parse_duration(const char *text, int64_t *ret_ms)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	char *end;
	long long n;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || n > 1000000000 || !end[0] || end[1])
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].unit == *end) {
			*ret_ms = n * units[i].seconds * 1000;
			return 0;
		}
	return -EINVAL;
}

/* "Z", "z" or "+hh:mm" / "-hh:mm" and nothing after it; a '+' in a query arrives as a space when it was not escaped. */
static int parse_zone(const char *text, int64_t *ret_ms)
{
	unsigned int hours, minutes;
	int used = 0;

	*ret_ms = 0;
	if ((*text == 'Z' || *text == 'z') && !text[1])
		return 0;
	if ((*text != '+' && *text != '-' && *text != ' ') || sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &used) != 2)
		return -EINVAL;
	if (used != 5 || text[6] || hours > 23 || minutes > 59)
		return -EINVAL;
	*ret_ms = (int64_t)(hours * 60 + minutes) * 60000 * (*text == '-' ? -1 : 1);
	return 0;
}

static const char *parse_fraction(const char *text, int64_t *ret_ms)
{
	int64_t unit = 100;

	*ret_ms = 0;
	if (*text != '.' || !isdigit((unsigned char)text[1]))
		return text;
	for (text++; isdigit((unsigned char)*text); text++, unit /= 10)
		*ret_ms += (*text - '0') * unit;
	return text;
}

int moment_parse(const char *text, int64_t now_ms, int64_t *ret_ms)
{
	struct tm tm = { 0 };
	int64_t fraction, zone, ago;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest) {
		int r = parse_duration(text, &ago);

		if (r == 0)
			*ret_ms = now_ms - ago;
		return r;
	}
	rest = parse_fraction(rest, &fraction);
	if (parse_zone(rest, &zone) < 0)
		return -EINVAL;
	*ret_ms = (int64_t)timegm(&tm) * 1000 + fraction - zone;
	return 0;
}

int number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
	char *end;
	long long n;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return -EINVAL;
	*ret_value = n;
	return 0;
}

void view_set(json_t *object, const char *key, json_t *take_value)
{
	json_object_set_new_nocheck(object, key, take_value ? take_value : json_null());
}
