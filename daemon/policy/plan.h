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
struct planned_rule {
	const struct rule *rule;
	const char *name;	      /* "policy/rule" or "profile:id/rule" */
	const char *profile;	      /* NULL: of a policy */
	const struct policy *overlay; /* that it is of; NULL: of none */
	bool *capabilities;	      /* [capability]; NULL: any */
	uint64_t unregistered;	      /* operations whose unregistered effect it names */
	const char *unknown;	      /* an id it names and nobody registered: it denies; NULL: none */
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

struct bound_agent {
	const struct agent *agent;
	struct profiles profiles; /* of the pool; the agent's own first */
	bool *granted;		  /* [capability] */
	bool *used;		  /* [capability]: done before */
	struct offers offers[CVF_OP_MAX];
	uint32_t scope_file, scope_net;
	struct bound_rules rules;
	struct bound_rules *overlays; /* one for each, in order of priority */
	size_t overlays_count;
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
	struct bound_agent *agents; /* in order of id */
	struct net_pattern *net;
	struct guard *guards;
	struct enrolment *enrolments;
	size_t capabilities_count, rules_count, agents_count, net_count, guards_count, enrolments_count;
	struct nfa nfa[2]; /* CVF_DOMAIN_FILE, CVF_DOMAIN_EXEC */
	json_t *known[2];  /* globs of a pattern -> its number */
	json_t *roots;	   /* globs of programs -> where their arguments begin */
};

/* -ENOMEM, or -EINVAL when an agent's profile is not there. */
int plan_make(const struct model *m, struct plan **ret_plan) must_check;
void plan_free(struct plan *p);
/* The model's own plan, made if needed; borrowed. */
int plan_get(const struct model *m, const struct plan **ret_plan) must_check;
const struct bound_agent *plan_agent(const struct plan *p, const char *id);
/* Patterns of a domain; facts have one bit each. */
size_t plan_patterns(const struct plan *p, enum cvf_domain domain);

bool net_pattern_matches(const struct net_pattern *p, const uint8_t address[16], uint16_t port,
			 enum cvf_proto protocol);

/* bind.c: used by plan_make() */
int plan_bind_agent(struct plan *p, const struct model *m, struct bound_agent *b) must_check;
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
