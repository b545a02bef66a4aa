/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor.h - the second factor of people who approve what is CRITICAL: time-based codes (RFC 6238, SHA-1, 30 s, six digits)
 *
 * A secret leaves the governor once, in the answer to its enrolment. A code is good for its own step and one to each side, once:
 * that it was used is durable before it counts. Wrong ones slow the next guess down and then lock, until an administrator
 * lifts it.
 */
#ifndef CVF_FACTOR_H
#define CVF_FACTOR_H

#include "factor_table.h"
#include "govern/govern.h"

#define FACTOR_STEP_S 30
#define FACTOR_FAILURES 5	/* wrong codes in a row that lock it */

/* A new secret for a user of the system; ret_uri: "otpauth://...", malloc'ed. */
int factor_enrol(struct governor *g, const char *name, uid_t uid, const char *by, char **ret_uri) must_check;
/* 1 removed, 0 there was none. */
int factor_remove(struct governor *g, const char *name, const char *by) must_check;
/* Forgets wrong codes. 1, 0: there is no factor of that name. */
int factor_unlock(struct governor *g, const char *name, const char *by) must_check;
/* 1 the user has one, 0 none (another user of that name had it). */
int factor_find(struct governor *g, const char *name, uid_t uid, struct factor *ret_factor) must_check;
static inline bool factor_is_locked(const struct factor *f)
{
	return f->failures >= FACTOR_FAILURES;
}

/* Codes are of the wall clock; waiting is by one that nobody sets. */
struct factor_time {
	int64_t utc_ms, steady_ms;
};
/* Seconds until the next guess is looked at; 0: now. */
int64_t factor_wait_s(const struct factor *f, int64_t steady_ms);
/*
 * Uses the code up. 0; -EKEYREJECTED: it is wrong (noted); -EKEYREVOKED: it was used before; -EIO: the store cannot keep that it
 * is used, so it does not count. The caller has looked at factor_is_locked() and factor_wait_s().
 */
int factor_use(struct governor *g, const struct factor *f, const char *code, struct factor_time now) must_check;

/* What the caller's approval of something CRITICAL needs: 0, or the status of the refusal. otp: NULL when none was given. */
struct request;
unsigned int factor_check(struct request *q, const char *otp);

#endif
