/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.h - the words of the command line, sorted into a verb, its options and its operands
 */
#ifndef CVF_CLI_ARGS_H
#define CVF_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/own.h"

enum option {
	OPT_HELP, OPT_JSON, OPT_SOCKET,
	OPT_AGENT, OPT_ALL, OPT_BREAK_GLASS, OPT_CAPABILITY, OPT_DECLARATIONS, OPT_DIGEST, OPT_ETC, OPT_EVERY, OPT_FOLLOW, OPT_FOR,
	OPT_FORMAT, OPT_FROM, OPT_HEADS, OPT_IRREVERSIBLE, OPT_KEY, OPT_LIMIT, OPT_NOTE, OPT_OFFLINE, OPT_OLDER_THAN, OPT_ONCE,
	OPT_OTP, OPT_PATTERN, OPT_PERIOD, OPT_PID, OPT_POLICY, OPT_REASON, OPT_REPLACE, OPT_RISK, OPT_ROUTE, OPT_SCOPE, OPT_SHARE,
	OPT_SINCE, OPT_SKILL, OPT_STATE, OPT_STORE, OPT_STRICT, OPT_TO, OPT_UNDO, OPT_UNTIL,
	OPT_USES, OPT_VERBOSE, OPT_VERDICT, OPT_VERSIONS, OPT_WATCH, OPT_YES,
	OPT_MAX
};
#define WITH(name) (1ull << OPT_##name)
#define WITH_ALWAYS (WITH(HELP) | WITH(JSON) | WITH(SOCKET))

struct option_row {
	const char *name;	/* without the dashes */
	const char *value;	/* what stands for its value in help; NULL: a switch */
	char letter;		/* 0: none */
	const char *help;
	const char *choices;	/* of the value, blank-separated; NULL: any */
};
extern const struct option_row options[OPT_MAX];

struct verb;

/* One invocation. Strings are borrowed from argv. */
struct call {
	const struct verb *verb;	/* NULL: only a noun or nothing was given */
	const char *noun;		/* NULL: none given */
	const char *option[OPT_MAX];	/* NULL: not given; a switch: "" */
	char **words;			/* operands; owned */
	size_t count;
};

/* Sorts argv. 0, or an exit status after saying what is wrong. call_done() either way. */
int args_parse(int argc, char **argv, struct call *c) must_check;
void call_done(struct call *c);

static inline bool call_has(const struct call *c, enum option o)
{
	return c->option[o] != NULL;
}

/*
 * A whole number from 1 of an option; not given: 0. Or an exit status (negative) after saying what is wrong.
 */
int call_number(const struct call *c, enum option o, long max, long *ret) must_check;
int call_duration(const struct call *c, enum option o, long *ret_seconds) must_check;

#endif
