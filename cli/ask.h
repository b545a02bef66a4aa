/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h - one request of one verb: sent, and whatever goes wrong told to the person who typed it
 */
#ifndef CVF_CLI_ASK_H
#define CVF_CLI_ASK_H

#include "args.h"
#include "client.h"
#include "say.h"

struct ask {
	struct request request;
	const char *doing;	/* "list the agents": for "cannot ..." */
	/* Labelled processes may ask it: their socket is tried if the control socket is closed to us. */
	bool agent_too;
};

/*
 * DONE and the reply's JSON (owned by the caller; an empty object if there was none), or an exit status after
 * saying why.
 */
int ask(const struct call *c, const struct ask *a, json_t **ret) must_check;
/*
 * The same on a given socket; nothing is said about a connection that failed, it is returned as a negative
 * errno.
 */
int ask_on(const struct call *c, const char *socket, const struct ask *a, json_t **ret) must_check;
/* A reply as text on stdout. 0, or negative: out of memory. */
typedef int (*ask_view)(const struct call *c, const json_t *reply);
/* Asks, and shows the reply: with --json as it is, otherwise by view. Exit status. */
int ask_show(const struct call *c, const struct ask *a, ask_view view) must_check;
/* As ask(), on the control socket; an error of that code is not told: -EAGAIN. */
int ask_unless(const struct call *c, const struct ask *a, const char *code, json_t **ret) must_check;
/* Says that the daemon cannot be reached; returns NO_DAEMON or NOT_PERMITTED. */
int ask_say_unreachable(const char *socket, int r);
/* Exit status of an HTTP status. */
int ask_status(long http);
/* Says what an error reply holds; returns its exit status. */
int ask_say_error(const char *doing, long http, const json_t *body);

/* --note into a body; USAGE, and then body is freed: bytes that are no text would be lost without a word. */
int set_note(const struct call *c, json_t *body) must_check;

static inline void own_json_(json_t **j)
{
	json_decref(*j);
}
#define own_json __attribute__((cleanup(own_json_)))

#endif
