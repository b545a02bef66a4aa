// SPDX-License-Identifier: Apache-2.0
#include "args.h"

#include "say.h"
#include "verbs.h"
#include "when.h"

#include <string.h>

const struct option_row options[OPT_MAX] = {
	[OPT_HELP] = { "help", NULL, 'h', "print this text", NULL },
	[OPT_JSON] = { "json", NULL, 0, "print JSON instead of text", NULL },
	[OPT_SOCKET] = { "socket", "PATH", 0,
			 "control socket (default: $CVF_SOCKET, else /run/cvf/cvfd.sock)", NULL },
	[OPT_AGENT] = { "agent", "ID", 'a', "the agent", NULL },
	[OPT_ALL] = { "all", NULL, 0, "all of them: what has ended too in a list, everything that waits in an answer", NULL },
	[OPT_BREAK_GLASS] = { "break-glass", NULL, 0, "approve alone what others must approve, too; it is reviewed", NULL },
	[OPT_CAPABILITY] = { "capability", "GLOB", 0, "only capabilities that match, such as 'io.fs.*'",
			     NULL },
	[OPT_DECLARATIONS] = { "declarations", "DIR", 0, "a file or folder of declarations to use instead of /etc/cvf",
			       NULL },
	[OPT_DIGEST] = { "digest", "DIGEST", 0, "the digest that was shown: if it is another now, nothing is answered", NULL },
	[OPT_ETC] = { "etc", "DIR", 0, "declarations to use instead of /etc/cvf", NULL },
	[OPT_EVERY] = { "every", "DURATION", 0, "how often it looks: 1s, 10s, 1m (default: 2s)", NULL },
	[OPT_FOLLOW] = { "follow", NULL, 'f', "go on printing as they happen", NULL },
	[OPT_FOR] = { "for", "DURATION", 0, "how long it lasts: 90s, 10m, 2h, 1d", NULL },
	[OPT_FORMAT] = { "format", "FORMAT", 0, "how each line is written (default: ocsf)", "ocsf" },
	[OPT_FROM] = { "from", "SIZE", 0, "the older of two heads, by its entries", NULL },
	[OPT_HEADS] = { "heads", "FILE", 0, "heads known from elsewhere, one JSON object a line (default: the file beside the store)", NULL },
	[OPT_IRREVERSIBLE] = { "irreversible", NULL, 0, "what it changes cannot be changed back (write)", NULL },
	[OPT_KEY] = { "key", "KEY", 0, "the public key to believe, in hexadecimal; several with commas", NULL },
	[OPT_LIMIT] = { "limit", "N", 'n', "at most N, the newest", NULL },
	[OPT_NOTE] = { "note", "TEXT", 0, "why; kept in the audit trail", NULL },
	[OPT_OFFLINE] = { "offline", NULL, 0, "judge by the files, without asking the daemon", NULL },
	[OPT_OLDER_THAN] = { "older-than", "T", 0, "only what is kept for so long: 7d, 12h; or since before 2025-01-31", NULL },
	[OPT_ONCE] = { "once", NULL, 0, "look for half a second, or for what --every says, print that and end", NULL },
	[OPT_OTP] = { "otp", "CODE", 0, "code of the second factor; without it a terminal asks for it", NULL },
	[OPT_PATTERN] = { "pattern", "PATTERN", 0, "with a scope: what the grant covers, such as '/srv/build/*'", NULL },
	[OPT_PERIOD] = { "period", "PERIOD", 0, "1h, 24h, 7d or 30d up to now (default: 24h)", "1h 24h 7d 30d" },
	[OPT_PID] = { "pid", "PID", 'p', "process to enrol with all its threads", NULL },
	[OPT_POLICY] = { "policy", NULL, 0, "print the policy that belongs to it instead", NULL },
	[OPT_REASON] = { "reason", "TEXT", 0, "with --break-glass: why nobody else can be asked", NULL },
	[OPT_REPLACE] = { "replace", NULL, 0, "replace what is registered under the same id", NULL },
	[OPT_RISK] = { "risk", "LEVEL", 0, "only LOW, MEDIUM or HIGH", "LOW MEDIUM HIGH" },
	[OPT_ROUTE] = { "route", "GLOB", 0, "only for these paths of the API, such as '/v1/events*'", NULL },
	[OPT_SCOPE] = { "scope", "SCOPE", 0, "what the answer covers: once, session or agent (default: once)",
			"once session agent" },
	[OPT_SHARE] = { "share", "DIR", 0, "standard library to use instead of /usr/share/cvf", NULL },
	[OPT_SINCE] = { "since", "T", 0, "from then on: 10m (ago), 2025-01-31, 2025-01-31T08:00:00Z", NULL },
	[OPT_SKILL] = { "skill", "ID", 0, "the skill the command is run for", NULL },
	[OPT_STATE] = { "state", "DIR", 0, "directory of the store (default: /var/lib/cvf)", NULL },
	[OPT_STORE] = { "store", "FILE", 0, "the database to read (default: /var/lib/cvf/cvf.db)", NULL },
	[OPT_STRICT] = { "strict", NULL, 0, "warnings fail, too", NULL },
	[OPT_TO] = { "to", "SIZE", 0, "the newer of two heads (default: the newest)", NULL },
	[OPT_UNDO] = { "undo", "ID", 0, "the capability that makes up for it", NULL },
	[OPT_UNTIL] = { "until", "LAST", 0, "with --all: none that came after this hold; of an export: nothing after this moment", NULL },
	[OPT_USES] = { "uses", "N", 0, "how often the grant may be used", NULL },
	[OPT_VERBOSE] = { "verbose", NULL, 'v', "tell about holds even when stderr is not a terminal", NULL },
	[OPT_VERDICT] = { "verdict", "VERDICT", 0, "only allow, deny or hold", "allow deny hold" },
	[OPT_VERSIONS] = { "versions", NULL, 0, "everything it has been, since when, and who made it so", NULL },
	[OPT_WATCH] = { "watch", NULL, 'w', "go on printing as they come and are decided", NULL },
	[OPT_YES] = { "yes", NULL, 0, "with --all or --older-than: do it, do not only show it", NULL },
};

struct cursor {
	char **argv;
	int argc, at;
};

static const char *prefix(const struct call *c, char text[static 64])
{
	snprintf(text, 64, "%s%s%s", c->noun ? c->noun : "", c->verb && c->verb->verb ? " " : "",
		 c->verb && c->verb->verb ? c->verb->verb : "");
	return text;
}

static int wrong(const struct call *c, const char *what, const char *about, const char *more)
{
	char hint[128], name[64];

	prefix(c, name);
	snprintf(hint, sizeof(hint), "see: cvfctl %s%s--help", name, *name ? " " : "");
	return say_fail(USAGE, hint, "%s%s%s%s%s", name, *name ? ": " : "", what, about, more);
}

static enum option option_find(const char *name, size_t length)
{
	for (enum option o = 0; o < OPT_MAX; o++) {
		bool letter = length == 1 && options[o].letter == *name;

		if (letter ||
		    (strlen(options[o].name) == length && memcmp(options[o].name, name, length) == 0))
			return o;
	}
	return OPT_MAX;
}

static bool is_choice(const struct option_row *o, const char *value)
{
	size_t length = strlen(value);

	for (const char *at = o->choices; at; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (length > 0 && strncmp(at, value, length) == 0 &&
		    (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return !o->choices;
}

/* One option at the cursor, with its value from "--name=value" or from the next word. */
static int take_option(struct call *c, struct cursor *in)
{
	const char *word = in->argv[in->at++];
	const char *name = word + (word[1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	enum option o = option_find(name, length);
	uint64_t known = WITH_ALWAYS | (c->verb ? c->verb->options : 0);

	if (o == OPT_MAX || !(known & 1ull << o) || (word[1] == '-') != (length > 1))
		return wrong(c, "no such option: ", word, "");
	if (!options[o].value) {
		if (equals)
			return wrong(c, "takes no value: --", options[o].name, "");
		c->option[o] = "";
		return 0;
	}
	if (!equals && in->at >= in->argc)
		return wrong(c, "a value is missing after --", options[o].name, "");
	c->option[o] = equals ? equals + 1 : in->argv[in->at++];
	if (!is_choice(&options[o], c->option[o]))
		return wrong(c, options[o].name, " must be one of: ", options[o].choices);
	return 0;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

/*
 * The noun and, where the noun has verbs, the verb; options that every verb has may stand before and between.
 */
static int take_verb(struct call *c, struct cursor *in)
{
	int r;

	while (in->at < in->argc) {
		const char *word = in->argv[in->at];

		if (is_option(word)) {
			r = take_option(c, in);
			if (r != 0)
				return r;
			continue;
		}
		if (!c->noun) {
			if (!verb_has_noun(word))
				return wrong(c, "no such command: ", word, "");
			c->noun = word;
			c->verb = verb_find(word, NULL);
			in->at++;
			if (c->verb && !(c->verb->flags & VERB_DEFAULT))
				return 0;
			continue;
		}
		if (verb_find(c->noun, word)) {
			c->verb = verb_find(c->noun, word);
			in->at++;
		} else if (!c->verb) {
			return wrong(c, "no such command: ", word, "");
		}
		return 0;
	}
	return 0;
}

static int take_rest(struct call *c, struct cursor *in)
{
	bool only_words = false;
	int r;

	while (in->at < in->argc) {
		char *word = in->argv[in->at];

		if (!only_words && strcmp(word, "--") == 0) {
			only_words = true;
			in->at++;
		} else if (!only_words && is_option(word)) {
			r = take_option(c, in);
			if (r != 0)
				return r;
		} else {
			c->words[c->count++] = word;
			in->at++;
			only_words = only_words || (c->verb && c->verb->flags & VERB_TAIL);
		}
	}
	return 0;
}

static int check_count(const struct call *c)
{
	const struct verb *v = c->verb;

	if (call_has(c, OPT_HELP) || !v)
		return 0;
	if (c->count < v->least)
		return wrong(c, "something is missing: ", v->words, "");
	if (c->count > v->most)
		return wrong(c, "one word too many: ", c->words[v->most], "");
	for (enum option o = 0; o < OPT_MAX; o++)
		if (v->needs & 1ull << o && !c->option[o])
			return wrong(c, "something is missing: --", options[o].name, "");
	return 0;
}

int args_parse(int argc, char **argv, struct call *c)
{
	struct cursor in = { argv, argc, 1 };
	int r;

	*c = (struct call){ .words = calloc((size_t)argc + 1, sizeof(char *)) };
	if (!c->words)
		return say_no_memory();
	r = take_verb(c, &in);
	if (r == 0)
		r = take_rest(c, &in);
	return r != 0 ? r : check_count(c);
}

void call_done(struct call *c)
{
	free(c->words);
	c->words = NULL;
}

int call_number(const struct call *c, enum option o, long max, long *ret)
{
	const char *text = c->option[o];
	char *end;

	*ret = 0;
	if (!text)
		return 0;
	errno = 0;
	*ret = strtol(text, &end, 10);
	if (errno || *end || end == text || *ret < 1 || *ret > max)
		return -say_fail(USAGE, NULL, "--%s: '%s' is no whole number from 1 to %ld", options[o].name,
				 text, max);
	return 0;
}

int call_duration(const struct call *c, enum option o, long *ret_seconds)
{
	int64_t seconds = 0;

	if (c->option[o] && when_duration(c->option[o], &seconds) < 0)
		return -say_fail(USAGE,
				 "write a number with a unit: 90s, 10m, 1h30m, 2d, 1w; at most ten years",
				 "--%s: '%s' is no duration", options[o].name, c->option[o]);
	*ret_seconds = (long)seconds;
	return 0;
}
