// SPDX-License-Identifier: Apache-2.0
/* sequence.c - see sequence.h */
#include "sequence.h"

#include <string.h>

void sequence_done(struct sequence *s)
{
	free(s->ahead);
	*s = (struct sequence){ 0 };
}

static void remove_span(struct sequence *s, size_t i)
{
	memmove(&s->ahead[i], &s->ahead[i + 1], (s->ahead_count - i - 1) * sizeof(*s->ahead));
	s->ahead_count--;
}

static void advance(struct sequence *s)
{
	if (s->ahead_count && s->ahead[0].first == s->next) {
		s->next = s->ahead[0].last + 1;
		remove_span(s, 0);
	}
}

static int insert_span(struct sequence *s, size_t i, uint64_t seq, int64_t now_ms)
{
	struct sequence_span *grown = reallocarray(s->ahead, s->ahead_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->ahead = grown;
	memmove(&grown[i + 1], &grown[i], (s->ahead_count - i) * sizeof(*grown));
	grown[i] = (struct sequence_span){ seq, seq, now_ms };
	s->ahead_count++;
	return 1;
}

/* i: the first span that ends at seq - 1 or later. */
static int put_ahead(struct sequence *s, size_t i, uint64_t seq, int64_t now_ms)
{
	struct sequence_span *at;

	if (i == s->ahead_count || seq + 1 < s->ahead[i].first)
		return insert_span(s, i, seq, now_ms);
	at = &s->ahead[i];
	if (seq >= at->first && seq <= at->last)
		return 0;
	if (seq + 1 == at->first) {
		at->first = seq;
		return 1;
	}
	at->last = seq;
	if (i + 1 < s->ahead_count && s->ahead[i + 1].first == seq + 1) {
		at->last = s->ahead[i + 1].last;
		remove_span(s, i + 1);
	}
	return 1;
}

int sequence_take(struct sequence *s, uint64_t seq, int64_t now_ms)
{
	size_t i = s->ahead_count;

	if (seq < s->next)
		return 0;
	if (seq == s->next) {
		s->next++;
		advance(s);
		return 1;
	}
	while (i > 0 && s->ahead[i - 1].last + 1 >= seq)
		i--; /* from the end: news are mostly the newest */
	return put_ahead(s, i, seq, now_ms);
}

uint64_t sequence_open(const struct sequence *s, uint64_t last)
{
	uint64_t open = last >= s->next ? last - s->next + 1 : 0;

	for (size_t i = 0; i < s->ahead_count && s->ahead[i].first <= last; i++)
		open -= (s->ahead[i].last < last ? s->ahead[i].last : last) - s->ahead[i].first + 1;
	return open;
}

bool sequence_hole(struct sequence *s, int64_t now_ms, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t end = s->ahead_count ? s->ahead[0].first - 1 : s->settled;

	if (s->settled >= s->next)
		end = s->settled < end ? s->settled : end;
	else if (!s->ahead_count)
		return false;
	else if (now_ms - s->ahead[0].since_ms < SEQUENCE_GRACE_MS && s->ahead_count <= SEQUENCE_SPANS_MAX)
		return false;
	*ret_first = s->next;
	*ret_last = end;
	s->next = end + 1;
	advance(s);
	return true;
}
