// SPDX-License-Identifier: Apache-2.0
/*
 * verb_reviews.c - what an approver did alone and is reviewed for; roles that are lent
 */
#include "ask.h"
#include "escape.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"

#include <string.h>

static int list(const struct call *c, const struct url *to, const char *doing, const char *rows, const struct column *columns, size_t n)
{
	own_json json_t *reply = NULL;
	int r = ask(c, &(struct ask){ { .to = to }, doing, false }, &reply);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	r = out_table(stdout, out_field(reply, rows), columns, n, "None.");
	return r < 0 ? say_no_memory() : DONE;
}

int verb_reviews(const struct call *c)
{
	static const struct column open_columns[] = {
		{ "REVIEW", "id", NULL }, { "OPENED", "opened_at", NULL }, { "BY", "opened_by", NULL }, { "HOLD", "hold", NULL },
		{ "REASON", "reason", NULL },
	};
	static const struct column all_columns[] = {
		{ "REVIEW", "id", NULL }, { "STATE", "state", NULL }, { "OPENED", "opened_at", NULL }, { "BY", "opened_by", NULL },
		{ "HOLD", "hold", NULL }, { "REASON", "reason", NULL }, { "CLOSED BY", "closed_by", NULL }, { "NOTE", "note", NULL },
	};

	own_url struct url u = to_get_v1_reviews(&(struct get_v1_reviews){ .state = call_has(c, OPT_ALL) ? "all" : NULL });

	if (call_has(c, OPT_ALL))
		return list(c, &u, "list the reviews", "reviews", all_columns, ARRAY_SIZE(all_columns));
	return list(c, &u, "list the reviews", "reviews", open_columns, ARRAY_SIZE(open_columns));
}

static int send(const struct call *c, const struct url *to, const char *doing, json_t *take_body, json_t **ret)
{
	own_json json_t *body = take_body;
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL, *told = NULL;

	if ((body && !text) || asprintf(&told, "%s %s", doing, c->words[0]) < 0)
		return say_no_memory();
	return ask(c, &(struct ask){ { to, text, text ? strlen(text) : 0, 0 }, told, false }, ret);
}

static int put(const struct call *c, int r, const json_t *reply, const char *done)
{
	if (r == DONE && call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else if (r == DONE)
		printf("%s\n", done);
	return r;
}

int verb_reviews_close(const struct call *c)
{
	own_url struct url u = to_post_v1_reviews_id_close(c->words[0]);
	own_json json_t *reply = NULL;
	json_t *body = json_object();
	int r = set_note(c, body);

	if (r != DONE)
		return r;
	r = send(c, &u, "close review", body, &reply);
	return put(c, r, reply, "review closed");
}

int verb_delegate(const struct call *c)
{
	own_url struct url u = to_post_v1_delegations();
	own_json json_t *reply = NULL;
	json_t *body;
	long for_s;
	int r = call_duration(c, OPT_FOR, &for_s);

	if (r < 0)
		return -r;
	body = json_pack("{s:s, s:I}", "to", c->words[0], "for_s", (json_int_t)for_s);
	if (!body)
		return say_fail(USAGE, NULL, "delegate: the name is not valid UTF-8");
	r = set_note(c, body);
	if (r != DONE)
		return r;
	r = send(c, &u, "delegate to", body, &reply);
	if (r == DONE && !call_has(c, OPT_JSON)) {
		fputs("lent to ", stdout);
		out_value(stdout, out_field(reply, "to"));
		say_part(" until %s; to end it before: cvfctl delegations end ", out_text(reply, "until", "?"));
		escape_word(stdout, out_text(reply, "id", "?"), strlen(out_text(reply, "id", "?")));
		putchar('\n');
		return DONE;
	}
	return put(c, r, reply, "");
}

int verb_delegations(const struct call *c)
{
	static const struct column columns[] = {
		{ "DELEGATION", "id", NULL }, { "FROM", "from", NULL }, { "TO", "to", NULL }, { "UNTIL", "until", NULL },
		{ "NOTE", "note", NULL },
	};

	own_url struct url u = to_get_v1_delegations();

	return list(c, &u, "list the delegations", "delegations", columns, ARRAY_SIZE(columns));
}

int verb_delegations_end(const struct call *c)
{
	own_url struct url u = to_delete_v1_delegations_id(c->words[0]);
	own_json json_t *reply = NULL;
	int r;

	r = send(c, &u, "end delegation", NULL, &reply);
	return put(c, r, reply, "delegation ended");
}
