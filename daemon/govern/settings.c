// SPDX-License-Identifier: Apache-2.0
/* settings.c - see settings.h */
#include "settings.h"

#include <string.h>

#include "json/fields.h"
#include "json/pool.h"
#include "settings_people.h"

#define FILE_BYTES (1u << 20)
#define DAY_S 86400

struct principal_fields {
	const char *user, *group;
	bool human;
	struct texts roles;
};

struct root_fields {
	struct jat principals, approvals, store, quarantine, audit, api, objectives, notifications, canary;
};

static const struct field principal_table[] = {
	{ "user", read_text, offsetof(struct principal_fields, user), false, NULL },
	{ "group", read_text, offsetof(struct principal_fields, group), false, NULL },
	{ "human", read_bool, offsetof(struct principal_fields, human), false, NULL },
	{ "roles", read_texts, offsetof(struct principal_fields, roles), false, NULL },
};

struct number_fields {
	long long grant_default_s, grant_max_s, questions_per_hour, max_bytes;
	long long kept_age_s, kept_bytes, kept_copy_bytes, head_every_s, head_every_entries, audit_age_s, audit_bytes;
	struct jat scopes, redact;
	struct jat escalation;
	long long critical_people, use_s;
	int second_factor;
	bool self_approval;
};
static const struct word second_factor_list[] = { { "always", true }, { "enrolled", false } };
static const struct words second_factor_words = { "second factor", second_factor_list, ARRAY_SIZE(second_factor_list) };
static const struct limits one_or_two = { 1, 2 };
static const struct limits day = { 1, DAY_S };

static const struct limits lifetime = { 1, 366LL * DAY_S };
static const struct limits bytes = { 0, 1LL << 50 };
static const struct limits questions = { 0, 10000 };
static const struct field approvals_table[] = {
	{ "scopes", read_at, offsetof(struct number_fields, scopes), false, NULL },
	{ "questions_per_hour", read_number, offsetof(struct number_fields, questions_per_hour), false, &questions },
	{ "grant_default_s", read_number, offsetof(struct number_fields, grant_default_s), false, &lifetime },
	{ "grant_max_s", read_number, offsetof(struct number_fields, grant_max_s), false, &lifetime },
	{ "second_factor", read_word, offsetof(struct number_fields, second_factor), false, &second_factor_words },
	{ "use_s", read_number, offsetof(struct number_fields, use_s), false, &day },
	{ "escalation", read_at, offsetof(struct number_fields, escalation), false, NULL },
	{ "critical_people", read_number, offsetof(struct number_fields, critical_people), false, &one_or_two },
	{ "self_approval", read_bool, offsetof(struct number_fields, self_approval), false, NULL },
};
static const struct field store_table[] = {
	{ "max_bytes", read_number, offsetof(struct number_fields, max_bytes), false, &bytes },
};
static const struct limits age = { 60, 3660LL * DAY_S };
static const struct field quarantine_table[] = {
	{ "max_age_s", read_number, offsetof(struct number_fields, kept_age_s), false, &age },
	{ "max_bytes", read_number, offsetof(struct number_fields, kept_bytes), false, &bytes },
	{ "copy_max_bytes", read_number, offsetof(struct number_fields, kept_copy_bytes), false, &bytes },
};
static const struct limits head_s = { 1, DAY_S };
static const struct limits head_entries = { 1, 1LL << 32 };
static const struct limits audit_age = { 3600, 36600LL * DAY_S };
static const struct field audit_table[] = {
	{ "head_every_s", read_number, offsetof(struct number_fields, head_every_s), false, &head_s },
	{ "max_age_s", read_number, offsetof(struct number_fields, audit_age_s), false, &audit_age },
	{ "max_bytes", read_number, offsetof(struct number_fields, audit_bytes), false, &bytes },
	{ "redact", read_at, offsetof(struct number_fields, redact), false, NULL },
	{ "head_every_entries", read_number, offsetof(struct number_fields, head_every_entries), false, &head_entries },
};
static const struct word on_miss_list[] = { { "log", ON_MISS_LOG }, { "freeze", ON_MISS_FREEZE }, { "stop", ON_MISS_STOP } };
static const struct words on_miss_words = { "action", on_miss_list, ARRAY_SIZE(on_miss_list) };
static const struct field canary_table[] = {
	{ "on_miss", read_word, offsetof(struct settings, on_miss), false, &on_miss_words },
};
static const struct field root_table[] = {
	{ "principals", read_at, offsetof(struct root_fields, principals), false, NULL },
	{ "approvals", read_at, offsetof(struct root_fields, approvals), false, NULL },
	{ "store", read_at, offsetof(struct root_fields, store), false, NULL },
	{ "quarantine", read_at, offsetof(struct root_fields, quarantine), false, NULL },
	{ "api", read_at, offsetof(struct root_fields, api), false, NULL },
	{ "audit", read_at, offsetof(struct root_fields, audit), false, NULL },
	{ "objectives", read_at, offsetof(struct root_fields, objectives), false, NULL },
	{ "notifications", read_at, offsetof(struct root_fields, notifications), false, NULL },
	{ "canary", read_at, offsetof(struct root_fields, canary), false, NULL },
};

static void read_roles(const struct jat *at, const struct texts *names, struct principal *p)
{
	for (size_t i = 0; i < names->n; i++) {
		enum role role = role_find(names->v[i]);

		if (role == ROLE_NONE)
			jat_error(at, "write viewer, operator, approver, admin, human_operator, compliance_officer, break_glass or notifier",
				  "there is no role \"%s\"", names->v[i]);
		p->roles |= role;
	}
}

static void read_principal(const struct jat *at, struct settings *s)
{
	struct principal_fields f = { 0 };
	struct jat roles;

	fields_read(at, principal_table, ARRAY_SIZE(principal_table), &f);
	if (json_is_object(at->value) && !f.user == !f.group) {
		jat_error(at, "write {\"user\": NAME, ...} or {\"group\": NAME, ...}", "a principal is a user or a group");
		return;
	}
	if (f.user || f.group) {
		struct principal *p = &s->principals[s->principals_count];

		if (asprintf(&p->user, "%s%s", f.user ? "" : "@", f.user ? f.user : f.group) < 0)
			return;
		s->principals_count++;
		roles = jat_member(at, "roles");
		read_roles(&roles, &f.roles, p);
		p->is_human = f.human || (p->roles & ROLE_DUTIES);
	}
}

static void read_principals(const struct jat *at, struct settings *s)
{
	size_t n = json_array_size(at->value);

	if (!json_is_array(at->value)) {
		jat_error(at, NULL, "principals must be an array of objects, not %s", json_kind(at->value));
		return;
	}
	s->principals = calloc(n + 1, sizeof(*s->principals));
	for (size_t i = 0; i < n && s->principals; i++) {
		struct jat one = jat_element(at, i);

		read_principal(&one, s);
	}
}

static const struct word scope_list[] = {
	{ "session", GRANT_SCOPE_SESSION }, { "agent", GRANT_SCOPE_AGENT }, { "pattern", GRANT_SCOPE_PATTERN },
};
static const struct words scope_words = { "scope", scope_list, ARRAY_SIZE(scope_list) };
#define GRANT_SCOPES_ALL (GRANT_SCOPE_SESSION | GRANT_SCOPE_AGENT | GRANT_SCOPE_PATTERN)

/* An empty list leaves "once" alone. */
static void read_scopes(const struct jat *at, struct settings *s)
{
	if (!json_is_array(at->value)) {
		jat_error(at, "write for example [\"session\", \"pattern\"]", "must be an array of strings, not %s",
			  json_kind(at->value));
		return;
	}
	s->grant_scopes = 0;
	for (size_t i = 0; i < json_array_size(at->value); i++) {
		struct jat one = jat_element(at, i);
		int bit;

		if (word_find(&one, &scope_words, &bit))
			s->grant_scopes |= (unsigned int)bit;
	}
}

/* Extended regular expressions: all of a match is hidden. */
static void read_redact(const struct jat *at, struct settings *s)
{
	if (!json_is_array(at->value)) {
		jat_error(at, "write for example [\"ACME-[0-9a-f]{16}\"]", "must be an array of regular expressions, not %s",
			  json_kind(at->value));
		return;
	}
	for (size_t i = 0; i < json_array_size(at->value); i++) {
		struct jat one = jat_element(at, i);
		const char *wrong = json_is_string(one.value) ? redact_add(&s->redact, json_string_value(one.value)) : "it must be a string";

		if (wrong)
			jat_error(&one, NULL, "no regular expression for secrets: %s", wrong);
	}
}

static void read_root(const struct jat *root, struct settings *s)
{
	struct number_fields n = { .grant_default_s = s->grant_default_s, .grant_max_s = s->grant_max_s,
				   .max_bytes = (long long)s->store_max_bytes, .kept_age_s = s->quarantine_age_s,
				   .kept_bytes = (long long)s->quarantine_bytes,
				   .kept_copy_bytes = (long long)s->quarantine_copy_bytes, .audit_age_s = s->audit_age_s,
				   .audit_bytes = (long long)s->audit_bytes, .head_every_s = s->head_every_s,
				   .head_every_entries = s->head_every_entries,
				   .second_factor = s->needs_second_factor, .critical_people = s->critical_people, .use_s = s->use_s };
	struct root_fields f = { 0 };

	fields_read(root, root_table, ARRAY_SIZE(root_table), &f);
	if (f.principals.value)
		read_principals(&f.principals, s);
	if (f.objectives.value)
		targets_read(&f.objectives, &s->targets);
	if (f.approvals.value)
		fields_read(&f.approvals, approvals_table, ARRAY_SIZE(approvals_table), &n);
	if (f.notifications.value)
		settings_read_notifications(&f.notifications, s);
	if (f.store.value)
		fields_read(&f.store, store_table, ARRAY_SIZE(store_table), &n);
	if (f.quarantine.value)
		fields_read(&f.quarantine, quarantine_table, ARRAY_SIZE(quarantine_table), &n);
	if (f.api.value)
		api_settings_read(&f.api, &s->api);
	if (s->answer_url && !s->api.listen)
		jat_error(&f.notifications, "set \"listen\" of \"api\"", "\"answer_url\" needs the API on TCP: links lead there");
	if (f.audit.value)
		fields_read(&f.audit, audit_table, ARRAY_SIZE(audit_table), &n);
	if (f.canary.value)
		fields_read(&f.canary, canary_table, ARRAY_SIZE(canary_table), s);
	if (n.redact.value)
		read_redact(&n.redact, s);
	s->audit_age_s = n.audit_age_s;
	s->audit_bytes = (uint64_t)n.audit_bytes;
	s->head_every_s = n.head_every_s;
	s->head_every_entries = n.head_every_entries;
	s->quarantine_age_s = n.kept_age_s;
	s->quarantine_bytes = (uint64_t)n.kept_bytes;
	s->quarantine_copy_bytes = (uint64_t)n.kept_copy_bytes;
	s->grant_default_s = n.grant_default_s < n.grant_max_s ? n.grant_default_s : n.grant_max_s;
	s->grant_max_s = n.grant_max_s;
	s->questions_per_hour = n.questions_per_hour;
	s->needs_second_factor = n.second_factor;
	s->use_s = n.use_s;
	if (n.escalation.value)
		settings_read_escalation(&n.escalation, s);
	s->critical_people = (unsigned int)n.critical_people;
	s->self_approval = n.self_approval;
	if (n.scopes.value)
		read_scopes(&n.scopes, s);
	s->store_max_bytes = (uint64_t)n.max_bytes;
}

static int read_file(const char *path, char **ret_text, size_t *ret_size)
{
	own_file FILE *f = fopen(path, "re");
	own_free char *text = malloc(FILE_BYTES + 1);

	if (!f)
		return -errno;
	if (!text)
		return -ENOMEM;
	*ret_size = fread(text, 1, FILE_BYTES + 1, f);
	if (ferror(f))
		return -EIO;
	if (*ret_size > FILE_BYTES)
		return -EFBIG;
	*ret_text = TAKE(text);
	return 0;
}

static void set_defaults(struct settings *s)
{
	*s = (struct settings){ .grant_default_s = 8 * 3600, .grant_max_s = 30 * DAY_S, .grant_scopes = GRANT_SCOPES_ALL,
				.head_every_s = 60, .head_every_entries = 10000, .needs_second_factor = true, .use_s = 300, .critical_people = 1,
				.quarantine_age_s = 7 * DAY_S, .quarantine_bytes = 10ull << 30, .quarantine_copy_bytes = 64ull << 20 };
	api_settings_default(&s->api);
	targets_default(&s->targets);
}

/* What a file that cannot be read forbids is not known. */
static int set_strict(struct settings *s)
{
	set_defaults(s);
	s->grant_scopes = 0;
	s->on_miss = ON_MISS_FREEZE;
	return -EINVAL;
}

int settings_load(const char *path, struct settings *ret_settings, struct diags *d)
{
	own_free char *text = NULL;
	own_json json_t *json = NULL;
	own(pool) struct pool *pool = pool_new();
	struct jdoc doc = { .name = path, .d = d, .pool = pool };
	struct jat root;
	int r;

	set_defaults(ret_settings);
	if (!pool)
		return -ENOMEM;
	r = read_file(path, &text, &doc.size);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		diags_add(d, DIAG_ERROR, path, 0, 0, NULL, "cannot be read: %s", strerror(-r));
		return set_strict(ret_settings);
	}
	doc.text = text;
	r = jdoc_parse(&doc, &json);
	if (r < 0)
		return set_strict(ret_settings);
	root = jat_root(&doc, json);
	read_root(&root, ret_settings);
	if (!d->errors)
		return 0;
	settings_done(ret_settings);
	return set_strict(ret_settings);
}

void settings_done(struct settings *s)
{
	for (size_t i = 0; i < s->principals_count; i++)
		free(s->principals[i].user);
	free(s->principals);
	api_settings_done(&s->api);
	redact_done(&s->redact);
	settings_people_done(s);
	*s = (struct settings){ 0 };
}
