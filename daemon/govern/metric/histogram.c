// SPDX-License-Identifier: Apache-2.0
/* histogram.c - see histogram.h */
#include "histogram.h"

#define MS 1000ll
#define S 1000000ll

const int64_t histogram_bounds[HISTOGRAM_BUCKETS - 1] = {
	100,	  200,	   500,	    1 * MS,  2 * MS,  5 * MS,	 10 * MS,   20 * MS,   50 * MS,
	100 * MS, 200 * MS, 500 * MS, 1 * S,   2 * S,   5 * S,	 10 * S,    30 * S,    60 * S,
	120 * S,  300 * S, 600 * S,  1800 * S, 3600 * S, 4 * 3600 * S, 12 * 3600 * S, 24 * 3600 * S,
};

unsigned int histogram_bucket(int64_t us)
{
	unsigned int i = 0;

	while (i < HISTOGRAM_BUCKETS - 1 && us > histogram_bounds[i])
		i++;
	return i;
}

bool histogram_has_bound(int64_t us)
{
	unsigned int i = histogram_bucket(us);

	return i < HISTOGRAM_BUCKETS - 1 && histogram_bounds[i] == us;
}

double histogram_quantile(const struct histogram *h, double share)
{
	double wanted = share * (double)h->total, below = 0, low, high;

	if (h->total <= 0)
		return -1;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		if (h->n[i] <= 0)
			continue;
		if (below + (double)h->n[i] >= wanted) {
			low = i ? (double)histogram_bounds[i - 1] : 0;
			high = (double)histogram_bounds[i];
			return low + (high - low) * (wanted > below ? (wanted - below) / (double)h->n[i] : 0);
		}
		below += (double)h->n[i];
	}
	return (double)histogram_bounds[HISTOGRAM_BUCKETS - 2];
}

int64_t histogram_within(const struct histogram *h, int64_t us)
{
	int64_t n = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS - 1 && histogram_bounds[i] <= us; i++)
		n += h->n[i];
	return n;
}
