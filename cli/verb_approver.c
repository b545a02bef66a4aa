// SPDX-License-Identifier: Apache-2.0
/*
 * verb_approver.c - who may approve, and their second factors
 */
#include "ask.h"
#include "out.h"
#include "qr.h"
#include "routes.h"
#include "verbs.h"

#include <string.h>

static void put_factor(FILE *out, const json_t *row)
{
	if (json_is_true(out_field(row, "locked")))
		fputs("locked", out);
	else
		fputs(out_text(row, "enrolled_at", NULL) ? "yes" : "no", out);
}

static void put_kind(FILE *out, const json_t *row)
{
	if (!json_is_true(out_field(row, "known")))
		fputs("unknown", out);
	else
		fputs(json_is_true(out_field(row, "human")) ? "person" : "service", out);
}

static const struct column columns[] = {
	{ "NAME", "name", NULL }, { "KIND", NULL, put_kind }, { "ROLES", "roles", NULL }, { "SECOND FACTOR", NULL, put_factor },
};

int verb_approvers(const struct call *c)
{
	own_json json_t *reply = NULL;
	own_url struct url u = to_get_v1_approvers();
	int r = ask(c, &(struct ask){ { .to = &u }, "list the approvers", false }, &reply);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	r = out_table(stdout, out_field(reply, "approvers"), columns, ARRAY_SIZE(columns),
		      "No principals in cvfd.json: root and the groups of cvf have their roles.");
	return r < 0 ? say_no_memory() : DONE;
}

static int change(const struct call *c, const struct url *to, const char *doing, json_t **ret)
{
	own_free char *told = NULL;

	if (asprintf(&told, "%s %s", doing, c->words[0]) < 0)
		return say_no_memory();
	return ask(c, &(struct ask){ { .to = to }, told, false }, ret);
}

int verb_approver_enrol(const struct call *c)
{
	own_json json_t *reply = NULL;
	const struct post_v1_approvers_name_factor query = { .replace = call_has(c, OPT_REPLACE) ? "1" : NULL };
	own_url struct url u = to_post_v1_approvers_name_factor(c->words[0], &query);
	int r = change(c, &u, "enrol a second factor of", &reply);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	fprintf(stderr, "This is shown once. Put it into the authenticator of this person, and nowhere else:\n");
	out_value(stdout, out_field(reply, "uri"));
	putchar('\n');
	/* For the camera of the telephone, where there is somebody to hold one before it. */
	if (isatty(STDOUT_FILENO) && qr_put(stdout, out_text(reply, "uri", "")) < 0)
		fputs("It is too long for a QR code.\n", stderr);
	return DONE;
}

static int put_done(const struct call *c, int r, const json_t *reply)
{
	if (r == DONE && call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
	} else if (r == DONE) {
		fputs("second factor of ", stdout);
		out_value(stdout, out_field(reply, "name"));
		say_line(" %s", out_text(reply, "state", "changed"));
	}
	return r;
}

int verb_approver_unlock(const struct call *c)
{
	own_json json_t *reply = NULL;
	own_url struct url u = to_post_v1_approvers_name_unlock(c->words[0]);
	int r = change(c, &u, "unlock the second factor of", &reply);

	return put_done(c, r, reply);
}

int verb_approver_remove(const struct call *c)
{
	own_json json_t *reply = NULL;
	own_url struct url u = to_delete_v1_approvers_name_factor(c->words[0]);
	int r = change(c, &u, "remove the second factor of", &reply);

	return put_done(c, r, reply);
}
