// SPDX-License-Identifier: Apache-2.0
/* document.c - see document.h: docs/API.md */
#include "document.h"

#include <string.h>

static void print_members(const struct shape *s, bool is_answer, int depth, FILE *out);

static void print_member(const struct member *m, bool is_answer, int depth, FILE *out)
{
	char kind[512];
	bool is_inline = m->of && !m->of->name;

	shape_kind_words(m, kind, sizeof(kind));
	fprintf(out, "%*s- `%s`: %s%s", 2 * depth, "", m->name, m->flags & MANY ? "array of " : "", kind);
	if (m->kind == IS_TEXT && m->max && !is_answer)
		fprintf(out, " of at most %lld bytes", (long long)m->max);
	if (m->flags & OR_NULL)
		fputs(" or null", out);
	if (m->flags & SOMETIMES)
		fputs(", not always there", out);
	if (m->flags & NEEDED)
		fputs(", needed", out);
	if (m->preset)
		fprintf(out, ", default %s", m->preset);
	if (m->about)
		fprintf(out, "; %s", m->about);
	fputs("\n", out);
	if (is_inline)
		print_members(m->of, is_answer, depth + 1, out);
}

static void print_members(const struct shape *s, bool is_answer, int depth, FILE *out)
{
	for (const struct member *m = s->v; m->name; m++)
		print_member(m, is_answer, depth, out);
}

static void print_shape(const char *title, const struct shape *s, bool is_answer, FILE *out)
{
	if (!s)
		return;
	if (s->raw)
		fprintf(out, "\n%s: %s\n", title, s->raw);
	else if (s->name)
		fprintf(out, "\n%s: %s, see the end\n", title, s->name);
	else {
		fprintf(out, "\n%s:\n\n", title);
		print_members(s, is_answer, 0, out);
	}
}

static const char *socket_names(const struct route *route)
{
	static const char *const names[] = { "control", "control", "agent", "control, agent" };

	return names[route->on & 3];
}

static void print_route(const struct route *r, FILE *out)
{
	char answer[64];

	fprintf(out, "\n### `%s %s`\n\n%s. Role: %s. Socket: %s.\n", r->method, r->path, r->summary, role_word(r->role), socket_names(r));
	if (r->details)
		fprintf(out, "\n%s\n", r->details);
	print_shape("Parameters", r->query, false, out);
	print_shape("Body", r->body, false, out);
	snprintf(answer, sizeof(answer), "Answer %u%s%s", r->status ? r->status : 200, r->type ? ", " : "", r->type ? r->type : "");
	print_shape(answer, r->answer, true, out);
}

#define NAMED_MAX 64

/* Each named shape once, in the order in which they are met. */
static void collect(const struct shape *s, const struct shape **named, size_t *n)
{
	if (!s || s->raw)
		return;
	for (size_t i = 0; i < *n; i++)
		if (named[i] == s)
			return;
	if (s->name && *n < NAMED_MAX)
		named[(*n)++] = s;
	for (const struct member *m = s->v; m->name; m++)
		collect(m->of, named, n);
}

void routes_print(const struct routes *tables, size_t count, FILE *out)
{
	const struct shape *named[NAMED_MAX];
	size_t n = 0;

	for (size_t t = 0; t < count; t++) {
		fprintf(out, "\n## %s\n", tables[t].title);
		for (size_t i = 0; i < tables[t].n; i++) {
			print_route(&tables[t].v[i], out);
			collect(tables[t].v[i].answer, named, &n);
		}
	}
	fputs("\n## Parts of several answers\n", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "\n### %s\n\n", named[i]->name);
		print_members(named[i], true, 0, out);
	}
}
