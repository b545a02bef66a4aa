/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - request paths: whatever a segment or a value holds, it stays one segment or one value
 *
 * struct url u = url_begin("/v1/agents"); url_segment(&u, id); url_param(&u, "limit", "10"); ...
 * url_done(&u);
 */
#ifndef CVF_CLI_URL_H
#define CVF_CLI_URL_H

#include <stdbool.h>

struct url {
	char *text;	/* NULL: out of memory */
	bool has_query;
};

struct url url_begin(const char *path);
void url_segment(struct url *u, const char *segment);
void url_param(struct url *u, const char *key, const char *value);	/* value NULL: left out */
void url_done(struct url *u);
#define own_url __attribute__((cleanup(url_done)))

#endif
