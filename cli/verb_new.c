// SPDX-License-Identifier: Apache-2.0
/*
 * verb_new.c - a declaration to start from, whose risk follows from what it is for; printed only if the daemon would take it
 */
#include "ask.h"
#include "json/plain.h"
#include "offline.h"
#include "out.h"
#include "policy/policy.h"
#include "verbs.h"

#include <string.h>

static json_t *texts(char *const *words, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(words[i]));
	return list;
}

static json_t *match_file(json_t *ops, char *const *words, size_t count)
{
	return json_pack("{s:[{s:o, s:o}]}", "file", "path", texts(words, count), "ops", ops);
}

static json_t *match_read(char *const *words, size_t count)
{
	return match_file(json_pack("[s]", "read"), words, count);
}

static json_t *match_write(char *const *words, size_t count)
{
	return match_file(json_pack("[s, s, s, s, s, s]", "write", "create", "rename", "link", "attr", "truncate"), words, count);
}

static json_t *match_delete(char *const *words, size_t count)
{
	return match_file(json_pack("[s]", "delete"), words, count);
}

/* A program alone stands for it with any arguments. */
static json_t *match_exec(char *const *words, size_t count)
{
	return json_pack("{s:[{s:s, s:o}]}", "exec", "path", words[0], "argv",
			 count > 1 ? texts(words + 1, count - 1) : json_pack("[s]", "**"));
}

/* "10.0.0.0/8:443" or "[fd00::]/8:22,80": the colon before the ports is the last one outside of brackets. */
static json_t *net_entry(const char *word)
{
	const char *end = strrchr(word, ']'), *colon = strrchr(end ? end : word, ':');
	own_free char *address = NULL;
	json_t *one = json_pack("{s:[s, s]}", "ops", "connect", "send");

	if (!end && strchr(word, ':') != colon)
		colon = NULL; /* a bare IPv6 address */
	address = strndup(word, colon ? (size_t)(colon - word) : strlen(word));
	if (address && *address == '[' && end) {
		memmove(address, address + 1, strlen(address));
		end = strchr(address, ']');
		memmove(address + (end - address), end + 1, strlen(end));
	}
	json_object_set_new(one, "address", json_string(address ? address : ""));
	if (colon)
		json_object_set_new(one, "ports", json_string(colon + 1));
	return one;
}

static json_t *match_net(char *const *words, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, net_entry(words[i]));
	return json_pack("{s:o}", "net", list);
}

static int create_read(const struct call *c, const struct capability_text *text, json_t **ret)
{
	(void)c;
	return capability_create_read(text, ret);
}

static int create_write(const struct call *c, const struct capability_text *text, json_t **ret)
{
	return capability_create_write(text, !call_has(c, OPT_IRREVERSIBLE), c->option[OPT_UNDO], ret);
}

static int create_delete(const struct call *c, const struct capability_text *text, json_t **ret)
{
	return capability_create_delete(text, c->option[OPT_UNDO], ret);
}

static int create_exec(const struct call *c, const struct capability_text *text, json_t **ret)
{
	return capability_create_exec(text, c->option[OPT_UNDO], ret);
}

static int create_net(const struct call *c, const struct capability_text *text, json_t **ret)
{
	return capability_create_net(text, c->option[OPT_UNDO], ret);
}

static const struct pattern {
	const char *word;
	int (*create)(const struct call *c, const struct capability_text *text, json_t **ret);
	json_t *(*match)(char *const *words, size_t count);
	bool may_be_irreversible, may_be_undone;
} patterns[] = {
	{ "read", create_read, match_read, false, false },  { "write", create_write, match_write, true, true },
	{ "delete", create_delete, match_delete, false, true }, { "exec", create_exec, match_exec, false, true },
	{ "net", create_net, match_net, false, true },
};

static const struct pattern *find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (strcmp(patterns[i].word, word) == 0)
			return &patterns[i];
	return NULL;
}

static int check_usage(const struct call *c, const struct pattern *p)
{
	static const char hint[] = "see: cvfctl capability new --help";

	if (!p)
		return say_fail(USAGE, hint, "'%s' is no kind of capability: read, write, delete, exec or net", c->words[0]);
	if (call_has(c, OPT_IRREVERSIBLE) && !p->may_be_irreversible)
		return say_fail(USAGE, hint, "--irreversible does not go with %s", p->word);
	if (call_has(c, OPT_UNDO) && !p->may_be_undone)
		return say_fail(USAGE, hint, "--undo does not go with %s", p->word);
	return DONE;
}

/* Would the daemon take it, beside the capabilities of the standard library? */
static int check_text(const struct call *c, const char *text)
{
	own(model) struct model *m = model_new();
	own_diags struct diags d = { 0 };
	own_json json_t *list = NULL;
	int r;

	if (!m)
		return say_no_memory();
	r = offline_share(c, m, &d);
	if (r == 0)
		r = model_load_text(m, text, strlen(text), c->words[1], BIT(DECL_CAPABILITY), false, &d);
	if (r == 0)
		r = model_check(m, &d);
	list = offline_diagnoses(&d);
	out_diagnoses(stderr, list);
	return r < 0 ? say_fail(REFUSED, NULL, "no declaration is printed: it would be refused") : DONE;
}

int verb_new(const struct call *c)
{
	const struct pattern *p = find(c->words[0]);
	const struct capability_text text = { .id = c->words[1], .name = NULL, .description = NULL };
	own_json json_t *decl = NULL;
	own_free char *printed = NULL;
	int r = check_usage(c, p);

	if (r != DONE)
		return r;
	r = p->create(c, &text, &decl);
	if (r == -EINVAL)
		return say_fail(REFUSED, "name the capability that makes up for it: --undo ID",
				"what is irreversible and has no compensation would be CRITICAL: declare that by hand");
	if (r == 0 && json_object_set_new(decl, "match", p->match(c->words + 2, c->count - 2)) < 0)
		return say_fail(USAGE, NULL, "the patterns are not valid UTF-8");
	printed = r == 0 ? json_plain(decl, JSON_INDENT(1)) : NULL;
	if (!printed)
		return say_no_memory();
	r = check_text(c, printed);
	if (r != DONE)
		return r;
	puts(printed);
	return DONE;
}
