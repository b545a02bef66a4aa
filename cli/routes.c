// SPDX-License-Identifier: Apache-2.0
/* Made by `make docs` from the tables of routes; not written by hand. */
#include "routes.h"

#include <stddef.h>

struct url to_get_agents(const struct get_agents *query)
{
	return url_make("GET", "/agents", NULL, "limit cursor", query);
}

struct url to_get_agents_id(const char *id)
{
	return url_make("GET", "/agents/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_post_agents_id_tasks(const char *id)
{
	return url_make("POST", "/agents/{id}/tasks", (const char *[]){ id }, "", NULL);
}

struct url to_get_health(void)
{
	return url_make("GET", "/health", NULL, "", NULL);
}

struct url to_get_healthz(void)
{
	return url_make("GET", "/healthz", NULL, "", NULL);
}

struct url to_get_metrics(void)
{
	return url_make("GET", "/metrics", NULL, "", NULL);
}

struct url to_get_openapi_json(void)
{
	return url_make("GET", "/openapi.json", NULL, "", NULL);
}

struct url to_get_readyz(void)
{
	return url_make("GET", "/readyz", NULL, "", NULL);
}

struct url to_get_status(void)
{
	return url_make("GET", "/status", NULL, "", NULL);
}

struct url to_get_v1_agents(const struct get_v1_agents *query)
{
	return url_make("GET", "/v1/agents", NULL, "limit cursor", query);
}

struct url to_post_v1_agents(const struct post_v1_agents *query)
{
	return url_make("POST", "/v1/agents", NULL, "name replace", query);
}

struct url to_delete_v1_agents_id(const char *id)
{
	return url_make("DELETE", "/v1/agents/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_agents_id(const char *id)
{
	return url_make("GET", "/v1/agents/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_agents_id_freeze(const char *id)
{
	return url_make("POST", "/v1/agents/{id}/freeze", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_agents_id_mode(const char *id)
{
	return url_make("POST", "/v1/agents/{id}/mode", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_agents_id_sessions(const char *id)
{
	return url_make("POST", "/v1/agents/{id}/sessions", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_agents_id_suggestion(const char *id, const struct get_v1_agents_id_suggestion *query)
{
	return url_make("GET", "/v1/agents/{id}/suggestion", (const char *[]){ id }, "since until", query);
}

struct url to_post_v1_agents_id_thaw(const char *id)
{
	return url_make("POST", "/v1/agents/{id}/thaw", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_agents_id_versions(const char *id, const struct get_v1_agents_id_versions *query)
{
	return url_make("GET", "/v1/agents/{id}/versions", (const char *[]){ id }, "limit cursor", query);
}

struct url to_get_v1_alerts(const struct get_v1_alerts *query)
{
	return url_make("GET", "/v1/alerts", NULL, "state limit cursor", query);
}

struct url to_post_v1_alerts_id_ack(const char *id)
{
	return url_make("POST", "/v1/alerts/{id}/ack", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_answers_link(const char *link)
{
	return url_make("GET", "/v1/answers/{link}", (const char *[]){ link }, "", NULL);
}

struct url to_post_v1_answers_link(const char *link)
{
	return url_make("POST", "/v1/answers/{link}", (const char *[]){ link }, "", NULL);
}

struct url to_get_v1_approvals(const struct get_v1_approvals *query)
{
	return url_make("GET", "/v1/approvals", NULL, "agent capability state limit cursor", query);
}

struct url to_get_v1_approvals_stats(const struct get_v1_approvals_stats *query)
{
	return url_make("GET", "/v1/approvals/stats", NULL, "since", query);
}

struct url to_get_v1_approvals_stream(const struct get_v1_approvals_stream *query)
{
	return url_make("GET", "/v1/approvals/stream", NULL, "since agent capability limit cursor", query);
}

struct url to_get_v1_approvals_id(const char *id)
{
	return url_make("GET", "/v1/approvals/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_approvals_id_approve(const char *id)
{
	return url_make("POST", "/v1/approvals/{id}/approve", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_approvals_id_deny(const char *id)
{
	return url_make("POST", "/v1/approvals/{id}/deny", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_approvers(void)
{
	return url_make("GET", "/v1/approvers", NULL, "", NULL);
}

struct url to_delete_v1_approvers_name_factor(const char *name)
{
	return url_make("DELETE", "/v1/approvers/{name}/factor", (const char *[]){ name }, "", NULL);
}

struct url to_post_v1_approvers_name_factor(const char *name, const struct post_v1_approvers_name_factor *query)
{
	return url_make("POST", "/v1/approvers/{name}/factor", (const char *[]){ name }, "replace", query);
}

struct url to_post_v1_approvers_name_unlock(const char *name)
{
	return url_make("POST", "/v1/approvers/{name}/unlock", (const char *[]){ name }, "", NULL);
}

struct url to_get_v1_audit_consistency(const struct get_v1_audit_consistency *query)
{
	return url_make("GET", "/v1/audit/consistency", NULL, "from to", query);
}

struct url to_get_v1_audit_heads(const struct get_v1_audit_heads *query)
{
	return url_make("GET", "/v1/audit/heads", NULL, "after limit", query);
}

struct url to_get_v1_audit_keys(void)
{
	return url_make("GET", "/v1/audit/keys", NULL, "", NULL);
}

struct url to_post_v1_audit_match_event(const char *event)
{
	return url_make("POST", "/v1/audit/match/{event}", (const char *[]){ event }, "", NULL);
}

struct url to_get_v1_audit_proof_record(const char *record)
{
	return url_make("GET", "/v1/audit/proof/{record}", (const char *[]){ record }, "", NULL);
}

struct url to_post_v1_audit_rotate_key(void)
{
	return url_make("POST", "/v1/audit/rotate-key", NULL, "", NULL);
}

struct url to_get_v1_capabilities(const struct get_v1_capabilities *query)
{
	return url_make("GET", "/v1/capabilities", NULL, "limit cursor", query);
}

struct url to_post_v1_capabilities(const struct post_v1_capabilities *query)
{
	return url_make("POST", "/v1/capabilities", NULL, "name replace", query);
}

struct url to_delete_v1_capabilities_id(const char *id)
{
	return url_make("DELETE", "/v1/capabilities/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_capabilities_id(const char *id)
{
	return url_make("GET", "/v1/capabilities/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_capabilities_id_state(const char *id)
{
	return url_make("POST", "/v1/capabilities/{id}/state", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_capabilities_id_versions(const char *id, const struct get_v1_capabilities_id_versions *query)
{
	return url_make("GET", "/v1/capabilities/{id}/versions", (const char *[]){ id }, "limit cursor", query);
}

struct url to_get_v1_counters(const struct get_v1_counters *query)
{
	return url_make("GET", "/v1/counters", NULL, "agent limit cursor", query);
}

struct url to_get_v1_dashboard(const struct get_v1_dashboard *query)
{
	return url_make("GET", "/v1/dashboard", NULL, "period", query);
}

struct url to_get_v1_delegations(void)
{
	return url_make("GET", "/v1/delegations", NULL, "", NULL);
}

struct url to_post_v1_delegations(void)
{
	return url_make("POST", "/v1/delegations", NULL, "", NULL);
}

struct url to_delete_v1_delegations_id(const char *id)
{
	return url_make("DELETE", "/v1/delegations/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_events(const struct get_v1_events *query)
{
	return url_make("GET", "/v1/events", NULL, "since until agent capability verdict kind order after limit cursor", query);
}

struct url to_get_v1_events_stream(const struct get_v1_events_stream *query)
{
	return url_make("GET", "/v1/events/stream", NULL, "since until agent capability verdict kind order after limit cursor", query);
}

struct url to_get_v1_events_id(const char *id)
{
	return url_make("GET", "/v1/events/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_events_id_explain(const char *id)
{
	return url_make("GET", "/v1/events/{id}/explain", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_executions(const struct get_v1_executions *query)
{
	return url_make("GET", "/v1/executions", NULL, "agent limit cursor", query);
}

struct url to_post_v1_explain(void)
{
	return url_make("POST", "/v1/explain", NULL, "", NULL);
}

struct url to_get_v1_gaps(const struct get_v1_gaps *query)
{
	return url_make("GET", "/v1/gaps", NULL, "limit cursor after", query);
}

struct url to_get_v1_grants(const struct get_v1_grants *query)
{
	return url_make("GET", "/v1/grants", NULL, "agent limit cursor", query);
}

struct url to_delete_v1_grants_id(const char *id)
{
	return url_make("DELETE", "/v1/grants/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_health_agents(const struct get_v1_health_agents *query)
{
	return url_make("GET", "/v1/health/agents", NULL, "limit cursor", query);
}

struct url to_get_v1_health_agents_id(const char *id)
{
	return url_make("GET", "/v1/health/agents/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_maintenance(const struct get_v1_maintenance *query)
{
	return url_make("GET", "/v1/maintenance", NULL, "limit cursor", query);
}

struct url to_post_v1_maintenance(void)
{
	return url_make("POST", "/v1/maintenance", NULL, "", NULL);
}

struct url to_post_v1_maintenance_id_end(const char *id)
{
	return url_make("POST", "/v1/maintenance/{id}/end", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_metrics(const struct get_v1_metrics *query)
{
	return url_make("GET", "/v1/metrics", NULL, "period", query);
}

struct url to_get_v1_notices(const struct get_v1_notices *query)
{
	return url_make("GET", "/v1/notices", NULL, "state", query);
}

struct url to_post_v1_notices_id_outcome(const char *id)
{
	return url_make("POST", "/v1/notices/{id}/outcome", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_objectives(void)
{
	return url_make("GET", "/v1/objectives", NULL, "", NULL);
}

struct url to_get_v1_openapi_json(void)
{
	return url_make("GET", "/v1/openapi.json", NULL, "", NULL);
}

struct url to_get_v1_policies(const struct get_v1_policies *query)
{
	return url_make("GET", "/v1/policies", NULL, "limit cursor", query);
}

struct url to_post_v1_policies(const struct post_v1_policies *query)
{
	return url_make("POST", "/v1/policies", NULL, "name replace", query);
}

struct url to_post_v1_policies_diff(const struct post_v1_policies_diff *query)
{
	return url_make("POST", "/v1/policies/diff", NULL, "name", query);
}

struct url to_post_v1_policies_replay(const struct post_v1_policies_replay *query)
{
	return url_make("POST", "/v1/policies/replay", NULL, "name since until agent capability", query);
}

struct url to_delete_v1_policies_id(const char *id)
{
	return url_make("DELETE", "/v1/policies/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_policies_id(const char *id)
{
	return url_make("GET", "/v1/policies/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_policies_id_versions(const char *id, const struct get_v1_policies_id_versions *query)
{
	return url_make("GET", "/v1/policies/{id}/versions", (const char *[]){ id }, "limit cursor", query);
}

struct url to_get_v1_probe(void)
{
	return url_make("GET", "/v1/probe", NULL, "", NULL);
}

struct url to_get_v1_profiles(const struct get_v1_profiles *query)
{
	return url_make("GET", "/v1/profiles", NULL, "limit cursor", query);
}

struct url to_get_v1_profiles_id(const char *id)
{
	return url_make("GET", "/v1/profiles/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_quarantine(const struct get_v1_quarantine *query)
{
	return url_make("GET", "/v1/quarantine", NULL, "agent state limit cursor before", query);
}

struct url to_get_v1_quarantine_id(const char *id)
{
	return url_make("GET", "/v1/quarantine/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_quarantine_id_purge(const char *id)
{
	return url_make("POST", "/v1/quarantine/{id}/purge", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_quarantine_id_restore(const char *id)
{
	return url_make("POST", "/v1/quarantine/{id}/restore", (const char *[]){ id }, "", NULL);
}

struct url to_post_v1_reload(void)
{
	return url_make("POST", "/v1/reload", NULL, "", NULL);
}

struct url to_get_v1_reviews(const struct get_v1_reviews *query)
{
	return url_make("GET", "/v1/reviews", NULL, "state", query);
}

struct url to_post_v1_reviews_id_close(const char *id)
{
	return url_make("POST", "/v1/reviews/{id}/close", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_status(void)
{
	return url_make("GET", "/v1/status", NULL, "", NULL);
}

struct url to_get_v1_store_backup(void)
{
	return url_make("GET", "/v1/store/backup", NULL, "", NULL);
}

struct url to_get_v1_tokens(const struct get_v1_tokens *query)
{
	return url_make("GET", "/v1/tokens", NULL, "limit cursor", query);
}

struct url to_post_v1_tokens(void)
{
	return url_make("POST", "/v1/tokens", NULL, "", NULL);
}

struct url to_delete_v1_tokens_id(const char *id)
{
	return url_make("DELETE", "/v1/tokens/{id}", (const char *[]){ id }, "", NULL);
}

struct url to_get_v1_why(const struct get_v1_why *query)
{
	return url_make("GET", "/v1/why", NULL, "agent limit cursor", query);
}
