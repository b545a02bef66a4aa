// SPDX-License-Identifier: Apache-2.0
/*
 * verb_token.c - what opens the API on TCP
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"

#include <string.h>

static void put_list(FILE *out, const json_t *list, const char *otherwise)
{
	const json_t *one;
	size_t i;

	if (!json_array_size(list))
		fputs(otherwise, out);
	json_array_foreach(list, i, one) {
		fputs(i ? "," : "", out);
		out_value(out, one);
	}
}

static void put_roles(FILE *out, const json_t *row)
{
	put_list(out, out_field(row, "roles"), "none");
}

static void put_routes(FILE *out, const json_t *row)
{
	put_list(out, out_field(row, "routes"), "all");
}

static void put_left(FILE *out, const json_t *row)
{
	text_left(out, out_text(row, "expires_at", ""), time(NULL));
}

static const struct column columns[] = {
	{ "TOKEN", "id", NULL },    { "NAME", "name", NULL },	  { "ROLES", NULL, put_roles },	    { "ROUTES", NULL, put_routes },
	{ "STATE", "state", NULL }, { "LEFT", NULL, put_left }, { "LAST USE", "last_use", NULL }, { "MADE BY", "created_by", NULL },
};

int verb_token(const struct call *c)
{
	own_json json_t *reply = NULL;
	own_url struct url u = to_get_v1_tokens(&(struct get_v1_tokens){ .limit = "1000" });
	int r;

	r = ask(c, &(struct ask){ { .to = &u }, "list the tokens", false }, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, reply);
		return DONE;
	}
	r = out_table(stdout, out_field(reply, "tokens"), columns, ARRAY_SIZE(columns), "No tokens.");
	return r < 0 ? say_no_memory() : DONE;
}

static int make_body(const struct call *c, char **ret_text)
{
	own_json json_t *body = json_pack("{s:s, s:[]}", "name", c->words[0], "roles");
	long seconds = 0;
	int r = call_duration(c, OPT_FOR, &seconds);

	if (r < 0)
		return -r;
	if (!body)
		return say_fail(USAGE, NULL, "token create: the name is not valid UTF-8");
	for (size_t i = 1; i < c->count; i++)
		json_array_append_new(json_object_get(body, "roles"), json_string(c->words[i]));
	if (seconds)
		json_object_set_new(body, "for_s", json_integer(seconds));
	if (call_has(c, OPT_ROUTE))
		json_object_set_new(body, "routes", json_pack("[s]", c->option[OPT_ROUTE]));
	*ret_text = json_dumps(body, JSON_COMPACT);
	return *ret_text ? DONE : say_no_memory();
}

int verb_token_create(const struct call *c)
{
	own_json json_t *reply = NULL;
	own_url struct url u = to_post_v1_tokens();
	own_free char *body = NULL;
	int r = make_body(c, &body);

	if (r == DONE)
		r = ask(c, &(struct ask){ { &u, body, body ? strlen(body) : 0, 0 }, "make the token", false }, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		say_line("%s", out_text(reply, "token", ""));
	fputs("keep it now: it is not shown again\n", stderr);
	return DONE;
}

int verb_token_revoke(const struct call *c)
{
	own_json json_t *reply = NULL;
	own_url struct url u = to_delete_v1_tokens_id(c->words[0]);
	int r;

	r = ask(c, &(struct ask){ { .to = &u }, "revoke the token", false }, &reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		say_line("token %s revoked", c->words[0]);
	return DONE;
}
