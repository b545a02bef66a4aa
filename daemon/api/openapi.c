// SPDX-License-Identifier: Apache-2.0
/* openapi.c - see document.h: OpenAPI 3.1 */
#include <ctype.h>
#include <string.h>

#include "document.h"
#include "view.h"

static const struct shape problem_shape = SHAPE("problem",
	M(TEXT, "type", .about = "RFC 9457: a name for the kind of problem"), M(TEXT, "title"), M(NUMBER, "status"), M(TEXT, "detail"),
	M(TEXT, "request_id", .flags = SOMETIMES),
	M(OBJECT, "error", .of = OF(M(TEXT, "code", .about = "stable"), M(TEXT, "message"), M(TEXT, "hint", .flags = SOMETIMES),
		M(OBJECT, "diagnoses", .flags = MANY | SOMETIMES),)),);

/* "post_v1_agents_id_mode" */
static json_t *operation_id(const struct route *r)
{
	char text[128];
	size_t n = 0;

	for (const char *at = r->method; *at && n < sizeof(text) - 1; at++)
		text[n++] = (char)tolower((unsigned char)*at);
	for (const char *at = r->path; *at && n < sizeof(text) - 1; at++)
		if (isalnum((unsigned char)*at))
			text[n++] = *at;
		else if (text[n - 1] != '_')
			text[n++] = '_';
	while (n && text[n - 1] == '_')
		n--;
	return json_stringn(text, n);
}

static void add_path_parameters(const struct route *r, json_t *list)
{
	for (const char *at = strchr(r->path, '{'); at; at = strchr(at + 1, '{'))
		json_array_append_new(list, json_pack("{s:s%, s:s, s:b, s:{s:s}}", "name", at + 1, strcspn(at + 1, "}"), "in", "path",
						      "required", 1, "schema", "type", "string"));
}

static void add_query_parameters(const struct route *r, json_t *list)
{
	for (const struct member *m = r->query ? r->query->v : NULL; m && m->name; m++) {
		json_t *one = json_pack("{s:s, s:s, s:b, s:o}", "name", m->name, "in", "query", "required", !!(m->flags & NEEDED), "schema",
					member_schema(m, false));

		if (m->about)
			view_set(one, "description", json_string(m->about));
		json_array_append_new(list, one);
	}
}

static json_t *content(const char *type, json_t *take_schema)
{
	return json_pack("{s:{s:o}}", type, "schema", take_schema ? take_schema : json_object());
}

static json_t *responses(const struct route *r)
{
	const char *type = r->type ? r->type : "application/json";
	json_t *schema = NULL, *to = json_object();
	char status[16];

	if (r->answer)
		schema = r->answer->name ? json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", r->answer->name))
					 : shape_schema(r->answer, true);
	snprintf(status, sizeof(status), "%u", r->status ? r->status : 200);
	view_set(to, status, json_pack("{s:s, s:o}", "description", r->summary, "content", content(type, schema)));
	if (strcmp(r->method, "GET") == 0 && !r->type)
		view_set(to, "304", json_pack("{s:s}", "description", "What If-None-Match names is still what there is"));
	view_set(to, "default", json_pack("{s:s}", "$ref", "#/components/responses/refused"));
	return to;
}

static json_t *operation(const struct route *r, const char *title)
{
	json_t *to = json_object(), *parameters = json_array();

	view_set(to, "operationId", operation_id(r));
	view_set(to, "tags", json_pack("[s]", title));
	view_set(to, "summary", json_string(r->summary));
	if (r->details)
		view_set(to, "description", json_string(r->details));
	add_path_parameters(r, parameters);
	add_query_parameters(r, parameters);
	view_set(to, "parameters", parameters);
	if (r->body)
		view_set(to, "requestBody", json_pack("{s:o}", "content", content("application/json", shape_schema(r->body, false))));
	view_set(to, "responses", responses(r));
	view_set(to, "x-role", json_string(role_word(r->role)));
	view_set(to, "x-sockets", r->on & ON_AGENT ? json_pack(r->on & ON_CONTROL ? "[s, s]" : "[s]", r->on & ON_CONTROL ? "control" : "agent", "agent")
						    : json_pack("[s]", "control"));
	return to;
}

static void add_route(const struct route *r, const char *title, json_t *paths)
{
	json_t *path = json_object_get(paths, r->path);
	char method[16] = "";

	for (size_t i = 0; r->method[i] && i < sizeof(method) - 1; i++)
		method[i] = (char)tolower((unsigned char)r->method[i]);
	if (!path) {
		path = json_object();
		view_set(paths, r->path, path);
	}
	view_set(path, method, operation(r, title));
}

json_t *openapi_document(const struct routes *tables, size_t count, const char *version)
{
	json_t *paths = json_object(), *schemas = json_object(), *tags = json_array();

	shape_components(&problem_shape, schemas);
	for (size_t t = 0; t < count; t++) {
		json_array_append_new(tags, json_pack("{s:s}", "name", tables[t].title));
		for (size_t i = 0; i < tables[t].n; i++) {
			add_route(&tables[t].v[i], tables[t].title, paths);
			shape_components(tables[t].v[i].answer, schemas);
		}
	}
	return json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:o, s:{s:o, s:{s:{s:s, s:o}}}}", "openapi", "3.1.0", "info", "title", "CVF Enforcer",
			 "version", version, "description", "docs/API.md says the same in words.", "tags", tags, "paths", paths, "components",
			 "schemas", schemas, "responses", "refused", "description", "Refused or failed", "content",
			 content("application/problem+json", json_pack("{s:s}", "$ref", "#/components/schemas/problem")));
}
