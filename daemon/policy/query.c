// SPDX-License-Identifier: Apache-2.0
/*
 * query.c - "exec PATH ARG...", "write PATH", "connect HOST:PORT": words of a person into a query
 */
#include <string.h>

#include "policy/parse.h"
#include "policy/plan.h"

static const struct alias {
	const char *name;
	enum cvf_op op;
} aliases[] = {
	{"mkdir", CVF_OP_CREATE}, {"rmdir", CVF_OP_DELETE}, {"unlink", CVF_OP_DELETE},
	{"chmod", CVF_OP_ATTR},	  {"chown", CVF_OP_ATTR},
};

static int wrong(struct diags *d, const char *hint, const char *what, const char *word)
{
	diags_add(d, DIAG_ERROR, NULL, 0, 0, hint, "%s%s%s%s", what, word ? " \"" : "", word ? word : "",
		  word ? "\"" : "");
	return -EINVAL;
}

static const char *name_at(const void *ctx, size_t i)
{
	(void)ctx;
	if (i < op_words.n)
		return op_words.v[i].name;
	return i - op_words.n < ARRAY_SIZE(aliases) ? aliases[i - op_words.n].name : NULL;
}

static enum cvf_op find_op(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (strcmp(aliases[i].name, word) == 0)
			return aliases[i].op;
	return op_find(word);
}

/* The kernel judges resolved paths: what it never sees would only mislead. */
static int check_path(const char *path, struct diags *d)
{
	const char *body = strncmp(path, "//", 2) == 0 ? path + 1 : path;

	if (path[0] != '/')
		return wrong(d, "write the resolved path, from the root: for example /usr/bin/git",
			     "not an absolute path:", path);
	if (strstr(body, "//") || strstr(path, "/../") || strstr(path, "/./") ||
	    strcmp(path + strlen(path) - 1, "/.") == 0)
		return wrong(d, "write the path without //, /./ and /../", "not a resolved path:", path);
	if (strlen(path) > 1 && path[strlen(path) - 1] == '/')
		return wrong(d, "leave the slash at the end out", "not a resolved path:", path);
	return 0;
}

static int parse_paths(char *const *words, size_t count, struct query *q, struct diags *d)
{
	size_t most = q->op == CVF_OP_RENAME || q->op == CVF_OP_LINK ? 2 : 1;

	if (count < 1 || count > most)
		return wrong(d, most == 2 ? "write PATH [NEW-PATH]" : "write one PATH",
			     "wrong number of words for this operation", NULL);
	for (size_t i = 0; i < count; i++)
		if (check_path(words[i], d) < 0)
			return -EINVAL;
	q->object = words[0];
	q->object2 = count > 1 ? words[1] : NULL;
	return 0;
}

static int parse_exec(char *const *words, size_t count, struct query *q, struct diags *d)
{
	if (count < 1)
		return wrong(d, "write exec PATH [ARGUMENT...]", "the program is missing", NULL);
	if (check_path(words[0], d) < 0)
		return -EINVAL;
	q->object = words[0];
	q->args = (const char *const *)(words + 1);
	q->args_count = count - 1;
	return 0;
}

/* "10.0.0.1:22", "[::1]:22" */
static int parse_address(const char *word, struct query *q, struct diags *d)
{
	static const char hint[] = "write ADDRESS:PORT, for example 10.0.0.1:443 or [::1]:443";
	const char *colon = strrchr(word, ':');
	bool bracket = word[0] == '[', masked;
	own_free char *address = NULL;
	struct cidr cidr;
	char *end;
	long port;

	if (!colon || (bracket && colon[-1] != ']'))
		return wrong(d, hint, "not an address and port:", word);
	address = strndup(word + bracket, (size_t)(colon - word) - 2u * bracket);
	if (!address)
		return -ENOMEM;
	port = strtol(colon + 1, &end, 10);
	if (*end || end == colon + 1 || port < 0 || port > 65535 || strchr(address, '/'))
		return wrong(d, hint, "not an address and port:", word);
	if (strcmp(address, "localhost") == 0)
		strcpy(address, "127.0.0.1");
	if (!cidr_parse(address, &cidr, &masked))
		return wrong(d, "the kernel sees addresses only: look the name up first", "not an address:", address);
	memcpy(q->address, cidr.address, sizeof(q->address));
	q->port = (uint16_t)port;
	return 0;
}

static int parse_net(char *const *words, size_t count, struct query *q, struct diags *d)
{
	if (count < 1 || count > 2)
		return wrong(d, "write ADDRESS:PORT [tcp|udp]", "wrong number of words for this operation", NULL);
	if (count == 2 && strcmp(words[1], "udp") && strcmp(words[1], "tcp"))
		return wrong(d, "write tcp or udp", "unknown protocol", words[1]);
	q->protocol = count == 2 && strcmp(words[1], "udp") == 0 ? CVF_PROTO_UDP : CVF_PROTO_TCP;
	return parse_address(words[0], q, d);
}

static int parse_sys(char *const *words, size_t count, struct query *q, struct diags *d)
{
	(void)words;
	(void)q;
	return count ? wrong(d, NULL, "this operation takes no object", NULL) : 0;
}

int query_parse(char *const *words, size_t count, struct query *ret_query, struct diags *d)
{
	static int (*const parsers[CVF_DOMAIN_MAX])(char *const *, size_t, struct query *, struct diags *) = {
		[CVF_DOMAIN_FILE] = parse_paths,
		[CVF_DOMAIN_EXEC] = parse_exec,
		[CVF_DOMAIN_NET] = parse_net,
		[CVF_DOMAIN_SYS] = parse_sys,
	};
	static const char usage[] =
		"write exec PATH [ARG...], read|write|create|delete|rename PATH, or connect ADDRESS:PORT";
	struct query q = {0};
	const char *meant;
	own_free char *hint = NULL;
	int r;

	if (!count)
		return wrong(d, usage, "the operation is missing", NULL);
	q.op = find_op(words[0]);
	if (q.op == CVF_OP_NONE) {
		meant = nearest(words[0], name_at, NULL);
		if (meant && asprintf(&hint, "did you mean \"%s\"?", meant) < 0)
			hint = NULL;
		return wrong(d, hint ? hint : usage, "unknown operation", words[0]);
	}
	r = parsers[op_domain(q.op)](words + 1, count - 1, &q, d);
	if (r == 0)
		*ret_query = q;
	return r;
}

/* The next word of *text, unescaped into `to`, which has room for it; false: there is none. */
static bool next_word(const char **text, char *to)
{
	const char *s = *text + strspn(*text, " ");
	bool found = *s;

	while (*s && *s != ' ') {
		s += *s == '\\' && s[1];
		*to++ = *s++;
	}
	*to = '\0';
	*text = s;
	return found;
}

int query_parse_text(struct pool *pool, const char *text, struct query *ret_query, struct diags *d)
{
	/* A word takes a byte and the space before the next one, at least. */
	char **words = pool_alloc(pool, strlen(text) / 2 + 1, sizeof(*words));
	char *bytes = pool_alloc(pool, strlen(text) + 2, 1);
	size_t n = 0;

	if (!words || !bytes)
		return -ENOMEM;
	for (; next_word(&text, bytes); bytes += strlen(bytes) + 1)
		words[n++] = bytes;
	return query_parse(words, n, ret_query, d);
}

char *query_exec_text(const struct query *q, const char *path, size_t *ret_size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_size);

	if (!f)
		return NULL;
	fwrite(path, 1, strlen(path) + 1, f);
	for (size_t i = 0; i < q->args_count; i++)
		fwrite(q->args[i], 1, strlen(q->args[i]) + 1, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
