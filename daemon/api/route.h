/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.h - tables of routes, who may use them, and what is answered
 *
 * A handler returns the HTTP status; reply() and refuse() set the body and return it.
 */
#ifndef CVF_ROUTE_H
#define CVF_ROUTE_H

#include <stdint.h>
#include <stdio.h>

#include "http.h"

/* Bits; what a role includes is spelled out in auth.h. */
enum role { ROLE_NONE = 0, ROLE_VIEWER = 1, ROLE_OPERATOR = 2, ROLE_APPROVER = 4, ROLE_ADMIN = 8 };

/* Sockets a route is reachable on. */
#define ON_CONTROL 1
#define ON_AGENT 2

struct route {
	const char *method;
	const char *path;	/* "/v1/agents/{id}/mode" */
	enum role role;		/* ROLE_NONE: anybody */
	unsigned int on;	/* ON_*; 0: ON_CONTROL */
	unsigned int (*handle)(struct request *q);
	const char *summary;
	const char *details;	/* for docs/API.md: parameters, bodies, answers; NULL: none */
};

struct routes {
	const struct route *v;
	size_t n;
	const char *title;
};

/* Finds the handler, asks allow() (0 or the status it answered), runs it. */
struct router {
	const struct routes *tables;
	size_t tables_count;
	unsigned int (*allow)(struct request *q, const struct route *route);
};
unsigned int route_serve(const struct router *router, struct request *q);
/* docs/API.md */
void routes_print(const struct routes *tables, size_t count, FILE *out);

/* Takes the body. */
unsigned int reply(struct request *q, unsigned int status, json_t *take_body);
/* {"error":{"code","message","hint"}}; hint may be NULL. */
unsigned int refuse(struct request *q, unsigned int status, const char *code, const char *hint, const char *format, ...)
	printf_like(5, 6);

/*
 * The request's body as a JSON object with no other members than the named ones (a list ended by NULL). NULL: it was
 * refused, *ret_status says how. An empty body is an empty object. Owned by the caller.
 */
json_t *request_object(struct request *q, const char *const *members, unsigned int *ret_status);
/* A member of an object: 1 present, 0 absent or null, -1 refused (of another kind or out of range). */
int member_text(struct request *q, const json_t *object, const char *name, size_t max, const char **ret_text);
int member_int(struct request *q, const json_t *object, const char *name, int64_t min, int64_t max, int64_t *ret_value);

#endif
