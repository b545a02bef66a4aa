// SPDX-License-Identifier: Apache-2.0
#include "card.h"

#include "escape.h"
#include "out.h"
#include "text.h"

#include <string.h>

static void label(FILE *out, const char *name)
{
	fprintf(out, "%-9s ", name);
}

/* "before VALUE", or nothing at all when the hold does not say. */
static void part(FILE *out, const char *before, const json_t *hold, const char *field)
{
	const json_t *value = out_field(hold, field);

	if (!value || json_is_null(value))
		return;
	fputs(before, out);
	out_value(out, value);
}

static void put_head(FILE *out, const json_t *hold, time_t now)
{
	const char *state = out_text(hold, "state", "pending");

	fputs("Hold ", out);
	out_value(out, out_field(hold, "id"));
	fputs("  ", out);
	out_value(out, out_field(hold, "state"));
	if (strcmp(state, "pending") == 0) {
		fputs(", expires in ", out);
		text_left(out, out_text(hold, "expires_at", NULL), now);
	} else {
		part(out, " by ", hold, "decided_by");
		part(out, " at ", hold, "decided_at");
		part(out, ", scope ", hold, "scope");
		part(out, ", note: ", hold, "note");
	}
	fputs("\n\n", out);
}

static void put_who(FILE *out, const json_t *hold)
{
	label(out, "Who");
	fputs("agent ", out);
	out_value(out, out_field(hold, "agent"));
	part(out, ", session ", hold, "session");
	part(out, ", skill ", hold, "skill");
	fputc('\n', out);
	label(out, "");
	part(out, "host pid ", hold, "pid");
	part(out, " ", hold, "comm");
	part(out, ", uid ", hold, "uid");
	part(out, ", executable ", hold, "exe");
	fputc('\n', out);
}

static size_t bytes_of(const json_t *argv)
{
	const json_t *one;
	size_t i, n = 0;

	json_array_foreach(argv, i, one)
		n += i > 0 ? json_string_length(one) + 1 : 0;
	return n;
}

/*
 * A word as it reads and, if a part of it may only look like what it seems to be, once more in ASCII: letters
 * of other alphabets as their numbers.
 */
static char *word_in(const json_t *word, bool ascii_only)
{
	bool was = escape_ascii_only;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	escape_ascii_only = ascii_only;
	escape_word(out, json_string_value(word), json_string_length(word));
	escape_ascii_only = was;
	return fclose(out) == 0 ? text : NULL;
}

static void put_exact(FILE *out, const json_t *word)
{
	own_free char *shown = NULL, *exact = NULL;

	if (!json_is_string(word))
		return;
	shown = word_in(word, escape_ascii_only);
	exact = word_in(word, true);
	fputs(shown ? shown : "?", out);
	if (shown && exact && strcmp(shown, exact) != 0)
		fprintf(out, "  = %s", exact);
	if (json_string_length(word) > 80)
		fprintf(out, "  (%zu bytes)", json_string_length(word));
}

/* One line each, so that no argument can pass for two and none can push the next off the screen. */
static void put_args(FILE *out, const json_t *hold)
{
	const json_t *argv = out_field(hold, "argv"), *count = out_field(hold, "args_count"),
		     *total = out_field(hold, "args_total");
	size_t shown = json_array_size(argv), i;
	const json_t *one;
	bool cut = json_is_true(out_field(hold, "args_cut"));

	if (shown == 0 && !count)
		return;
	label(out, "");
	fprintf(out, "%lld arguments, %lld bytes:\n",
		count ? (long long)json_integer_value(count) : (long long)shown - 1,
		total ? (long long)json_integer_value(total) : (long long)bytes_of(argv));
	json_array_foreach(argv, i, one) {
		label(out, "");
		fprintf(out, "  [%zu] ", i);
		put_exact(out, one);
		fputc('\n', out);
	}
	if (cut)
		fprintf(out,
			"\n*** CUT: only the first %zu bytes of the arguments are shown. What follows is "
			"unknown: deny when in doubt.\n\n",
			bytes_of(argv));
}

static size_t foreign(const json_t *hold)
{
	const char *object = out_text(hold, "object", ""), *object2 = out_text(hold, "object2", "");
	size_t n = escape_foreign(object, strlen(object)) + escape_foreign(object2, strlen(object2)), i;
	const json_t *one;

	json_array_foreach(out_field(hold, "argv"), i, one)
		n += escape_foreign(json_string_value(one), json_string_length(one));
	return n;
}

static void put_word(FILE *out, const char *before, const json_t *word)
{
	if (json_string_length(word) == 0)
		return;
	fputs(before, out);
	put_exact(out, word);
}

static void put_what(FILE *out, const json_t *hold)
{
	size_t strange = foreign(hold);

	label(out, "What");
	out_value(out, out_field(hold, "operation"));
	put_word(out, " ", out_field(hold, "object"));
	put_word(out, " to ", out_field(hold, "object2"));
	if (strcmp(out_text(hold, "address", ""), out_text(hold, "object", "")) != 0)
		part(out, ", address ", hold, "address");
	fputc('\n', out);
	if (strcmp(out_text(hold, "operation", ""), "exec") == 0)
		put_args(out, hold);
	if (strange > 0) {
		label(out, "");
		fprintf(out, "%zu characters are outside ASCII: they may not be the letters they look like\n",
			strange);
	}
	label(out, "Where");
	out_value(out, out_field(hold, "cwd"));
	fputc('\n', out);
}

static void put_why(FILE *out, const json_t *hold)
{
	label(out, "Why");
	text_reason(out, out_text(hold, "reason", "-"));
	fputc('\n', out);
	label(out, "");
	part(out, "capability ", hold, "capability");
	part(out, ", risk ", hold, "risk");
	part(out, ", decision ", hold, "decision");
	part(out, ", rule ", hold, "rule");
	fputc('\n', out);
	for (size_t i = 0; i < 3; i++) {
		static const char *const fields[] = { "rule_text", "description", "justification" };

		if (!*out_text(hold, fields[i], ""))
			continue;
		label(out, "");
		fprintf(out, "%s: ", i == 0 ? "the rule says" : fields[i]);
		out_value(out, out_field(hold, fields[i]));
		fputc('\n', out);
	}
}

/* An object of a capability as a sentence: its known parts, then its description. */
static void put_effects(FILE *out, const json_t *hold)
{
	const json_t *effects = out_field(hold, "side_effects"), *undo = out_field(hold, "compensation");

	label(out, "Effects");
	if (json_is_object(effects)) {
		fputs(json_is_true(out_field(effects, "reversible")) ? "reversible" : "NOT REVERSIBLE", out);
		part(out, ", scope ", effects, "scope");
		part(out, ": ", effects, "description");
	} else {
		out_value(out, effects);
	}
	fputc('\n', out);
	label(out, "Undo");
	if (json_is_object(undo) && json_is_true(out_field(undo, "supported"))) {
		part(out, "", undo, "strategy");
		part(out, ", capability ", undo, "capability_id");
		if (json_is_false(out_field(undo, "performed")))
			fputs(" is declared, but nothing performs it: count on no way back", out);
		else if (strcmp(out_text(undo, "strategy", ""), "quarantine") == 0)
			fputs(": what goes is kept first, see cvfctl quarantine", out);
	} else if (json_is_object(undo) || !undo || json_is_null(undo)) {
		fputs("no compensation", out);
	} else {
		out_value(out, undo);
	}
	fputc('\n', out);
}

static void put_waiting(FILE *out, const json_t *hold)
{
	long long n = json_integer_value(out_field(hold, "waiting"));

	if (n < 1 || strcmp(out_text(hold, "state", "pending"), "pending") != 0)
		return;
	label(out, "Waiting");
	if (n == 1)
		fputs("1 process asks this\n", out);
	else
		fprintf(out, "%lld processes ask exactly this; one answer is for all of them\n", n);
}

/* Who must approve it, where a rule says so, and who has. */
static void put_needs(FILE *out, const json_t *hold)
{
	const json_t *done = out_field(hold, "approved_by"), *one;
	long long people = json_integer_value(out_field(hold, "quorum"));
	size_t i;

	if (people > 1 || json_array_size(out_field(hold, "approvers"))) {
		label(out, "Needs");
		text_approvers(out, hold);
		fputs(people > 1 ? "; " : "", out);
		text_quorum(out, hold);
		fputc('\n', out);
	}
	json_array_foreach(done, i, one) {
		label(out, i ? "" : "Approved");
		part(out, "by ", one, "name");
		part(out, " at ", one, "at");
		part(out, ", note: ", one, "note");
		fputc('\n', out);
	}
}

/* Who is asked next when nobody answers; that an approval broke the glass. */
static void put_escalation(FILE *out, const json_t *hold)
{
	const json_t *steps = out_field(hold, "escalation"), *one;
	size_t i;

	json_array_foreach(steps, i, one) {
		label(out, i ? "" : "Next");
		fputs(json_is_true(out_field(one, "reached")) ? "since " : "at ", out);
		out_value(out, out_field(one, "at"));
		part(out, " to ", one, "approvers");
		fputc('\n', out);
	}
	if (out_text(hold, "review", NULL)) {
		label(out, "Review");
		out_value(out, out_field(hold, "review"));
		fputs(": approved by breaking the glass\n", out);
	}
}

static void put_rest(FILE *out, const json_t *hold)
{
	static const struct {
		const char *label, *field;
	} rows[] = { { "Digest", "digest" }, { "Asked", "requested_at" }, { "Expires", "expires_at" } };

	put_waiting(out, hold);
	put_escalation(out, hold);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const json_t *value = out_field(hold, rows[i].field);

		if (!value || json_is_null(value))
			continue;
		label(out, rows[i].label);
		out_value(out, value);
		fputc('\n', out);
	}
}

/* In single quotes of the shell, where only a single quote needs care; what is no plain text is not to be pasted. */
static void put_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (const char *at = text; *at; at++)
		if (*at == '\'')
			fputs("'\\''", out);
		else
			fputc(*at, out);
	fputc('\'', out);
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

/* What the pattern covers beside this one, so that nobody must read a pattern to know. */
static void put_pattern_help(FILE *out, const json_t *offer)
{
	long long earlier = json_integer_value(out_field(offer, "earlier")), of = json_integer_value(out_field(offer, "earlier_of"));

	label(out, "");
	part(out, "    covers ", offer, "covers");
	part(out, ", for example ", offer, "example");
	fputc('\n', out);
	if (of > 0) {
		label(out, "");
		fprintf(out, "    would have answered %lld of the last %lld questions like this\n", earlier, of);
	}
}

/* The ways to approve that the daemon offers, the narrowest first. */
static void put_offers(FILE *out, const char *id, const json_t *offers)
{
	const json_t *offer;
	size_t i;

	json_array_foreach(offers, i, offer) {
		const char *scope = out_text(offer, "scope", "once"), *pattern = out_text(offer, "pattern", NULL);

		if (pattern && !is_plain(pattern))
			continue;
		label(out, i ? "" : "Approve");
		fprintf(out, "cvfctl approve %s", id);
		if (strcmp(scope, "session") == 0 || strcmp(scope, "agent") == 0)
			fprintf(out, " --scope %s", scope);
		if (pattern) {
			fputs(" --pattern ", out);
			put_quoted(out, pattern);
		} else if (strcmp(scope, "session") == 0) {
			fputs(" --for 10m", out);
		}
		fputc('\n', out);
		if (pattern)
			put_pattern_help(out, offer);
	}
}

/* A CRITICAL answer never stays: offering a scope for it would only teach a refusal. */
static void put_commands(FILE *out, const json_t *hold)
{
	own_free char *id = NULL;
	const char *text = out_text(hold, "id", "?");

	if (strcmp(out_text(hold, "state", "pending"), "pending") != 0)
		return;
	id = escape_text(text, strlen(text));
	if (!id)
		return;
	fputc('\n', out);
	if (json_array_size(out_field(hold, "offers"))) {
		put_offers(out, id, out_field(hold, "offers"));
	} else {
		label(out, "Approve");
		fprintf(out, "cvfctl approve %s\n", id);
	}
	label(out, "Deny");
	fprintf(out, "cvfctl deny %s --note \"why\"\n", id);
}

void card_print(FILE *out, const json_t *hold, time_t now)
{
	put_head(out, hold, now);
	put_who(out, hold);
	put_what(out, hold);
	put_why(out, hold);
	put_effects(out, hold);
	put_needs(out, hold);
	put_rest(out, hold);
	put_commands(out, hold);
}
