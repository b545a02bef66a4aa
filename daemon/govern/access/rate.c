// SPDX-License-Identifier: Apache-2.0
/* rate.c - see rate.h */
#include "rate.h"

#include <stdio.h>
#include <string.h>

#define BUCKETS 1024
#define MINUTE_NS 60000000000.0

static struct bucket {
	char who[RATE_KEY_SIZE];
	double tokens;
	uint64_t ns;	/* when tokens was true; 0: free */
} buckets[BUCKETS];

/* Whoever has not asked for longest loses a bucket: it was the fullest. */
static struct bucket *bucket_of(const char *who, int64_t per_minute, uint64_t now_ns)
{
	struct bucket *oldest = &buckets[0];

	for (size_t i = 0; i < BUCKETS; i++) {
		if (buckets[i].ns && strncmp(buckets[i].who, who, RATE_KEY_SIZE - 1) == 0)
			return &buckets[i];
		if (buckets[i].ns < oldest->ns)
			oldest = &buckets[i];
	}
	*oldest = (struct bucket){ .tokens = (double)per_minute, .ns = now_ns };
	snprintf(oldest->who, sizeof(oldest->who), "%s", who);
	return oldest;
}

unsigned int rate_take(const char *who, int64_t per_minute, uint64_t now_ns)
{
	struct bucket *b;

	if (!per_minute)
		return 0;
	b = bucket_of(who, per_minute, now_ns);
	b->tokens += (double)(now_ns - b->ns) * (double)per_minute / MINUTE_NS;
	if (b->tokens > (double)per_minute)
		b->tokens = (double)per_minute;
	b->ns = now_ns;
	if (b->tokens >= 1) {
		b->tokens -= 1;
		return 0;
	}
	return 1 + (unsigned int)((1 - b->tokens) * 60 / (double)per_minute);
}

void rate_forget(void)
{
	memset(buckets, 0, sizeof(buckets));
}
