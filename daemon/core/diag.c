// SPDX-License-Identifier: Apache-2.0
#include "diag.h"

#include <stdarg.h>
#include <string.h>

void diags_done(struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].file);
		free(d->v[i].message);
		free(d->v[i].hint);
	}
	free(d->v);
	*d = (struct diags){ 0 };
}

void diags_add(struct diags *d, enum diag_level level, const char *file, unsigned int line, unsigned int column,
	       const char *hint, const char *format, ...)
{
	struct diag one = { .level = level, .line = line, .column = column };
	struct diag *grown;
	va_list args;

	if (level == DIAG_ERROR)
		d->errors++;
	if (d->n >= DIAGS_MAX) {
		d->full = true;
		return;
	}
	grown = reallocarray(d->v, d->n + 1, sizeof(*grown));
	if (!grown)
		return;
	d->v = grown;
	va_start(args, format);
	if (vasprintf(&one.message, format, args) < 0)
		one.message = NULL;
	va_end(args);
	one.file = file ? strdup(file) : NULL;
	one.hint = hint ? strdup(hint) : NULL;
	d->v[d->n++] = one;
}

void diags_name(struct diags *d, size_t from, const char *word)
{
	for (size_t i = from; i < d->n; i++)
		d->v[i].word = word;
}

void diags_print(const struct diags *d, FILE *out)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *one = &d->v[i];

		if (one->file)
			fprintf(out, "%s:", one->file);
		if (one->line)
			fprintf(out, "%u:%u:", one->line, one->column);
		fprintf(out, "%s%s: %s", one->file || one->line ? " " : "",
			one->level == DIAG_ERROR ? "error" : "warning", one->message ? one->message : "out of memory");
		if (one->word)
			fprintf(out, " [%s]", one->word);
		fputc('\n', out);
		if (one->hint)
			fprintf(out, "    %s\n", one->hint);
	}
	if (d->full)
		fprintf(out, "more than %d messages: the rest is not shown\n", DIAGS_MAX);
}
