// SPDX-License-Identifier: Apache-2.0
/* settings_people.c - see settings_people.h */
#include "settings_people.h"

#include <string.h>

#include "json/fields.h"

static const struct limits day = { 1, 86400 };

#define STEPS_MAX 8
#define STEP_NAMES_MAX 32
struct step_fields {
	long long after_s;
	struct texts approvers;
};
static const struct field step_table[] = {
	{ "after_s", read_number, offsetof(struct step_fields, after_s), true, &day },
	{ "approvers", read_texts, offsetof(struct step_fields, approvers), true, NULL },
};

static void read_step(const struct jat *at, struct settings *s)
{
	struct escalation *step = &s->escalation[s->escalation_count];
	struct step_fields f = { 0 };

	fields_read(at, step_table, ARRAY_SIZE(step_table), &f);
	if (s->escalation_count && f.after_s <= step[-1].after_s)
		jat_error(at, "write them in the order in which they come", "\"after_s\" must be more than that of the step before");
	if (f.approvers.n > STEP_NAMES_MAX)
		jat_error(at, "name a group", "a step names at most %d users and groups", STEP_NAMES_MAX);
	*step = (struct escalation){ .after_s = f.after_s, .approvers = calloc(f.approvers.n + 1, sizeof(char *)) };
	s->escalation_count++;
	for (size_t i = 0; step->approvers && i < f.approvers.n; i++) {
		step->approvers[i] = strdup(f.approvers.v[i]);
		step->approvers_count += step->approvers[i] != NULL;
	}
}

void settings_read_escalation(const struct jat *at, struct settings *s)
{
	size_t n = json_array_size(at->value);

	if (!json_is_array(at->value) || n > STEPS_MAX) {
		jat_error(at, "write [{\"after_s\": 120, \"approvers\": [\"@oncall\"]}]", "must be an array of at most %d objects", STEPS_MAX);
		return;
	}
	s->escalation = calloc(n + 1, sizeof(*s->escalation));
	for (size_t i = 0; i < n && s->escalation; i++) {
		struct jat one = jat_element(at, i);

		read_step(&one, s);
	}
}

struct notification_fields {
	struct jat webhooks, commands, terminals;
	const char *answer_url;
};
static const struct field notification_table[] = {
	{ "webhooks", read_at, offsetof(struct notification_fields, webhooks), false, NULL },
	{ "commands", read_at, offsetof(struct notification_fields, commands), false, NULL },
	{ "terminals", read_at, offsetof(struct notification_fields, terminals), false, NULL },
	{ "answer_url", read_text, offsetof(struct notification_fields, answer_url), false, NULL },
};
struct target_fields {
	const char *id, *place, *secret_file, *answer_as;
	struct jat events;
};
static const struct field webhook_table[] = {
	{ "id", read_text, offsetof(struct target_fields, id), true, NULL },
	{ "url", read_text, offsetof(struct target_fields, place), true, NULL },
	{ "secret_file", read_text, offsetof(struct target_fields, secret_file), true, NULL },
	{ "answer_as", read_text, offsetof(struct target_fields, answer_as), false, NULL },
	{ "events", read_at, offsetof(struct target_fields, events), false, NULL },
};
static const struct field command_table[] = {
	{ "id", read_text, offsetof(struct target_fields, id), true, NULL },
	{ "path", read_text, offsetof(struct target_fields, place), true, NULL },
	{ "events", read_at, offsetof(struct target_fields, events), false, NULL },
};
static const struct field terminals_table[] = {
	{ "events", read_at, offsetof(struct target_fields, events), false, NULL },
};
static const struct word event_list[] = { { "requested", NOTICE_REQUESTED }, { "escalated", NOTICE_ESCALATED }, { "ended", NOTICE_ENDED } };
static const struct words event_words = { "event", event_list, ARRAY_SIZE(event_list) };
#define TARGETS_MAX 16
/* Characters of an address with a port, and of a path. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:/[]~"

static unsigned int read_events(const struct jat *at)
{
	unsigned int events = 0;
	int bit;

	if (!at->value)
		return NOTICE_REQUESTED | NOTICE_ESCALATED | NOTICE_ENDED;
	if (!json_is_array(at->value))
		jat_error(at, "write for example [\"requested\"]", "must be an array of strings, not %s", json_kind(at->value));
	for (size_t i = 0; json_is_array(at->value) && i < json_array_size(at->value); i++) {
		struct jat one = jat_element(at, i);

		if (word_find(&one, &event_words, &bit))
			events |= (unsigned int)bit;
	}
	return events;
}

static void read_targets(const struct jat *at, const char *kind, const struct field *fields, size_t n, struct settings *s)
{
	size_t count = json_array_size(at->value);

	if (!json_is_array(at->value) || s->notify_count + count > TARGETS_MAX) {
		jat_error(at, NULL, "must be an array of objects, of at most %d targets in all", TARGETS_MAX);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct jat one = jat_element(at, i);
		struct notice_target *t = &s->notify[s->notify_count];
		struct target_fields f = { 0 };

		fields_read(&one, fields, n, &f);
		if (f.id && strlen(f.id) > 64)
			jat_error(&one, NULL, "\"id\" has at most 64 bytes");
		t->events = read_events(&f.events);
		if (f.answer_as && !s->answer_url)
			jat_error(&one, "set \"answer_url\" of \"notifications\", too", "\"answer_as\" is for links, and there are none");
		t->answer_as = f.answer_as ? strdup(f.answer_as) : NULL;
		if (f.id && asprintf(&t->name, "%s:%s", kind, f.id) >= 0) {
			s->notify_count++;
			continue;
		}
		free(t->answer_as); /* the place is the next one's */
		t->answer_as = NULL;
	}
}

/* What a link carries is as good as an answer: it does not leave the host in the clear. */
static bool is_kept_in(const char *url)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://localhost", "http://[::1]" };

	if (strncmp(url, "https://", 8) == 0)
		return url[8];
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		size_t n = strlen(hosts[i]);

		if (strncmp(url, hosts[i], n) == 0 && (!url[n] || (url[n] == ':' && !url[n + 1 + strspn(url + n + 1, "0123456789")])))
			return true;
	}
	return false;
}

static void read_answer_url(const struct jat *at, const char *url, struct settings *s)
{
	struct jat member = jat_member(at, "answer_url");

	if (!is_kept_in(url) || strlen(url) > 200 || url[strlen(url) - 1] == '/' || url[strspn(url, PLAIN)])
		jat_error(&member, "write for example \"https://cvf.example.org:8470\": api.listen as people reach it",
			  "must begin with https (http only for this host), and end without a slash");
	else
		s->answer_url = strdup(url);
}

static void read_terminals(const struct jat *at, struct settings *s)
{
	struct notice_target *t = &s->notify[s->notify_count];
	struct target_fields f = { 0 };

	fields_read(at, terminals_table, ARRAY_SIZE(terminals_table), &f);
	t->events = read_events(&f.events);
	t->name = strdup(NOTICE_TERMINALS);
	s->notify_count += t->name != NULL;
}

void settings_read_notifications(const struct jat *at, struct settings *s)
{
	struct notification_fields f = { 0 };

	fields_read(at, notification_table, ARRAY_SIZE(notification_table), &f);
	s->notify = calloc(TARGETS_MAX + 1, sizeof(*s->notify));
	if (f.answer_url)
		read_answer_url(at, f.answer_url, s);
	if (f.webhooks.value && s->notify)
		read_targets(&f.webhooks, "webhook", webhook_table, ARRAY_SIZE(webhook_table), s);
	if (f.commands.value && s->notify)
		read_targets(&f.commands, "command", command_table, ARRAY_SIZE(command_table), s);
	if (f.terminals.value && s->notify)
		read_terminals(&f.terminals, s);
}

void settings_people_done(struct settings *s)
{
	for (size_t i = 0; i < s->escalation_count; i++) {
		for (size_t k = 0; k < s->escalation[i].approvers_count; k++)
			free(s->escalation[i].approvers[k]);
		free(s->escalation[i].approvers);
	}
	free(s->escalation);
	for (size_t i = 0; i < s->notify_count; i++) {
		free(s->notify[i].name);
		free(s->notify[i].answer_as);
	}
	free(s->answer_url);
	free(s->notify);
}
