/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram.h - durations in fixed buckets, the same for everything that is timed: sums of them can be added up
 */
#ifndef CVF_HISTOGRAM_H
#define CVF_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 27	/* the last one has no upper bound */

/* Upper bounds in microseconds, inclusive. */
extern const int64_t histogram_bounds[HISTOGRAM_BUCKETS - 1];

unsigned int histogram_bucket(int64_t us);
bool histogram_has_bound(int64_t us);

struct histogram {
	int64_t n[HISTOGRAM_BUCKETS];
	int64_t total, sum_us;
};

/*
 * Microseconds below which that share (0..1) lies, on a straight line through its bucket; beyond the last bound: that bound.
 * Negative: there is nothing.
 */
double histogram_quantile(const struct histogram *h, double share);
/* How many took at most so long; us is a bound. */
int64_t histogram_within(const struct histogram *h, int64_t us);

#endif
