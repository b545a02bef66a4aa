// SPDX-License-Identifier: Apache-2.0
/* page.c - see route.h: lists by page */
#include <string.h>

#include "route.h"
#include "view.h"

static unsigned int reply_page_by(struct request *q, const char *name, const char *key, json_t *take_list)
{
	size_t limit = (size_t)query_number(q, "limit"), n = json_array_size(take_list);
	json_t *next = json_null(), *body = json_object();

	if (limit && n > limit) {
		next = json_incref(json_object_get(json_array_get(take_list, limit - 1), key));
		while (json_array_size(take_list) > limit)
			json_array_remove(take_list, json_array_size(take_list) - 1);
	}
	view_set(body, name, take_list);
	view_set(body, "next", next);
	return reply(q, 200, body);
}

unsigned int reply_page(struct request *q, const char *name, json_t *take_list)
{
	return reply_page_by(q, name, "id", take_list);
}

unsigned int reply_list(struct request *q, const char *name, json_t *take_list)
{
	return reply_list_by(q, name, "id", take_list);
}

unsigned int reply_list_by(struct request *q, const char *name, const char *key, json_t *take_list)
{
	const char *cursor = query_text(q, "cursor");
	json_t *rest = json_array(), *one;
	bool is_past = !cursor;
	size_t i;

	json_array_foreach(take_list, i, one) {
		const char *id = json_string_value(json_object_get(one, key));

		if (is_past)
			json_array_append(rest, one);
		else
			is_past = id && strcmp(id, cursor) == 0;
	}
	json_decref(take_list);
	if (is_past)
		return reply_page_by(q, name, key, rest);
	json_decref(rest);
	return refuse(q, 400, "bad-parameter", "begin again without it: what it names is not in the list any more",
		      "the parameter \"cursor\" cannot be understood");
}
