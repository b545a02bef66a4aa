/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - what is promised: read from cvfd.json */
#ifndef CVF_TARGET_H
#define CVF_TARGET_H

#include <stdint.h>

#include "json/doc.h"

enum target_kind { TARGET_UPTIME, TARGET_APPROVAL_RESPONSE, TARGET_API_RESPONSE, TARGET_KIND_MAX };
extern const char *const target_words[TARGET_KIND_MAX];

#define TARGETS_MAX 16
#define TARGET_ID_MAX 64

struct target {
	char id[TARGET_ID_MAX + 1];
	enum target_kind kind;
	double percent;		/* below 100: a budget of nothing is spent before it begins */
	int64_t within_us;	/* of a response: the bound of a bucket; else 0 */
	int64_t days;		/* 1..30: the time it is about */
};

struct targets {
	struct target v[TARGETS_MAX];
	size_t n;
};

/* Without a word in cvfd.json: uptime 99 %, 95 % of questions answered in 5 minutes, 99 % of requests in 50 ms, over 30 days. */
void targets_default(struct targets *t);
/* An array of objects; errors become diagnoses. */
void targets_read(const struct jat *at, struct targets *t);

#endif
