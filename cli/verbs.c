// SPDX-License-Identifier: Apache-2.0
#include "verbs.h"

#include <string.h>

#define EVENT_FILTERS \
	(WITH(SINCE) | WITH(AGENT) | WITH(CAPABILITY) | WITH(VERDICT) | WITH(LIMIT) | WITH(FOLLOW))

#define ANSWER_ALL (WITH(ALL) | WITH(AGENT) | WITH(CAPABILITY) | WITH(RISK) | WITH(UNTIL) | WITH(YES))

const struct verb verbs[] = {
	{ .noun = "status", .run = verb_status, .role = "viewer",
	  .summary = "is anything enforced, how, and since which generation" },
	{ .noun = "doctor", .run = verb_doctor,
	  .summary = "check what this host needs, and say how to put it right",
	  .details = "Works without the daemon. Exit status 1 if a check fails." },
	{ .noun = "reload", .run = verb_reload, .role = "admin",
	  .summary = "read all declarations again and put them in force together",
	  .details = "If anything in them is wrong, nothing changes and every mistake is named." },
	{ .noun = "version", .run = verb_version,
	  .summary = "versions of this program and of the daemon" },

	{ .noun = "capability", .verb = "register", .run = verb_register, .words = "FILE", .least = 1,
	  .most = 1, .options = WITH(REPLACE), .role = "admin",
	  .summary = "register the capabilities of a file ('-': standard input)" },
	{ .noun = "capability", .verb = "validate", .run = verb_validate, .words = "FILE", .least = 1,
	  .most = 1, .options = WITH(ETC) | WITH(SHARE) | WITH(STRICT),
	  .summary = "check a file without registering it; needs no daemon" },
	{ .noun = "capability", .verb = "list", .run = verb_list, .role = "viewer",
	  .summary = "list what is registered" },
	{ .noun = "capability", .verb = "show", .run = verb_show, .words = "ID", .least = 1, .most = 1,
	  .options = WITH(VERSIONS), .role = "viewer",
	  .summary = "show one in full" },
	{ .noun = "capability", .verb = "new", .run = verb_new, .words = "read|write|delete|exec|net ID PATTERN...",
	  .least = 3, .most = MANY, .options = WITH(IRREVERSIBLE) | WITH(UNDO) | WITH(SHARE),
	  .summary = "print a declaration to start from; needs no daemon",
	  .details = "PATTERN: paths for read, write and delete; a program and its arguments for exec; ADDRESS[:PORTS] "
		     "for net.\n"
		     "The risk follows from the kind. What begins with a dash stands behind --." },
	{ .noun = "capability", .verb = "state", .run = verb_state, .words = "ID ACTIVE|DEPRECATED|RETIRED",
	  .least = 2, .most = 2, .options = WITH(NOTE), .role = "admin",
	  .summary = "put a proposed one in force, deprecate one, or retire it",
	  .details = "What is retired still covers what it covered, and refuses it." },
	{ .noun = "capability", .verb = "remove", .run = verb_remove, .words = "ID", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "remove one" },

	{ .noun = "agent", .verb = "register", .run = verb_register, .words = "FILE", .least = 1, .most = 1,
	  .options = WITH(REPLACE), .role = "admin",
	  .summary = "register the agents of a file ('-': standard input)" },
	{ .noun = "agent", .verb = "validate", .run = verb_validate, .words = "FILE", .least = 1, .most = 1,
	  .options = WITH(ETC) | WITH(SHARE) | WITH(STRICT),
	  .summary = "check a file without registering it; needs no daemon" },
	{ .noun = "agent", .verb = "list", .run = verb_list, .role = "viewer",
	  .summary = "list what is registered" },
	{ .noun = "agent", .verb = "show", .run = verb_show, .words = "ID", .least = 1, .most = 1,
	  .options = WITH(VERSIONS), .role = "viewer",
	  .summary = "show one in full" },
	{ .noun = "agent", .verb = "remove", .run = verb_remove, .words = "ID", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "remove one" },
	{ .noun = "agent", .verb = "attach", .run = verb_attach, .words = "ID", .least = 1, .most = 1,
	  .options = WITH(PID), .needs = WITH(PID), .role = "operator",
	  .summary = "enrol a running process, and what it starts from now on, as a session of the agent" },
	{ .noun = "agent", .verb = "mode", .run = verb_mode, .words = "ID enforce|observe|learn",
	  .least = 2, .most = 2, .role = "admin",
	  .summary = "enforce, only record what would be refused, or learn what it does" },
	{ .noun = "agent", .verb = "freeze", .run = verb_freeze, .words = "ID", .least = 1, .most = 1,
	  .options = WITH(NOTE), .role = "operator",
	  .summary = "stop every process of an agent until it is thawed",
	  .details = "Nothing is killed; what waits for an answer goes on waiting. It lasts over reloads and restarts." },
	{ .noun = "agent", .verb = "thaw", .run = verb_thaw, .words = "ID", .least = 1, .most = 1,
	  .options = WITH(NOTE), .role = "operator",
	  .summary = "let the processes of a frozen agent go on" },
	{ .noun = "agent", .verb = "health", .run = verb_agent_health, .words = "[ID]", .most = 1, .role = "viewer",
	  .summary = "how each agent, or one, has fared in the last hour, and why it is said so" },
	{ .noun = "agent", .verb = "suggest", .run = verb_suggest, .words = "ID", .least = 1, .most = 1,
	  .options = WITH(SINCE) | WITH(POLICY), .role = "viewer",
	  .summary = "the least declaration that covers what an agent was seen doing",
	  .details = "Let it work in the mode learn first. The declaration goes to standard output, what is to be said about "
		     "it to standard error." },

	{ .noun = "profile", .verb = "validate", .run = verb_validate, .words = "FILE", .least = 1, .most = 1,
	  .options = WITH(ETC) | WITH(SHARE) | WITH(STRICT),
	  .summary = "check a file before it goes to profiles.d; needs no daemon" },
	{ .noun = "profile", .verb = "list", .run = verb_list, .role = "viewer",
	  .summary = "list what agents can be given" },
	{ .noun = "profile", .verb = "show", .run = verb_show, .words = "ID", .least = 1, .most = 1,
	  .role = "viewer",
	  .summary = "show one in full" },

	{ .noun = "policy", .verb = "apply", .run = verb_register, .words = "FILE", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "put the policies of a file in force ('-': standard input)",
	  .details = "A policy of the same id is replaced." },
	{ .noun = "policy", .verb = "validate", .run = verb_validate, .words = "FILE", .least = 1,
	  .most = 1, .options = WITH(ETC) | WITH(SHARE) | WITH(STRICT),
	  .summary = "check a file without putting it in force; needs no daemon" },
	{ .noun = "policy", .verb = "list", .run = verb_list, .role = "viewer",
	  .summary = "list what is in force" },
	{ .noun = "policy", .verb = "show", .run = verb_show, .words = "ID", .least = 1, .most = 1,
	  .options = WITH(VERSIONS), .role = "viewer",
	  .summary = "show one in full" },
	{ .noun = "policy", .verb = "remove", .run = verb_remove, .words = "ID", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "remove one" },
	{ .noun = "policy", .verb = "diff", .run = verb_policy_diff, .words = "[FILE]", .most = 1,
	  .options = WITH(OFFLINE) | WITH(ETC) | WITH(SHARE), .role = "viewer",
	  .summary = "what would change: declarations, and decisions over representative operations",
	  .details = "FILE holds policies, agents or capabilities, compared with what is in force. Without it: what a "
		     "reload would change." },
	{ .noun = "policy", .verb = "replay", .run = verb_policy_replay, .words = "[FILE]", .most = 1,
	  .options = WITH(SINCE) | WITH(AGENT), .needs = WITH(SINCE), .role = "viewer",
	  .summary = "what recorded operations would have come to, and which rules decided none",
	  .details = "FILE holds policies, agents or capabilities that take the place of those in force. Without it: what "
		     "is on disk." },
	{ .noun = "policy", .verb = "test", .run = verb_policy_test, .words = "FILE...", .least = 1, .most = MANY,
	  .options = WITH(DECLARATIONS) | WITH(ETC) | WITH(SHARE),
	  .summary = "run scenarios: operations and what they must come to; needs no daemon",
	  .details = "FILE is of the schema cvf.test/v1. Exit status 1 if one comes to something else." },
	{ .noun = "policy", .verb = "explain", .run = verb_policy_explain, .words = "OPERATION...",
	  .least = 1, .most = MANY, .flags = VERB_TAIL,
	  .options = WITH(AGENT) | WITH(OFFLINE) | WITH(ETC) | WITH(SHARE), .needs = WITH(AGENT),
	  .role = "viewer",
	  .summary = "what an operation of an agent would come to, and why",
	  .details = "OPERATION: exec PATH [ARG...]; read, write, create, delete or rename PATH; connect "
		     "HOST:PORT." },

	{ .noun = "run", .run = verb_run, .words = "COMMAND...", .least = 1, .most = MANY,
	  .flags = VERB_TAIL, .options = WITH(AGENT) | WITH(SKILL) | WITH(VERBOSE), .needs = WITH(AGENT),
	  .role = "operator",
	  .summary = "run a command as a session of an agent",
	  .details = "The exit status is the command's: 126 if it cannot be run, 127 if it is not found, "
		     "the same signal if a signal\n"
		     "killed it. The command is not run when the daemon cannot be reached. While an "
		     "operation of it waits for an\n"
		     "approver, the shell sees nothing but a command that is still running: Ctrl-C and "
		     "Ctrl-Z work as usual." },

	{ .noun = "approvals", .verb = "list", .run = verb_approvals, .flags = VERB_DEFAULT,
	  .options = WITH(AGENT) | WITH(ALL) | WITH(CAPABILITY) | WITH(WATCH) | WITH(LIMIT), .role = "viewer",
	  .summary = "list the operations that wait for an answer, by risk and age" },
	{ .noun = "approvals", .verb = "show", .run = verb_approvals_show, .words = "HOLD", .least = 1,
	  .most = 1, .role = "viewer",
	  .summary = "everything an approver should know about one" },
	{ .noun = "approvals", .verb = "stats", .run = verb_approvals_stats, .options = WITH(SINCE), .role = "admin",
	  .summary = "how much people are asked, and how long they look at it before they answer",
	  .details = "Without --since: the last seven days. QUICK is the share of the answers that took less than two "
		     "seconds." },
	{ .noun = "approve", .run = verb_approve, .words = "HOLD", .most = 1,
	  .options = WITH(SCOPE) | WITH(PATTERN) | WITH(FOR) | WITH(USES) | WITH(NOTE) | WITH(OTP) | WITH(DIGEST) |
		     WITH(BREAK_GLASS) | WITH(REASON) | ANSWER_ALL,
	  .role = "approver",
	  .summary = "let a held operation go on",
	  .details = "With --scope session or agent the answer stays as a grant, for as long as --for "
		     "and as often as --uses say; with\n--pattern for whatever matches. With --all, instead of a HOLD, "
		     "everything that waits and that --agent, --capability\nand --risk choose: shown only, unless --yes is "
		     "there. What is CRITICAL or needs several people is answered one by one.\nWhat is CRITICAL needs a "
		     "code of the approver's second factor: --otp, or the terminal asks." },
	{ .noun = "deny", .run = verb_deny, .words = "HOLD", .most = 1, .options = WITH(NOTE) | WITH(DIGEST) | ANSWER_ALL,
	  .role = "approver",
	  .summary = "refuse a held operation",
	  .details = "With --all, instead of a HOLD, everything that waits and that --agent, --capability and --risk "
		     "choose: shown only,\nunless --yes is there." },
	{ .noun = "approver", .verb = "list", .run = verb_approvers, .flags = VERB_DEFAULT, .role = "admin",
	  .summary = "list who may approve by cvfd.json, and who has a second factor" },
	{ .noun = "approver", .verb = "enrol", .run = verb_approver_enrol, .words = "USER", .least = 1, .most = 1,
	  .options = WITH(REPLACE), .role = "admin",
	  .summary = "make a second factor of a user, and show its secret once",
	  .details = "The URI goes to standard output and into the authenticator of this person; it is never shown again." },
	{ .noun = "approver", .verb = "unlock", .run = verb_approver_unlock, .words = "USER", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "forget the wrong codes that locked a second factor" },
	{ .noun = "approver", .verb = "remove", .run = verb_approver_remove, .words = "USER", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "remove the second factor of a user" },
	{ .noun = "reviews", .verb = "list", .run = verb_reviews, .flags = VERB_DEFAULT, .options = WITH(ALL), .role = "viewer",
	  .summary = "list the approvals that broke the glass and that nobody else has looked at",
	  .details = "With --all: those that are closed, too." },
	{ .noun = "reviews", .verb = "close", .run = verb_reviews_close, .words = "REVIEW", .least = 1, .most = 1,
	  .options = WITH(NOTE), .needs = WITH(NOTE), .role = "approver",
	  .summary = "close one: by somebody else than who broke the glass, with a --note" },
	{ .noun = "delegate", .run = verb_delegate, .words = "USER", .least = 1, .most = 1, .options = WITH(FOR) | WITH(NOTE),
	  .needs = WITH(FOR), .role = "approver",
	  .summary = "lend a user one's roles of an approver for a while" },
	{ .noun = "delegations", .verb = "list", .run = verb_delegations, .flags = VERB_DEFAULT, .role = "viewer",
	  .summary = "list who lent whom the roles of an approver, and until when" },
	{ .noun = "delegations", .verb = "end", .run = verb_delegations_end, .words = "ID", .least = 1, .most = 1,
	  .role = "approver",
	  .summary = "end one's own before its time; an administrator any" },
	{ .noun = "grants", .verb = "list", .run = verb_grants, .flags = VERB_DEFAULT,
	  .options = WITH(AGENT), .role = "viewer",
	  .summary = "list the grants that earlier approvals left" },
	{ .noun = "grants", .verb = "revoke", .run = verb_grants_revoke, .words = "ID...", .most = MANY,
	  .options = WITH(AGENT) | WITH(ALL), .role = "approver",
	  .summary = "take grants back",
	  .details = "With --all, instead of IDs, every grant there is, or every one of an --agent." },

	{ .noun = "token", .verb = "list", .run = verb_token, .flags = VERB_DEFAULT, .role = "admin",
	  .summary = "list the tokens for the API on TCP, the newest first" },
	{ .noun = "token", .verb = "create", .run = verb_token_create, .words = "NAME ROLE...", .least = 2, .most = MANY,
	  .options = WITH(FOR) | WITH(ROUTE), .role = "admin",
	  .summary = "make a token and print it, once",
	  .details = "ROLE: viewer, operator, approver, admin; api.token_roles of cvfd.json says which of them it may have." },
	{ .noun = "token", .verb = "revoke", .run = verb_token_revoke, .words = "ID", .least = 1, .most = 1, .role = "admin",
	  .summary = "revoke a token" },

	{ .noun = "quarantine", .verb = "list", .run = verb_quarantine, .flags = VERB_DEFAULT,
	  .options = WITH(AGENT) | WITH(ALL) | WITH(LIMIT), .role = "viewer",
	  .summary = "list what agents deleted or replaced and is kept, the newest first",
	  .details = "With --all: what was put back or removed, too." },
	{ .noun = "quarantine", .verb = "show", .run = verb_quarantine_show, .words = "ITEM", .least = 1, .most = 1,
	  .role = "viewer",
	  .summary = "what one was, whose, who deleted it, and until when it is kept" },
	{ .noun = "quarantine", .verb = "restore", .run = verb_quarantine_restore, .words = "ITEM", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "put one back where it was, with owner, mode, times and attributes",
	  .details = "Nothing is replaced: if something has its name now, it stays kept." },
	{ .noun = "quarantine", .verb = "purge", .run = verb_quarantine_purge, .words = "[ITEM]", .most = 1,
	  .options = WITH(AGENT) | WITH(OLDER_THAN) | WITH(YES), .role = "admin",
	  .summary = "remove one for good",
	  .details = "With --older-than, instead of an ITEM, everything that is kept for so long, of --agent or of all: "
		     "shown only,\nunless --yes is there." },

	{ .noun = "events", .run = verb_events, .options = EVENT_FILTERS, .role = "viewer",
	  .summary = "what agents did and what came of it",
	  .details = "Without --since and --limit: the newest 50. With --json: one event on each line." },
	{ .noun = "explain", .run = verb_explain, .words = "EVENT", .least = 1, .most = 1, .role = "viewer",
	  .summary = "which rule and which generation decided an event, and what was compared" },
	{ .noun = "why", .run = verb_why, .options = WITH(AGENT) | WITH(LIMIT),
	  .role = "the agent itself, or viewer",
	  .summary = "for an agent: its own last denials and holds, with reasons" },
	{ .noun = "audit", .verb = "verify", .run = verb_audit_verify, .options = WITH(STORE) | WITH(KEY) | WITH(HEADS),
	  .summary = "is the audit trail what was written: chain, signed heads, keys, numbers of the kernel",
	  .details = "Reads the database, with or without the daemon, or a copy of it. Exit status 1 names each entry that was "
		     "changed, deleted,\nmoved or cut off. Keep the key of cvfctl audit keys elsewhere, and give it with --key." },
	{ .noun = "audit", .verb = "head", .run = verb_audit_heads, .options = WITH(STORE) | WITH(LIMIT),
	  .summary = "the head that was signed last; needs no daemon" },
	{ .noun = "audit", .verb = "heads", .run = verb_audit_heads, .options = WITH(STORE) | WITH(LIMIT),
	  .summary = "list the signed heads; needs no daemon" },
	{ .noun = "audit", .verb = "keys", .run = verb_audit_keys, .options = WITH(STORE),
	  .summary = "list the public keys that sign heads, and which vouched for which; needs no daemon" },
	{ .noun = "audit", .verb = "export", .run = verb_audit_export,
	  .options = WITH(STORE) | WITH(SINCE) | WITH(UNTIL) | WITH(FORMAT),
	  .summary = "print the trail, one JSON object on each line; needs no daemon",
	  .details = "The shape is that of the Open Cybersecurity Schema Framework. What it has no place for is in unmapped.cvf." },
	{ .noun = "audit", .verb = "prove", .run = verb_audit_prove, .words = "[RECORD]", .most = 1,
	  .options = WITH(STORE) | WITH(FROM) | WITH(TO),
	  .summary = "print the proof that an entry is in the trail, or that one head continues another; needs no daemon",
	  .details = "RECORD is the id of an event or act, or its position. With --from, instead of a RECORD: between two heads." },
	{ .noun = "audit", .verb = "check-proof", .run = verb_audit_check_proof, .words = "FILE", .least = 1, .most = 1,
	  .options = WITH(KEY),
	  .summary = "check such a proof with the public key alone; needs neither daemon nor store" },
	{ .noun = "audit", .verb = "match", .run = verb_audit_match, .words = "EVENT FILE", .least = 2, .most = 2, .role = "admin",
	  .summary = "were these the arguments of an event, before secrets in them were hidden",
	  .details = "FILE ('-': standard input) holds the arguments as /proc/PID/cmdline does, with a NUL after each. Exit status 1: "
		     "they were others." },
	{ .noun = "audit", .verb = "rotate-key", .run = verb_audit_rotate_key, .role = "admin",
	  .summary = "sign with a new key from now on; the old one vouches for it in the trail" },
	{ .noun = "counters", .run = verb_counters, .options = WITH(AGENT), .role = "viewer",
	  .summary = "how often each operation of each agent was allowed, denied and held" },
	{ .noun = "dashboard", .run = verb_dashboard, .options = WITH(PERIOD), .role = "viewer",
	  .summary = "how agents fared: executions, risks, approvals, quality",
	  .details = "Rates are in percent, '-' (null in JSON) where there is nothing to divide by. What each number counts: "
		     "cvfctl(1)." },
	{ .noun = "probe", .run = verb_probe, .role = "viewer",
	  .summary = "try everything that enforcement needs: one line of JSON, for monitors",
	  .details = "Exit status 0 if an operation that must be refused was refused, holds can be answered and the store was "
		     "written;\n1 if not; 4 if the daemon does not answer." },
	{ .noun = "metrics", .run = verb_metrics, .options = WITH(PERIOD), .role = "viewer",
	  .summary = "executions and their times by agent, capability and skill" },
	{ .noun = "top", .run = verb_top, .options = WITH(ONCE) | WITH(EVERY), .role = "viewer",
	  .summary = "what agents do now: rates, what waits for an answer, what was refused",
	  .details = "On a terminal it goes on until q or Ctrl-C; elsewhere it prints one view after the other, with --json one "
		     "document a line." },
	{ .noun = "alerts", .verb = "list", .run = verb_alerts, .flags = VERB_DEFAULT, .options = WITH(ALL), .role = "viewer",
	  .summary = "what somebody should look at, and why" },
	{ .noun = "alerts", .verb = "ack", .run = verb_alerts_ack, .words = "ALERT", .least = 1, .most = 1, .options = WITH(NOTE),
	  .role = "operator",
	  .summary = "say that you have seen one" },
	{ .noun = "objectives", .run = verb_objectives, .role = "viewer",
	  .summary = "is what was promised kept: share, error budget, burn rate",
	  .details = "What is promised stands in cvfd.json(5). 'no-data' is not 'met'." },
	{ .noun = "maintenance", .verb = "list", .run = verb_maintenance, .flags = VERB_DEFAULT, .role = "viewer",
	  .summary = "times that objectives leave out" },
	{ .noun = "maintenance", .verb = "start", .run = verb_maintenance_start, .options = WITH(FOR) | WITH(NOTE),
	  .needs = WITH(FOR) | WITH(NOTE), .role = "admin",
	  .summary = "declare maintenance from now on; never for the past" },
	{ .noun = "maintenance", .verb = "end", .run = verb_maintenance_end, .words = "ID", .least = 1, .most = 1, .role = "admin",
	  .summary = "end one early" },

	{ .noun = "store", .verb = "backup", .run = verb_store_backup, .words = "FILE", .least = 1, .most = 1,
	  .role = "admin",
	  .summary = "copy the whole store to a new file, while it is used",
	  .details = "FILE has mode 0600 and is yours." },
	{ .noun = "store", .verb = "check", .run = verb_store_check, .words = "[FILE]", .most = 1, .options = WITH(STATE),
	  .summary = "read all of the store, or of a backup, and say whether it is sound; needs no daemon",
	  .details = "The store itself may be in use. Only root and the user cvf can read it." },
	{ .noun = "store", .verb = "restore", .run = verb_store_restore, .words = "FILE", .least = 1, .most = 1,
	  .options = WITH(STATE),
	  .summary = "put a backup in the place of the store; cvfd-govern must be stopped",
	  .details = "FILE is checked first. What was there is kept beside it, and every grant ends." },

	{ .noun = "completion", .run = verb_completion, .words = "bash|zsh|fish", .least = 1, .most = 1,
	  .summary = "print a completion script" },
	{ .noun = "help", .run = verb_help, .words = "[COMMAND]", .most = 2,
	  .summary = "print help" },
};
const size_t verbs_count = ARRAY_SIZE(verbs);

static const struct {
	const char *noun, *summary;
} nouns[] = {
	{ "capability", "kinds of effect that agents may be granted" },
	{ "agent", "registered agents and their sessions" },
	{ "profile", "what agents of a kind have in common" },
	{ "policy", "rules on top of what the risk asks for" },
	{ "approvals", "operations that wait for an answer" },
	{ "approver", "who may approve, and their second factors" },
	{ "reviews", "approvals that broke the glass" },
	{ "delegations", "roles of approvers that are lent for a while" },
	{ "grants", "permissions that earlier approvals left" },
	{ "audit", "the audit trail: is it whole, and who signed it" },
	{ "alerts", "what somebody should look at" },
	{ "maintenance", "times that objectives leave out" },
	{ "quarantine", "what agents deleted or replaced, kept for a while" },
	{ "token", "what opens the API on TCP" },
	{ "store", "the file with everything that was recorded and decided" },
};

const struct verb *verb_find(const char *noun, const char *verb)
{
	for (size_t i = 0; i < verbs_count; i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(v->noun, noun) != 0)
			continue;
		if (verb ? v->verb && strcmp(v->verb, verb) == 0 : !v->verb || v->flags & VERB_DEFAULT)
			return v;
	}
	return NULL;
}

bool verb_has_noun(const char *noun)
{
	for (size_t i = 0; i < verbs_count; i++)
		if (strcmp(verbs[i].noun, noun) == 0)
			return true;
	return false;
}

const char *noun_summary(const char *noun)
{
	for (size_t i = 0; i < ARRAY_SIZE(nouns); i++)
		if (strcmp(nouns[i].noun, noun) == 0)
			return nouns[i].summary;
	return NULL;
}
