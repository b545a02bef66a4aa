// SPDX-License-Identifier: Apache-2.0
/* redact.c - see redact.h */
#include "redact.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "core/event.h"

#define STARS 3
#define NAME_MAX_BYTES 64
#define LONE_TOKEN 20	/* bytes of a user in a URL without a password, from which on it is taken for a token */

/* What is hidden, byte by byte. */
struct marks {
	const char *text;	/* one argument, NUL at its end */
	size_t n;
	uint8_t *hide;
};

static void hide(struct marks *m, size_t from, size_t to)
{
	to = to < m->n ? to : m->n;
	if (from < to)
		memset(m->hide + from, 1, to - from);
}

/* ---- names ---- */

static const char *const name_ends[] = {
	"password", "passwd", "passphrase", "pwd", "pass", "token", "secret", "apikey", "api-key", "access-key", "secret-key",
	"private-key", "account-key", "credential", "credentials", "authorization", "cookie", "auth-key", "signature",
};

/* "--db-password", "PGPASSWORD", "X-Api-Key" */
static bool is_secret_name(const char *name, size_t n)
{
	char word[NAME_MAX_BYTES];

	while (n && *name == '-') {
		name++;
		n--;
	}
	if (!n || n >= sizeof(word))
		return false;
	for (size_t i = 0; i < n; i++)
		word[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
	word[n] = 0;
	if (strncmp(word, "no-", 3) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(name_ends); i++) {
		size_t end = strlen(name_ends[i]);

		/* "pass" and "pwd" end too many words to stand at the end of any: they are a word of their own */
		if (n >= end && strcmp(word + n - end, name_ends[i]) == 0 && (end > 4 || n == end || word[n - end - 1] == '-'))
			return true;
	}
	return false;
}

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static size_t value_end(const struct marks *m, size_t at, const char *ends)
{
	while (at < m->n && !strchr(ends, m->text[at]))
		at++;
	return at;
}

/* Credentials keep the word before them: "Bearer ***". */
static size_t skip_scheme(const struct marks *m, size_t at)
{
	static const char *const schemes[] = { "bearer ", "basic ", "token ", "digest ", "negotiate " };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncasecmp(m->text + at, schemes[i], strlen(schemes[i])) == 0)
			return at + strlen(schemes[i]);
	return at;
}

/*
 * The value after "name=", "name: ", "\"name\": " or "--name ". whole: the argument is nothing but a name and its value, so
 * blanks belong to it.
 */
static void hide_value(struct marks *m, size_t at, bool is_option, bool is_whole)
{
	bool is_quoted = at < m->n && (m->text[at] == '"' || m->text[at] == '\'');
	size_t after = at + is_quoted;

	if (after < m->n && (m->text[after] == '=' || m->text[after] == ':')) {
		bool is_header = m->text[after] == ':';

		after++;
		while (after < m->n && m->text[after] == ' ')
			after++;
		if (after < m->n && (m->text[after] == '"' || m->text[after] == '\''))
			hide(m, after + 1, value_end(m, after + 1, m->text[after] == '"' ? "\"" : "'"));
		else if (is_header)
			hide(m, skip_scheme(m, after), value_end(m, after, "\"'\r\n"));
		else
			hide(m, after, is_whole ? m->n : value_end(m, after, " \t\r\n\"'&#;"));
	} else if (is_option && at < m->n && m->text[at] == ' ') {
		after = at + 1;
		if (after < m->n && (m->text[after] == '"' || m->text[after] == '\''))
			hide(m, after + 1, value_end(m, after + 1, m->text[after] == '"' ? "\"" : "'"));
		else
			hide(m, after, value_end(m, after, " \t\r\n"));
	}
}

static void hide_named(struct marks *m, bool is_command)
{
	for (size_t at = 0; at < m->n;) {
		size_t begin = at;

		while (at < m->n && is_name_byte(m->text[at]))
			at++;
		if (at > begin && is_secret_name(m->text + begin, at - begin))
			hide_value(m, at, at - begin > 2 && m->text[begin] == '-' && m->text[begin + 1] == '-', !begin && !is_command);
		at += at == begin;
	}
}

/* ---- places ---- */

/* "scheme://user:password@host" */
static void hide_in_urls(struct marks *m)
{
	const char *at = m->text;

	while ((at = strstr(at, "://"))) {
		size_t begin = (size_t)(at - m->text) + 3, end = value_end(m, begin, "/?# \t\r\n\"'"), sign = end, colon;

		while (sign > begin && m->text[sign - 1] != '@')
			sign--;
		colon = value_end(m, begin, ":");
		if (sign > begin && colon < sign - 1)
			hide(m, colon + 1, sign - 1);
		else if (sign > begin + LONE_TOKEN)
			hide(m, begin, sign - 1);
		at += 3;
	}
}

static void hide_bearers(struct marks *m)
{
	static const char *const words[] = { "bearer ", "basic " };

	for (size_t w = 0; w < ARRAY_SIZE(words); w++) {
		const char *at = m->text;

		while ((at = strcasestr(at, words[w]))) {
			size_t begin = (size_t)(at - m->text) + strlen(words[w]), end = value_end(m, begin, " \t\r\n\"',;");

			if (end - begin >= 8)
				hide(m, begin, end);
			at += strlen(words[w]);
		}
	}
}

static void hide_private_keys(struct marks *m)
{
	const char *at = m->text, *begin, *end;

	while ((at = strstr(at, "-----BEGIN ")) && (begin = strstr(at, "PRIVATE KEY-----"))) {
		begin += strlen("PRIVATE KEY-----");
		end = strstr(begin, "-----END ");
		hide(m, (size_t)(begin - m->text), end ? (size_t)(end - m->text) : m->n);
		at = begin;
	}
}

/* ---- shapes of well-known issuers ---- */

#define UPPER 1u
#define MORE 2u	/* - and _ and . belong to it */

static const struct {
	const char *prefix;
	size_t least;	/* bytes after it */
	unsigned int flags;
} shapes[] = {
	{ "AKIA", 16, UPPER },	  { "ASIA", 16, UPPER },     { "ghp_", 30, 0 },	      { "gho_", 30, 0 },
	{ "ghu_", 30, 0 },	  { "ghs_", 30, 0 },	     { "ghr_", 30, 0 },	      { "github_pat_", 20, MORE },
	{ "glpat-", 16, MORE },	  { "xoxb-", 10, MORE },     { "xoxp-", 10, MORE },   { "xoxa-", 10, MORE },
	{ "xoxs-", 10, MORE },	  { "sk-", 20, MORE },	     { "sk_live_", 16, 0 },   { "rk_live_", 16, 0 },
	{ "AIza", 30, MORE },	  { "npm_", 30, 0 },	     { "hf_", 30, 0 },	      { "ya29.", 20, MORE },
	{ "SG.", 20, MORE },	  { "dop_v1_", 32, 0 },	     { "eyJ", 40, MORE },     { "pypi-", 40, MORE },
};

static bool belongs(char c, unsigned int flags)
{
	if (flags & UPPER)
		return isupper((unsigned char)c) || isdigit((unsigned char)c);
	return isalnum((unsigned char)c) || (flags & MORE && strchr("-_.", c) && c);
}

static void hide_shapes(struct marks *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const char *at = m->text;

		while ((at = strstr(at, shapes[i].prefix))) {
			size_t begin = (size_t)(at - m->text), end = begin + strlen(shapes[i].prefix), first = end;

			while (end < m->n && belongs(m->text[end], shapes[i].flags))
				end++;
			if (end - first >= shapes[i].least && (!begin || !isalnum((unsigned char)m->text[begin - 1])))
				hide(m, begin, end);
			at += strlen(shapes[i].prefix);
		}
	}
}

static void hide_added(const struct redact_rules *rules, struct marks *m)
{
	for (size_t i = 0; rules && i < rules->shapes; i++) {
		size_t at = 0;
		regmatch_t match;

		while (at < m->n && regexec(&rules->shape[i], m->text + at, 1, &match, at ? REG_NOTBOL : 0) == 0) {
			hide(m, at + (size_t)match.rm_so, at + (size_t)match.rm_eo);
			at += (size_t)match.rm_eo + (match.rm_eo == match.rm_so);
		}
	}
}

/* ---- one argument after another ---- */

static bool is_program(const char *argv0, const char *const *names, size_t n)
{
	const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Options that only some programs take a secret with. */
static void hide_special(const char *argv0, const char *before, struct marks *m)
{
	static const char *const curls[] = { "curl", "wget", "http", "https" };
	static const char *const mysqls[] = { "mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump" };
	static const char *const passes[] = { "sshpass" };
	bool is_user = before && (strcmp(before, "-u") == 0 || strcmp(before, "--user") == 0 || strcmp(before, "-U") == 0);
	const char *colon = strchr(m->text, ':');

	if (is_program(argv0, curls, ARRAY_SIZE(curls)) && colon && is_user)
		hide(m, (size_t)(colon - m->text) + 1, m->n);
	if (is_program(argv0, curls, ARRAY_SIZE(curls)) && colon && (strncmp(m->text, "--user=", 7) == 0 || strncmp(m->text, "-u", 2) == 0))
		hide(m, (size_t)(colon - m->text) + 1, m->n);
	if ((is_program(argv0, mysqls, ARRAY_SIZE(mysqls)) || is_program(argv0, passes, ARRAY_SIZE(passes))) &&
	    strncmp(m->text, "-p", 2) == 0)
		hide(m, 2, m->n);
}

static bool asks_for_next(const char *arg)
{
	return arg && strncmp(arg, "--", 2) == 0 && !strchr(arg, '=') && is_secret_name(arg, strlen(arg));
}

static void mark_arg(const struct redact_rules *rules, const char *argv0, const char *before, struct marks *m)
{
	if (asks_for_next(before) && *m->text != '-')
		hide(m, 0, m->n);
	hide_special(argv0, before, m);
	hide_named(m, before && strcmp(before, "-c") == 0);
	hide_in_urls(m);
	hide_bearers(m);
	hide_private_keys(m);
	hide_shapes(m);
	hide_added(rules, m);
}

/* A hidden run becomes stars, never more than it had bytes. */
static size_t put(const struct marks *m, char *to)
{
	size_t n = 0, run = 0;

	for (size_t i = 0; i < m->n; i++) {
		run = m->hide[i] ? run + 1 : 0;
		if (!m->hide[i])
			to[n++] = m->text[i];
		else if (run <= STARS)
			to[n++] = '*';
	}
	to[n++] = 0;
	return n;
}

bool redact_args(const struct redact_rules *rules, const char *args, size_t n, char *to, size_t *ret_n)
{
	static uint8_t marks[CVF_TEXT_MAX];
	const char *before = NULL;
	bool is_hidden = false;

	*ret_n = 0;
	if (!n || n > CVF_TEXT_MAX || args[n - 1])
		return false;
	for (const char *arg = args; arg < args + n; arg += strlen(arg) + 1) {
		struct marks m = { .text = arg, .n = strlen(arg), .hide = marks };

		memset(marks, 0, m.n);
		mark_arg(rules, args, before, &m);
		is_hidden |= m.n && memchr(marks, 1, m.n);
		*ret_n += put(&m, to + *ret_n);
		before = arg;
	}
	return is_hidden;
}

/* ---- records ---- */

static void shift(struct cvf_span *span, const struct cvf_span *args, size_t less)
{
	if (span->off >= args->off + args->len)
		span->off = (uint16_t)(span->off - less);
}

bool redact_record(const struct redact_rules *rules, const struct cvf_record *r, struct cvf_record *to)
{
	const struct text args = record_text(r, r->args);
	size_t n, after = (size_t)r->args.off + r->args.len, less;
	struct cvf_span *const spans[] = { &to->object, &to->object2, &to->exe, &to->cwd };

	if (!args.n || !redact_args(rules, args.p, args.n, to->text + r->args.off, &n))
		return false;
	less = args.n - n;
	memcpy(to, r, CVF_RECORD_HEAD + r->args.off);
	memcpy(to->text + r->args.off + n, r->text + after, r->text_len - after);
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		shift(spans[i], &r->args, less);
	to->args.len = (uint16_t)n;
	to->text_len -= (uint32_t)less;
	to->size -= (uint32_t)less;
	to->args_total = r->args_total > less ? r->args_total - (uint32_t)less : 0;
	to->flags |= CVF_REC_REDACTED;
	return true;
}

void redact_salt(const uint8_t key[SEED_BYTES], const char *id, uint8_t ret_salt[SEED_BYTES])
{
	static const char title[] = "cvf.salt/1";
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, SEED_BYTES, SEED_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)title, sizeof(title));
	crypto_generichash_update(&state, (const uint8_t *)id, strlen(id));
	crypto_generichash_final(&state, ret_salt, SEED_BYTES);
}

void redact_seal(const uint8_t salt[SEED_BYTES], const char *args, size_t n, uint8_t ret_seal[CHAIN_BYTES])
{
	crypto_generichash(ret_seal, CHAIN_BYTES, (const uint8_t *)args, n, salt, SEED_BYTES);
}

/* ---- rules of the settings ---- */

const char *redact_add(struct redact_rules *rules, const char *expression)
{
	static char words[128];
	int r;

	if (rules->shapes == REDACT_RULES_MAX)
		return "there are too many";
	r = regcomp(&rules->shape[rules->shapes], expression, REG_EXTENDED);
	if (r == 0 && regexec(&rules->shape[rules->shapes], "", 0, NULL, 0) == 0) {
		regfree(&rules->shape[rules->shapes]);
		return "it matches nothing at all, and so everything";
	}
	if (r == 0) {
		rules->shapes++;
		return NULL;
	}
	regerror(r, &rules->shape[rules->shapes], words, sizeof(words));
	return words;
}

void redact_done(struct redact_rules *rules)
{
	while (rules->shapes)
		regfree(&rules->shape[--rules->shapes]);
}
