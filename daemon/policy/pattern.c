// SPDX-License-Identifier: Apache-2.0
/*
 * pattern.c - see pattern.h
 *
 * A pattern is a model with one capability, which is the pattern, and one agent that has it: so there is one way to match.
 */
#include "policy/pattern.h"

#include <string.h>

#include "policy/parse.h"
#include "policy/plan.h"

#define ID "pattern"

struct pattern {
	enum cvf_op op;
	struct model *model;
};

static int wrong(struct diags *d, const char *hint, const char *what, const char *text)
{
	diags_add(d, DIAG_ERROR, NULL, 0, 0, hint, "the pattern \"%.200s\" %s", text, what);
	return -EINVAL;
}

/* The first component is a name, and more follows: what begins with a wildcard is not a place. */
static bool is_anchored(const char *path)
{
	const char *name = strncmp(path, "//", 2) == 0 ? path + 2 : path + 1, *end = strchrnul(name, '/');

	return path[0] == '/' && end > name && strcspn(name, "*?[{") >= (size_t)(end - name);
}

static int check_path(const char *path, struct diags *d)
{
	if (strstr(path, "${"))
		return wrong(d, "write the path itself", "has a variable", path);
	if (!is_anchored(path))
		return wrong(d, "begin with a folder by name: /srv/build/**", "does not say where", path);
	return 0;
}

static json_t *file_entry(const struct query *like, const char *text)
{
	const char *name = op_name(like->op);
	bool is_unix = strncmp(name, "unix-", 5) == 0;

	return json_pack("{s:[{s:s, s:[s]}]}", is_unix ? "unix" : "file", "path", text, "ops", is_unix ? name + 5 : name);
}

/* Takes words apart. */
static json_t *exec_entry(char *words)
{
	json_t *args = json_array();
	char *rest = words, *path = strsep(&rest, " ");

	while (rest)
		json_array_append_new(args, json_string(strsep(&rest, " ")));
	return json_pack("{s:[{s:s, s:o}]}", "exec", "path", path, "argv", args);
}

/* "10.0.0.0/8:443", "[fd00::1]:443", "10.0.0.1" */
static json_t *net_entry(const struct query *like, char *text)
{
	char *end = strrchr(text, ']'), *colon = strrchr(end ? end : text, ':');
	json_t *one;

	if (!end && colon && strchr(text, ':') != colon)
		colon = NULL;
	if (colon)
		*colon = '\0';
	if (*text == '[' && end) {
		memmove(end, end + 1, strlen(end));
		text++;
	}
	one = json_pack("{s:[s], s:s, s:s}", "ops", op_name(like->op), "address", text, "protocol",
			like->protocol == CVF_PROTO_UDP ? "udp" : "tcp");
	if (colon)
		json_object_set_new(one, "ports", json_string(colon + 1));
	return json_pack("{s:[o]}", "net", one);
}

static int make_match(const struct query *like, const char *text, json_t **ret_match, struct diags *d)
{
	enum cvf_domain domain = op_domain(like->op);
	own_free char *copy = strdup(text);
	int r = domain == CVF_DOMAIN_NET ? 0 : check_path(text, d);

	if (!copy)
		return -ENOMEM;
	if (r < 0)
		return r;
	*ret_match = domain == CVF_DOMAIN_FILE	 ? file_entry(like, text)
		     : domain == CVF_DOMAIN_EXEC ? exec_entry(copy)
						 : net_entry(like, copy);
	return *ret_match ? 0 : wrong(d, NULL, "is not valid UTF-8", text);
}

static int load(struct model *m, json_t *take_match, struct diags *d)
{
	own_json json_t *both = json_pack("[{s:s, s:s, s:s, s:{s:s}, s:o}, {s:s, s:s, s:[s]}]", "schema", "cvf.capability/v1", "id",
					  ID, "operation_type", "WRITE", "risk", "level", "LOW", "match", take_match, "schema",
					  "cvf.agent/v1", "id", ID, "capabilities", ID);
	own_free char *text = both ? json_dumps(both, JSON_COMPACT) : NULL;

	if (!text)
		return -ENOMEM;
	return model_load_text(m, text, strlen(text), NULL, 1u << DECL_CAPABILITY | 1u << DECL_AGENT, false, d);
}

/* What the parser says about the declaration around it is said about the pattern. */
static void tell(struct diags *d, const struct diags *inner)
{
	if (inner->n)
		diags_add(d, DIAG_ERROR, NULL, 0, 0, inner->v[0].hint, "%s", inner->v[0].message ? inner->v[0].message : "out of memory");
}

int pattern_make(const struct query *like, const char *text, struct pattern **ret_pattern, struct diags *d)
{
	own(pattern) struct pattern *p = calloc(1, sizeof(*p));
	struct diags inner = {0};
	json_t *match = NULL;
	int r;

	if (!op_name(like->op) || op_domain(like->op) == CVF_DOMAIN_SYS)
		return -ENOTSUP;
	if (!p)
		return -ENOMEM;
	p->op = like->op;
	p->model = model_new();
	r = p->model ? make_match(like, text, &match, d) : -ENOMEM;
	if (r == 0) {
		r = load(p->model, match, &inner);
		if (r == -EINVAL)
			tell(d, &inner);
		diags_done(&inner);
	}
	if (r == 0)
		*ret_pattern = TAKE(p);
	return r;
}

void pattern_free(struct pattern *p)
{
	if (p)
		model_free(p->model);
	free(p);
}

bool pattern_covers(const struct pattern *p, const struct query *q)
{
	struct query own = *q;
	struct answer a;

	own.agent = ID;
	return q->op == p->op && policy_eval(p->model, &own, &a, NULL) == 0 && strcmp(a.capability, ID) == 0 &&
	       a.verdict == CVF_VERDICT_ALLOW;
}

char *pattern_quote(const char *text)
{
	char *quoted = malloc(strlen(text) * 2 + 1), *to = quoted;

	for (; quoted && *text; *to++ = *text++)
		if (strchr("*?[]{}\\$!,", *text))
			*to++ = '\\';
	if (quoted)
		*to = '\0';
	return quoted;
}
