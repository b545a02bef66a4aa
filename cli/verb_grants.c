// SPDX-License-Identifier: Apache-2.0
/*
 * verb_grants.c - permissions that earlier approvals left
 */
#include "ask.h"
#include "out.h"
#include "text.h"
#include "url.h"
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

int verb_grants(const struct call *c)
{
	own_url struct url u = url_begin("/v1/grants");
	own_json json_t *reply = NULL;
	int r;

	url_param(&u, "agent", c->option[OPT_AGENT]);
	r = ask(c, &(struct ask){ { .path = u.text }, "list the grants", false }, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	r = out_table(stdout, out_field(reply, "grants"), columns, ARRAY_SIZE(columns), "No grants.");
	return r < 0 ? say_no_memory() : DONE;
}

int verb_grants_revoke(const struct call *c)
{
	own_url struct url u = url_begin("/v1/grants");
	own_json json_t *reply = NULL;
	own_free char *doing = NULL;
	int r;

	url_segment(&u, c->words[0]);
	if (asprintf(&doing, "revoke grant %s", c->words[0]) < 0)
		return say_no_memory();
	r = ask(c, &(struct ask){ { .method = "DELETE", .path = u.text }, doing, false }, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		printf("grant %s revoked\n", c->words[0]);
	return DONE;
}
