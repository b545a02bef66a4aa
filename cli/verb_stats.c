// SPDX-License-Identifier: Apache-2.0
/*
 * verb_stats.c - approvals stats: how much people are asked, and how long they look at it
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "verbs.h"
#include "when.h"

static void put_median(FILE *out, const json_t *row)
{
	const json_t *median = out_field(row, "median_s");
	double s = json_number_value(median);
	char text[WHEN_MAX];

	if (!json_is_number(median)) {
		fputc('-', out);
	} else if (s < 60) {
		fprintf(out, "%.1fs", s);
	} else {
		when_print_duration((int64_t)s, text);
		fputs(text, out);
	}
}

static void put_quick(FILE *out, const json_t *row)
{
	const json_t *share = out_field(row, "quick_share");

	if (json_is_number(share))
		fprintf(out, "%.0f%%", json_number_value(share) * 100);
	else
		fputc('-', out);
}

static const struct column people_columns[] = {
	{ "WHO", "name", NULL },	{ "APPROVED", "approved", NULL }, { "DENIED", "denied", NULL },
	{ "MEDIAN", NULL, put_median }, { "QUICK", NULL, put_quick },
};
static const struct column capability_columns[] = {
	{ "CAPABILITY", "capability", NULL }, { "ASKED", "asked", NULL },	{ "APPROVED", "approved", NULL },
	{ "DENIED", "denied", NULL },	      { "EXPIRED", "expired", NULL },	{ "BY GRANT", "by_grant", NULL },
	{ "BY RULE", "by_rule", NULL },	      { "BUDGET", "over_budget", NULL }, { "MEDIAN", NULL, put_median },
	{ "QUICK", NULL, put_quick },
};

static void put_head(const json_t *all)
{
	static const struct {
		const char *field, *words;
	} rows[] = {
		{ "answers", "answered by people" }, { "by_grant", "by grants" }, { "by_rule", "by rules" },
		{ "over_budget", "refused over budget" }, { "expired", "expired" }, { "abandoned", "abandoned" },
		{ "pending", "wait" },
	};

	printf("%lld questions since ", (long long)json_integer_value(out_field(all, "asked")));
	out_value(stdout, out_field(all, "since"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		printf("%s %lld %s", i ? "," : ":", (long long)json_integer_value(out_field(all, rows[i].field)), rows[i].words);
	fputs(".\nPeople took ", stdout);
	put_median(stdout, all);
	fputs(" (median); ", stdout);
	put_quick(stdout, all);
	puts(" of their answers took less than two seconds.");
}

static int put_stats(const struct call *c, const json_t *all)
{
	int r;

	(void)c;
	put_head(all);
	putchar('\n');
	r = out_table(stdout, out_field(all, "people"), people_columns, ARRAY_SIZE(people_columns), "Nobody has answered.");
	putchar('\n');
	if (r >= 0)
		r = out_table(stdout, out_field(all, "capabilities"), capability_columns, ARRAY_SIZE(capability_columns),
			      "Nothing was asked.");
	return r;
}

int verb_approvals_stats(const struct call *c)
{
	own_url struct url u = { 0 };
	char since[WHEN_MAX];
	time_t moment;

	if (call_has(c, OPT_SINCE)) {
		if (when_moment(c->option[OPT_SINCE], time(NULL), &moment) < 0)
			return say_fail(USAGE, "write 10m, 2h or 7d (ago), 2025-01-31 or 2025-01-31T08:00:00Z",
					"--since: '%s' is no moment", c->option[OPT_SINCE]);
		when_print(moment, since);
	}
	u = to_get_v1_approvals_stats(&(struct get_v1_approvals_stats){ .since = call_has(c, OPT_SINCE) ? since : NULL });
	return ask_show(c, &(struct ask){ { .to = &u }, "read the statistics of approvals", false }, put_stats);
}
