// SPDX-License-Identifier: Apache-2.0
/*
 * place.c - where in its text a declaration says something; looked up only for what there is to say about it
 */
#include <stdarg.h>

#include "policy/parse.h"

void place_begin(struct place *p, const struct decl *d)
{
	const struct source *s = d->source;

	*p = (struct place){.doc = {.name = s->name, .text = s->text, .size = s->size}};
	p->at[0] = jat_root(&p->doc, s->root);
	if (json_is_array(s->root))
		place_element(p, d->index);
}

void place_key(struct place *p, const char *key)
{
	if (p->depth + 1 < PLACE_DEPTH) {
		p->at[p->depth + 1] = jat_member(&p->at[p->depth], key);
		p->depth++;
	}
}

void place_element(struct place *p, size_t i)
{
	if (p->depth + 1 < PLACE_DEPTH && json_is_array(p->at[p->depth].value)) {
		p->at[p->depth + 1] = jat_element(&p->at[p->depth], i);
		p->depth++;
	}
}

void place_tell(const struct place *p, struct diags *d, enum diag_level level, const char *word, const char *hint,
		const char *format, ...)
{
	const struct jat *at = &p->at[p->depth];
	own_free char *text = NULL;
	unsigned int line, column;
	size_t before = d->n;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	jat_locate(at, false, &line, &column);
	diags_add(d, level, p->doc.name, line, column, hint, "%s", text ? text : "out of memory");
	diags_name(d, before, word);
}
