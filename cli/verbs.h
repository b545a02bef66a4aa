/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs.h - everything cvfctl can do: parsing, help and completion all read this one table
 */
#ifndef CVF_CLI_VERBS_H
#define CVF_CLI_VERBS_H

#include <stdint.h>

#include "args.h"

#define VERB_DEFAULT 0x1	/* meant when its noun stands alone */
#define VERB_TAIL 0x2 /* options end at the first operand: the rest is somebody else's command line */
#define MANY 255

struct verb {
	const char *noun, *verb;	/* verb NULL: the noun says it all */
	int (*run)(const struct call *c);
	const char *words;		/* operands, as in help; NULL: none */
	uint8_t least, most;		/* how many operands */
	uint8_t flags;			/* VERB_* */
	uint64_t options, needs;	/* bits of WITH(); needs: not optional */
	const char *role;		/* who may; NULL: anybody, no daemon needed */
	const char *summary;
	const char *details;		/* NULL: the summary says it all */
};
extern const struct verb verbs[];
extern const size_t verbs_count;

const struct verb *verb_find(const char *noun, const char *verb);	/* NULL: none */
bool verb_has_noun(const char *noun);
const char *noun_summary(const char *noun);	/* NULL: not a noun with verbs of its own */

int verb_status(const struct call *c);
int verb_reload(const struct call *c);
int verb_version(const struct call *c);
int verb_counters(const struct call *c);
int verb_dashboard(const struct call *c);
int verb_probe(const struct call *c);
int verb_agent_health(const struct call *c);
int verb_alerts(const struct call *c);
int verb_alerts_ack(const struct call *c);
int verb_objectives(const struct call *c);
int verb_maintenance(const struct call *c);
int verb_maintenance_start(const struct call *c);
int verb_maintenance_end(const struct call *c);
int verb_metrics(const struct call *c);
int verb_top(const struct call *c);
int verb_why(const struct call *c);
int verb_doctor(const struct call *c);
int verb_register(const struct call *c);	/* capability register, agent register, policy apply */
int verb_list(const struct call *c);		/* capability, agent, policy */
int verb_show(const struct call *c);
int verb_state(const struct call *c);		/* capability state */
int verb_new(const struct call *c);		/* capability new */
int verb_remove(const struct call *c);
int verb_validate(const struct call *c);
int verb_attach(const struct call *c);
int verb_mode(const struct call *c);
int verb_freeze(const struct call *c);		/* agent freeze */
int verb_thaw(const struct call *c);
int verb_suggest(const struct call *c);
int verb_policy_diff(const struct call *c);
int verb_policy_replay(const struct call *c);
int verb_policy_test(const struct call *c);
int verb_policy_explain(const struct call *c);
int verb_run(const struct call *c);
int verb_approvals(const struct call *c);
int verb_approvals_show(const struct call *c);
int verb_approvals_stats(const struct call *c);
int verb_approve(const struct call *c);
int verb_deny(const struct call *c);
int verb_approvers(const struct call *c);
int verb_approver_enrol(const struct call *c);
int verb_approver_unlock(const struct call *c);
int verb_approver_remove(const struct call *c);
int verb_reviews(const struct call *c);
int verb_reviews_close(const struct call *c);
int verb_delegate(const struct call *c);
int verb_delegations(const struct call *c);
int verb_delegations_end(const struct call *c);
int verb_grants(const struct call *c);
int verb_grants_revoke(const struct call *c);
int verb_quarantine(const struct call *c);
int verb_quarantine_show(const struct call *c);
int verb_quarantine_restore(const struct call *c);
int verb_quarantine_purge(const struct call *c);
int verb_token(const struct call *c);
int verb_token_create(const struct call *c);
int verb_token_revoke(const struct call *c);
int verb_store_backup(const struct call *c);
int verb_store_check(const struct call *c);
int verb_store_restore(const struct call *c);
int verb_events(const struct call *c);
int verb_explain(const struct call *c);
int verb_audit_verify(const struct call *c);
int verb_audit_heads(const struct call *c);
int verb_audit_keys(const struct call *c);
int verb_audit_prove(const struct call *c);
int verb_audit_check_proof(const struct call *c);
int verb_audit_export(const struct call *c);
int verb_audit_match(const struct call *c);
int verb_audit_rotate_key(const struct call *c);
int verb_completion(const struct call *c);
int verb_help(const struct call *c);

#endif
