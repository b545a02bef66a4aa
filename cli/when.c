// SPDX-License-Identifier: Apache-2.0
#include "when.h"

#include <ctype.h>
#include <string.h>

#define TEN_YEARS_S (3660LL * 86400)

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = { { 'w', 7 * 86400 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

static int64_t unit_seconds(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].letter == letter)
			return units[i].seconds;
	return 0;
}

int when_duration(const char *text, int64_t *ret_seconds)
{
	int64_t total = 0, last = INT64_MAX;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	while (*text) {
		int64_t number = 0, unit;

		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		for (; isdigit((unsigned char)*text); text++) {
			number = number * 10 + (*text - '0');
			if (number > TEN_YEARS_S)
				return -ERANGE;
		}
		unit = *text ? unit_seconds(*text++) : 1;
		/* "1h30": the 30 is seconds by our rule and minutes by most people's, so it is neither. */
		if (unit == 0 || unit >= last || (unit == 1 && last != INT64_MAX && text[-1] != 's'))
			return -EINVAL;
		last = unit;
		total += number * unit;
		if (total > TEN_YEARS_S)
			return -ERANGE;
	}
	if (total == 0)
		return -ERANGE;
	*ret_seconds = total;
	return 0;
}

/* What follows the seconds: a fraction (dropped) and Z, z or +hh:mm. -EINVAL. */
static int zone_parse(const char *text, int *ret_offset_s)
{
	int hours, minutes, end = 0;
	char sign;

	if (*text == '.') {
		text++;
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		while (isdigit((unsigned char)*text))
			text++;
	}
	*ret_offset_s = 0;
	if (*text == '\0' || strcasecmp(text, "z") == 0)
		return 0;
	if (sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &end) != 3 || text[end] ||
	    !strchr("+-", sign))
		return -EINVAL;
	*ret_offset_s = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return 0;
}

static int date_parse(const char *text, time_t *ret)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
					     "%Y-%m-%d" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = { .tm_mday = 1 };
		const char *rest = strptime(text, forms[i], &tm);
		int offset_s;

		if (!rest || (i > 1 && *rest))
			continue;
		if (zone_parse(rest, &offset_s) < 0)
			return -EINVAL;
		*ret = timegm(&tm) - offset_s;
		return 0;
	}
	return -EINVAL;
}

int when_moment(const char *text, time_t now, time_t *ret)
{
	int64_t ago;

	if (when_duration(text, &ago) == 0) {
		*ret = now - (time_t)ago;
		return 0;
	}
	return date_parse(text, ret);
}

void when_print(time_t moment, char text[static WHEN_MAX])
{
	struct tm tm;

	if (!gmtime_r(&moment, &tm) || strftime(text, WHEN_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strcpy(text, "?");
}

void when_print_duration(int64_t seconds, char text[static WHEN_MAX])
{
	char *to = text;
	int shown = 0;

	if (seconds <= 0) {
		strcpy(text, "0s");
		return;
	}
	*to = '\0';
	for (size_t i = 1; i < ARRAY_SIZE(units) && shown < 2; i++) {
		int64_t n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n > 0)
			to += snprintf(to, WHEN_MAX - (size_t)(to - text), "%lld%c", (long long)n,
				       units[i].letter);
		shown += n > 0 || shown > 0;
	}
}
