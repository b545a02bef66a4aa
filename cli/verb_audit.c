// SPDX-License-Identifier: Apache-2.0
/*
 * verb_audit.c - is the trail what was written: read from the store, whether or not the daemon runs
 */
#include <inttypes.h>
#include <string.h>

#include "ask.h"
#include "out.h"
#include "say.h"
#include "trail.h"
#include "trail/verify.h"
#include "verbs.h"
#include "when.h"

#define SHOWN_MAX 100	/* findings; more are counted */
#define HEADS_FILE "audit-heads.jsonl"

struct report {
	json_t *findings;
	bool as_json;
};

static void on_finding(void *ctx, const struct finding *f)
{
	struct report *r = ctx;
	json_t *one;

	if (json_array_size(r->findings) == SHOWN_MAX)
		return;
	one = json_pack("{s:s, s:o, s:o, s:o, s:s}", "fault", fault_word(f->fault), "n", f->n ? json_integer(f->n) : json_null(), "last_n",
			f->last_n ? json_integer(f->last_n) : json_null(), "id", *f->id ? json_string(f->id) : json_null(), "message",
			f->text);
	json_array_append_new(r->findings, one);
}

/* The file of heads beside the store, if there is one. */
static char *heads_path(const struct call *c)
{
	const char *store = trail_store_path(c), *slash = strrchr(store, '/');
	char *path = NULL;

	if (c->option[OPT_HEADS])
		return strdup(c->option[OPT_HEADS]);
	if (asprintf(&path, "%.*s" HEADS_FILE, slash ? (int)(slash - store) + 1 : 0, store) < 0)
		return NULL;
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static json_t *optional(int64_t n)
{
	return n ? json_integer(n) : json_null();
}

static json_t *document(const struct verify_result *v, const json_t *findings)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:o, s:I, s:O}", "ok", v->findings == 0,
			 "entries", (json_int_t)(v->events + v->acts), "events", (json_int_t)v->events, "acts", (json_int_t)v->acts,
			 "first_n", optional(v->first_n), "last_n", optional(v->last_n), "pruned_through", optional(v->pruned_n), "heads",
			 (json_int_t)v->heads, "known_heads", (json_int_t)v->known_heads, "unsigned_entries",
			 (json_int_t)v->unsigned_entries, "gaps", (json_int_t)v->gaps, "events_lost", (json_int_t)v->missing,
			 "key_given", v->is_pinned, "first_key", v->heads ? hex_view(v->first_key, KEY_BYTES) : json_null(), "head",
			 v->head.size ? head_view(&v->head) : json_null(), "findings_count", (json_int_t)v->findings, "findings", findings);
}

static void print_findings(const json_t *findings, int64_t count)
{
	const json_t *one;
	size_t i;

	json_array_foreach(findings, i, one) {
		printf("%-13s", out_text(one, "fault", "-"));
		out_value(stdout, out_field(one, "message"));
		if (out_text(one, "id", NULL))
			say_part(" [%s]", out_text(one, "id", ""));
		putchar('\n');
	}
	if (count > SHOWN_MAX)
		printf("%" PRId64 " more\n", count - SHOWN_MAX);
}

static void print_result(const struct verify_result *v)
{
	printf("%" PRId64 " entries (%" PRId64 " events, %" PRId64 " acts), %" PRId64 " signed heads\n", v->events + v->acts, v->events,
	       v->acts, v->heads);
	if (v->pruned_n)
		printf("entries up to %" PRId64 " were pruned; what follows is proved from there\n", v->pruned_n);
	if (v->missing)
		printf("%" PRId64 " records were lost and are declared so, in %" PRId64 " places\n", v->missing, v->gaps);
	if (v->unsigned_entries)
		printf("the last %" PRId64 " entries have no signed head yet\n", v->unsigned_entries);
	if (!v->is_pinned && v->heads)
		puts("no --key was given: the first key of the store itself was believed");
}

static int tell(const struct call *c, const struct verify_result *v, const json_t *findings)
{
	own_json json_t *doc = document(v, findings);

	if (call_has(c, OPT_JSON) && doc) {
		out_json(stdout, doc);
	} else {
		print_findings(findings, v->findings);
		print_result(v);
	}
	if (v->findings)
		return say_fail(REFUSED, "keep the file as it is, and compare it with copies and with the heads in the journal",
				"the audit trail of %s is not what was written: %" PRId64 " finding%s", trail_store_path(c), v->findings,
				v->findings == 1 ? "" : "s");
	if (!call_has(c, OPT_JSON))
		puts("verified");
	return DONE;
}

int verb_audit_verify(const struct call *c)
{
	own(store) struct store *s = NULL;
	own_json json_t *findings = json_array();
	own_free char *heads = heads_path(c);
	struct report report = { .findings = findings };
	struct verify_options o = { .heads = heads, .on_finding = on_finding, .ctx = &report };
	struct verify_result result;
	struct key_list keys;
	int r = trail_keys(c, &keys);

	if (r == DONE)
		r = trail_store_open(c, &s);
	if (r != DONE)
		return r;
	o.keys = (const void *)keys.v;
	o.keys_count = keys.n;
	r = verify_run(s, &o, &result);
	if (r == -ENOENT && heads)
		return say_fail(NOT_FOUND, NULL, "there is no file %s", heads);
	if (r < 0)
		return say_fail(REFUSED, r == -EUCLEAN ? "compare with a backup" : NULL, "the store %s cannot be read: %s",
				trail_store_path(c), r == -EUCLEAN ? "it is damaged" : strerror(-r));
	return tell(c, &result, findings);
}

/* ---- heads and keys ---- */

static void put_time(FILE *out, const json_t *row)
{
	char text[WHEN_MAX];

	when_print((time_t)(json_integer_value(json_object_get(row, "time_ms")) / 1000), text);
	fputs(text, out);
}

static int add_head(void *ctx, const struct head *h)
{
	return json_array_append_new(ctx, head_view(h)) < 0 ? -ENOMEM : 0;
}

static const struct column head_columns[] = {
	{ "ENTRIES", "size", NULL },
	{ "SIGNED", NULL, put_time },
	{ "ROOT", "root", NULL },
	{ "KEY", "key", NULL },
};

static int list(const struct call *c, const char *name, json_t *rows, const struct column *columns, size_t n)
{
	own_json json_t *doc = json_pack("{s:O}", name, rows);

	if (!doc)
		return say_no_memory();
	if (call_has(c, OPT_JSON)) {
		out_json(stdout, doc);
		return DONE;
	}
	return out_table(stdout, rows, columns, n, "None yet.") < 0 ? say_no_memory() : DONE;
}

int verb_audit_heads(const struct call *c)
{
	own(store) struct store *s = NULL;
	own_json json_t *rows = json_array();
	struct head last;
	long limit;
	int r = -call_number(c, OPT_LIMIT, 1000000, &limit);

	if (r == DONE)
		r = trail_store_open(c, &s);
	if (r != DONE)
		return r;
	if (strcmp(c->verb->verb, "head") == 0) {
		r = head_table_last(s, &last);
		if (r > 0)
			r = add_head(rows, &last);
	} else {
		r = head_table_each(s, 0, add_head, rows);
	}
	if (r < 0)
		return say_fail(REFUSED, NULL, "the heads of %s cannot be read: %s", trail_store_path(c), strerror(-r));
	while (limit && json_array_size(rows) > (size_t)limit)
		json_array_remove(rows, 0);
	return list(c, "heads", rows, head_columns, ARRAY_SIZE(head_columns));
}

static int add_key(void *ctx, const struct key_row *k)
{
	json_t *one = json_pack("{s:o, s:s, s:I, s:s, s:o}", "public", hex_view(k->public, KEY_BYTES), "reason", k->reason, "time_ms",
				(json_int_t)k->made_ms, "made_by", k->made_by, "before",
				k->has_before ? hex_view(k->before, KEY_BYTES) : json_null());

	return json_array_append_new(ctx, one) < 0 ? -ENOMEM : 0;
}

static const struct column key_columns[] = {
	{ "PUBLIC KEY", "public", NULL },
	{ "SINCE", NULL, put_time },
	{ "REASON", "reason", NULL },
	{ "BY", "made_by", NULL },
};

int verb_audit_keys(const struct call *c)
{
	own(store) struct store *s = NULL;
	own_json json_t *rows = json_array();
	int r = trail_store_open(c, &s);

	if (r != DONE)
		return r;
	r = key_table_each(s, add_key, rows);
	if (r < 0)
		return say_fail(REFUSED, NULL, "the keys of %s cannot be read: %s", trail_store_path(c), strerror(-r));
	return list(c, "keys", rows, key_columns, ARRAY_SIZE(key_columns));
}
