// SPDX-License-Identifier: Apache-2.0
/* registry_api.c - /v1/capabilities, /v1/agents, /v1/policies, /v1/profiles, /v1/reload */
#include <string.h>

#include "api/view.h"
#include "decl_table.h"
#include "history.h"
#include "govern/freeze/freeze.h"
#include "govern/serve.h"
#include "json/doc.h"
#include "registry.h"
#include "registry_view.h"

#define NOTE_MAX 500

static const char *const words[DECL_KIND_MAX] = {
	[DECL_CAPABILITY] = "capability", [DECL_AGENT] = "agent", [DECL_POLICY] = "policy", [DECL_PROFILE] = "profile",
};

/* Which kind a request is about: the part of the path after /v1/, or the first one. */
static enum decl_kind kind_of(const struct request *q)
{
	const char *name = q->path + (strncmp(q->path, "/v1/", 4) == 0 ? 4 : 1);

	for (int kind = 0; kind < DECL_KIND_MAX; kind++) {
		size_t n = strlen(decl_kind_plural((enum decl_kind)kind));

		if (strncmp(name, decl_kind_plural((enum decl_kind)kind), n) == 0 && (!name[n] || name[n] == '/'))
			return (enum decl_kind)kind;
	}
	return DECL_PROFILE;
}

static unsigned int get_list(struct request *q)
{
	enum decl_kind kind = kind_of(q);
	const struct model *m = registry_model(governor_of(q)->registry);
	json_t *list = json_array();

	for (size_t i = 0; i < model_count(m, kind); i++)
		json_array_append_new(list, json_deep_copy(model_at(m, kind, i)));
	if (kind == DECL_AGENT)
		freeze_show_all(governor_of(q), list);
	return reply_list(q, decl_kind_plural(kind), list);
}

static unsigned int no_such(struct request *q, enum decl_kind kind)
{
	own_free char *hint = NULL;

	if (asprintf(&hint, "GET /v1/%s lists what there is", decl_kind_plural(kind)) < 0)
		hint = NULL;
	return refuse(q, 404, "not-found", hint, "there is no %s %s", words[kind], q->params[0]);
}

static unsigned int get_one(struct request *q)
{
	enum decl_kind kind = kind_of(q);
	const json_t *decl = model_find(registry_model(governor_of(q)->registry), kind, q->params[0]);
	json_t *to = decl ? json_deep_copy(decl) : NULL;

	if (!decl)
		return no_such(q, kind);
	if (kind == DECL_AGENT)
		freeze_show(governor_of(q), q->params[0], to);
	return reply(q, 200, to);
}

/* What an activation that failed is to its caller. */
static unsigned int refuse_activation(struct request *q, int error, const struct diags *d)
{
	switch (error) {
	case -EINVAL:
		return refuse_diags(q, 422, "invalid", "the declarations cannot be put in force", d);
	case -EEXIST:
		return refuse_diags(q, 409, "exists", "the id is taken", d);
	case -EBADE:
		return refuse_diags(q, 500, "image-refused", "the enforcer refused the compiled policy", d);
	case -ENOMEM:
		return refuse(q, 500, "no-memory", NULL, "out of memory");
	default:
		return refuse(q, 503, link_is_closed(governor_of(q)->link) ? "link" : "store",
			      "nothing has changed: see the journal of cvfd-govern, then try again",
			      "the declarations could not be put in force: %s", strerror(-error));
	}
}

static bool is_registered(struct governor *g, enum decl_kind kind, const char *id)
{
	const json_t *decl = model_find(registry_model(g->registry), kind, id);

	return json_is_true(json_object_get(decl, "builtin")) || decl_table_has(g->store, kind, id) > 0;
}

/* What is in force does not go out of force because somebody proposes something. */
static unsigned int check_proposed(struct request *q, enum decl_kind kind, const json_t *added)
{
	const char *id = json_string_value(json_object_get(added, "id")), *state = json_string_value(json_object_get(added, "state"));
	const json_t *old = model_find(registry_model(governor_of(q)->registry), kind, id);
	const char *was = json_string_value(json_object_get(old, "state"));

	if (!state || !was || strcmp(state, "PROPOSED") != 0 || strcmp(was, "PROPOSED") == 0)
		return 0;
	return refuse(q, 409, "in-force", "propose it under another id, and retire the old one when it is ACTIVE",
		      "the capability %s is %s: a proposal would take it out of force", id, was);
}

/* Of a text that declares ids that are registered or shipped already: replacing them must have been asked for. */
static unsigned int check_replaced(struct request *q, enum decl_kind kind, const struct change *c)
{
	const char *replace = query_text(q, "replace");
	own(model) struct model *alone = model_new();
	bool may_replace = kind == DECL_POLICY || (replace && strcmp(replace, "1") == 0);
	struct diags d = { 0 };
	unsigned int status = 0;

	if (!alone || model_load_text(alone, c->text, c->size, c->source, 1u << kind, false, &d) < 0) {
		diags_done(&d);
		return 0; /* mistakes are reported by the activation itself */
	}
	for (size_t i = 0; !status && i < model_count(alone, kind); i++) {
		const char *id = json_string_value(json_object_get(model_at(alone, kind, i), "id"));

		status = check_proposed(q, kind, model_at(alone, kind, i));
		if (!status && !may_replace && is_registered(governor_of(q), kind, id))
			status = refuse(q, 409, "exists", "add ?replace=1 (cvfctl: --replace) to replace it",
					"the %s %s is there already", words[kind], id);
	}
	diags_done(&d);
	return status;
}

static unsigned int reply_added(struct request *q, enum decl_kind kind, const struct change *c, const struct diags *d)
{
	struct governor *g = governor_of(q);
	own(model) struct model *alone = model_new();
	json_t *list = json_array();
	struct diags again = { 0 };

	if (alone && model_load_text(alone, c->text, c->size, c->source, 1u << kind, false, &again) == 0)
		for (size_t i = 0; i < model_count(alone, kind); i++) {
			const json_t *id = json_object_get(model_at(alone, kind, i), "id");
			const json_t *decl = model_find(registry_model(g->registry), kind, json_string_value(id));

			json_array_append_new(list, json_deep_copy(decl));
		}
	diags_done(&again);
	return reply(q, 201, json_pack("{s:o, s:I, s:o}", decl_kind_plural(kind), list, "generation",
				       (json_int_t)registry_generation(g->registry), "warnings", view_diags(d, DIAG_WARNING)));
}

static unsigned int post_declaration(struct request *q)
{
	enum decl_kind kind = kind_of(q);
	const char *name = query_text(q, "name");
	struct change c = { .kind = kind, .text = q->body, .size = q->body_size, .source = name ? name : "request" };
	struct diags d = { 0 };
	unsigned int status;
	int r;

	if (!q->body_size)
		return refuse(q, 400, "bad-json", "send a declaration or an array of them", "the body is empty");
	status = check_replaced(q, kind, &c);
	if (status)
		return status;
	r = registry_activate(governor_of(q), &c, caller_of(q)->name, &d);
	status = r < 0 ? refuse_activation(q, r, &d) : reply_added(q, kind, &c, &d);
	diags_done(&d);
	return status;
}

static unsigned int refuse_foreign(struct request *q, enum decl_kind kind, const json_t *decl)
{
	const char *source = json_string_value(json_object_get(decl, "source"));

	if (json_is_true(json_object_get(decl, "builtin")))
		return refuse(q, 409, "builtin", "a policy can deny it", "the %s %s is part of the product", words[kind], q->params[0]);
	return refuse(q, 409, "from-file", "remove it there and reload", "the %s %s is declared in %s", words[kind],
		      q->params[0], source ? source : "a file");
}

static unsigned int delete_declaration(struct request *q)
{
	struct governor *g = governor_of(q);
	enum decl_kind kind = kind_of(q);
	const json_t *decl = model_find(registry_model(g->registry), kind, q->params[0]);
	struct change c = { .kind = kind, .drop = q->params[0] };
	struct diags d = { 0 };
	unsigned int status;
	int r = decl_table_has(g->store, kind, q->params[0]);

	if (r == 0)
		return decl ? refuse_foreign(q, kind, decl) : no_such(q, kind);
	r = registry_activate(g, &c, caller_of(q)->name, &d);
	status = r < 0 ? refuse_activation(q, r, &d)
		       : reply(q, 200, json_pack("{s:s, s:I, s:o}", "id", q->params[0], "generation",
						 (json_int_t)registry_generation(g->registry), "warnings",
						 view_diags(&d, DIAG_WARNING)));
	diags_done(&d);
	return status;
}

static unsigned int post_mode(struct request *q)
{
	struct governor *g = governor_of(q);
	struct change c = { .kind = DECL_AGENT, .set_id = q->params[0], .set = body_text(q, "mode") };
	struct diags d = { 0 };
	unsigned int status;
	int r;

	if (!model_find(registry_model(g->registry), DECL_AGENT, q->params[0]))
		return no_such(q, DECL_AGENT);
	r = registry_activate(g, &c, caller_of(q)->name, &d);
	status = r < 0 ? refuse_activation(q, r, &d)
		       : reply(q, 200, json_pack("{s:s, s:s, s:I}", "agent", q->params[0], "mode", c.set, "generation",
						 (json_int_t)registry_generation(g->registry)));
	diags_done(&d);
	return status;
}

/* One step at a time; back goes only what was deprecated. */
static const struct move {
	const char *from, *to;
} moves[] = {
	{ "PROPOSED", "ACTIVE" },   { "PROPOSED", "RETIRED" },	{ "ACTIVE", "DEPRECATED" },
	{ "DEPRECATED", "ACTIVE" }, { "DEPRECATED", "RETIRED" },
};

static unsigned int check_move(struct request *q, const char *from, const char *to)
{
	char hint[128] = "";

	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		size_t used = strlen(hint);

		if (strcmp(moves[i].from, from) != 0)
			continue;
		if (strcmp(moves[i].to, to) == 0)
			return 0;
		snprintf(hint + used, sizeof(hint) - used, "%s%s", used ? " or " : "it can become ", moves[i].to);
	}
	return refuse(q, 409, "no-such-move", *hint ? hint : "register it anew: what is retired does not come back by itself",
		      "the capability %s is %s and cannot become %s", q->params[0], from, to);
}

static unsigned int post_state(struct request *q)
{
	struct governor *g = governor_of(q);
	struct change c = { .kind = DECL_CAPABILITY, .set_id = q->params[0], .set = body_text(q, "state"), .note = body_text(q, "note") };
	const json_t *decl = model_find(registry_model(g->registry), DECL_CAPABILITY, q->params[0]);
	struct diags d = { 0 };
	unsigned int status;
	int r;

	if (!decl)
		return no_such(q, DECL_CAPABILITY);
	status = check_move(q, json_string_value(json_object_get(decl, "state")), c.set);
	if (status)
		return status;
	r = registry_activate(g, &c, caller_of(q)->name, &d);
	status = r < 0 ? refuse_activation(q, r, &d)
		       : reply(q, 200, json_pack("{s:s, s:s, s:I, s:o}", "capability", q->params[0], "state", c.set, "generation",
						 (json_int_t)registry_generation(g->registry), "warnings", view_diags(&d, DIAG_WARNING)));
	diags_done(&d);
	return status;
}

/* Cuts a list that has one more than the limit; the cursor of the next page is the last revision of this one. */
static json_t *cut(json_t *list, size_t limit)
{
	if (!limit || json_array_size(list) <= limit)
		return json_null();
	json_array_remove(list, limit);
	return json_sprintf("%lld", (long long)json_integer_value(json_object_get(json_array_get(list, limit - 1), "revision")));
}

static unsigned int get_versions(struct request *q)
{
	const char *cursor = query_text(q, "cursor");
	int64_t limit = query_number(q, "limit");
	struct version_filter f = { .kind = kind_of(q), .id = q->params[0], .limit = limit ? limit + 1 : 0 };
	json_t *list, *next;
	char *end;

	f.before = cursor ? strtoll(cursor, &end, 10) : 0;
	if (cursor && (*end || f.before < 1))
		return refuse(q, 400, "bad-parameter", "begin again without it", "the parameter \"cursor\" cannot be understood");
	list = history_view(governor_of(q), &f);
	if (!list)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	if (!json_array_size(list) && !cursor) {
		json_decref(list);
		return no_such(q, f.kind);
	}
	next = cut(list, (size_t)limit);
	return reply(q, 200, json_pack("{s:s, s:o, s:o}", "id", q->params[0], "versions", list, "next", next));
}

static unsigned int post_reload(struct request *q)
{
	struct governor *g = governor_of(q);
	struct diags d = { 0 };
	unsigned int status;
	int r = serve_reload_settings(g, &d);

	if (r == 0)
		r = registry_activate(g, NULL, caller_of(q)->name, &d);
	status = r < 0 ? refuse_activation(q, r, &d)
		       : reply(q, 200, json_pack("{s:I, s:o}", "generation", (json_int_t)registry_generation(g->registry),
						 "warnings", view_diags(&d, DIAG_WARNING)));
	diags_done(&d);
	return status;
}

static const char posted[] =
	"201 when it is in force; 422 with `error.diagnoses` (`file`, `line`, `column`, `level`, `message`, `hint`) when anything is wrong, and\n"
	"then nothing has changed; 409 when the id is declared in a file.";
static const char deleted[] = "409 when it is part of the product or declared in a file: the answer says in which.";

static const struct shape declarations = RAW("One declaration or an array of them: cvf-policy(5), share/schemas/.");
static const struct shape post_query = SHAPE(NULL, M(TEXT, "name", .max = 255, .about = "file name for the diagnoses"),
	M(WORD, "replace", .words = "0|1", .about = "an id that is registered or shipped already is replaced; without it: 409"),);
static const struct shape diagnosis_shape = SHAPE("diagnosis", M(TEXT, "file", .flags = OR_NULL), M(NUMBER, "line", .flags = OR_NULL),
	M(NUMBER, "column", .flags = OR_NULL), M(WORD, "level", .words = "error|warning"), M(TEXT, "message"),
	M(TEXT, "hint", .flags = OR_NULL), M(TEXT, "word", .flags = OR_NULL),);
static const struct shape version_shape = SHAPE(NULL, M(NUMBER, "revision", .about = "counted from 1"), M(YES_NO, "removed"),
	M(TIME, "made_at"), M(TEXT, "made_by"), M(TEXT, "note", .flags = OR_NULL), M(NUMBER, "generation"), M(TEXT, "version", .flags = OR_NULL),
	M(TEXT, "state", .flags = OR_NULL), M(TEXT, "mode", .flags = OR_NULL), M(TEXT, "source", .flags = OR_NULL),
	M(OBJECT, "declaration", .flags = OR_NULL),);

/* Every kind of declaration has the same answers, under its own name. */
static const struct shape list_query = SHAPE(NULL, PAGE_OF(1000, NULL),);
#define LIST_SHAPE(plural) SHAPE(NULL, M(OBJECT, plural, .flags = MANY), NEXT_PAGE,)
#define WARNINGS M(OBJECT, "warnings", .flags = MANY, .of = &diagnosis_shape)
#define POSTED_SHAPE(plural) SHAPE(NULL, M(OBJECT, plural, .flags = MANY), M(NUMBER, "generation"), WARNINGS,)
static const struct shape declaration = RAW("The declaration that is in force, with what was left out of it filled in.");
static const struct shape capabilities = LIST_SHAPE("capabilities"), agents = LIST_SHAPE("agents"), policies = LIST_SHAPE("policies"),
	profiles = LIST_SHAPE("profiles");
static const struct shape new_capabilities = POSTED_SHAPE("capabilities"), new_agents = POSTED_SHAPE("agents"),
	new_policies = POSTED_SHAPE("policies");
static const struct shape removed = SHAPE(NULL, M(TEXT, "id"), M(NUMBER, "generation"), WARNINGS,);
static const struct shape versions = SHAPE(NULL, M(TEXT, "id"), M(OBJECT, "versions", .flags = MANY, .of = &version_shape,
	.about = "newest first, one for every change that came into force, whether from a file, from the API or with the product"),
	NEXT_PAGE,);
static const struct shape mode_body = SHAPE(NULL, M(WORD, "mode", .flags = NEEDED, .words = "enforce|observe|learn"),);
static const struct shape mode_set = SHAPE(NULL, M(TEXT, "agent"), M(TEXT, "mode"), M(NUMBER, "generation"),);
static const struct shape state_body = SHAPE(NULL, M(WORD, "state", .flags = NEEDED, .words = "PROPOSED|ACTIVE|DEPRECATED|RETIRED"),
	M(TEXT, "note", .max = NOTE_MAX),);
static const struct shape state_set = SHAPE(NULL, M(TEXT, "capability"), M(TEXT, "state"), M(NUMBER, "generation"), WARNINGS,);
static const struct shape reloaded = SHAPE(NULL, M(NUMBER, "generation"), WARNINGS,);

static const struct route table[] = {
	{ "GET", "/v1/capabilities", ROLE_VIEWER, 0, get_list, "All registered capabilities", .query = &list_query,
	  .answer = &capabilities },
	{ "GET", "/v1/capabilities/{id}", ROLE_VIEWER, 0, get_one, "One capability", .answer = &declaration },
	{ "POST", "/v1/capabilities", ROLE_ADMIN, 0, post_declaration, "Register capabilities and put them in force", posted,
	  .query = &post_query, .body = &declarations, .answer = &new_capabilities, .status = 201 },
	{ "DELETE", "/v1/capabilities/{id}", ROLE_ADMIN, 0, delete_declaration, "Remove a registered capability", deleted, .answer = &removed },
	{ "GET", "/v1/capabilities/{id}/versions", ROLE_VIEWER, 0, get_versions, "What a capability was, since when, and who made it so",
	  .query = &list_query, .answer = &versions },
	{ "POST", "/v1/capabilities/{id}/state", ROLE_ADMIN, 0, post_state, "Take a capability on in its life",
	  "From PROPOSED to ACTIVE (or RETIRED: turned down), on to DEPRECATED and RETIRED; a deprecated one may become ACTIVE again;\n"
	  "otherwise 409. It wins over the declaration, also of a file or of the product, until the capability is registered anew.\n"
	  "The warnings say which agents name it.", .body = &state_body, .answer = &state_set },
	{ "GET", "/v1/agents", ROLE_VIEWER, 0, get_list, "All registered agents", .query = &list_query,
	  .answer = &agents },
	{ "GET", "/v1/agents/{id}", ROLE_VIEWER, 0, get_one, "One agent",
	  "While it is frozen it has the member `frozen`: `since`, `by`, `note`, `how`.", .answer = &declaration },
	{ "GET", "/agents", ROLE_VIEWER, 0, get_list, "The same as `/v1/agents`", .query = &list_query,
	  .answer = &agents },
	{ "GET", "/agents/{id}", ROLE_VIEWER, 0, get_one, "The same as `/v1/agents/{id}`", .answer = &declaration },
	{ "POST", "/v1/agents", ROLE_ADMIN, 0, post_declaration, "Register agents and put them in force", posted, .query = &post_query,
	  .body = &declarations, .answer = &new_agents, .status = 201 },
	{ "DELETE", "/v1/agents/{id}", ROLE_ADMIN, 0, delete_declaration, "Remove a registered agent", deleted, .answer = &removed },
	{ "GET", "/v1/agents/{id}/versions", ROLE_VIEWER, 0, get_versions, "What an agent was, since when, and who made it so",
	  .query = &list_query, .answer = &versions },
	{ "POST", "/v1/agents/{id}/mode", ROLE_ADMIN, 0, post_mode, "Enforce, only record what would be refused, or learn",
	  "It wins over the declaration until the agent is registered anew.", .body = &mode_body, .answer = &mode_set },
	{ "GET", "/v1/policies", ROLE_VIEWER, 0, get_list, "All policies in force", .query = &list_query,
	  .answer = &policies },
	{ "GET", "/v1/policies/{id}", ROLE_VIEWER, 0, get_one, "One policy", .answer = &declaration },
	{ "POST", "/v1/policies", ROLE_ADMIN, 0, post_declaration, "Put policies in force; those of the same id are replaced", posted,
	  .query = &post_query, .body = &declarations, .answer = &new_policies, .status = 201 },
	{ "DELETE", "/v1/policies/{id}", ROLE_ADMIN, 0, delete_declaration, "Remove a policy", deleted, .answer = &removed },
	{ "GET", "/v1/policies/{id}/versions", ROLE_VIEWER, 0, get_versions, "What a policy was, since when, and who made it so",
	  .query = &list_query, .answer = &versions },
	{ "GET", "/v1/profiles", ROLE_VIEWER, 0, get_list, "All agent profiles", .query = &list_query,
	  .answer = &profiles },
	{ "GET", "/v1/profiles/{id}", ROLE_VIEWER, 0, get_one, "One profile", .answer = &declaration },
	{ "POST", "/v1/reload", ROLE_ADMIN, 0, post_reload, "Read settings and declarations again and put them in force together",
	  "422 with `error.diagnoses` when anything is wrong; then the old generation stays.", .answer = &reloaded },
};

const struct routes registry_routes = { table, ARRAY_SIZE(table), "Declarations" };
