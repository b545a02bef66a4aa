// SPDX-License-Identifier: Apache-2.0
/* auth.c - see auth.h */
#include "auth.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

static const struct {
	const char *name, *group;
	enum role role;
} roles[] = {
	{ "viewer", "cvf-viewer", ROLE_VIEWER },
	{ "operator", "cvf-operator", ROLE_OPERATOR },
	{ "approver", "cvf-approver", ROLE_APPROVER },
	{ "admin", "cvf-admin", ROLE_ADMIN },
	{ "notifier", "cvf-notify", ROLE_NOTIFIER }, /* the group of the program that tells people */
	/* Without a group of their own: a principal names who has them. */
	{ "human_operator", NULL, ROLE_HUMAN_OPERATOR },
	{ "compliance_officer", NULL, ROLE_COMPLIANCE_OFFICER },
	{ "approval_manager", NULL, ROLE_APPROVER },
	{ "break_glass", NULL, ROLE_BREAK_GLASS },
};
#define GROUPS ARRAY_SIZE(((struct auth *)0)->groups)

enum role role_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	return ROLE_NONE;
}

static void look_up(struct principal *p)
{
	const struct group *g = *p->user == '@' ? getgrnam(p->user + 1) : NULL;
	const struct passwd *pw = *p->user == '@' ? NULL : getpwnam(p->user);

	p->is_known = g || pw;
	p->uid = g ? g->gr_gid : pw ? pw->pw_uid : (uid_t)-1;
}

void auth_init(struct auth *a, struct principal *take_principals, size_t count)
{
	auth_done(a);
	a->principals = take_principals;
	a->principals_count = count;
	for (size_t i = 0; i < GROUPS; i++) {
		const struct group *g = getgrnam(roles[i].group);

		a->groups[i] = g ? g->gr_gid : (gid_t)-1;
	}
	for (size_t i = 0; i < count; i++)
		look_up(&a->principals[i]);
}

void auth_done(struct auth *a)
{
	for (size_t i = 0; i < a->principals_count; i++)
		free(a->principals[i].user);
	free(a->principals);
	*a = (struct auth){ 0 };
}

static bool is_member(const struct peer *p, gid_t gid)
{
	if (gid == (gid_t)-1)
		return false;
	for (size_t i = 0; i < p->groups_count; i++)
		if (p->groups[i] == gid)
			return true;
	return p->gid == gid;
}

bool peer_is_one_of(const struct peer *p, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct group *g = *names[i] == '@' ? getgrnam(names[i] + 1) : NULL;
		const struct passwd *pw = *names[i] == '@' ? NULL : getpwnam(names[i]);

		if ((g && is_member(p, g->gr_gid)) || (pw && pw->pw_uid == p->uid))
			return true;
	}
	return false;
}

static bool is_principal(const struct principal *one, const struct peer *p)
{
	if (!one->is_known)
		return false;
	return *one->user == '@' ? is_member(p, one->uid) : one->uid == p->uid;
}

static void set_name(struct caller *c)
{
	const struct passwd *pw = getpwuid(c->uid);

	if (pw && strlen(pw->pw_name) < sizeof(c->name))
		strcpy(c->name, pw->pw_name);
	else
		snprintf(c->name, sizeof(c->name), "uid:%u", c->uid);
}

void auth_identify(const struct auth *a, const struct peer *p, struct caller *ret_caller)
{
	struct caller c = { .uid = p->uid, .roles = p->uid == 0 ? ROLE_ADMIN : ROLE_NONE };

	set_name(&c);
	for (size_t i = 0; i < GROUPS; i++)
		if (is_member(p, a->groups[i]))
			c.roles |= roles[i].role;
	for (size_t i = 0; i < a->principals_count; i++) {
		const struct principal *principal = &a->principals[i];

		if (!is_principal(principal, p))
			continue;
		c.roles |= principal->roles;
		c.is_human |= principal->is_human;
	}
	*ret_caller = c;
}

bool caller_may(const struct caller *c, enum role role)
{
	if (role == ROLE_NONE || (c->roles & ROLE_ADMIN))
		return true;
	return role == ROLE_VIEWER ? c->roles != ROLE_NONE : c->roles & role;
}

unsigned int caller_duties(const struct caller *c)
{
	unsigned int duties = c->roles & ROLE_DUTIES;

	if (!c->is_human)
		return 0;
	return duties || !(c->roles & (ROLE_APPROVER | ROLE_ADMIN)) ? duties : ROLE_HUMAN_OPERATOR;
}
