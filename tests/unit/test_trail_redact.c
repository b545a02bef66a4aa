// SPDX-License-Identifier: Apache-2.0
/* test_trail_redact.c - secrets in arguments are hidden, and nothing else is */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "core/event.h"
#include "trail/redact.h"

/* Arguments with a | between them; hidden NULL: they stay as they are. */
static const struct {
	const char *args, *hidden;
} cases[] = {
	/* options, joined and apart */
	{ "tool|--password=hunter2|x", "tool|--password=***|x" },
	{ "tool|--password|hunter2|x", "tool|--password|***|x" },
	{ "tool|--db-password|hunter2", "tool|--db-password|***" },
	{ "tool|--github_token=abc", "tool|--github_token=***" },
	{ "tool|--API-KEY|abc", "tool|--API-KEY|***" },
	{ "tool|--password|--force", NULL },
	{ "tool|--password-file=/run/secret", NULL },
	{ "tool|--no-password|x", NULL },
	{ "tool|--compass=north|--bypass|x", NULL },
	{ "tool|--pass=x1y", "tool|--pass=***" },
	{ "tool|--password=", NULL },
	/* variables */
	{ "env|PGPASSWORD=abc|psql", "env|PGPASSWORD=***|psql" },
	{ "env|AWS_SECRET_ACCESS_KEY=abc/def+1|aws", "env|AWS_SECRET_ACCESS_KEY=***|aws" },
	{ "env|PATH=/usr/bin|HOME=/root", NULL },
	/* URLs */
	{ "git|clone|ftp://me:pa55@host/x", "git|clone|ftp://me:***@host/x" },
	{ "git|clone|ftp://abcdefghijklmnopqrstuvwx@host/x", "git|clone|ftp://***@host/x" },
	{ "git|clone|ssh://git@host/x", NULL },
	{ "curl|https://host:8080/a@b:c", NULL },
	{ "curl|https://host/x?user=a&token=t0k3n&n=1", "curl|https://host/x?user=a&token=***&n=1" },
	/* headers and bodies */
	{ "curl|-H|Authorization: Bearer abc.def", "curl|-H|Authorization: Bearer ***" },
	{ "curl|-H|authorization: Basic YWxhZGRpbjpvcGVu", "curl|-H|authorization: Basic ***" },
	{ "curl|-H|X-Api-Key: 12345", "curl|-H|X-Api-Key: ***" },
	{ "curl|-H|Cookie: a=b; c=d", "curl|-H|Cookie: ***" },
	{ "curl|-H|Content-Type: text/plain", NULL },
	{ "curl|-d|{\"user\": \"a\", \"password\": \"b c\", \"n\": 1}", "curl|-d|{\"user\": \"a\", \"password\": \"***\", \"n\": 1}" },
	{ "curl|-u|me:secret|x", "curl|-u|me:***|x" },
	{ "/usr/bin/curl|-ume:secret", "/usr/bin/curl|-ume:***" },
	{ "sort|-u|a:b", NULL },
	{ "mysql|-psecret|db", "mysql|-p***|db" },
	{ "mkdir|-p|a", NULL },
	/* inside one argument */
	{ "sh|-c|tool --password hunter2 --force", "sh|-c|tool --password *** --force" },
	{ "tool|--password=two words|x", "tool|--password=***|x" },
	{ "env|PGPASSWORD=two words|psql", "env|PGPASSWORD=***|psql" },
	{ "sh|-c|TOKEN=ab tool x", "sh|-c|TOKEN=** tool x" },
	{ "sh|-c|TOKEN='a b' tool x", "sh|-c|TOKEN='***' tool x" },
	{ "sh|-c|curl -H \"Authorization: Bearer abcdefgh\" x", "sh|-c|curl -H \"Authorization: Bearer ***\" x" },
	/* shapes */
	{ "aws|AKIAIOSFODNN7EXAMPLE", "aws|***" },
	{ "aws|xAKIAIOSFODNN7EXAMPLE", NULL },
	{ "aws|AKIAshort", NULL },
	{ "gh|ghp_0123456789abcdefghijABCDEFGHIJ012345|x", "gh|***|x" },
	{ "gh|github_pat_11ABCDEFG0123456789_abc", "gh|***" },
	{ "x|glpat-ABCDEFGHIJKLMNOPQRST", "x|***" },
	{ "x|eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijk", "x|***" },
	{ "x|sk-proj-0123456789abcdefghij", "x|***" },
	{ "x|-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
	  "x|-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----" },
	/* what looks a little like it */
	{ "git|commit|-m|fix the password prompt", NULL },
	{ "grep|-r|token|src", NULL },
	{ "ls|-la|/home/dev/secret", NULL },
	{ "make|V=1|CFLAGS=-O2", NULL },
	{ "tool||x", NULL },
	/* what the settings add */
	{ "tool|ACME-0123456789ab-x", "tool|***-x" },
};

static struct redact_rules rules;

static size_t split(const char *text, char *to)
{
	size_t n = strlen(text) + 1;

	for (size_t i = 0; i < n; i++)
		to[i] = text[i] == '|' ? 0 : text[i];
	return n;
}

static void test_cases(void **state)
{
	static char args[CVF_TEXT_MAX], wanted[CVF_TEXT_MAX], to[CVF_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = split(cases[i].args, args), got, want = split(cases[i].hidden ? cases[i].hidden : cases[i].args, wanted);
		bool is_hidden = redact_args(&rules, args, n, to, &got);

		if (is_hidden != (cases[i].hidden != NULL) || got != want || memcmp(to, wanted, want) != 0)
			fail_msg("%s: %.*s", cases[i].args, (int)got, to);
	}
}

static void put(struct cvf_record *r, struct cvf_span *span, const char *bytes, size_t n)
{
	*span = (struct cvf_span){ .off = (uint16_t)r->text_len, .len = (uint16_t)n };
	memcpy(r->text + r->text_len, bytes, n);
	r->text_len += (uint32_t)n;
	r->size = CVF_RECORD_HEAD + r->text_len;
}

static void test_a_record_stays_sound(void **state)
{
	static struct cvf_record r, to;
	struct text cwd;

	(void)state;
	r = (struct cvf_record){ .kind = CVF_KIND_EXEC, .seq = 1, .agent = 1, .args_count = 1, .args_total = 30 };
	put(&r, &r.object, "/bin/x", 6);
	put(&r, &r.args, "x\0--password=a long secret\0", 27);
	put(&r, &r.exe, "/bin/x", 6);
	put(&r, &r.cwd, "/home", 5);
	assert_int_equal(record_check(&r, r.size), RECORD_OK);
	assert_true(redact_record(&rules, &r, &to));
	assert_int_equal(record_check(&to, to.size), RECORD_OK);
	assert_true(to.flags & CVF_REC_REDACTED);
	assert_memory_equal(record_text(&to, to.args).p, "x\0--password=***", 17);
	cwd = record_text(&to, to.cwd);
	assert_int_equal(cwd.n, 5);
	assert_memory_equal(cwd.p, "/home", 5);
	assert_memory_equal(record_text(&to, to.exe).p, "/bin/x", 6);
	assert_null(memmem(&to, to.size, "secret", 6));
	r.args.len = 2;
	assert_false(redact_record(&rules, &r, &to));
}

static void test_seals_tell_nothing_without_the_key(void **state)
{
	uint8_t key[SEED_BYTES] = { 1 }, other[SEED_BYTES] = { 2 }, salt[SEED_BYTES], a[CHAIN_BYTES], b[CHAIN_BYTES];

	(void)state;
	redact_salt(key, "01A", salt);
	redact_seal(salt, "x", 2, a);
	redact_salt(key, "01B", salt);
	redact_seal(salt, "x", 2, b);
	assert_memory_not_equal(a, b, sizeof(a)); /* the same secret twice does not show */
	redact_salt(other, "01A", salt);
	redact_seal(salt, "x", 2, b);
	assert_memory_not_equal(a, b, sizeof(a));
	redact_salt(key, "01A", salt);
	redact_seal(salt, "y", 2, b);
	assert_memory_not_equal(a, b, sizeof(a));
	redact_seal(salt, "x", 2, b);
	assert_memory_equal(a, b, sizeof(a));
}

static void test_bad_rules_are_refused(void **state)
{
	(void)state;
	assert_non_null(redact_add(&rules, "("));
	assert_non_null(redact_add(&rules, "x*"));
	assert_int_equal(rules.shapes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_a_record_stays_sound),
		cmocka_unit_test(test_seals_tell_nothing_without_the_key),
		cmocka_unit_test(test_bad_rules_are_refused),
	};
	int r;

	if (sodium_init() < 0 || redact_add(&rules, "ACME-[0-9a-f]{12}"))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	redact_done(&rules);
	return r;
}
