// SPDX-License-Identifier: Apache-2.0
/*
 * variables.c - variables of patterns, filled in for one agent
 */
#include "policy/variables.h"

#include <string.h>

static const char *const names[VAR_MAX] = {
	[VAR_WORKSPACE] = "${WORKSPACE}",
	[VAR_HOME] = "${HOME}",
	[VAR_AGENT] = "${AGENT}",
	[VAR_UID] = "${UID}",
};

const char *variable_name(size_t i)
{
	return i < VAR_MAX ? names[i] : NULL;
}

/* Room for one more in a list of the pool that doubles: its space is the next power of two. */
static int append(struct pool *pool, struct texts *list, const char *text)
{
	if (!(list->n & (list->n - 1))) {
		const char **v = pool_alloc(pool, list->n ? list->n * 2 : 1, sizeof(*v));

		if (!v)
			return -ENOMEM;
		if (list->n)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
	}
	list->v[list->n] = pool_text(pool, text);
	return list->v[list->n++] ? 0 : -ENOMEM;
}

/* The text with its first variable replaced by each of its values, and so on. */
static int substitute(struct pool *pool, const struct variable *vars, const char *text, struct texts *meaning)
{
	const char *at = strstr(text, "${");
	size_t i = 0;
	int r = 0;

	if (!at)
		return append(pool, meaning, text);
	while (i < VAR_MAX && strncmp(at, names[i], strlen(names[i])) != 0)
		i++;
	if (i == VAR_MAX)
		return 0;
	for (size_t k = 0; r == 0 && k < vars[i].values.n; k++) {
		own_free char *one = NULL;

		if (asprintf(&one, "%.*s%s%s", (int)(at - text), text, vars[i].values.v[k], at + strlen(names[i])) <
		    0) {
			one = NULL;
			return -ENOMEM;
		}
		r = substitute(pool, vars, one, meaning);
	}
	return r;
}

int variables_fill(struct pool *pool, const struct variable vars[VAR_MAX], const struct texts *texts,
		   struct texts *meaning)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < texts->n; i++)
		r = substitute(pool, vars, texts->v[i], meaning);
	return r;
}

/* Users are known where the agent is matched by user; elsewhere it may be any, as its home may. */
static int bind_users(struct pool *pool, const struct agent *agent, struct texts *values)
{
	int r = agent->uids_count ? 0 : append(pool, values, "*");

	for (size_t i = 0; r == 0 && i < agent->uids_count; i++) {
		char uid[16];

		snprintf(uid, sizeof(uid), "%u", agent->uids[i]);
		r = append(pool, values, uid);
	}
	return r;
}

int variables_bind(struct pool *pool, const struct agent *agent, struct variable vars[VAR_MAX])
{
	struct texts paths = {0};
	int r;

	for (size_t i = 0; i < VAR_MAX; i++)
		vars[i] = (struct variable){names[i], {0}};
	r = append(pool, &vars[VAR_HOME].values, agent->home ? agent->home : "/home/*");
	if (r == 0)
		r = append(pool, &vars[VAR_AGENT].values, agent->id);
	if (r == 0)
		r = bind_users(pool, agent, &vars[VAR_UID].values);
	/* The workspace is not known before its own variables are filled in. */
	if (r == 0)
		r = variables_fill(pool, vars, &agent->scope.paths, &paths);
	vars[VAR_WORKSPACE].values = paths;
	return r;
}
