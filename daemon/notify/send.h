/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.h - what is under way: requests to webhooks and programs that run, each until it ends or its time is over
 *
 * A webhook gets one POST: no redirect is followed, no proxy of the environment is asked, and only what is 2xx is success. A
 * program gets the document on its standard input, as the user of this program, without a shell, with an environment of two
 * variables; status 0 is success.
 */
#ifndef CVF_NOTIFY_SEND_H
#define CVF_NOTIFY_SEND_H

#include <stdbool.h>

#include "config.h"

#define SEND_MAX 16		/* at once */

struct sends;
typedef void (*send_done)(void *ctx, const char *id, const char *error);	/* error NULL: it was sent */

int sends_open(send_done done, void *ctx, struct sends **ret_sends) must_check;
void sends_free(struct sends *s);
bool sends_have(const struct sends *s, const char *id);
bool sends_are_full(struct sends *s);
/* Begins. 0, or negative errno: nothing was begun. */
int sends_add(struct sends *s, const struct target *t, const char *id, const char *body) must_check;
/* Waits for up to so long for something to go on, and tells of what ended. */
void sends_run(struct sends *s, int wait_ms);

#endif
