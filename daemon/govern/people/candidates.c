// SPDX-License-Identifier: Apache-2.0
/* candidates.c - see candidates.h */
#include "candidates.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "delegation_table.h"

#define MOST 256	/* names; a group may have thousands of members */

bool candidate_peer(const char *name, struct peer *ret_peer)
{
	const struct passwd *pw = getpwnam(name);
	int n = 0;

	*ret_peer = (struct peer){ .pidfd = -1 };
	if (!pw)
		return false;
	ret_peer->uid = pw->pw_uid;
	ret_peer->gid = pw->pw_gid;
	getgrouplist(name, ret_peer->gid, NULL, &n);
	ret_peer->groups = calloc((size_t)n + 1, sizeof(gid_t));
	if (ret_peer->groups && getgrouplist(name, ret_peer->gid, ret_peer->groups, &n) >= 0)
		ret_peer->groups_count = (size_t)n;
	return true;
}

static void add_one(json_t *names, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(names, i, one)
		if (strcmp(json_string_value(one), name) == 0)
			return;
	if (json_array_size(names) < MOST)
		json_array_append_new(names, json_string(name)); /* NULL, of a name that is no UTF-8, is not added */
}

void candidates_add(json_t *names, const char *name)
{
	const struct group *group = *name == '@' ? getgrnam(name + 1) : NULL;

	if (*name != '@')
		add_one(names, name);
	for (size_t i = 0; group && group->gr_mem[i]; i++)
		add_one(names, group->gr_mem[i]);
}

static int add_lent(void *ctx, const struct delegation *d)
{
	add_one(ctx, d->to);
	return 0;
}

json_t *candidates_all(struct governor *g)
{
	json_t *names = json_array();

	if (!names)
		return NULL;
	add_one(names, "root");
	candidates_add(names, "@cvf-approver");
	candidates_add(names, "@cvf-admin");
	for (size_t i = 0; i < g->auth.principals_count; i++)
		candidates_add(names, g->auth.principals[i].user);
	if (delegation_table_each(g->store, clock_steady_ms(), (uid_t)-1, add_lent, names) == 0)
		return names;
	json_decref(names);
	return NULL;
}
