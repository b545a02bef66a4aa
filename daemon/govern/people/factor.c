// SPDX-License-Identifier: Apache-2.0
/* factor.c - see factor.h */
#include "factor.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <string.h>

#include "api/route.h"
#include "core/log.h"

#define DIGITS 6
#define WINDOW 1	/* steps to each side: a clock may be off by half a minute */

static int commit(struct governor *g, int result)
{
	int r = result < 0 ? result : store_commit(g->store);

	if (r < 0)
		store_rollback(g->store);
	return r < 0 ? r : result;
}

/* Characters of a user name that a URI takes as they are; the others cannot be in a name that useradd makes. */
static bool is_plain(const char *name)
{
	return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static int make_uri(const struct factor *f, char **ret_uri)
{
	char *text = NULL;
	size_t size;
	int r;

	if (oath_base32_encode((const char *)f->secret, sizeof(f->secret), &text, &size) != OATH_OK)
		return -ENOMEM;
	r = asprintf(ret_uri, "otpauth://totp/CVF:%s?secret=%s&issuer=CVF&algorithm=SHA1&digits=6&period=30",
		     is_plain(f->name) ? f->name : "approver", text);
	sodium_memzero(text, size);
	free(text);
	return r < 0 ? -ENOMEM : 0;
}

int factor_enrol(struct governor *g, const char *name, uid_t uid, const char *by, char **ret_uri)
{
	struct factor f = { .uid = uid, .made_ms = clock_utc_ms() };
	char *uri = NULL;
	int r;

	snprintf(f.name, sizeof(f.name), "%s", name);
	snprintf(f.made_by, sizeof(f.made_by), "%s", by);
	randombytes_buf(f.secret, sizeof(f.secret));
	r = make_uri(&f, &uri);
	if (r == 0)
		r = store_begin(g->store, STORE_DURABLE);
	if (r == 0)
		r = commit(g, factor_table_put(g->store, &f));
	sodium_memzero(&f, sizeof(f));
	if (r < 0)
		free(uri);
	else
		*ret_uri = uri;
	return r;
}

int factor_remove(struct governor *g, const char *name, const char *by)
{
	int r = store_begin(g->store, STORE_DURABLE);

	return r < 0 ? r : commit(g, factor_table_remove(g->store, name, by));
}

int factor_unlock(struct governor *g, const char *name, const char *by)
{
	struct factor f;
	int r = factor_table_get(g->store, name, &f);

	sodium_memzero(f.secret, sizeof(f.secret));
	if (r <= 0)
		return r;
	r = store_begin(g->store, STORE_DURABLE);
	if (r == 0)
		r = commit(g, factor_table_unlock(g->store, name, by));
	return r < 0 ? r : 1;
}

int factor_find(struct governor *g, const char *name, uid_t uid, struct factor *ret_factor)
{
	int r = factor_table_get(g->store, name, ret_factor);

	return r > 0 ? ret_factor->uid == uid : r;
}

/* 1, 2, 4, 8 seconds. A clock that was set back makes nobody wait longer than that. */
int64_t factor_wait_s(const struct factor *f, int64_t steady_ms)
{
	int64_t wait_ms = f->failures ? 1000ll << (f->failures < FACTOR_FAILURES ? f->failures - 1 : FACTOR_FAILURES) : 0;
	int64_t passed = steady_ms - f->failed_ms;

	if (passed < 0 || passed >= wait_ms)
		return 0;
	return (wait_ms - passed + 999) / 1000;
}

/* The step whose code it is, or -1. */
static int64_t find_step(const struct factor *f, const char *code, int64_t now_ms)
{
	int64_t now_s = now_ms / 1000, step = now_s / FACTOR_STEP_S;
	char expected[DIGITS + 1];
	int64_t found = -1;

	if (strlen(code) != DIGITS || strspn(code, "0123456789") != DIGITS)
		return -1;
	for (int64_t one = step - WINDOW; one <= step + WINDOW; one++) {
		if (one < 0 || oath_totp_generate((const char *)f->secret, sizeof(f->secret), (time_t)(one * FACTOR_STEP_S), FACTOR_STEP_S,
						  OATH_TOTP_DEFAULT_START_TIME, DIGITS, expected) != OATH_OK)
			continue;
		if (sodium_memcmp(expected, code, DIGITS) == 0)
			found = one;
	}
	sodium_memzero(expected, sizeof(expected));
	return found;
}

/* A guess that cannot be noted is no guess either way: -EIO. */
static int note_failure(struct governor *g, const struct factor *f, int64_t steady_ms)
{
	int r = store_begin(g->store, STORE_DURABLE);

	if (r == 0)
		r = commit(g, factor_table_set_failures(g->store, f->name, f->failures + 1, steady_ms));
	if (r < 0)
		return -EIO;
	log_warning("wrong code of %s, %lld in a row%s", f->name, (long long)f->failures + 1,
		    f->failures + 1 >= FACTOR_FAILURES ? ": locked, lifted by: cvfctl approver unlock" : "");
	return -EKEYREJECTED;
}

int factor_use(struct governor *g, const struct factor *f, const char *code, struct factor_time now)
{
	int64_t step = find_step(f, code, now.utc_ms);
	int r;

	if (step < 0)
		return note_failure(g, f, now.steady_ms);
	if (step <= f->last_step)
		return -EKEYREVOKED;
	r = store_begin(g->store, STORE_DURABLE);
	if (r == 0)
		r = commit(g, factor_table_use(g->store, f->name, step));
	if (r < 0)
		return -EIO;
	return r ? 0 : -EKEYREVOKED;
}

static unsigned int refuse_code(struct request *q, int error)
{
	if (error == -EKEYREVOKED)
		return refuse(q, 403, "code-used", "wait for the next one, at most 30 seconds", "this code was used before: each is good once");
	if (error == -EKEYREJECTED)
		return refuse(q, 403, "wrong-code", "check the clock of the device that shows the codes",
			      "the code is not one of %s now", caller_of(q)->name);
	return refuse(q, 503, "store", "nothing was released: see the journal of cvfd-govern", "the code cannot be checked");
}

static unsigned int check_code(struct request *q, const struct factor *f, const char *otp)
{
	struct factor_time now = { clock_utc_ms(), clock_steady_ms() };
	int64_t wait = factor_wait_s(f, now.steady_ms);
	int r;

	if (factor_is_locked(f))
		return refuse(q, 403, "factor-locked", "an administrator lifts it: cvfctl approver unlock NAME",
			      "after %d wrong codes the second factor of %s is locked", FACTOR_FAILURES, f->name);
	if (!otp)
		return refuse(q, 403, "code-required", "add the code that the authenticator shows: cvfctl approve HOLD --otp CODE",
			      "what is CRITICAL (R3) needs the second factor of %s", f->name);
	if (wait)
		return refuse(q, 429, "too-soon", NULL, "after a wrong code the next one is looked at in %lld s", (long long)wait);
	r = factor_use(governor_of(q), f, otp, now);
	return r < 0 ? refuse_code(q, r) : 0;
}

unsigned int factor_check(struct request *q, const char *otp)
{
	const struct caller *c = caller_of(q);
	struct factor f = { 0 };
	unsigned int status = 0;
	int r = factor_find(governor_of(q), c->name, c->uid, &f);

	if (r < 0)
		status = refuse_code(q, r);
	else if (r > 0)
		status = check_code(q, &f, otp);
	else if (governor_of(q)->settings.needs_second_factor)
		status = refuse(q, 403, "factor-required", "an administrator enrols one: cvfctl approver enrol NAME",
				"what is CRITICAL (R3) needs a second factor, and %s has none", c->name);
	sodium_memzero(&f, sizeof(f));
	return status;
}
