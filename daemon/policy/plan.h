/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - a model with every name resolved: what decide() reads, made once per model
 *
 * A pattern is a number in its domain and stands for a whole list of globs, of which one must match: what is never
 * asked apart is never told apart. Whether an operation's object matches it is a bit of the facts, however they were
 * found: by running the trie (eval) or from the automaton's sets (compile). The decision cannot tell, so both decide
 * alike.
 */
#ifndef CVF_POLICY_PLAN_H
#define CVF_POLICY_PLAN_H

#include "policy/finder.h"
#include "policy/model.h"
#include "policy/nfa.h"

/* Bits that are the same in every fact list. */
#define PATTERN_ALWAYS 0u
#define PATTERN_NEVER  1u
#define PATTERNS_FIXED 2u

struct net_pattern {
	struct cidrs address; /* n 0: any */
	struct cidrs except;
	struct ports ports;
	uint8_t protocols;
};

/* One way in which a capability covers one operation. Best first: risk, literal bytes, id. */
struct offer {
	uint32_t capability; /* index in plan.capabilities, which is in order of id */
	uint32_t pattern, except;
	uint32_t literal;
};

struct offers {
	struct offer *v;
	size_t n;
	struct finder finder;
};

/* A rule of a policy or profile, with what does not depend on the agent. */
enum named { NAMED_AGENT, NAMED_OWNER, NAMED_PROFILE, NAMED_MAX };
struct planned_rule {
	const struct rule *rule;
	const char *name;	      /* "policy/rule" or "profile:id/rule" */
	const char *profile;	      /* NULL: of a policy */
	const struct policy *overlay; /* that it is of; NULL: of none */
	bool *capabilities;	      /* [capability]; NULL: any */
	uint64_t unregistered;	      /* operations whose unregistered effect it names */
	const char *unknown;	      /* an id it names and nobody registered: it denies; NULL: none */
	struct nfa names[NAMED_MAX];  /* of its conditions on who acts; not made where it has none */
};

/* The same for one agent: its variables filled in. */
struct bound_rule {
	const struct planned_rule *planned;
	uint32_t file, exec, net;
	uint32_t bases; /* of a profile: where the rules of what it extends begin; of a policy: past the last */
};

struct bound_rules {
	const struct policy *overlay; /* that they are of; NULL: of the other policies and of profiles */
	struct bound_rule *v;
	size_t n;
	struct finder finder[CVF_DOMAIN_MAX];
};

/* A list of globs with variables, or the scope, and the number that it has for the agent it was bound for. */
struct own_list {
	enum cvf_domain domain;
	const struct texts *paths; /* NULL: the scope */
	const struct texts *argv;
	uint32_t pattern;
};

struct numbers_list {
	uint32_t *v;
	size_t n, space;
};

/* All agents that are bound alike: one row. Patterns are those of the agent for which it was made. */
struct bound_agent {
	const struct agent *agent;
	struct bound_agent *next; /* another one of the same key: their own lists do not correspond */
	uint32_t row;		  /* from 1 */
	uint32_t owns;		  /* different own patterns of its agents */
	struct own_list *lists;
	size_t lists_count, lists_space;
	struct numbers_list fixed[2]; /* patterns that are the same for all, sorted; by domain */
	const bool *concerned;	      /* [rule]: it can apply as far as it depends on who acts */
	struct profiles profiles; /* of the pool; the agent's own first */
	const bool *granted;	  /* [capability] */
	const bool *used;	  /* [capability]: done before, where a rule asks for it */
	struct offers offers[CVF_OP_MAX];
	uint32_t scope_file, scope_net;
	struct bound_rules rules;
	struct bound_rules *overlays; /* one for each, in order of priority */
	size_t overlays_count;
};

/* An own list of one agent has this number in the place of that one. */
struct own_pattern {
	uint32_t of, is;
};

/* What sets agents of one row apart: sorted by `of`, which are never the fixed patterns. */
struct own_patterns {
	struct bound_agent *bound;
	struct own_pattern *v[2]; /* by domain: CVF_DOMAIN_FILE, CVF_DOMAIN_EXEC */
	size_t n[2];
	uint32_t agent; /* index in plan.agents: the first that has them */
};

struct planned_agent {
	const struct agent *agent;
	struct bound_agent *bound;
	uint32_t own; /* index in plan.owns */
};

struct guard {
	uint32_t pattern;
	uint64_t ops;
	bool allow;
};

/* An executable or cgroup pattern by which processes become an agent's. */
struct enrolment {
	uint32_t pattern;
	uint32_t agent; /* index in plan.agents */
	uint32_t literal;
	bool cgroup;
};

struct plan {
	struct pool *pool;
	const struct capability **capabilities;
	struct planned_rule *rules;
	struct planned_agent *agents; /* in order of id */
	struct bound_agent **bounds;  /* [row - 1] */
	struct own_patterns *owns;
	struct net_pattern *net;
	struct guard *guards;
	struct enrolment *enrolments;
	size_t capabilities_count, rules_count, agents_count, bounds_count, owns_count, net_count, guards_count,
		enrolments_count;
	struct nfa nfa[2]; /* CVF_DOMAIN_FILE, CVF_DOMAIN_EXEC */
	json_t *known[2];  /* globs of a pattern -> its number */
	json_t *roots;	   /* globs of programs -> where their arguments begin */
	json_t *alike;	   /* what binding depends on -> index in bounds of the first */
	json_t *same_owns; /* own patterns -> index in owns */
	json_t *grants;	   /* globs -> index in granted */
	bool **granted;
	size_t granted_count;
};

/* -ENOMEM, or -EINVAL when an agent's profile is not there. */
int plan_make(const struct model *m, struct plan **ret_plan) must_check;
void plan_free(struct plan *p);
/* The model's own plan, made if needed; borrowed. */
int plan_get(const struct model *m, const struct plan **ret_plan) must_check;
const struct planned_agent *plan_agent(const struct plan *p, const char *id);
/* Patterns of a domain; facts have one bit each. */
size_t plan_patterns(const struct plan *p, enum cvf_domain domain);

bool net_pattern_matches(const struct net_pattern *p, const uint8_t address[16], uint16_t port,
			 enum cvf_proto protocol);

/* Facts as the patterns of the agent's row have them: its own lists in the place of those that the row was bound with. */
void plan_own_facts(const struct plan *p, const struct planned_agent *a, enum cvf_domain domain, const uint64_t *facts,
		    uint64_t *ret_facts);

/* alike.c: finds the agents that are bound like this one, or binds it. */
int plan_bind_agent(struct plan *p, const struct model *m, struct planned_agent *a) must_check;

/* bind.c: the agent, profiles, granted, used and concerned are set. */
int bind_row(struct plan *p, struct bound_agent *b) must_check;
/* The numbers that the own lists of the row have for this agent: [list]. */
int bind_own_lists(struct plan *p, struct bound_agent *b, const struct agent *agent, uint32_t *ret_patterns) must_check;
int bind_enrolments(struct plan *p, uint32_t index) must_check;
/* A list as one text. NULL: out of memory. */
char *texts_key(const struct texts *texts);
/* Any of the paths (and arguments, EXEC only; argv NULL: whatever they are); no paths: never. */
int plan_pattern(struct plan *p, enum cvf_domain domain, const struct texts *paths, const struct texts *argv,
		 uint32_t *ret_pattern) must_check;
int plan_net_pattern(struct plan *p, const struct net_pattern *one, uint32_t *ret_pattern) must_check;
extern const struct guard_spec {
	const char **paths;
	size_t count;
	uint64_t ops;
	bool allow;
} guard_specs[];
extern const size_t guard_specs_count;

static inline bool fact(const uint64_t *facts, uint32_t pattern)
{
	return facts[pattern / 64] >> pattern % 64 & 1;
}

enum cvf_domain op_domain(enum cvf_op op);
/* Path, NUL, and each argument with a NUL, malloc'ed: what the automaton of programs reads. NULL: out of memory. */
char *query_exec_text(const struct query *q, const char *path, size_t *ret_size);

#endif
