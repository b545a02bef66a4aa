/* SPDX-License-Identifier: Apache-2.0 */
/* Made by `make docs` from the tables of routes; not written by hand. */
#ifndef CVF_CLI_ROUTES_H
#define CVF_CLI_ROUTES_H

#include "url.h"

#define NAME_get_agents "GET /agents"
struct get_agents {
	const char *limit, *cursor;
};
struct url to_get_agents(const struct get_agents *query);
#define NAME_get_agents_id "GET /agents/ID"
struct url to_get_agents_id(const char *id);
#define NAME_post_agents_id_tasks "POST /agents/ID/tasks"
struct url to_post_agents_id_tasks(const char *id);
#define NAME_get_health "GET /health"
struct url to_get_health(void);
#define NAME_get_healthz "GET /healthz"
struct url to_get_healthz(void);
#define NAME_get_metrics "GET /metrics"
struct url to_get_metrics(void);
#define NAME_get_openapi_json "GET /openapi.json"
struct url to_get_openapi_json(void);
#define NAME_get_readyz "GET /readyz"
struct url to_get_readyz(void);
#define NAME_get_status "GET /status"
struct url to_get_status(void);
#define NAME_get_v1_agents "GET /v1/agents"
struct get_v1_agents {
	const char *limit, *cursor;
};
struct url to_get_v1_agents(const struct get_v1_agents *query);
#define NAME_post_v1_agents "POST /v1/agents"
struct post_v1_agents {
	const char *name, *replace;
};
struct url to_post_v1_agents(const struct post_v1_agents *query);
#define NAME_delete_v1_agents_id "DELETE /v1/agents/ID"
struct url to_delete_v1_agents_id(const char *id);
#define NAME_get_v1_agents_id "GET /v1/agents/ID"
struct url to_get_v1_agents_id(const char *id);
#define NAME_post_v1_agents_id_freeze "POST /v1/agents/ID/freeze"
struct url to_post_v1_agents_id_freeze(const char *id);
#define NAME_post_v1_agents_id_mode "POST /v1/agents/ID/mode"
struct url to_post_v1_agents_id_mode(const char *id);
#define NAME_post_v1_agents_id_sessions "POST /v1/agents/ID/sessions"
struct url to_post_v1_agents_id_sessions(const char *id);
#define NAME_get_v1_agents_id_suggestion "GET /v1/agents/ID/suggestion"
struct get_v1_agents_id_suggestion {
	const char *since, *until;
};
struct url to_get_v1_agents_id_suggestion(const char *id, const struct get_v1_agents_id_suggestion *query);
#define NAME_post_v1_agents_id_thaw "POST /v1/agents/ID/thaw"
struct url to_post_v1_agents_id_thaw(const char *id);
#define NAME_get_v1_agents_id_versions "GET /v1/agents/ID/versions"
struct get_v1_agents_id_versions {
	const char *limit, *cursor;
};
struct url to_get_v1_agents_id_versions(const char *id, const struct get_v1_agents_id_versions *query);
#define NAME_get_v1_alerts "GET /v1/alerts"
struct get_v1_alerts {
	const char *state, *limit, *cursor;
};
struct url to_get_v1_alerts(const struct get_v1_alerts *query);
#define NAME_post_v1_alerts_id_ack "POST /v1/alerts/ID/ack"
struct url to_post_v1_alerts_id_ack(const char *id);
#define NAME_get_v1_answers_link "GET /v1/answers/LINK"
struct url to_get_v1_answers_link(const char *link);
#define NAME_post_v1_answers_link "POST /v1/answers/LINK"
struct url to_post_v1_answers_link(const char *link);
#define NAME_get_v1_approvals "GET /v1/approvals"
struct get_v1_approvals {
	const char *agent, *capability, *state, *limit, *cursor;
};
struct url to_get_v1_approvals(const struct get_v1_approvals *query);
#define NAME_get_v1_approvals_stats "GET /v1/approvals/stats"
struct get_v1_approvals_stats {
	const char *since;
};
struct url to_get_v1_approvals_stats(const struct get_v1_approvals_stats *query);
#define NAME_get_v1_approvals_stream "GET /v1/approvals/stream"
struct get_v1_approvals_stream {
	const char *since, *agent, *capability, *limit, *cursor;
};
struct url to_get_v1_approvals_stream(const struct get_v1_approvals_stream *query);
#define NAME_get_v1_approvals_id "GET /v1/approvals/ID"
struct url to_get_v1_approvals_id(const char *id);
#define NAME_post_v1_approvals_id_approve "POST /v1/approvals/ID/approve"
struct url to_post_v1_approvals_id_approve(const char *id);
#define NAME_post_v1_approvals_id_deny "POST /v1/approvals/ID/deny"
struct url to_post_v1_approvals_id_deny(const char *id);
#define NAME_get_v1_approvers "GET /v1/approvers"
struct url to_get_v1_approvers(void);
#define NAME_delete_v1_approvers_name_factor "DELETE /v1/approvers/NAME/factor"
struct url to_delete_v1_approvers_name_factor(const char *name);
#define NAME_post_v1_approvers_name_factor "POST /v1/approvers/NAME/factor"
struct post_v1_approvers_name_factor {
	const char *replace;
};
struct url to_post_v1_approvers_name_factor(const char *name, const struct post_v1_approvers_name_factor *query);
#define NAME_post_v1_approvers_name_unlock "POST /v1/approvers/NAME/unlock"
struct url to_post_v1_approvers_name_unlock(const char *name);
#define NAME_get_v1_audit_consistency "GET /v1/audit/consistency"
struct get_v1_audit_consistency {
	const char *from, *to;
};
struct url to_get_v1_audit_consistency(const struct get_v1_audit_consistency *query);
#define NAME_get_v1_audit_heads "GET /v1/audit/heads"
struct get_v1_audit_heads {
	const char *after, *limit;
};
struct url to_get_v1_audit_heads(const struct get_v1_audit_heads *query);
#define NAME_get_v1_audit_keys "GET /v1/audit/keys"
struct url to_get_v1_audit_keys(void);
#define NAME_post_v1_audit_match_event "POST /v1/audit/match/EVENT"
struct url to_post_v1_audit_match_event(const char *event);
#define NAME_get_v1_audit_proof_record "GET /v1/audit/proof/RECORD"
struct url to_get_v1_audit_proof_record(const char *record);
#define NAME_post_v1_audit_rotate_key "POST /v1/audit/rotate-key"
struct url to_post_v1_audit_rotate_key(void);
#define NAME_get_v1_capabilities "GET /v1/capabilities"
struct get_v1_capabilities {
	const char *limit, *cursor;
};
struct url to_get_v1_capabilities(const struct get_v1_capabilities *query);
#define NAME_post_v1_capabilities "POST /v1/capabilities"
struct post_v1_capabilities {
	const char *name, *replace;
};
struct url to_post_v1_capabilities(const struct post_v1_capabilities *query);
#define NAME_delete_v1_capabilities_id "DELETE /v1/capabilities/ID"
struct url to_delete_v1_capabilities_id(const char *id);
#define NAME_get_v1_capabilities_id "GET /v1/capabilities/ID"
struct url to_get_v1_capabilities_id(const char *id);
#define NAME_post_v1_capabilities_id_state "POST /v1/capabilities/ID/state"
struct url to_post_v1_capabilities_id_state(const char *id);
#define NAME_get_v1_capabilities_id_versions "GET /v1/capabilities/ID/versions"
struct get_v1_capabilities_id_versions {
	const char *limit, *cursor;
};
struct url to_get_v1_capabilities_id_versions(const char *id, const struct get_v1_capabilities_id_versions *query);
#define NAME_get_v1_counters "GET /v1/counters"
struct get_v1_counters {
	const char *agent, *limit, *cursor;
};
struct url to_get_v1_counters(const struct get_v1_counters *query);
#define NAME_get_v1_dashboard "GET /v1/dashboard"
struct get_v1_dashboard {
	const char *period;
};
struct url to_get_v1_dashboard(const struct get_v1_dashboard *query);
#define NAME_get_v1_delegations "GET /v1/delegations"
struct url to_get_v1_delegations(void);
#define NAME_post_v1_delegations "POST /v1/delegations"
struct url to_post_v1_delegations(void);
#define NAME_delete_v1_delegations_id "DELETE /v1/delegations/ID"
struct url to_delete_v1_delegations_id(const char *id);
#define NAME_get_v1_events "GET /v1/events"
struct get_v1_events {
	const char *since, *until, *agent, *capability, *verdict, *kind, *order, *after, *limit, *cursor;
};
struct url to_get_v1_events(const struct get_v1_events *query);
#define NAME_get_v1_events_stream "GET /v1/events/stream"
struct get_v1_events_stream {
	const char *since, *until, *agent, *capability, *verdict, *kind, *order, *after, *limit, *cursor;
};
struct url to_get_v1_events_stream(const struct get_v1_events_stream *query);
#define NAME_get_v1_events_id "GET /v1/events/ID"
struct url to_get_v1_events_id(const char *id);
#define NAME_get_v1_events_id_explain "GET /v1/events/ID/explain"
struct url to_get_v1_events_id_explain(const char *id);
#define NAME_get_v1_executions "GET /v1/executions"
struct get_v1_executions {
	const char *agent, *limit, *cursor;
};
struct url to_get_v1_executions(const struct get_v1_executions *query);
#define NAME_post_v1_explain "POST /v1/explain"
struct url to_post_v1_explain(void);
#define NAME_get_v1_gaps "GET /v1/gaps"
struct get_v1_gaps {
	const char *limit, *cursor, *after;
};
struct url to_get_v1_gaps(const struct get_v1_gaps *query);
#define NAME_get_v1_grants "GET /v1/grants"
struct get_v1_grants {
	const char *agent, *limit, *cursor;
};
struct url to_get_v1_grants(const struct get_v1_grants *query);
#define NAME_delete_v1_grants_id "DELETE /v1/grants/ID"
struct url to_delete_v1_grants_id(const char *id);
#define NAME_get_v1_health_agents "GET /v1/health/agents"
struct get_v1_health_agents {
	const char *limit, *cursor;
};
struct url to_get_v1_health_agents(const struct get_v1_health_agents *query);
#define NAME_get_v1_health_agents_id "GET /v1/health/agents/ID"
struct url to_get_v1_health_agents_id(const char *id);
#define NAME_get_v1_maintenance "GET /v1/maintenance"
struct get_v1_maintenance {
	const char *limit, *cursor;
};
struct url to_get_v1_maintenance(const struct get_v1_maintenance *query);
#define NAME_post_v1_maintenance "POST /v1/maintenance"
struct url to_post_v1_maintenance(void);
#define NAME_post_v1_maintenance_id_end "POST /v1/maintenance/ID/end"
struct url to_post_v1_maintenance_id_end(const char *id);
#define NAME_get_v1_metrics "GET /v1/metrics"
struct get_v1_metrics {
	const char *period;
};
struct url to_get_v1_metrics(const struct get_v1_metrics *query);
#define NAME_get_v1_notices "GET /v1/notices"
struct get_v1_notices {
	const char *state;
};
struct url to_get_v1_notices(const struct get_v1_notices *query);
#define NAME_post_v1_notices_id_outcome "POST /v1/notices/ID/outcome"
struct url to_post_v1_notices_id_outcome(const char *id);
#define NAME_get_v1_objectives "GET /v1/objectives"
struct url to_get_v1_objectives(void);
#define NAME_get_v1_openapi_json "GET /v1/openapi.json"
struct url to_get_v1_openapi_json(void);
#define NAME_get_v1_policies "GET /v1/policies"
struct get_v1_policies {
	const char *limit, *cursor;
};
struct url to_get_v1_policies(const struct get_v1_policies *query);
#define NAME_post_v1_policies "POST /v1/policies"
struct post_v1_policies {
	const char *name, *replace;
};
struct url to_post_v1_policies(const struct post_v1_policies *query);
#define NAME_post_v1_policies_diff "POST /v1/policies/diff"
struct post_v1_policies_diff {
	const char *name;
};
struct url to_post_v1_policies_diff(const struct post_v1_policies_diff *query);
#define NAME_post_v1_policies_replay "POST /v1/policies/replay"
struct post_v1_policies_replay {
	const char *name, *since, *until, *agent, *capability;
};
struct url to_post_v1_policies_replay(const struct post_v1_policies_replay *query);
#define NAME_delete_v1_policies_id "DELETE /v1/policies/ID"
struct url to_delete_v1_policies_id(const char *id);
#define NAME_get_v1_policies_id "GET /v1/policies/ID"
struct url to_get_v1_policies_id(const char *id);
#define NAME_get_v1_policies_id_versions "GET /v1/policies/ID/versions"
struct get_v1_policies_id_versions {
	const char *limit, *cursor;
};
struct url to_get_v1_policies_id_versions(const char *id, const struct get_v1_policies_id_versions *query);
#define NAME_get_v1_probe "GET /v1/probe"
struct url to_get_v1_probe(void);
#define NAME_get_v1_profiles "GET /v1/profiles"
struct get_v1_profiles {
	const char *limit, *cursor;
};
struct url to_get_v1_profiles(const struct get_v1_profiles *query);
#define NAME_get_v1_profiles_id "GET /v1/profiles/ID"
struct url to_get_v1_profiles_id(const char *id);
#define NAME_get_v1_quarantine "GET /v1/quarantine"
struct get_v1_quarantine {
	const char *agent, *state, *limit, *cursor, *before;
};
struct url to_get_v1_quarantine(const struct get_v1_quarantine *query);
#define NAME_get_v1_quarantine_id "GET /v1/quarantine/ID"
struct url to_get_v1_quarantine_id(const char *id);
#define NAME_post_v1_quarantine_id_purge "POST /v1/quarantine/ID/purge"
struct url to_post_v1_quarantine_id_purge(const char *id);
#define NAME_post_v1_quarantine_id_restore "POST /v1/quarantine/ID/restore"
struct url to_post_v1_quarantine_id_restore(const char *id);
#define NAME_post_v1_reload "POST /v1/reload"
struct url to_post_v1_reload(void);
#define NAME_get_v1_reviews "GET /v1/reviews"
struct get_v1_reviews {
	const char *state;
};
struct url to_get_v1_reviews(const struct get_v1_reviews *query);
#define NAME_post_v1_reviews_id_close "POST /v1/reviews/ID/close"
struct url to_post_v1_reviews_id_close(const char *id);
#define NAME_get_v1_status "GET /v1/status"
struct url to_get_v1_status(void);
#define NAME_get_v1_store_backup "GET /v1/store/backup"
struct url to_get_v1_store_backup(void);
#define NAME_get_v1_tokens "GET /v1/tokens"
struct get_v1_tokens {
	const char *limit, *cursor;
};
struct url to_get_v1_tokens(const struct get_v1_tokens *query);
#define NAME_post_v1_tokens "POST /v1/tokens"
struct url to_post_v1_tokens(void);
#define NAME_delete_v1_tokens_id "DELETE /v1/tokens/ID"
struct url to_delete_v1_tokens_id(const char *id);
#define NAME_get_v1_why "GET /v1/why"
struct get_v1_why {
	const char *agent, *limit, *cursor;
};
struct url to_get_v1_why(const struct get_v1_why *query);

#endif
