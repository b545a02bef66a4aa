// SPDX-License-Identifier: Apache-2.0
/*
 * sse.c - the text/event-stream format: "field: value" lines, an empty line ends a message
 */
#include "follow.h"

#include <string.h>

static void add_data(struct sse *s, const char *value)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s%s%s", s->data ? s->data : "", s->data ? "\n" : "", value) < 0) {
		s->failed = true;
		return;
	}
	free(s->data);
	s->data = joined;
}

static void set_id(struct sse *s, const char *value)
{
	char *id = strdup(value);

	if (!id)
		s->failed = true;
	free(s->next_id);
	s->next_id = id;
}

static const char *value_of(const char *line, const char *field)
{
	size_t n = strlen(field);

	if (strncmp(line, field, n) != 0 || line[n] != ':')
		return NULL;
	return line + n + 1 + (line[n + 1] == ' ');
}

static void end_message(struct sse *s)
{
	if (s->data)
		s->on_message(s->ctx, s->data);
	if (s->next_id) {
		free(s->id);
		s->id = TAKE(s->next_id);
	}
	free(s->data);
	s->data = NULL;
}

static void end_line(struct sse *s)
{
	const char *line = s->line ? s->line : "";
	const char *value;

	if (s->line_n > 0 && s->line[s->line_n - 1] == '\r')
		s->line[--s->line_n] = '\0';
	if (*line == '\0') {
		end_message(s);
	} else if ((value = value_of(line, "data"))) {
		add_data(s, value);
	} else if ((value = value_of(line, "id"))) {
		set_id(s, value);
	}
	s->line_n = 0;
	if (s->line)
		s->line[0] = '\0';
}

void sse_feed(struct sse *s, const char *bytes, size_t size)
{
	while (size > 0 && !s->failed) {
		const char *newline = memchr(bytes, '\n', size);
		size_t n = newline ? (size_t)(newline - bytes) : size;
		char *grown = s->line_n + n <= SSE_LINE_MAX ? realloc(s->line, s->line_n + n + 1) : NULL;

		if (!grown) {
			s->failed = true;
			return;
		}
		s->line = grown;
		memcpy(s->line + s->line_n, bytes, n);
		s->line_n += n;
		s->line[s->line_n] = '\0';
		n += newline != NULL;
		bytes += n;
		size -= n;
		if (newline)
			end_line(s);
	}
}

void sse_restart(struct sse *s)
{
	free(s->line);
	free(s->data);
	free(s->next_id);
	s->line = s->data = s->next_id = NULL;
	s->line_n = 0;
}

void sse_done(struct sse *s)
{
	sse_restart(s);
	free(s->id);
	*s = (struct sse){ 0 };
}
