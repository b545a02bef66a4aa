// SPDX-License-Identifier: Apache-2.0
/* anomaly.c - see anomaly.h */
#include "anomaly.h"

/* count > limit without a root: (count - mean)^2 > 16 * variance, where the variance is that of a Poisson process at least. */
static bool is_far_above(double count, double mean, double variance)
{
	double floor = mean > 1 ? mean : 1;

	if (variance < floor)
		variance = floor;
	return count > mean && (count - mean) * (count - mean) > 16 * variance;
}

struct finding anomaly_rate(const struct history *h, int64_t now)
{
	struct finding f = { .shift = SHIFT_NONE };
	double sum = 0, squares = 0, variance;

	if (h->active < ANOMALY_LEAST_HOURS || !h->hours)
		return f;
	f.least = f.most = h->count[0];
	for (size_t i = 0; i < h->hours; i++) {
		sum += (double)h->count[i];
		squares += (double)h->count[i] * (double)h->count[i];
		if (h->count[i] > f.most)
			f.most = h->count[i];
		if (h->count[i] < f.least)
			f.least = h->count[i];
	}
	f.mean = sum / (double)h->hours;
	variance = squares / (double)h->hours - f.mean * f.mean;
	if (now >= ANOMALY_LEAST_COUNT && 2 * now > 3 * f.most && is_far_above((double)now, f.mean, variance))
		f.shift = SHIFT_UP;
	else if (now == 0 && f.least > 0 && f.mean >= ANOMALY_LEAST_COUNT)
		f.shift = SHIFT_DOWN;
	return f;
}

static int64_t sum_of(const int64_t v[ANOMALY_CLASSES])
{
	int64_t n = 0;

	for (size_t i = 0; i < ANOMALY_CLASSES; i++)
		n += v[i];
	return n;
}

double anomaly_mix(const int64_t before[ANOMALY_CLASSES], const int64_t now[ANOMALY_CLASSES], unsigned int *ret_class)
{
	double whole_before = (double)sum_of(before), whole_now = (double)sum_of(now), moved = 0, most = 0;

	*ret_class = 0;
	if (whole_before < ANOMALY_MIX_BEFORE || whole_now < ANOMALY_MIX_NOW)
		return -1;
	for (unsigned int i = 0; i < ANOMALY_CLASSES; i++) {
		double grown = (double)now[i] / whole_now - (double)before[i] / whole_before;

		if (grown <= 0)
			continue;
		moved += grown;
		if (grown > most) {
			most = grown;
			*ret_class = i;
		}
	}
	return moved;
}
