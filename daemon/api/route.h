/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.h - tables of routes: who may use them, what they take, what they answer
 *
 * A row is all there is to say about a route: the router, the checks of query and body, the OpenAPI document and docs/API.md
 * are made from it. A handler runs only when the caller may and the request has its shape; it returns the HTTP status;
 * reply() and refuse() set the body and return it.
 */
#ifndef CVF_ROUTE_H
#define CVF_ROUTE_H

#include <stdint.h>
#include <stdio.h>

#include "http.h"
#include "shape.h"

/* Bits; what a role includes is spelled out in auth.h. */
enum role {
	ROLE_NONE = 0, ROLE_VIEWER = 1, ROLE_OPERATOR = 2, ROLE_APPROVER = 4, ROLE_ADMIN = 8,
	ROLE_HUMAN_OPERATOR = 16, ROLE_COMPLIANCE_OFFICER = 32, ROLE_BREAK_GLASS = 64,
	ROLE_NOTIFIER = 128,
};

/* Sockets a route is reachable on. */
#define ON_CONTROL 1
#define ON_AGENT 2
#define SOCKET_TCP 2	/* has the routes of ON_CONTROL */

struct route {
	const char *method;
	const char *path;	/* "/v1/agents/{id}/mode" */
	enum role role;		/* ROLE_NONE: anybody */
	unsigned int on;	/* ON_*; 0: ON_CONTROL */
	unsigned int (*handle)(struct request *q);
	const char *summary;
	const char *details;		/* what the shapes do not say; NULL: nothing */
	const struct shape *query;	/* NULL: no parameters */
	const struct shape *body;	/* NULL: none, or {} */
	const struct shape *answer;	/* of a success */
	unsigned int status;		/* of a success; 0: 200 */
	const char *type;		/* of the answer; NULL: application/json */
};

struct routes {
	const struct route *v;
	size_t n;
	const char *title;
};
const char *role_word(enum role role);	/* ROLE_NONE: "anybody" */

/* Finds the handler, asks allow() (0 or the status it answered), checks query and body, runs it. */
struct router {
	const struct routes *tables;
	size_t tables_count;
	unsigned int (*allow)(struct request *q, const struct route *route);
	unsigned int (*run)(struct request *q, const struct route *route);	/* the handler, or instead of it; NULL: the handler */
};
unsigned int route_serve(const struct router *router, struct request *q);
/* GET or HEAD. */
bool request_only_asks(const struct request *q);

/* What route_serve() gave; or the connection ends without an answer. */
#define STATUS_NONE 0u
/* Takes the body. */
unsigned int reply(struct request *q, unsigned int status, json_t *take_body);
/* {name: list, "next"}: of a list with one more than the page's limit, or all there is, cut to it. Takes the list; items have an "id". */
unsigned int reply_page(struct request *q, const char *name, json_t *take_list);
/* The same of a whole list: what comes after the query's cursor. */
unsigned int reply_list(struct request *q, const char *name, json_t *take_list);
/* Of items that are told apart by another member. */
unsigned int reply_list_by(struct request *q, const char *name, const char *key, json_t *take_list);
/* {"error":{"code","message","hint"}}; hint may be NULL. */
unsigned int refuse(struct request *q, unsigned int status, const char *code, const char *hint, const char *format, ...)
	printf_like(5, 6);

/* What the query and the body hold, after the router found that they have their shapes: absent is the preset, else NULL or 0. */
const char *request_query(const struct request *q, const char *name);	/* as it was sent; NULL: absent */
const char *query_text(const struct request *q, const char *name);
int64_t query_number(const struct request *q, const char *name);
int64_t query_time(const struct request *q, const char *name);	/* UTC ms */
const char *body_text(const struct request *q, const char *name);
int64_t body_number(const struct request *q, const char *name);

#endif
