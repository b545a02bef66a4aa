/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - where a request goes: whatever a segment or a value holds, it stays one segment or one value
 *
 * Made by the functions of routes.h, one for each route that there is:
 * own_url struct url u = to_get_v1_agents_id(id); ... { .to = &u }
 */
#ifndef CVF_CLI_URL_H
#define CVF_CLI_URL_H

#include <stdbool.h>

struct url {
	const char *method;
	char *text;	/* NULL: out of memory */
	bool has_query;
};

/*
 * path: "/v1/agents/{id}/mode", its values in in_path; names of the query's parameters with blanks between, query: a struct
 * of as many strings, NULL: none; strings that are NULL are left out.
 */
struct url url_make(const char *method, const char *path, const char *const *in_path, const char *names, const void *query);
void url_done(struct url *u);
#define own_url __attribute__((cleanup(url_done)))

#endif
