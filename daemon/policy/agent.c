// SPDX-License-Identifier: Apache-2.0
/*
 * agent.c - cvf.agent/v1 and cvf.profile/v1: who is governed, with which capabilities, where
 */
#include "policy/parse.h"

struct limits_spec {
	long long pending_holds;
};

struct agent_spec {
	struct agent a;
	const char *schema, *name, *description;
	struct limits_spec limits;
};

static void read_uids(const struct jat *at, const struct field *f, void *out)
{
	struct agent *a = (struct agent *)((char *)out - offsetof(struct agent, uids));

	(void)f;
	a->uids = pool_alloc(at->doc->pool, elements_count(at), sizeof(*a->uids));
	if (!a->uids) {
		jat_error(at, NULL, "out of memory");
		return;
	}
	for (size_t i = 0; i < elements_count(at); i++) {
		static const struct limits range = {0, UINT32_MAX - 1ll};
		const struct field number = {.arg = &range};
		struct jat one = element_at(at, i);
		long long uid = -1;

		read_number(&one, &number, &uid);
		if (uid == 0)
			jat_error(&one, "match root's processes by executable or cgroup",
				  "user 0 is the system itself: it cannot be an agent");
		else if (uid > 0)
			a->uids[a->uids_count++] = (uint32_t)uid;
	}
}

static const struct field match_fields[] = {
	{"cgroup", read_path_globs, offsetof(struct agent, cgroup), false, NULL},
	{"exe", read_path_globs, offsetof(struct agent, exe), false, NULL},
	{"uid", read_uids, offsetof(struct agent, uids), false, NULL},
};

static void read_match(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, match_fields, ARRAY_SIZE(match_fields), out);
}

static const struct limits holds_limits = {0, CVF_HOLDS_MAX};
static const struct field limits_fields[] = {
	{"pending_holds", read_number, offsetof(struct limits_spec, pending_holds), false, &holds_limits},
};

static void read_limits(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, limits_fields, ARRAY_SIZE(limits_fields), out);
}

#define A(member) (offsetof(struct agent_spec, a) + offsetof(struct agent, member))

static void read_home(const struct jat *at, const struct field *f, void *out)
{
	struct texts home = {0};

	if (!json_is_string(at->value) || json_string_value(at->value)[0] != '/') {
		jat_error(at, "for example \"/home/dev\"", "a home folder begins with a slash");
		return;
	}
	read_path_globs(at, f, &home);
	if (home.n)
		*(const char **)out = home.v[0];
}

static const struct field agent_fields[] = {
	{"schema", read_text, offsetof(struct agent_spec, schema), true, NULL},
	{"id", read_id, A(id), true, NULL},
	{"name", read_any_text, offsetof(struct agent_spec, name), false, NULL},
	{"description", read_any_text, offsetof(struct agent_spec, description), false, NULL},
	{"owner", read_any_text, A(owner), false, NULL},
	{"profile", read_id, A(profile), false, NULL},
	{"home", read_home, A(home), false, NULL},
	{"match", read_match, offsetof(struct agent_spec, a), false, NULL},
	{"capabilities", read_name_globs, A(grants), false, NULL},
	{"scope", read_scope, A(scope), false, NULL},
	{"mode", read_word, A(mode), false, &mode_words},
	{"limits", read_limits, offsetof(struct agent_spec, limits), false, NULL},
};

static void default_list(json_t *object, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		set_default(object, keys[i], json_array());
}

static void normalise_scope(json_t *j)
{
	static const char *const scope_keys[] = {"paths", "net"};

	set_default(j, "capabilities", json_array());
	set_default(j, "scope", json_object());
	default_list(json_object_get(j, "scope"), scope_keys, ARRAY_SIZE(scope_keys));
}

static void normalise_agent(json_t *j, const struct agent_spec *spec)
{
	static const char *const match_keys[] = {"cgroup", "exe", "uid"};

	set_default(j, "name", json_string(spec->name ? spec->name : spec->a.id));
	set_default(j, "description", json_string(""));
	set_default(j, "owner", json_string(""));
	set_default(j, "profile", json_string(spec->a.profile));
	set_default(j, "match", json_object());
	default_list(json_object_get(j, "match"), match_keys, ARRAY_SIZE(match_keys));
	normalise_scope(j);
	set_default(j, "mode", json_string("enforce"));
	set_default(j, "limits", json_object());
	set_default(json_object_get(j, "limits"), "pending_holds", json_integer(spec->limits.pending_holds));
}

void agent_read(const struct jat *at, struct decl *d)
{
	struct agent_spec spec = {.a.profile = "default", .limits.pending_holds = CVF_HOLDS_AGENT};
	size_t errors = at->doc->d->errors;

	fields_read(at, agent_fields, ARRAY_SIZE(agent_fields), &spec);
	spec.a.pending_holds = spec.limits.pending_holds;
	d->agent = spec.a;
	d->id = spec.a.id;
	if (at->doc->d->errors == errors)
		normalise_agent(d->normal, &spec);
}

struct profile_spec {
	struct profile p;
	const char *schema, *name, *description;
};

#define P(member) (offsetof(struct profile_spec, p) + offsetof(struct profile, member))

static void read_ids(const struct jat *at, const struct field *f, void *out)
{
	read_texts(at, f, out);
	for (size_t i = 0; i < elements_count(at); i++) {
		struct jat one = element_at(at, i);
		const char *unused;

		if (json_is_string(one.value))
			read_id(&one, f, &unused);
	}
}

static const struct field profile_fields[] = {
	{"schema", read_text, offsetof(struct profile_spec, schema), true, NULL},
	{"id", read_id, P(id), true, NULL},
	{"name", read_any_text, offsetof(struct profile_spec, name), false, NULL},
	{"description", read_any_text, offsetof(struct profile_spec, description), false, NULL},
	{"extends", read_ids, P(extends), false, NULL},
	{"capabilities", read_name_globs, P(grants), false, NULL},
	{"scope", read_scope, P(scope), false, NULL},
	{"rules", read_rules, P(rules), false, NULL},
};

void profile_read(const struct jat *at, struct decl *d)
{
	struct profile_spec spec = {0};
	size_t errors = at->doc->d->errors;

	fields_read(at, profile_fields, ARRAY_SIZE(profile_fields), &spec);
	d->profile = spec.p;
	d->id = spec.p.id;
	if (at->doc->d->errors > errors)
		return;
	set_default(d->normal, "name", json_string(spec.name ? spec.name : d->id));
	set_default(d->normal, "description", json_string(""));
	set_default(d->normal, "extends", json_array());
	normalise_scope(d->normal);
	normalise_rules(d->normal, &spec.p.rules);
}
