// SPDX-License-Identifier: Apache-2.0
/* text.c - see text.h */
#include "text.h"

#include <string.h>

#include "route.h"

struct text_stream {
	struct stream stream;
	char *text;
	size_t size, sent;
};

static ssize_t pull(struct stream *stream, char *to, size_t room)
{
	struct text_stream *s = (struct text_stream *)stream;
	size_t n = s->size - s->sent < room ? s->size - s->sent : room;

	memcpy(to, s->text + s->sent, n);
	s->sent += n;
	return n ? (ssize_t)n : -1;
}

static void free_text(struct stream *stream)
{
	struct text_stream *s = (struct text_stream *)stream;

	free(s->text);
	free(s);
}

unsigned int reply_text(struct request *q, unsigned int status, const char *type, char *take_text, size_t size)
{
	struct text_stream *s = calloc(1, sizeof(*s));

	if (!s) {
		free(take_text);
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	}
	*s = (struct text_stream){ .stream = { .pull = pull, .free = free_text, .type = type }, .text = take_text, .size = size };
	q->stream = &s->stream;
	return status;
}
