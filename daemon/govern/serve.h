/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - the API as a whole: all routes, who may use them, sockets, settings */
#ifndef CVF_SERVE_H
#define CVF_SERVE_H

#include <stdio.h>

#include "api/route.h"
#include "govern.h"

/* Sockets in the run directory; their index is the bit number of ON_CONTROL and ON_AGENT. */
#define SERVE_CONTROL 0
#define SERVE_AGENT 1
#define SERVE_TCP SOCKET_TCP

int serve_open(struct governor *g) must_check;
/* The API on TCP, where cvfd.json asks for it: before the sandbox, which makes no network sockets. */
int serve_open_tcp(struct governor *g) must_check;
/* Streams that ran dry are asked again. */
void serve_wake(struct governor *g);
/* The same when it was called while a request was served. */
void serve_wake_due(struct governor *g);
extern const struct routes serve_routes;
#define SERVE_TABLES 23
/* All routes there are. For tests. */
void serve_tables(struct routes ret_tables[SERVE_TABLES]);
/* docs/API.md */
void serve_print_api(FILE *out);
/* OpenAPI 3.1; -ENOMEM. */
int serve_print_openapi(FILE *out) must_check;
/* cvfd.json again: -EINVAL with diagnoses, and then the old settings stay. */
int serve_reload_settings(struct governor *g, struct diags *d) must_check;

#endif
