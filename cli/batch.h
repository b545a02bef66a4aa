/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - one thing done to many: first shown, then with --yes done, going on after one that failed
 */
#ifndef CVF_CLI_BATCH_H
#define CVF_CLI_BATCH_H

#include "ask.h"
#include "out.h"

struct batch {
	const char *verb, *done, *ending;	/* "approve", "approved"; after "To approve these 3": "" */
	const char *command;			/* "approve --all" */
	const enum option *filters;		/* that chose: said again in the command */
	size_t filters_count;
	enum option until_option;		/* that makes the command choose exactly these, whatever comes meanwhile */
	const char *until;			/* its value; also in the document */
	const char *done_key, *list_key;	/* of the document: {done_key: false, "until": ..., list_key: [...]} */
	const struct column *columns;
	size_t columns_count;
	const char *empty;			/* the sentence for nothing chosen */
	/* Does it to one; DONE and the reply (owned by the caller), or an exit status after saying why. */
	int (*one)(const struct call *c, const void *ctx, const char *id, json_t **ret);
	void (*put)(const void *ctx, const char *id, const json_t *reply);	/* one line: what was done */
	const void *ctx;
};

/* To each of chosen, objects with an "id". Exit status: the last that was not DONE. */
int batch_run(const struct call *c, const struct batch *b, const json_t *chosen) must_check;

#endif
