// SPDX-License-Identifier: Apache-2.0
#include "verbs.h"

#include <string.h>

#define EVENT_FILTERS (WITH(SINCE) | WITH(AGENT) | WITH(CAPABILITY) | WITH(VERDICT) | WITH(LIMIT) | WITH(FOLLOW))

const struct verb verbs[] = {
	{ "status", NULL, verb_status, "", 0, 0, 0, 0, 0, "viewer",
	  "is anything enforced, how, and since which generation", NULL },
	{ "doctor", NULL, verb_doctor, "", 0, 0, 0, 0, 0, NULL,
	  "check what this host needs, and say how to put it right",
	  "Works without the daemon. Exit status 1 if a check fails." },
	{ "reload", NULL, verb_reload, "", 0, 0, 0, 0, 0, "admin",
	  "read all declarations again and put them in force together",
	  "If anything in them is wrong, nothing changes and every mistake is named." },
	{ "version", NULL, verb_version, "", 0, 0, 0, 0, 0, NULL, "versions of this program and of the daemon", NULL },

	{ "capability", "register", verb_register, "FILE", 1, 1, 0, WITH(REPLACE), 0, "admin",
	  "register the capabilities of a file ('-': standard input)", NULL },
	{ "capability", "validate", verb_validate, "FILE", 1, 1, 0, WITH(SHARE), 0, NULL,
	  "check a file without registering it; needs no daemon", NULL },
	{ "capability", "list", verb_list, "", 0, 0, 0, 0, 0, "viewer", "list what is registered", NULL },
	{ "capability", "show", verb_show, "ID", 1, 1, 0, 0, 0, "viewer", "show one in full", NULL },
	{ "capability", "remove", verb_remove, "ID", 1, 1, 0, 0, 0, "admin", "remove one", NULL },

	{ "agent", "register", verb_register, "FILE", 1, 1, 0, WITH(REPLACE), 0, "admin",
	  "register the agents of a file ('-': standard input)", NULL },
	{ "agent", "validate", verb_validate, "FILE", 1, 1, 0, WITH(SHARE), 0, NULL,
	  "check a file without registering it; needs no daemon", NULL },
	{ "agent", "list", verb_list, "", 0, 0, 0, 0, 0, "viewer", "list what is registered", NULL },
	{ "agent", "show", verb_show, "ID", 1, 1, 0, 0, 0, "viewer", "show one in full", NULL },
	{ "agent", "remove", verb_remove, "ID", 1, 1, 0, 0, 0, "admin", "remove one", NULL },
	{ "agent", "attach", verb_attach, "ID", 1, 1, 0, WITH(PID), WITH(PID), "operator",
	  "enrol a running process, and what it starts from now on, as a session of the agent", NULL },
	{ "agent", "mode", verb_mode, "ID enforce|observe|learn", 2, 2, 0, 0, 0, "admin",
	  "enforce, only record what would be refused, or learn what it does", NULL },

	{ "policy", "apply", verb_register, "FILE", 1, 1, 0, 0, 0, "admin",
	  "put the policies of a file in force ('-': standard input)",
	  "A policy of the same id is replaced." },
	{ "policy", "validate", verb_validate, "FILE", 1, 1, 0, WITH(SHARE), 0, NULL,
	  "check a file without putting it in force; needs no daemon", NULL },
	{ "policy", "list", verb_list, "", 0, 0, 0, 0, 0, "viewer", "list what is in force", NULL },
	{ "policy", "show", verb_show, "ID", 1, 1, 0, 0, 0, "viewer", "show one in full", NULL },
	{ "policy", "remove", verb_remove, "ID", 1, 1, 0, 0, 0, "admin", "remove one", NULL },
	{ "policy", "explain", verb_policy_explain, "OPERATION...", 1, MANY, VERB_TAIL,
	  WITH(AGENT) | WITH(OFFLINE) | WITH(ETC) | WITH(SHARE), WITH(AGENT), "viewer",
	  "what an operation of an agent would come to, and why",
	  "OPERATION: exec PATH [ARG...]; read, write, create, delete or rename PATH; connect HOST:PORT." },

	{ "run", NULL, verb_run, "COMMAND...", 1, MANY, VERB_TAIL, WITH(AGENT) | WITH(SKILL) | WITH(VERBOSE), WITH(AGENT),
	  "operator", "run a command as a session of an agent",
	  "The exit status is the command's: 126 if it cannot be run, 127 if it is not found, the same signal if a signal\n"
	  "killed it. The command is not run when the daemon cannot be reached. While an operation of it waits for an\n"
	  "approver, the shell sees nothing but a command that is still running: Ctrl-C and Ctrl-Z work as usual." },

	{ "approvals", "list", verb_approvals, "", 0, 0, VERB_DEFAULT, WITH(AGENT) | WITH(ALL) | WITH(WATCH) | WITH(LIMIT), 0,
	  "viewer", "list the operations that wait for an answer", NULL },
	{ "approvals", "show", verb_approvals_show, "HOLD", 1, 1, 0, 0, 0, "viewer",
	  "everything an approver should know about one", NULL },
	{ "approve", NULL, verb_approve, "HOLD", 1, 1, 0, WITH(SCOPE) | WITH(FOR) | WITH(USES) | WITH(NOTE), 0, "approver",
	  "let a held operation go on",
	  "With --scope session or agent the answer stays as a grant, for as long as --for and as often as --uses say." },
	{ "deny", NULL, verb_deny, "HOLD", 1, 1, 0, WITH(NOTE), 0, "approver", "refuse a held operation", NULL },
	{ "grants", "list", verb_grants, "", 0, 0, VERB_DEFAULT, WITH(AGENT), 0, "viewer",
	  "list the grants that earlier approvals left", NULL },
	{ "grants", "revoke", verb_grants_revoke, "ID", 1, 1, 0, 0, 0, "approver", "take a grant back", NULL },

	{ "events", NULL, verb_events, "", 0, 0, 0, EVENT_FILTERS, 0, "viewer", "what agents did and what came of it",
	  "Without --since and --limit: the newest 50. With --json: one event on each line." },
	{ "explain", NULL, verb_explain, "EVENT", 1, 1, 0, 0, 0, "viewer",
	  "which rule and which generation decided an event, and what was compared", NULL },
	{ "why", NULL, verb_why, "", 0, 0, 0, WITH(AGENT) | WITH(LIMIT), 0, "the agent itself, or viewer",
	  "for an agent: its own last denials and holds, with reasons", NULL },
	{ "counters", NULL, verb_counters, "", 0, 0, 0, WITH(AGENT), 0, "viewer",
	  "how often each operation of each agent was allowed, denied and held", NULL },

	{ "completion", NULL, verb_completion, "bash|zsh|fish", 1, 1, 0, 0, 0, NULL, "print a completion script", NULL },
	{ "help", NULL, verb_help, "[COMMAND]", 0, 2, 0, 0, 0, NULL, "print help", NULL },
};
const size_t verbs_count = ARRAY_SIZE(verbs);

static const struct {
	const char *noun, *summary;
} nouns[] = {
	{ "capability", "kinds of effect that agents may be granted" },
	{ "agent", "registered agents and their sessions" },
	{ "policy", "rules on top of what the risk asks for" },
	{ "approvals", "operations that wait for an answer" },
	{ "grants", "permissions that earlier approvals left" },
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
