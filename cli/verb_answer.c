// SPDX-License-Identifier: Apache-2.0
/*
 * verb_answer.c - approve and deny: one hold, or everything that waits and that a filter chooses, after it was shown
 */
#include "ask.h"
#include "batch.h"
#include "escape.h"
#include "out.h"
#include "prompt.h"
#include "routes.h"
#include "text.h"
#include "verbs.h"

#include <string.h>

#define ALL_MAX "1000"	/* that the API lists at once */

static const struct answer_word {
	const char *verb, *done, *all;
	struct url (*to)(const char *id);
} approving = { "approve", "approved", "approve --all", to_post_v1_approvals_id_approve },
  denying = { "deny", "denied", "deny --all", to_post_v1_approvals_id_deny };

/* It needs more people; who says so has done what one of them can. */
static void put_waits(const char *id, const json_t *reply)
{
	const json_t *approvers = out_field(reply, "approvers"), *one;
	size_t i;

	say_part("hold %s still waits, ", id);
	text_quorum(stdout, reply);
	fputs(": ", stdout);
	text_operation(stdout, reply, 0);
	fputs("\n    next: ", stdout);
	json_array_foreach(approvers, i, one) {
		fputs(i ? ", " : "another one of ", stdout);
		out_value(stdout, one);
	}
	printf("%s: cvfctl approve ", i ? "" : "another approver");
	escape_word(stdout, id, strlen(id));
	putchar('\n');
}

static void put_answered(const char *id, const struct answer_word *word, const json_t *reply)
{
	if (strcmp(out_text(reply, "state", ""), "pending") == 0 && json_integer_value(out_field(reply, "quorum")) > 1) {
		put_waits(id, reply);
		return;
	}
	say_part("hold %s %s", id, word->done);
	if (out_text(reply, "operation", NULL)) {
		fputs(": ", stdout);
		text_operation(stdout, reply, 0);
	}
	if (json_integer_value(out_field(reply, "resumed")) > 1)
		printf(" (%lld processes that asked the same)", (long long)json_integer_value(out_field(reply, "resumed")));
	putchar('\n');
}

/* -EAGAIN: it needs a code, and there is a terminal to ask for one. */
static int send_answer(const struct call *c, const char *id, const struct answer_word *word, json_t *body, bool may_prompt,
		       json_t **ret)
{
	own_url struct url u = word->to(id);
	own_free char *text = json_dumps(body, JSON_COMPACT), *doing = NULL;
	int r;

	if (!text || asprintf(&doing, "%s hold %s", word->verb, id) < 0)
		return say_no_memory();
	r = ask_unless(c, &(struct ask){ { &u, text, strlen(text), 0 }, doing, false },
		       may_prompt ? "code-required" : NULL, ret);
	explicit_bzero(text, strlen(text));
	return r;
}

static int answer_one(const struct call *c, const char *id, const struct answer_word *word, json_t *body, json_t **ret)
{
	bool may_prompt = !call_has(c, OPT_OTP) && isatty(STDIN_FILENO);
	own_json json_t *with_code = NULL;
	char code[PROMPT_MAX];
	int r = send_answer(c, id, word, body, may_prompt, ret);

	if (r != -EAGAIN)
		return r;
	if (prompt_secret("Code of your second factor: ", code) < 0)
		return send_answer(c, id, word, body, false, ret);
	with_code = json_copy(body);
	json_object_set_new(with_code, "otp", json_string(code));
	explicit_bzero(code, sizeof(code));
	return send_answer(c, id, word, with_code, false, ret);
}

static int answer_hold(const struct call *c, const struct answer_word *word, json_t *body)
{
	own_json json_t *reply = NULL;
	int r = answer_one(c, c->words[0], word, body, &reply);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		put_answered(c->words[0], word, reply);
	return DONE;
}

/* What deserves to be read by itself: CRITICAL, or worth several people. */
static bool is_single(const json_t *hold)
{
	return strcmp(out_text(hold, "risk", "CRITICAL"), "CRITICAL") == 0 || json_integer_value(out_field(hold, "quorum")) > 1;
}

/* Is it one that --all answers? --until protects from answering what nobody has seen. */
static bool is_chosen(const struct call *c, const json_t *hold)
{
	const char *risk = out_text(hold, "risk", "CRITICAL"), *until = c->option[OPT_UNTIL];

	return !is_single(hold) && (!call_has(c, OPT_RISK) || strcmp(risk, c->option[OPT_RISK]) == 0) &&
	       (!until || strcmp(out_text(hold, "id", "~"), until) <= 0);
}

static int choose(const struct call *c, json_t *ret_chosen, size_t *ret_single)
{
	own_url struct url u = to_get_v1_approvals(&(struct get_v1_approvals){
		.agent = c->option[OPT_AGENT], .capability = c->option[OPT_CAPABILITY], .limit = ALL_MAX });
	own_json json_t *reply = NULL;
	json_t *hold;
	size_t i;
	int r;

	r = ask(c, &(struct ask){ { .to = &u }, "list the approvals", false }, &reply);
	if (r != DONE)
		return r;
	*ret_single = 0;
	json_array_foreach(out_field(reply, "holds"), i, hold) {
		if (is_chosen(c, hold))
			json_array_append(ret_chosen, hold);
		*ret_single += is_single(hold);
	}
	return DONE;
}

static void put_operation(FILE *out, const json_t *row)
{
	text_operation(out, row, 0);
}

static const struct column columns[] = {
	{ "HOLD", "id", NULL }, { "AGENT", "agent", NULL }, { "RISK", "risk", NULL }, { "CAPABILITY", "capability", NULL },
	{ "OPERATION", NULL, put_operation },
};

static const char *newest_of(const json_t *chosen)
{
	const char *newest = "";
	const json_t *hold;
	size_t i;

	json_array_foreach(chosen, i, hold)
		if (strcmp(out_text(hold, "id", ""), newest) > 0)
			newest = out_text(hold, "id", "");
	return newest;
}

struct answering {
	const struct answer_word *word;
	json_t *body;
};

static int answer_next(const struct call *c, const void *ctx, const char *id, json_t **ret)
{
	const struct answering *a = ctx;

	return answer_one(c, id, a->word, a->body, ret);
}

static void put_next(const void *ctx, const char *id, const json_t *reply)
{
	put_answered(id, ((const struct answering *)ctx)->word, reply);
}

static int answer_all(const struct call *c, const struct answer_word *word, json_t *body)
{
	static const enum option filters[] = { OPT_AGENT, OPT_CAPABILITY, OPT_RISK };
	own_json json_t *chosen = json_array();
	struct batch b = {
		.verb = word->verb,
		.done = word->done,
		.ending = "",
		.command = word->all,
		.filters = filters,
		.filters_count = ARRAY_SIZE(filters),
		.until_option = OPT_UNTIL,
		.done_key = "answered",
		.list_key = "holds",
		.columns = columns,
		.columns_count = ARRAY_SIZE(columns),
		.empty = "Nothing of that waits for an answer.",
		.one = answer_next,
		.put = put_next,
		.ctx = &(struct answering){ word, body },
	};
	size_t single;
	int r = choose(c, chosen, &single);

	if (r != DONE)
		return r;
	b.until = newest_of(chosen);
	r = batch_run(c, &b, chosen);
	if (single && !call_has(c, OPT_JSON))
		fprintf(stderr, "%zu not chosen: what is CRITICAL or needs several people is answered one by one\n", single);
	return r;
}

static int answer(const struct call *c, const struct answer_word *word, json_t *body)
{
	static const enum option only_all[] = { OPT_AGENT, OPT_CAPABILITY, OPT_RISK, OPT_UNTIL, OPT_YES };
	bool all = call_has(c, OPT_ALL);

	if (all == (c->count > 0))
		return say_fail(USAGE, "cvfctl approvals lists what waits", "%s: give %s", word->verb,
				all ? "a HOLD or --all, not both" : "a HOLD, or --all with what to choose");
	if (all && (call_has(c, OPT_DIGEST) || call_has(c, OPT_OTP) || call_has(c, OPT_BREAK_GLASS)))
		return say_fail(USAGE, NULL, "%s: --digest, --otp and --break-glass are for one HOLD", word->verb);
	if (call_has(c, OPT_BREAK_GLASS) != call_has(c, OPT_REASON))
		return say_fail(USAGE, NULL, "%s: --break-glass and --reason go together", word->verb);
	for (size_t i = 0; !all && i < ARRAY_SIZE(only_all); i++)
		if (call_has(c, only_all[i]))
			return say_fail(USAGE, NULL, "%s: --%s goes with --all", word->verb, options[only_all[i]].name);
	return all ? answer_all(c, word, body) : answer_hold(c, word, body);
}

static int set_text(const struct call *c, enum option o, json_t *body)
{
	if (!call_has(c, o) || json_object_set_new(body, options[o].name, json_string(c->option[o])) == 0)
		return DONE;
	json_decref(body);
	return say_fail(USAGE, NULL, "--%s: the text is not valid UTF-8", options[o].name);
}

int verb_approve(const struct call *c)
{
	const char *scope = c->option[OPT_SCOPE] ? c->option[OPT_SCOPE] : "once";
	own_json json_t *body = NULL;
	json_t *draft;
	long for_s, uses;
	int r = call_duration(c, OPT_FOR, &for_s);

	if (r == 0)
		r = call_number(c, OPT_USES, 1000000000, &uses);
	if (r < 0)
		return -r;
	if (strcmp(scope, "once") == 0 && (for_s || uses || call_has(c, OPT_PATTERN)))
		return say_fail(USAGE, "add --scope session or --scope agent",
				"--for, --uses and --pattern need an answer that stays");
	draft = json_pack("{s:s}", "scope", scope);
	if (for_s)
		json_object_set_new(draft, "for_s", json_integer(for_s));
	if (uses)
		json_object_set_new(draft, "uses", json_integer(uses));
	if (call_has(c, OPT_BREAK_GLASS))
		json_object_set_new(draft, "break_glass", json_true());
	r = set_text(c, OPT_PATTERN, draft);
	if (r == DONE)
		r = set_text(c, OPT_REASON, draft);
	if (r == DONE)
		r = set_text(c, OPT_OTP, draft);
	if (r == DONE)
		r = set_text(c, OPT_DIGEST, draft);
	if (r == DONE)
		r = set_note(c, draft);
	if (r != DONE)
		return r;
	body = draft;
	return answer(c, &approving, body);
}

int verb_deny(const struct call *c)
{
	own_json json_t *body = NULL;
	json_t *draft = json_object();
	int r = set_text(c, OPT_DIGEST, draft);

	if (r == DONE)
		r = set_note(c, draft);
	if (r != DONE)
		return r;
	body = draft;
	return answer(c, &denying, body);
}
