// SPDX-License-Identifier: Apache-2.0
/*
 * glob.c - patterns into tokens
 *
 * Alternatives are written out first, so that what reaches the trie is a plain sequence of tokens; the only fork left
 * is a component `**`, which may also stand for nothing.
 */
#include "policy/glob.h"

#include <string.h>

#include "policy/variables.h"

/* Past the bracket expression that begins at s, or NULL: not closed. */
static const char *skip_set(const char *s)
{
	s++;
	if (*s == '!' || *s == '^')
		s++;
	if (*s == ']')
		s++;
	for (; *s && *s != ']'; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s + 1 : NULL;
}

/* Past one element at s: an escaped byte, a set or a byte; NULL: broken off. */
static const char *skip_element(const char *s)
{
	if (*s == '\\')
		return s[1] ? s + 2 : NULL;
	return *s == '[' ? skip_set(s) : s + 1;
}

/* The first brace of its own, or the end; NULL: a set or an escape is broken off. */
static const char *find_brace(const char *s)
{
	while (s && *s && *s != '{' && *s != '}')
		s = skip_element(s);
	return s;
}

/* End of the alternative that begins at s: its comma or closing brace. NULL: not closed. */
static const char *alternative_end(const char *s)
{
	unsigned int depth = 0;

	while (s && *s) {
		if (!depth && (*s == ',' || *s == '}'))
			return s;
		depth += *s == '{';
		depth -= *s == '}';
		s = skip_element(s);
	}
	return NULL;
}

typedef int (*glob_each)(void *ctx, const char *text);

/* Calls each for every text that the alternatives of this one stand for. */
static int expand(const char *text, glob_each each, void *ctx)
{
	const char *open = find_brace(text), *close = open, *from, *to;

	if (!open || !*open)
		return each(ctx, text);
	for (from = open + 1; (to = alternative_end(from)) && *to == ','; from = to + 1)
		;
	close = to;
	for (from = open + 1; close; from = to + 1) {
		own_free char *one = NULL;
		int r;

		to = alternative_end(from);
		if (asprintf(&one, "%.*s%.*s%s", (int)(open - text), text, (int)(to - from), from, close + 1) < 0) {
			one = NULL;
			return -ENOMEM;
		}
		r = expand(one, each, ctx);
		if (r < 0 || to == close)
			return r;
	}
	return -EINVAL;
}

static const char *what_is_wrong(const char *text)
{
	int depth = 0;

	for (const char *s = text; *s;) {
		const char *next = skip_element(s);

		if (!next)
			return *s == '[' ? "a [ is not closed" : "a backslash at the end has nothing to escape";
		depth += *s == '{';
		depth -= *s == '}';
		if (depth < 0)
			return "a } closes nothing";
		s = next;
	}
	return depth ? "a { is not closed" : NULL;
}

/* Sequences if every brace's alternatives were independent: an upper bound without writing them out. */
static size_t count_sequences(const char **s, bool inside)
{
	size_t sum = 0, product = 1;

	while (**s && !(inside && **s == '}')) {
		if (**s == '{') {
			(*s)++;
			product *= count_sequences(s, true);
		} else if (inside && **s == ',') {
			sum += product;
			product = 1;
		} else if (strncmp(*s, "/**/", 4) == 0) {
			product *= 2;
		}
		if (product > GLOB_SEQUENCES_MAX || sum > GLOB_SEQUENCES_MAX)
			return GLOB_SEQUENCES_MAX + 1;
		*s = **s ? skip_element(*s) : *s;
	}
	return sum + product;
}

static bool variables_are_known(const char *text)
{

	while ((text = strstr(text, "${"))) {
		bool found = false;

		for (size_t i = 0; variable_name(i); i++)
			found |= strncmp(text, variable_name(i), strlen(variable_name(i))) == 0;
		if (!found)
			return false;
		text++;
	}
	return true;
}

size_t glob_check(const char *text, enum glob_flavour flavour, const char **ret_wrong)
{
	const char *wrong = what_is_wrong(text), *s = text;
	size_t n;

	if (!wrong && strlen(text) > GLOB_TEXT_MAX)
		wrong = "it is longer than any path";
	if (!wrong && flavour == GLOB_PATH && (!*text || !strchr("/*{$", *text)))
		wrong = "a path pattern begins with a slash";
	if (!wrong && flavour == GLOB_PATH && !variables_are_known(text))
		wrong = "the only variables are ${WORKSPACE}, ${HOME}, ${AGENT} and ${UID}";
	if (wrong) {
		*ret_wrong = wrong;
		return 0;
	}
	n = count_sequences(&s, false);
	if (n > GLOB_SEQUENCES_MAX) {
		*ret_wrong = "it stands for more than 1024 alternatives";
		return 0;
	}
	return n;
}

bool glob_is_rest(const char *text)
{
	return strcmp(text, "**") == 0;
}

struct literal {
	enum glob_flavour flavour;
	unsigned int least;
};

static int count_literal(void *ctx, const char *s)
{
	struct literal *l = ctx;
	unsigned int n = 0;

	while (*s) {
		/* "/ ** /" may stand for one slash. */
		if (l->flavour == GLOB_PATH && strncmp(s, "/**/", 4) == 0)
			s += 3;
		n += *s != '*' && *s != '?' && *s != '[';
		s = skip_element(s);
	}
	if (n < l->least)
		l->least = n;
	return 0;
}

unsigned int glob_literal(const char *text, enum glob_flavour flavour)
{
	struct literal l = {flavour, GLOB_TEXT_MAX};

	return expand(text, count_literal, &l) < 0 ? 0 : l.least;
}

/* ---- into the trie ---- */

struct adder {
	struct nfa *n;
	const struct texts *argv;
	uint32_t pattern;
	enum glob_flavour flavour;
	bool exec;
	uint32_t arguments; /* EXEC: where a path jumps to; NFA_NONE: the piece is an argument */
	size_t piece;	    /* arguments that were begun */
	uint32_t node;	    /* where the piece begins that is being written out */
	uint32_t *rest;	    /* where all alternatives of the piece go on; NULL: each goes on by itself */
};

static uint32_t add_byte(struct nfa *n, uint32_t node, unsigned char byte)
{
	return node == NFA_NONE ? NFA_NONE : nfa_child(n, node, TOKEN_BYTE, byte);
}

static uint32_t add_set(struct nfa *n, uint32_t node, enum token token, const struct charset *set)
{
	int number = node == NFA_NONE ? -ENOMEM : nfa_set(n, set);

	return number < 0 ? NFA_NONE : nfa_child(n, node, token, (uint16_t)number);
}

/* Every byte but NUL, and but the slash if asked. */
static struct charset wild(bool with_slash)
{
	struct charset set = {{~0ull, ~0ull, ~0ull, ~0ull}};

	charset_remove(&set, 0);
	if (!with_slash)
		charset_remove(&set, '/');
	return set;
}

static uint32_t add_everything(struct nfa *n, uint32_t node)
{
	const struct charset all = {{~0ull, ~0ull, ~0ull, ~0ull}};

	return add_set(n, node, TOKEN_LOOP, &all);
}

static unsigned char set_byte(const char **s)
{
	if (**s == '\\')
		(*s)++;
	return (unsigned char)*(*s)++;
}

static struct charset parse_set(const char *s, bool with_slash)
{
	const char *end = skip_set(s) - 1;
	struct charset set = {{0}}, any = wild(with_slash);
	bool negated = s[1] == '!' || s[1] == '^';

	for (s += 1 + negated; s < end;) {
		unsigned int low = set_byte(&s), high = low;

		if (*s == '-' && s + 1 < end) {
			s++;
			high = set_byte(&s);
		}
		for (; low <= high; low++)
			charset_add(&set, (unsigned char)low);
	}
	for (int i = 0; i < 4; i++)
		set.bits[i] = (negated ? ~set.bits[i] : set.bits[i]) & any.bits[i];
	return set;
}

static int end_piece(struct adder *a, uint32_t node);

/* Adds the element at *s and moves past it. */
static uint32_t add_element(struct adder *a, uint32_t node, const char **s)
{
	bool stars = a->flavour == GLOB_PATH && strncmp(*s, "**", 2) == 0;
	struct charset set = wild(a->flavour == GLOB_NAME || stars);
	const char *at = *s;

	*s = skip_element(at);
	switch (*at) {
	case '*':
		*s = at + strspn(at, "*");
		/* NUL never comes in a path or name of its own: a loop over everything is known to stay matched. */
		if (!a->exec && !**s && (stars || a->flavour == GLOB_NAME))
			return add_everything(a->n, node);
		return add_set(a->n, node, TOKEN_LOOP, &set);
	case '?':
		return add_set(a->n, node, TOKEN_SET, &set);
	case '[':
		set = parse_set(at, a->flavour == GLOB_NAME);
		return add_set(a->n, node, TOKEN_SET, &set);
	default:
		return add_byte(a->n, node, (unsigned char)(*at == '\\' ? at[1] : *at));
	}
}

static int add_sequence(struct adder *a, uint32_t node, const char *s)
{
	struct charset any = wild(true);

	while (*s && node != NFA_NONE) {
		if (a->flavour == GLOB_NAME || strncmp(s, "/**/", 4) != 0) {
			node = add_element(a, node, &s);
			continue;
		}
		for (s += 4; strncmp(s, "**/", 3) == 0; s += 3)
			;
		node = add_byte(a->n, node, '/');
		if (node == NFA_NONE || add_sequence(a, node, s) < 0)
			return -ENOMEM;
		node = add_byte(a->n, add_set(a->n, node, TOKEN_LOOP, &any), '/');
	}
	return node == NFA_NONE ? -ENOMEM : end_piece(a, node);
}

static int add_alternative(void *ctx, const char *text)
{
	struct adder a = *(struct adder *)ctx;

	return add_sequence(&a, a.node, text);
}

static int begin_argument(struct adder *a, uint32_t node);

/* "**" among the arguments: nothing, or anything that ends where an argument ends. a->piece is past it. */
static int add_rest(struct adder *a, uint32_t node)
{
	uint32_t loop = add_everything(a->n, node);
	int r;

	if (loop == NFA_NONE)
		return -ENOMEM;
	if (a->piece == a->argv->n)
		return nfa_accept(a->n, loop, a->pattern);
	r = begin_argument(a, node);
	if (r < 0)
		return r;
	return begin_argument(a, add_byte(a->n, loop, 0));
}

/* Adds what follows a NUL: the arguments from a->piece on. */
static int begin_argument(struct adder *a, uint32_t node)
{
	struct adder next = *a;
	uint32_t rest = NFA_NONE;

	if (node != NFA_NONE && !a->argv)
		node = add_everything(a->n, node);
	if (node == NFA_NONE)
		return -ENOMEM;
	if (!a->argv || a->piece == a->argv->n)
		return nfa_accept(a->n, node, a->pattern);
	next.node = node;
	next.flavour = GLOB_NAME;
	next.piece++;
	next.rest = strchr(a->argv->v[a->piece], '{') && strchr(a->argv->v[a->piece], '*') ? &rest : NULL;
	if (glob_is_rest(a->argv->v[a->piece]))
		return add_rest(&next, node);
	return expand(a->argv->v[a->piece], add_alternative, &next);
}

/* One root for what follows: once it is assured, the other alternatives need not be told apart any more. */
static int go_on(struct adder *a, uint32_t node)
{
	struct adder next = *a;

	if (node == NFA_NONE)
		return -ENOMEM;
	if (*a->rest == NFA_NONE) {
		*a->rest = nfa_root(a->n);
		next.rest = NULL;
		if (*a->rest == NFA_NONE || begin_argument(&next, *a->rest) < 0)
			return -ENOMEM;
	}
	return nfa_jump(a->n, node, *a->rest);
}

static int end_piece(struct adder *a, uint32_t node)
{
	if (!a->exec)
		return nfa_accept(a->n, node, a->pattern);
	node = add_byte(a->n, node, 0);
	if (a->arguments == NFA_NONE && a->rest)
		return go_on(a, node);
	if (a->arguments == NFA_NONE)
		return begin_argument(a, node);
	return node == NFA_NONE ? -ENOMEM : nfa_jump(a->n, node, a->arguments);
}

int glob_add(struct nfa *n, const char *text, enum glob_flavour flavour, uint32_t pattern)
{
	struct adder a = {.n = n, .pattern = pattern, .flavour = flavour, .node = NFA_ROOT};

	return expand(text, add_alternative, &a);
}

int glob_add_program(struct nfa *n, const char *path, uint32_t arguments)
{
	struct adder a = {.n = n, .exec = true, .arguments = arguments, .node = NFA_ROOT};

	return expand(path, add_alternative, &a);
}

int glob_add_arguments(struct nfa *n, uint32_t arguments, const struct texts *argv, uint32_t pattern)
{
	struct adder a = {.n = n, .argv = argv, .pattern = pattern, .exec = true, .arguments = NFA_NONE};

	return begin_argument(&a, arguments);
}

int glob_names(const struct texts *globs, struct nfa *ret_nfa)
{
	int r = nfa_init(ret_nfa);

	for (size_t i = 0; r == 0 && i < globs->n; i++)
		r = glob_add(ret_nfa, globs->v[i], GLOB_NAME, 0);
	return r;
}

bool glob_matches(const struct nfa *one, const char *name)
{
	uint64_t matched = 0;

	return nfa_run(one, name, strlen(name), &matched) == 0 && matched;
}
