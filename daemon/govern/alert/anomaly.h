/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anomaly.h - is this hour unlike those before it: pure arithmetic, no store and no clock
 */
#ifndef CVF_ANOMALY_H
#define CVF_ANOMALY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANOMALY_HOURS 168	/* of history that are looked at */
#define ANOMALY_LEAST_HOURS 24	/* in which the agent did something: with fewer nothing is said */
#define ANOMALY_LEAST_COUNT 10	/* in the last hour: fewer are no flood */
#define ANOMALY_MIX_NOW 50	/* executions in the last hour, and */
#define ANOMALY_MIX_BEFORE 200	/* before it, to compare what they were */
#define ANOMALY_MIX_SHIFT 0.3	/* so much of the whole has to have moved */
#define ANOMALY_CLASSES 4

/* Hour by hour, the oldest first; only hours since the agent was first seen. */
struct history {
	int64_t count[ANOMALY_HOURS];
	size_t hours, active;	/* active: hours in which the agent did anything at all */
};

enum shift { SHIFT_NONE, SHIFT_UP, SHIFT_DOWN };

struct finding {
	enum shift shift;
	double mean;		/* an hour */
	int64_t most, least;	/* an hour */
};

/*
 * Up: more than the mean and four deviations, than one and a half times the most of any hour, and no handful. Down: nothing,
 * where no hour was without and the mean was a flood.
 */
struct finding anomaly_rate(const struct history *h, int64_t now);

/*
 * How much of the whole has moved from some classes to others (half the sum of differences of shares); the class that grew
 * most goes to *ret_class. Negative: there is too little to compare.
 */
double anomaly_mix(const int64_t before[ANOMALY_CLASSES], const int64_t now[ANOMALY_CLASSES], unsigned int *ret_class);

#endif
