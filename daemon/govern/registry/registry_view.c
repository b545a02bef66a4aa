// SPDX-License-Identifier: Apache-2.0
/* registry_view.c - see registry_view.h */
#include "registry_view.h"

#include "api/view.h"

static json_t *view_diag(const struct diag *d)
{
	json_t *to = json_object();

	view_set(to, "file", view_text(d->file));
	view_set(to, "line", d->line ? json_integer(d->line) : json_null());
	view_set(to, "column", d->column ? json_integer(d->column) : json_null());
	view_set(to, "level", json_string(d->level == DIAG_ERROR ? "error" : "warning"));
	view_set(to, "message", view_text(d->message ? d->message : "out of memory"));
	view_set(to, "hint", view_text(d->hint));
	view_set(to, "word", view_text(d->word));
	return to;
}

json_t *view_diags(const struct diags *d, enum diag_level least)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++)
		if (least == DIAG_ERROR || d->v[i].level == DIAG_WARNING)
			json_array_append_new(list, view_diag(&d->v[i]));
	return list;
}

unsigned int refuse_diags(struct request *q, unsigned int status, const char *code, const char *message,
			  const struct diags *d)
{
	const char *hint = d->n && d->v[0].hint ? d->v[0].hint : "every mistake is in \"diagnoses\"";

	status = refuse(q, status, code, hint, "%s%s%s", message, d->n && d->v[0].message ? ": " : "",
			d->n && d->v[0].message ? d->v[0].message : "");
	json_object_set_new(json_object_get(q->reply, "error"), "diagnoses", view_diags(d, DIAG_ERROR));
	return status;
}
