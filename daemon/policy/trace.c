// SPDX-License-Identifier: Apache-2.0
/*
 * trace.c - see trace.h
 */
#include "policy/trace.h"

#include <arpa/inet.h>
#include <string.h>

#include "json/memory.h"
#include "policy/glob.h"
#include "policy/parse.h"

#define SHOWN_MAX 6 /* values of a condition that are spelled out */

void trace_step(const struct question *q, const char *step, const char *id, bool matched, const char *why)
{
	if (q->trace)
		json_array_append_new(q->trace, json_pack("{s:s, s:s?, s:b, s:s}", "step", step, "id", id, "matched",
							  matched, "why", why));
}

static void put_one(FILE *out, size_t i, const char *text)
{
	if (i < SHOWN_MAX)
		fprintf(out, "%s%s", i ? ", " : "", text);
}

static void put_more(FILE *out, size_t n)
{
	if (n > SHOWN_MAX)
		fprintf(out, " and %zu more", n - SHOWN_MAX);
}

static void put_texts(FILE *out, const struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		put_one(out, i, t->v[i]);
	put_more(out, t->n);
}

static void put_ops(FILE *out, uint64_t ops)
{
	size_t n = 0;

	for (unsigned int op = 1; op < CVF_OP_MAX; op++)
		if (ops & OP_BIT(op))
			put_one(out, n++, op_name((enum cvf_op)op));
	put_more(out, n);
}

static void put_risks(FILE *out, uint8_t risks)
{
	size_t n = 0;

	for (int risk = CVF_R0; risk <= CVF_R3; risk++)
		if (risks >> risk & 1)
			put_one(out, n++, risk_name((enum cvf_risk)risk));
}

static const char *type_name(enum op_type type)
{
	for (size_t i = 0; i < type_words.n; i++)
		if (type_words.v[i].value == (int)type)
			return type_words.v[i].name;
	return "none";
}

static void put_types(FILE *out, uint8_t types)
{
	size_t n = 0;

	for (size_t i = 0; i < type_words.n; i++)
		if (types >> type_words.v[i].value & 1)
			put_one(out, n++, type_words.v[i].name);
}

static void print_address(const uint8_t address[16], char text[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool is_four = memcmp(address, mapped, sizeof(mapped)) == 0;

	inet_ntop(is_four ? AF_INET : AF_INET6, is_four ? address + 12 : address, text, INET6_ADDRSTRLEN);
}

static void put_addresses(FILE *out, const struct cidrs *c)
{
	for (size_t i = 0; i < c->n; i++) {
		char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];

		print_address(c->v[i].address, address);
		snprintf(text, sizeof(text), "%s/%u", address,
			 strchr(address, ':') || c->v[i].bits < 96 ? c->v[i].bits : c->v[i].bits - 96u);
		put_one(out, i, text);
	}
	put_more(out, c->n);
}

static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static void put_windows(FILE *out, const struct windows *w)
{
	for (size_t i = 0; i < w->n && i < SHOWN_MAX; i++) {
		const struct window *one = &w->v[i];
		bool any = false;

		fputs(i ? ", " : "", out);
		for (size_t day = 0; day < ARRAY_SIZE(days); day++) {
			if (!(one->days >> day & 1))
				continue;
			fprintf(out, "%s%s", any ? "/" : "", days[day]);
			any = true;
		}
		fprintf(out, " %02u:%02u-%02u:%02u", one->from / 60, one->from % 60, one->to / 60 % 24, one->to % 60);
	}
	put_more(out, w->n);
}

static void put_hour(FILE *out, time_t now)
{
	struct tm tm;

	gmtime_r(&now, &tm);
	fprintf(out, "%s %02d:%02d UTC", days[(tm.tm_wday + 6) % 7], tm.tm_hour, tm.tm_min);
}

/* What a condition wants. */
static void put_wanted(FILE *out, const struct rule *r, enum condition condition)
{
	switch (condition) {
	case CONDITION_AGENT:
		return put_texts(out, &r->agent);
	case CONDITION_OWNER:
		return put_texts(out, &r->owner);
	case CONDITION_PROFILE:
		return put_texts(out, &r->profile);
	case CONDITION_OP:
		return put_ops(out, r->ops);
	case CONDITION_RISK:
		return put_risks(out, r->risks);
	case CONDITION_CAPABILITY:
		return put_texts(out, &r->capability);
	case CONDITION_TYPE:
		return put_types(out, r->types);
	case CONDITION_SCOPE:
		fputs(r->in_scope == TRI_YES ? "in scope" : "out of scope", out);
		return;
	case CONDITION_PATH:
		return put_texts(out, &r->path);
	case CONDITION_ARGV:
		put_texts(out, &r->path);
		fputs(r->path.n ? " with " : "", out);
		return put_texts(out, &r->argv);
	case CONDITION_ADDRESS:
		return put_addresses(out, &r->address);
	case CONDITION_TIME:
		return put_windows(out, &r->windows);
	case CONDITION_RATE:
		fprintf(out, "more than %lld in %lld s", (long long)r->rate.more_than, (long long)r->rate.within_s);
		return;
	case CONDITION_AGE:
		fprintf(out, "more than %lld s", r->session_age_s);
		return;
	case CONDITION_FIRST_USE:
		fputs("what was never used before", out);
		return;
	case CONDITION_NONE:
	case CONDITION_MAX:
		return;
	}
}

static void put_command(FILE *out, const struct question *q)
{
	fputs(q->path ? q->path : "no program", out);
	for (size_t i = 0; q->query && i < q->query->args_count && i < SHOWN_MAX; i++)
		fprintf(out, " %s", q->query->args[i]);
}

/* What there is instead. */
static void put_value(FILE *out, const struct question *q, enum condition condition, const struct compared *with)
{
	char address[INET6_ADDRSTRLEN] = "no address";

	switch (condition) {
	case CONDITION_AGENT:
		fputs(q->who->id, out);
		return;
	case CONDITION_OWNER:
		fputs(q->who->owner && *q->who->owner ? q->who->owner : "nobody", out);
		return;
	case CONDITION_PROFILE:
		fputs(q->agent->profiles.v[0]->id, out);
		return;
	case CONDITION_OP:
		fputs(op_name(q->op), out);
		return;
	case CONDITION_RISK:
		fputs(risk_name(with->risk), out);
		return;
	case CONDITION_CAPABILITY:
		fputs(with->capability, out);
		return;
	case CONDITION_TYPE:
		fputs(type_name(with->type), out);
		return;
	case CONDITION_SCOPE:
		fputs(with->in_scope ? "in scope" : "out of scope", out);
		return;
	case CONDITION_PATH:
		fputs(q->path ? q->path : "no path", out);
		return;
	case CONDITION_ARGV:
		return put_command(out, q);
	case CONDITION_ADDRESS:
		if (q->query && op_domain(q->op) == CVF_DOMAIN_NET)
			print_address(q->query->address, address);
		fputs(address, out);
		return;
	case CONDITION_TIME:
		return put_hour(out, (time_t)q->now);
	case CONDITION_RATE:
		fprintf(out, "%llu so far", (unsigned long long)q->recent);
		return;
	case CONDITION_AGE:
		fprintf(out, "%llu s", (unsigned long long)q->session_age_s);
		return;
	case CONDITION_FIRST_USE:
		fprintf(out, "%s %s used before", with->capability, with->is_used ? "was" : "was never");
		return;
	case CONDITION_NONE:
	case CONDITION_MAX:
		return;
	}
}

static const char *const names[CONDITION_MAX] = {
	[CONDITION_AGENT] = "agent",
	[CONDITION_OWNER] = "owner",
	[CONDITION_PROFILE] = "profile",
	[CONDITION_OP] = "op",
	[CONDITION_RISK] = "risk",
	[CONDITION_CAPABILITY] = "capability",
	[CONDITION_TYPE] = "operation_type",
	[CONDITION_SCOPE] = "in_scope",
	[CONDITION_PATH] = "path",
	[CONDITION_ADDRESS] = "address",
	[CONDITION_TIME] = "time",
	[CONDITION_ARGV] = "argv",
	[CONDITION_AGE] = "session_age",
	[CONDITION_FIRST_USE] = "first_use",
	[CONDITION_RATE] = "rate",
};

static bool is_given(const struct rule *r, enum condition condition)
{
	const bool given[CONDITION_MAX] = {
		[CONDITION_AGENT] = r->agent.n,
		[CONDITION_OWNER] = r->owner.n,
		[CONDITION_PROFILE] = r->profile.n,
		[CONDITION_OP] = r->ops != OPS_ALL,
		[CONDITION_RISK] = r->risks,
		[CONDITION_CAPABILITY] = r->capability.n,
		[CONDITION_TYPE] = r->types,
		[CONDITION_SCOPE] = r->in_scope != TRI_ANY,
		[CONDITION_PATH] = r->path.n,
		[CONDITION_ADDRESS] = r->address.n,
		[CONDITION_TIME] = r->windows.n,
		[CONDITION_ARGV] = r->argv.n,
		[CONDITION_AGE] = r->session_age_s > 0,
		[CONDITION_FIRST_USE] = r->first_use,
		[CONDITION_RATE] = r->rate.within_s > 0,
	};

	return given[condition];
}

static void put_all(FILE *out, const struct question *q, const struct planned_rule *p, const struct compared *with)
{
	bool any = false;

	if (p->unknown)
		fprintf(out, "it names %s, which nobody registered, and so denies; ", p->unknown);
	fputs("every condition holds", out);
	for (enum condition c = CONDITION_NONE + 1; c < CONDITION_MAX; c++) {
		if (!is_given(p->rule, c))
			continue;
		fputs(any ? "; " : ": ", out);
		fprintf(out, "%s ", names[c]);
		put_value(out, q, c, with);
		any = true;
	}
}

void trace_rule(const struct question *q, const struct planned_rule *p, enum condition failed,
		const struct compared *with)
{
	own_free char *text = NULL;
	size_t size;
	FILE *out = q->trace ? open_memstream(&text, &size) : NULL;

	if (!out) {
		if (q->trace)
			memory_note();
		return;
	}
	if (failed == CONDITION_NONE) {
		put_all(out, q, p, with);
	} else {
		fprintf(out, "%s: ", names[failed]);
		put_value(out, q, failed, with);
		fputs(", the rule wants ", out);
		put_wanted(out, p->rule, failed);
	}
	if (fclose(out) == 0)
		trace_step(q, "rule", p->name, failed == CONDITION_NONE, text);
	else
		memory_note();
}

static bool names_hold(const struct texts *globs, const char *name)
{
	struct nfa names_of;
	bool holds = glob_names(globs, &names_of) == 0 && glob_matches(&names_of, name);

	nfa_done(&names_of);
	return holds || !globs->n;
}

/* The first of the conditions on the agent that does not hold. */
static enum condition other_of(const struct question *q, const struct rule *r)
{
	const struct agent *agent = q->who;

	if (!names_hold(&r->agent, agent->id))
		return CONDITION_AGENT;
	return names_hold(&r->owner, agent->owner ? agent->owner : "") ? CONDITION_PROFILE : CONDITION_OWNER;
}

void trace_others(const struct question *q, const struct policy *overlay, const struct planned_rule **next,
		  const struct planned_rule *end)
{
	const struct planned_rule *last = q->plan->rules + q->plan->rules_count;

	if (!q->trace)
		return;
	for (; *next < (end ? end : last); (*next)++) {
		/* Rules of other profiles are not there for this agent. */
		if ((*next)->profile || (*next)->overlay != overlay)
			continue;
		trace_rule(q, *next, other_of(q, (*next)->rule), NULL);
	}
	/* Those of profiles are tried in another order. */
	if (end && *next == end)
		(*next)++;
}
