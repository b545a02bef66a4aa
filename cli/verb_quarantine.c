// SPDX-License-Identifier: Apache-2.0
/*
 * verb_quarantine.c - what agents deleted and is kept: the list, one of it, putting it back, removing it for good
 */
#include "ask.h"
#include "batch.h"
#include "escape.h"
#include "out.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

#include <stdint.h>
#include <string.h>

#define PAGE "1000"	/* that the API lists at once */

/* ---- fields as words ---- */

/* "17 B", "1.5 KiB", "20 MiB" */
static void put_bytes(FILE *out, json_int_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		n /= 1024;
	fprintf(out, unit && n < 10 ? "%.1f %s" : "%.0f %s", n, units[unit]);
}

static bool is_file(const json_t *item)
{
	return strcmp(out_text(item, "type", "file"), "file") == 0;
}

static void put_size(FILE *out, const json_t *item)
{
	if (is_file(item))
		put_bytes(out, json_integer_value(out_field(item, "size")));
	else
		out_value(out, out_field(item, "type"));
}

/* "3m12s ago" */
static void put_age(FILE *out, const json_t *item)
{
	char text[WHEN_MAX];
	time_t at, now = time(NULL);

	if (when_moment(out_text(item, "kept_at", ""), now, &at) < 0) {
		out_value(out, out_field(item, "kept_at"));
		return;
	}
	when_print_duration(now > at ? now - at : 0, text);
	fprintf(out, "%s ago", text);
}

static bool is_kept(const json_t *item)
{
	return strcmp(out_text(item, "state", "kept"), "kept") == 0;
}

static void put_left(FILE *out, const json_t *item)
{
	if (!is_kept(item) || !out_text(item, "expires_at", NULL))
		fputs(is_kept(item) ? "no end" : "-", out);
	else
		text_left(out, out_text(item, "expires_at", NULL), time(NULL));
}

static const struct column kept_columns[] = {
	{ "ITEM", "id", NULL },	    { "AGENT", "agent", NULL }, { "KEPT", NULL, put_age },
	{ "LEFT", NULL, put_left }, { "SIZE", NULL, put_size }, { "OBJECT", "object", NULL },
};
static const struct column all_columns[] = {
	{ "ITEM", "id", NULL },	    { "STATE", "state", NULL }, { "AGENT", "agent", NULL },	   { "KEPT", NULL, put_age },
	{ "LEFT", NULL, put_left }, { "SIZE", NULL, put_size }, { "ENDED BY", "ended_by", NULL }, { "OBJECT", "object", NULL },
};

/* ---- list ---- */

static int put_list(const struct call *c, const json_t *reply)
{
	bool all = call_has(c, OPT_ALL);
	int r = out_table(stdout, out_field(reply, "kept"), all ? all_columns : kept_columns,
			  all ? ARRAY_SIZE(all_columns) : ARRAY_SIZE(kept_columns), "Nothing is kept.");

	if (r >= 0 && json_integer_value(out_field(reply, "bytes")) > 0) {
		fputs("\nIn all ", stdout);
		put_bytes(stdout, json_integer_value(out_field(reply, "bytes")));
		puts(" are kept.");
	}
	if (r >= 0 && out_text(reply, "next", NULL))
		fputs("there are older ones: --limit N lists more, at most 1000\n", stderr);
	return r;
}

int verb_quarantine(const struct call *c)
{
	own_url struct url u = to_get_v1_quarantine(&(struct get_v1_quarantine){
		.agent = c->option[OPT_AGENT], .state = call_has(c, OPT_ALL) ? "all" : "kept", .limit = c->option[OPT_LIMIT] });
	long limit;
	int r = call_number(c, OPT_LIMIT, 1000, &limit);

	if (r < 0)
		return -r;
	return ask_show(c, &(struct ask){ { .to = &u }, "list what is kept", false }, put_list);
}

/* ---- show ---- */

static const struct {
	const char *word, *sentence;
} hows[] = {
	{ "link", "the very object, by another name" },
	{ "copy", "a copy: the file system makes no links" },
	{ "directory", "an empty folder like it" },
};

static void put_how(FILE *out, const json_t *item)
{
	const char *how = out_text(item, "how", "-");

	for (size_t i = 0; i < ARRAY_SIZE(hows); i++)
		if (strcmp(how, hows[i].word) == 0)
			how = hows[i].sentence;
	escape_line(out, how, strlen(how));
}

static void put_line(const char *label, const char *before, const json_t *item, const char *field)
{
	const json_t *value = out_field(item, field);

	if (!value || json_is_null(value))
		return;
	printf("%-9s %s", label, before);
	out_value(stdout, value);
	putchar('\n');
}

static void put_object(const json_t *item)
{
	printf("%-9s ", "What");
	text_operation(stdout, item, 0);
	printf("\n%-9s ", "");
	out_value(stdout, out_field(item, "type"));
	if (is_file(item)) {
		fputs(", ", stdout);
		put_size(stdout, item);
	}
	fputs(", mode ", stdout);
	out_value(stdout, out_field(item, "mode"));
	fputs(", owner ", stdout);
	out_value(stdout, out_field(item, "uid"));
	putchar(':');
	out_value(stdout, out_field(item, "gid"));
	fputs(", modified ", stdout);
	out_value(stdout, out_field(item, "modified_at"));
	printf("\n%-9s ", "Kept as");
	put_how(stdout, item);
	if (json_integer_value(out_field(item, "names")) > 1)
		fputs("; it had others, too: who uses those may change it", stdout);
	putchar('\n');
}

static int put_card(const struct call *c, const json_t *item)
{
	const char *id = out_text(item, "id", "");

	(void)c;
	fputs("Item ", stdout);
	out_value(stdout, out_field(item, "id"));
	fputs("  ", stdout);
	out_value(stdout, out_field(item, "state"));
	if (is_kept(item) && out_text(item, "expires_at", NULL)) {
		fputs(", for another ", stdout);
		put_left(stdout, item);
	}
	fputs("\n\n", stdout);
	put_object(item);
	put_line("Who", "agent ", item, "agent");
	put_line("", "session ", item, "session");
	put_line("Why", "capability ", item, "capability");
	put_line("", "hold ", item, "hold");
	put_line("Place", "from the root of its file system: ", item, "place");
	put_line("", "device ", item, "device");
	put_line("Kept", "", item, "kept_at");
	put_line("Expires", "", item, "expires_at");
	put_line("Ended", "", item, "ended_at");
	put_line("", "by ", item, "ended_by");
	if (!is_kept(item))
		return 0;
	fputs("\nRestore   cvfctl quarantine restore ", stdout);
	escape_word(stdout, id, strlen(id));
	fputs("\nPurge     cvfctl quarantine purge ", stdout);
	escape_word(stdout, id, strlen(id));
	putchar('\n');
	return 0;
}

int verb_quarantine_show(const struct call *c)
{
	own_url struct url u = to_get_v1_quarantine_id(c->words[0]);
	own_free char *doing = NULL;

	if (asprintf(&doing, "show item %s", c->words[0]) < 0)
		return say_no_memory();
	return ask_show(c, &(struct ask){ { .to = &u }, doing, false }, put_card);
}

/* ---- restore and purge ---- */

static const struct end_word {
	const char *verb, *done;
	struct url (*to)(const char *id);
} restoring = { "restore", "restored", to_post_v1_quarantine_id_restore }, purging = { "purge", "purged", to_post_v1_quarantine_id_purge };

static int end_one(const struct call *c, const char *id, const struct end_word *word, json_t **ret)
{
	own_url struct url u = word->to(id);
	own_free char *doing = NULL;

	if (asprintf(&doing, "%s item %s", word->verb, id) < 0)
		return say_no_memory();
	return ask(c, &(struct ask){ { &u, "{}", 2, 0 }, doing, false }, ret);
}

static void put_ended(const char *id, const struct end_word *word, const json_t *item)
{
	const char *object = out_text(item, "object", NULL);

	say_part("item %s %s", id, word->done);
	if (object) {
		fputs(": ", stdout);
		escape_put(stdout, object, strlen(object));
	}
	putchar('\n');
}

static int end_named(const struct call *c, const struct end_word *word)
{
	own_json json_t *reply = NULL;
	int r = end_one(c, c->words[0], word, &reply);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		put_ended(c->words[0], word, reply);
	return DONE;
}

int verb_quarantine_restore(const struct call *c)
{
	return end_named(c, &restoring);
}

/* One page of what is kept, older than *next; what is kept since until is added to chosen. *next: malloc'ed; NULL: that was all. */
static int choose_page(const struct call *c, time_t until, json_t *chosen, char **next)
{
	own_url struct url u = to_get_v1_quarantine(
		&(struct get_v1_quarantine){ .agent = c->option[OPT_AGENT], .state = "kept", .limit = PAGE, .before = *next });
	own_json json_t *reply = NULL;
	const json_t *item;
	time_t at;
	size_t i;
	int r;

	r = ask(c, &(struct ask){ { .to = &u }, "list what is kept", false }, &reply);
	if (r != DONE)
		return r;
	json_array_foreach(out_field(reply, "kept"), i, item)
		if (when_moment(out_text(item, "kept_at", ""), time(NULL), &at) == 0 && at <= until)
			json_array_append(chosen, (json_t *)(uintptr_t)item);
	r = *next && strcmp(*next, out_text(reply, "next", "")) == 0; /* a page that leads to itself */
	free(TAKE(*next));
	if (!r && out_text(reply, "next", NULL))
		*next = strdup(out_text(reply, "next", ""));
	return DONE;
}

static int purge_next(const struct call *c, const void *ctx, const char *id, json_t **ret)
{
	return end_one(c, id, ctx, ret);
}

static void put_next(const void *ctx, const char *id, const json_t *item)
{
	put_ended(id, ctx, item);
}

static int purge_older(const struct call *c)
{
	static const enum option filters[] = { OPT_AGENT };
	struct batch b = {
		.verb = "purge",
		.done = "purged",
		.ending = " for good",
		.command = "quarantine purge",
		.filters = filters,
		.filters_count = ARRAY_SIZE(filters),
		.until_option = OPT_OLDER_THAN,
		.done_key = "purged",
		.list_key = "items",
		.columns = kept_columns,
		.columns_count = ARRAY_SIZE(kept_columns),
		.empty = "Nothing of that is kept.",
		.one = purge_next,
		.put = put_next,
		.ctx = &purging,
	};
	own_json json_t *chosen = json_array();
	own_free char *next = NULL;
	char text[WHEN_MAX];
	time_t until;
	int r;

	if (when_moment(c->option[OPT_OLDER_THAN], time(NULL), &until) < 0)
		return say_fail(USAGE, "such as 7d, 2h, 2025-01-31 or 2025-01-31T08:00:00Z", "purge: --older-than is no time: %s",
				c->option[OPT_OLDER_THAN]);
	when_print(until, text);
	do
		r = choose_page(c, until, chosen, &next);
	while (r == DONE && next);
	if (r != DONE)
		return r;
	b.until = text;
	return batch_run(c, &b, chosen);
}

int verb_quarantine_purge(const struct call *c)
{
	static const enum option only_older[] = { OPT_AGENT, OPT_YES };
	bool older = call_has(c, OPT_OLDER_THAN);

	if (older == (c->count > 0))
		return say_fail(USAGE, "cvfctl quarantine list shows what is kept", "purge: give %s",
				older ? "an ITEM or --older-than, not both" : "an ITEM, or --older-than with a time");
	for (size_t i = 0; !older && i < ARRAY_SIZE(only_older); i++)
		if (call_has(c, only_older[i]))
			return say_fail(USAGE, NULL, "purge: --%s goes with --older-than", options[only_older[i]].name);
	return older ? purge_older(c) : end_named(c, &purging);
}
