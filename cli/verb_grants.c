// SPDX-License-Identifier: Apache-2.0
/*
 * verb_grants.c - permissions that earlier approvals left
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

#include <string.h>

static void put_uses(FILE *out, const json_t *row)
{
	const json_t *uses =
		out_field(row, "uses_left") ? out_field(row, "uses_left") : out_field(row, "uses");

	if (!uses || json_is_null(uses) || json_integer_value(uses) >= 0xffffffffLL)
		fputs("any", out);
	else
		out_value(out, uses);
}

static void put_left(FILE *out, const json_t *row)
{
	if (out_text(row, "expires_at", NULL))
		text_left(out, out_text(row, "expires_at", NULL), time(NULL));
	else
		fputs("never", out);
}

/* "3m12s ago" */
static void put_last_use(FILE *out, const json_t *row)
{
	const char *moment = out_text(row, "last_use", NULL);
	char text[WHEN_MAX];
	time_t at, now = time(NULL);

	if (!moment || when_moment(moment, now, &at) < 0) {
		fputs("never", out);
		return;
	}
	when_print_duration(now - at, text);
	fprintf(out, "%s ago", text);
}

static void put_operation(FILE *out, const json_t *row)
{
	if (out_text(row, "pattern", NULL))
		out_value(out, out_field(row, "covers"));
	else
		text_operation(out, row, 0);
}

static const struct column columns[] = {
	{ "GRANT", "id", NULL },
	{ "AGENT", "agent", NULL },
	{ "SCOPE", "scope", NULL },
	{ "CAPABILITY", "capability", NULL },
	{ "USES", NULL, put_uses },
	{ "LEFT", NULL, put_left },
	{ "LAST USE", NULL, put_last_use },
	{ "COVERS", NULL, put_operation },
};

static int put_list(const struct call *c, const json_t *reply)
{
	(void)c;
	return out_table(stdout, out_field(reply, "grants"), columns, ARRAY_SIZE(columns), "No grants.");
}

int verb_grants(const struct call *c)
{
	own_url struct url u = to_get_v1_grants(&(struct get_v1_grants){ .agent = c->option[OPT_AGENT] });

	return ask_show(c, &(struct ask){ { .to = &u }, "list the grants", false }, put_list);
}

static int revoke_one(const struct call *c, const char *id, json_t *replies)
{
	own_url struct url u = to_delete_v1_grants_id(id);
	own_free char *doing = NULL;
	json_t *reply = NULL;
	int r;

	if (asprintf(&doing, "revoke grant %s", id) < 0)
		return say_no_memory();
	r = ask(c, &(struct ask){ { .to = &u }, doing, false }, &reply);
	if (r != DONE)
		return r;
	if (!call_has(c, OPT_JSON)) {
		say_part("grant %s revoked", id);
		putchar('\n');
	}
	json_array_append_new(replies, reply);
	return DONE;
}

/* Goes on after one that failed: as much as possible must be gone. The worst status is ours. */
static int revoke_all(const struct call *c, json_t *replies)
{
	own_url struct url u = to_get_v1_grants(&(struct get_v1_grants){ .agent = c->option[OPT_AGENT] });
	own_json json_t *reply = NULL;
	const json_t *grant;
	int r, worst;
	size_t i;

	worst = ask(c, &(struct ask){ { .to = &u }, "list the grants", false }, &reply);
	json_array_foreach(out_field(reply, "grants"), i, grant) {
		r = revoke_one(c, out_text(grant, "id", ""), replies);
		worst = r > worst ? r : worst;
	}
	if (worst == DONE && !json_array_size(replies) && !call_has(c, OPT_JSON))
		puts("No grants.");
	return worst;
}

int verb_grants_revoke(const struct call *c)
{
	own_json json_t *replies = json_array(), *document = NULL;
	bool all = call_has(c, OPT_ALL);
	int r, worst = DONE;

	if (all == (c->count > 0) || (!all && call_has(c, OPT_AGENT)))
		return say_fail(USAGE, "cvfctl grants lists them", "grants revoke: give IDs, or --all with or without an --agent");
	if (all)
		worst = revoke_all(c, replies);
	for (size_t i = 0; i < c->count; i++) {
		r = revoke_one(c, c->words[i], replies);
		worst = r > worst ? r : worst;
	}
	if (!call_has(c, OPT_JSON))
		return worst;
	document = all || c->count > 1 ? json_pack("{s:O}", "revoked", replies) : json_incref(json_array_get(replies, 0));
	if (document)
		out_json(stdout, document);
	return worst;
}
