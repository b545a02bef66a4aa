// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_oracle.c - random policies and random operations: explain and the compiled image give the same answer, an
 * overlay makes none weaker, and what a profile denies whoever extends it denies too
 *
 * Names are short and few, so that patterns meet often. A failure prints the policy, the operation and the seed: the
 * environment's CVF_SEED begins with that round. More than 100,000 verdicts are compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy_fixture.h"

#define ROUNDS	 300
#define QUERIES	 400
#define COMPARED 100000

static unsigned int seed;
static const char *failing; /* the policy of the round that has not ended */
static unsigned int failing_seed;
static unsigned int limits_left; /* rules that count, of the CVF_RATES_CHAIN that one operation may have */

static unsigned int pick(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 12) % n;
}

#define ONE_OF(array) ((array)[pick(ARRAY_SIZE(array))])

static const char *const path_parts[] = {"/a",	  "/b",	    "/ab", "/*",    "/**",	"/?",
					 "/[ab]", "/{a,b}", "/a*", "/**/b", "/{a,a/**}"};
static const char *const addresses[] = {"10.0.0.0/8", "10.1.0.0/16", "10.1.1.1", "::/0",
					"::1",	      "0.0.0.0/0",   "fc00::/7", "fc00::1"};
static const char *const places[] = {"/a", "/b", "/ab", "/a/b", "/a/b/a", "/b/a"};
static const char *const levels[] = {"LOW", "MEDIUM", "HIGH", "CRITICAL", "R0", "R1"};
static const char *const types[] = {"READ", "WRITE", "EXECUTE", "NETWORK"};

static void put_path(FILE *f)
{
	unsigned int n = 1 + pick(3);

	if (pick(12) == 0)
		fputs(pick(2) ? "${WORKSPACE}" : "${HOME}", f);
	while (n-- > 0)
		fputs(ONE_OF(path_parts), f);
}

static void put_paths(FILE *f, unsigned int n)
{
	fputc('[', f);
	for (unsigned int i = 0; i < n; i++) {
		fputs(i ? ",\"" : "\"", f);
		put_path(f);
		fputc('"', f);
	}
	fputc(']', f);
}

static void put_words(FILE *f, const char *const *words, size_t count, unsigned int n)
{
	fputc('[', f);
	for (unsigned int i = 0; i < n; i++)
		fprintf(f, "%s\"%s\"", i ? "," : "", words[pick((unsigned int)count)]);
	fputc(']', f);
}

static void put_match(FILE *f)
{
	static const char *const file_ops[] = {"read", "write", "create",   "rename",
					       "link", "attr",	"truncate", "exec-map"};
	static const char *const net_ops[] = {"connect", "send", "bind", "listen"};
	static const char *const sys_ops[] = {"mount", "bpf", "signal", "alg"};
	static const char *const unix_ops[] = {"connect", "send", "bind"};
	static const char *const args[] = {"a", "b", "*", "a*", "-?", "{a,b}", "**"};
	static const char *const ports[] = {"1-10", "5", "0-65535", "2,4,6", "10-20"};

	switch (pick(6)) {
	case 0:
		fputs("{\"exec\":[{\"path\":", f);
		put_paths(f, 1 + pick(2));
		if (pick(3)) {
			fputs(",\"argv\":", f);
			put_words(f, args, ARRAY_SIZE(args), pick(4));
		}
		break;
	case 1:
		fputs("{\"net\":[{\"ops\":", f);
		put_words(f, net_ops, ARRAY_SIZE(net_ops), 2);
		if (pick(4)) {
			fputs(",\"address\":", f);
			put_words(f, addresses, ARRAY_SIZE(addresses), 1 + pick(2));
		}
		if (pick(3) == 0) {
			fputs(",\"except\":", f);
			put_words(f, addresses, ARRAY_SIZE(addresses), 1);
		}
		if (pick(2))
			fprintf(f, ",\"ports\":\"%s\"", ONE_OF(ports));
		if (pick(2))
			fputs(",\"protocol\":\"udp\"", f);
		break;
	case 2:
		fputs("{\"sys\":[{\"ops\":", f);
		put_words(f, sys_ops, ARRAY_SIZE(sys_ops), 2);
		break;
	case 3:
		fputs("{\"unix\":[{\"path\":", f);
		put_paths(f, 1);
		fputs(",\"ops\":", f);
		put_words(f, unix_ops, ARRAY_SIZE(unix_ops), 2);
		break;
	default:
		fputs("{\"file\":[{\"path\":", f);
		put_paths(f, 1 + pick(2));
		fputs(",\"ops\":", f);
		put_words(f, file_ops, ARRAY_SIZE(file_ops), 3);
		if (pick(3) == 0) {
			fputs(",\"except\":", f);
			put_paths(f, 1);
		}
	}
	fputs("}]}", f);
}

static void put_limit(FILE *f, const char *comma)
{
	limits_left--;
	if (pick(4))
		fprintf(f, "%s\"rate\":{\"more_than\":%u,\"within_s\":60}", comma, pick(20));
	else
		fprintf(f, "%s\"session_age\":{\"more_than_s\":%u}", comma, 1 + pick(20));
}

static void put_when(FILE *f, bool may_count)
{
	static const char *const names[] = {"c*", "c1", "c[2-5]", "unregistered.*", "unregistered.write"};
	static const char *const ops[] = {"read", "write", "exec", "connect", "bpf", "rename", "unix-connect"};
	const char *comma = "";

	fputc('{', f);
	for (int n = (int)pick(3); n > 0; n--, comma = ",") {
		/* Each condition at most once: the second of a kind would be a duplicate key. */
		switch (n * 4 + (int)pick(4)) {
		case 4:
			fprintf(f, "%s\"risk\":", comma);
			put_words(f, levels, ARRAY_SIZE(levels), 2);
			break;
		case 5:
			fprintf(f, "%s\"capability\":", comma);
			put_words(f, names, ARRAY_SIZE(names), 2);
			break;
		case 6:
			fprintf(f, "%s\"operation_type\":", comma);
			put_words(f, types, ARRAY_SIZE(types), 2);
			break;
		case 7:
			fprintf(f, "%s\"op\":", comma);
			put_words(f, ops, ARRAY_SIZE(ops), 3);
			break;
		case 8:
		case 9:
			fprintf(f, "%s\"path\":", comma);
			put_paths(f, 1 + pick(2));
			break;
		case 10:
			fprintf(f, "%s\"address\":", comma);
			put_words(f, addresses, ARRAY_SIZE(addresses), 2);
			break;
		case 11:
			fprintf(f, "%s\"in_scope\":%s", comma, pick(2) ? "true" : "false");
			break;
		}
	}
	if (may_count && limits_left && pick(3) == 0)
		put_limit(f, comma);
	else if (pick(12) == 0)
		fprintf(f, "%s\"time\":\"Mon 00:00-12:00\"", comma);
	fputc('}', f);
}

static void put_rules(FILE *f, unsigned int n, bool may_allow)
{
	static const char *const effects[] = {
		"\"ALLOW\"", "\"DENY\"", "\"REQUIRE_APPROVAL\"",
		"\"ALLOW\",\"standing_grant\":{\"expires\":\"2027-01-01T00:00:00Z\",\"ticket\":\"t\"}",
		"\"ALLOW\",\"standing_grant\":{\"expires\":\"2026-01-01T00:00:00Z\",\"ticket\":\"t\"}"};

	fputs("\"rules\":[", f);
	for (unsigned int i = 0; i < n; i++) {
		const char *effect = may_allow ? ONE_OF(effects) : effects[1 + pick(2)];
		int limits = (int)limits_left;

		fputs(i ? ",{\"when\":" : "{\"when\":", f);
		put_when(f, strncmp(effect, "\"ALLOW", 6) != 0);
		fprintf(f, ",\"effect\":%s", effect);
		if (effect == effects[2] && limits == (int)limits_left && pick(3) == 0)
			fprintf(f, ",\"hold\":{\"quorum\":%u}", 1 + pick(3));
		fputc('}', f);
	}
	fputc(']', f);
}

static void put_overlay(FILE *f, unsigned int no)
{
	fprintf(f, ",{\"schema\":\"cvf.policy/v1\",\"id\":\"o%u\",\"overlay\":true,\"priority\":%u,", no, pick(3));
	put_rules(f, 1 + pick(3), false);
	fputc('}', f);
}

static void put_profile(FILE *f, const char *id, const char *extends, unsigned int rules)
{
	fprintf(f, ",{\"schema\":\"cvf.profile/v1\",\"id\":\"%s\",\"extends\":[%s],", id, extends);
	put_rules(f, rules, true);
	fputc('}', f);
}

/* Up to the profile of the agents, which extends "base" and is what differs. */
static char *random_policy(void)
{
	static const char *const grants[] = {"*", "c*", "c[0-4]", "c{1,3,5}", "c[!2]"};
	unsigned int capabilities = 2 + pick(10), agents = 1 + pick(7);
	/* Often alike but for where they work. */
	const char *same_grants = pick(2) ? ONE_OF(grants) : NULL, *same_net = pick(2) ? ONE_OF(addresses) : NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputc('[', f);
	for (unsigned int i = 0; i < capabilities; i++) {
		fprintf(f,
			"{\"schema\":\"cvf.capability/"
			"v1\",\"id\":\"c%u\",\"operation_type\":\"%s\",\"risk\":{\"level\":\"%s\"",
			i, ONE_OF(types), ONE_OF(levels));
		fprintf(f, ",\"requires_approval\":%s},\"match\":", pick(8) ? "false" : "true");
		put_match(f);
		fputs("},", f);
	}
	for (unsigned int i = 0; i < agents; i++) {
		fprintf(f,
			"{\"schema\":\"cvf.agent/"
			"v1\",\"id\":\"agent%u\",\"capabilities\":[\"%s\"],\"scope\":{\"paths\":",
			i, same_grants ? same_grants : ONE_OF(grants));
		if (pick(3))
			put_paths(f, 1 + pick(2));
		else
			fprintf(f, "[\"%s/**\"]", ONE_OF(places));
		fprintf(f, ",\"net\":[\"%s\"]}", same_net ? same_net : ONE_OF(addresses));
		if (pick(4) == 0)
			fprintf(f, ",\"home\":\"%s\"", ONE_OF(places));
		fputs("},", f);
	}
	fputs("{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"priority\":1,", f);
	put_rules(f, pick(5), true);
	fputc('}', f);
	put_profile(f, "root", "", pick(3));
	put_profile(f, "other", pick(2) ? "\"root\"" : "", pick(3));
	put_profile(f, "base", pick(2) ? "\"root\",\"other\"" : "\"other\"", pick(3));
	fclose(f);
	return text;
}

/* The same with a profile of the agents that has rules, and with overlays. */
static char *policy_with(const char *common, unsigned int rules, unsigned int overlays)
{
	unsigned int left = limits_left;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputs(common, f);
	put_profile(f, "default", "\"base\"", rules);
	for (unsigned int i = 0; i < overlays; i++)
		put_overlay(f, i);
	fputc(']', f);
	fclose(f);
	limits_left = left;
	return text;
}

static void random_path(char *path)
{
	static const char *const parts[] = {"/a", "/b", "/ab", "/c", "/a", "/home/x"};

	path[0] = '\0';
	for (unsigned int n = 1 + pick(4); n > 0; n--)
		strcat(path, ONE_OF(parts));
}

static void random_address(uint8_t address[16])
{
	static const uint8_t tops[][16] = {
		{[10] = 0xff, [11] = 0xff, [12] = 10, [13] = 1, [14] = 1, [15] = 1},
		{[10] = 0xff, [11] = 0xff, [12] = 10, [13] = 1},
		{[10] = 0xff, [11] = 0xff, [12] = 10},
		{[10] = 0xff, [11] = 0xff, [12] = 11},
		{[15] = 1},
		{0xfc, [15] = 1},
		{0xfc, [15] = 2},
		{0x20, 0x01},
	};

	memcpy(address, ONE_OF(tops), 16);
}

struct sample {
	char agent[16], object[128], object2[128];
	const char *args[4];
};

static void random_query(struct query *q, struct sample *s, unsigned int agents)
{
	static const char *const args[] = {"a", "b", "ab", "-a", "", "a/b"};

	*q = (struct query){.op = (enum cvf_op)(1 + pick(pick(3) ? 17 : CVF_OP_MAX - 1)), .now = FIXTURE_NOW};
	snprintf(s->agent, sizeof(s->agent), "agent%u", pick(agents));
	random_path(s->object);
	random_path(s->object2);
	q->agent = s->agent;
	q->object = s->object;
	if (pick(2))
		q->object2 = s->object2;
	q->args_count = pick(4);
	for (size_t i = 0; i < q->args_count; i++)
		s->args[i] = ONE_OF(args);
	q->args = s->args;
	random_address(q->address);
	q->port = (uint16_t)pick(pick(2) ? 25 : 65536);
	q->recent = pick(3) ? 0 : pick(25);
	q->session_age_s = pick(3) ? 0 : pick(25);
	q->protocol = pick(2) ? CVF_PROTO_TCP : CVF_PROTO_UDP;
}

static bool asks(const struct fixture *f, uint32_t agent, const struct query *q, const char *path)
{
	const struct cvf_cell *cells = image_section(f->image, CVF_SECTION_CELL, NULL), *cell;
	struct query one = *q;

	one.object = path;
	one.object2 = NULL;
	cell = &cells[image_judge(f->image, agent, &one)];
	if (cell->reason != CVF_REASON_ASK_GOVERNOR)
		return false;
	assert_true(cell->flags & CVF_CELL_ASK);
	assert_int_equal(cell->action, CVF_VERDICT_HOLD);
	assert_true(cell->flags & CVF_CELL_NO_GRANT);
	return true;
}

/* The verdict, or none when the image leaves it to the governor: then explain knows more than the image. */
static enum cvf_verdict compare(struct fixture *f, const struct query *q, bool shadows_hours)
{
	const struct cvf_cell *cells = image_section(f->image, CVF_SECTION_CELL, NULL);
	uint32_t agent = fixture_number(&f->names, NUMBER_AGENT, q->agent);
	struct query calm = *q;
	struct answer a;

	if (asks(f, agent, q, q->object) || (q->object2 && asks(f, agent, q, q->object2)))
		return CVF_VERDICT_NONE;
	calm.recent = calm.session_age_s = 0;
	if (!shadows_hours && !asks(f, agent, &calm, q->object) && !(q->object2 && asks(f, agent, &calm, q->object2)))
		return fixture_ask(f, q).verdict;
	/*
	 * Beyond a limit, and where an overlay denies, there was nothing left to ask about the hour: the verdict is the
	 * same, who is named for it may not be.
	 */
	assert_int_equal(policy_eval(f->m, q, &a, NULL), 0);
	if (a.verdict != (enum cvf_verdict)cells[image_judge(f->image, agent, q)].action)
		fprintf(stderr, "%s: %s %s %s: explain says %u, the image %u\n", q->agent, op_name(q->op), q->object,
			q->object2 ? q->object2 : "", a.verdict, cells[image_judge(f->image, agent, q)].action);
	assert_int_equal(a.verdict, cells[image_judge(f->image, agent, q)].action);
	return a.verdict;
}

static unsigned int first_seed(void)
{
	const char *text = getenv("CVF_SEED");

	return text ? (unsigned int)strtoul(text, NULL, 10) : 20261;
}

struct variant {
	char *text;
	struct fixture f;
};

static void variant_begin(struct variant *v, const char *common, unsigned int rules, unsigned int overlays)
{
	failing = v->text = policy_with(common, rules, overlays);
	fixture_load(&v->f, v->text);
}

static void variant_done(struct variant *v)
{
	fixture_done(&v->f);
	free(v->text);
}

static unsigned int severity(enum cvf_verdict verdict)
{
	return verdict == CVF_VERDICT_DENY ? 2 : verdict == CVF_VERDICT_HOLD;
}

static enum cvf_verdict judged(struct fixture *f, const struct query *q)
{
	const struct cvf_cell *cells = image_section(f->image, CVF_SECTION_CELL, NULL);
	uint32_t agent = fixture_number(&f->names, NUMBER_AGENT, q->agent);

	return (enum cvf_verdict)cells[image_judge(f->image, agent, q)].action;
}

/* What explain says and what the kernel would do, which differ where the hour matters: neither gets weaker. */
static unsigned int tightens(struct variant *overlaid, struct variant *plain, const struct query *q)
{
	struct answer with, without;

	failing = overlaid->text;
	assert_int_equal(policy_eval(overlaid->f.m, q, &with, NULL), 0);
	assert_int_equal(policy_eval(plain->f.m, q, &without, NULL), 0);
	assert_in_range(severity(with.verdict), severity(without.verdict), 2);
	assert_in_range(severity(judged(&overlaid->f, q)), severity(judged(&plain->f, q)), 2);
	return severity(with.verdict) > severity(without.verdict);
}

/* Without rules of its own a profile is what it extends. */
static unsigned int lifts_nothing(struct variant *child, struct variant *plain, const struct query *q)
{
	struct answer with, without;

	failing = child->text;
	assert_int_equal(policy_eval(child->f.m, q, &with, NULL), 0);
	assert_int_equal(policy_eval(plain->f.m, q, &without, NULL), 0);
	if (without.reason == CVF_REASON_POLICY_DENY)
		assert_int_equal(with.verdict, CVF_VERDICT_DENY);
	return with.verdict != without.verdict;
}

struct met {
	unsigned int verdict[4], tightened, changed;
};

/* A round has a seed of its own, so that one that fails can be had alone. */
static void run_round(unsigned int round_seed, struct met *met)
{
	struct variant plain, overlaid, child;
	char *common;

	seed = failing_seed = round_seed;
	limits_left = CVF_RATES_CHAIN;
	common = random_policy();
	variant_begin(&plain, common, 0, 0);
	variant_begin(&overlaid, common, 0, 1 + pick(3));
	variant_begin(&child, common, 1 + pick(3), 0);
	for (int i = 0; i < QUERIES; i++) {
		struct sample s;
		struct query q;

		random_query(&q, &s, (unsigned int)model_count(plain.f.m, DECL_AGENT));
		failing = plain.text;
		met->verdict[compare(&plain.f, &q, false)]++;
		met->tightened += tightens(&overlaid, &plain, &q);
		failing = overlaid.text;
		compare(&overlaid.f, &q, strstr(overlaid.text, "\"time\""));
		met->changed += lifts_nothing(&child, &plain, &q);
		compare(&child.f, &q, false);
	}
	variant_done(&plain);
	variant_done(&overlaid);
	variant_done(&child);
	failing = NULL;
	free(common);
}

static void test_random(void **state)
{
	struct met met = {0};
	const unsigned int *seen = met.verdict;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++)
		run_round(first_seed() + round, &met);
	/* Every verdict must have been met, or the comparison says little. */
	for (int i = 0; i < 4; i++)
		assert_in_range(seen[i], 50, ROUNDS * QUERIES);
	assert_in_range(met.tightened, ROUNDS, ROUNDS * QUERIES);
	assert_in_range(met.changed, ROUNDS, ROUNDS * QUERIES);
	assert_in_range(seen[CVF_VERDICT_ALLOW] + seen[CVF_VERDICT_DENY] + seen[CVF_VERDICT_HOLD], COMPARED,
			ROUNDS * QUERIES);
}

static int say_seed(void **state)
{
	(void)state;
	if (failing)
		fprintf(stderr, "CVF_SEED=%u begins with this policy: %s\n", failing_seed, failing);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_random, say_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
