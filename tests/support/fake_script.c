// SPDX-License-Identifier: Apache-2.0
/*
 * fake_script.c - the lines that drive the fake enforcer
 *
 *   do    [k=v...] AGENT OP OBJECT [ARG...]   judged by the image; AGENT is a number
 *   hold | allow | deny [k=v...] AGENT OP OBJECT [ARG...]   recorded so, whatever the image says
 *   exec  [k=v...] AGENT PATH ARG...          a new program; prints its exec_id
 *   exit  [k=v...] AGENT PID STATUS
 *   session AGENT NUMBER 0|1
 *   gap N [cpu ring]    numbers spent on records that were lost
 *   late CPU RING SEQ   an allow record with that number
 *   again               sends what is not acknowledged once more
 *   bad                 a malformed record
 *   flood N             N allowed reads
 *   pour N              N records of many kinds, made as fast as they are acknowledged
 *   abandon HOLD        its process died
 *   refuse HOLD REASON  the kernel ended it, for a reason by number
 *   forget HOLD         so did it, and no record says so
 *   canary ok|fail      label AGENT|0      mute on|off|answers      attach (as if programs were loaded anew)
 *   disconnect          quit
 * In a word \xNN is that byte. Keys: session pid cpu ring uid risk cap rule flags timeout exec cell reason object2 address port
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "policy/policy.h"

#define WORDS 64

static bool set_number(struct fake_op *op, const char *key, const char *value)
{
	long n = strtol(value, NULL, 0);
	const struct {
		const char *key;
		uint32_t *to;
	} numbers[] = {
		{ "session", &op->session }, { "pid", &op->pid },	  { "cpu", &op->cpu },	{ "ring", &op->ring },
		{ "uid", &op->uid },	     { "cap", &op->capability }, { "rule", &op->rule }, { "timeout", &op->timeout_s },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(numbers[i].key, key) == 0) {
			*numbers[i].to = (uint32_t)n;
			return true;
		}
	return false;
}

static void set(struct fake_op *op, const char *key, const char *value)
{
	if (set_number(op, key, value))
		return;
	if (strcmp(key, "risk") == 0)
		op->risk = (uint8_t)atoi(value);
	else if (strcmp(key, "flags") == 0)
		op->flags = (uint16_t)atoi(value);
	else if (strcmp(key, "cell") == 0)
		op->cell_flags = (uint8_t)atoi(value);
	else if (strcmp(key, "reason") == 0)
		op->reason = (uint8_t)atoi(value);
	else if (strcmp(key, "exec") == 0)
		op->exec_id = strtoull(value, NULL, 0);
	else if (strcmp(key, "object2") == 0)
		op->object2 = value;
	else if (strcmp(key, "port") == 0)
		op->port = (uint16_t)atoi(value);
	else if (strcmp(key, "address") == 0) {
		op->address[10] = op->address[11] = 0xff;
		inet_pton(AF_INET, value, op->address + 12);
	}
}

/* \xNN is that byte: blanks and ends of line do not split then. */
static void unescape(char *word)
{
	unsigned int byte;
	char *to = word;

	while (*word) {
		if (word[0] == '\\' && word[1] == 'x' && sscanf(word + 2, "%2x", &byte) == 1 && byte) {
			*to++ = (char)byte;
			word += 4;
		} else {
			*to++ = *word++;
		}
	}
	*to = 0;
}

static size_t split(char *line, char *words[WORDS])
{
	size_t n = 0;
	char *state = NULL;

	for (char *w = strtok_r(line, " \n", &state); w && n < WORDS; w = strtok_r(NULL, " \n", &state)) {
		unescape(w);
		words[n++] = w;
	}
	return n;
}

/* Keys, then the agent; returns the index of the word after it. */
static size_t read_op(char **words, size_t n, struct fake_op *op)
{
	size_t i = 1;

	*op = (struct fake_op){ .session = 1, .pid = 1000, .risk = CVF_R2, .reason = CVF_REASON_APPROVAL };
	for (; i < n && strchr(words[i], '=') && words[i][0] != '/'; i++) {
		char *value = strchr(words[i], '=');

		*value = 0;
		set(op, words[i], value + 1);
	}
	if (i < n)
		op->agent = (uint32_t)atoi(words[i++]);
	return i;
}

static bool run_operation(struct fake *f, char **words, size_t n)
{
	struct fake_op op;
	size_t i = read_op(words, n, &op);

	if (i + 1 >= n)
		return false;
	op.op = op_find(words[i]);
	op.object = words[i + 1];
	op.args = &words[i + 1]; /* argv[0] is the path */
	op.args_count = op.op == CVF_OP_EXEC ? n - i - 1 : 0;
	if (op.port)
		op.object = NULL;
	if (strcmp(words[0], "do") == 0) {
		fake_do(f, &op);
	} else if (strcmp(words[0], "hold") == 0) {
		fake_ask(f, &op);
	} else {
		op.verdict = words[0][0] == 'a' ? CVF_VERDICT_ALLOW : CVF_VERDICT_DENY;
		op.ring = words[0][0] == 'a' ? CVF_RING_EVENT : CVF_RING_VERDICT;
		fake_record(f, &op, CVF_KIND_VERDICT);
	}
	return true;
}

static bool run_exec(struct fake *f, char **words, size_t n)
{
	struct fake_op op;
	size_t i = read_op(words, n, &op);

	if (i >= n)
		return false;
	op.op = CVF_OP_EXEC;
	op.object = words[i];
	op.args = &words[i + 1];
	op.args_count = n - i - 1;
	op.ring = CVF_RING_EVENT;
	op.exec_id = ++f->exec_id;
	fake_record(f, &op, CVF_KIND_EXEC);
	say("exec %llu", (unsigned long long)op.exec_id);
	return true;
}

static bool run_exit(struct fake *f, char **words, size_t n)
{
	struct fake_op op;
	size_t i = read_op(words, n, &op);

	if (i + 1 >= n)
		return false;
	op.pid = (uint32_t)atoi(words[i]);
	op.result = atoi(words[i + 1]);
	op.ring = CVF_RING_EVENT;
	fake_record(f, &op, CVF_KIND_EXIT);
	return true;
}

static bool run_session(struct fake *f, char **words, size_t n)
{
	struct fake_op op = { .ring = CVF_RING_EVENT };

	if (n < 4)
		return false;
	op.agent = (uint32_t)atoi(words[1]);
	op.session = (uint32_t)atoi(words[2]);
	op.result = atoi(words[3]);
	fake_record(f, &op, CVF_KIND_SESSION);
	return true;
}

static bool run_gap(struct fake *f, char **words, size_t n)
{
	uint32_t cpu = n > 3 ? (uint32_t)atoi(words[2]) % FAKE_CPUS : 0, ring = n > 3 ? atoi(words[3]) & 1u : 1;

	if (n < 2)
		return false;
	f->seq[cpu][ring] += (uint64_t)atoi(words[1]);
	f->lost[cpu][ring] += (uint64_t)atoi(words[1]);
	return true;
}

static bool run_late(struct fake *f, char **words, size_t n)
{
	struct fake_op op = { .agent = 1, .op = CVF_OP_READ, .object = "/late", .verdict = CVF_VERDICT_ALLOW };
	uint64_t before;

	if (n < 4)
		return false;
	op.cpu = (uint32_t)atoi(words[1]) % FAKE_CPUS;
	op.ring = atoi(words[2]) & 1u;
	before = f->seq[op.cpu][op.ring];
	f->seq[op.cpu][op.ring] = strtoull(words[3], NULL, 10) - 1;
	fake_record(f, &op, CVF_KIND_VERDICT);
	f->seq[op.cpu][op.ring] = before;
	return true;
}

static bool run_again(struct fake *f, char **words, size_t n)
{
	(void)words, (void)n;
	for (struct fake_batch *b = f->first; b; b = b->next)
		b->number = 0;
	return true;
}

static bool run_bad(struct fake *f, char **words, size_t n)
{
	struct fake_op op = { .agent = 1, .op = CVF_OP_READ, .object = "/bad", .verdict = CVF_VERDICT_ALLOW, .risk = 9 };

	(void)words, (void)n;
	fake_record(f, &op, CVF_KIND_VERDICT);
	return true;
}

static bool run_flood(struct fake *f, char **words, size_t n)
{
	struct fake_op op = { .agent = 1, .op = CVF_OP_READ, .object = "/flood", .verdict = CVF_VERDICT_ALLOW,
			      .ring = CVF_RING_EVENT, .reason = CVF_REASON_IN_SCOPE, .risk = CVF_R1, .pid = 77 };

	for (long i = n > 1 ? atol(words[1]) : 0; i > 0; i--) {
		op.cpu = (uint32_t)i;
		fake_record(f, &op, CVF_KIND_VERDICT);
	}
	return true;
}

static bool run_pour(struct fake *f, char **words, size_t n)
{
	f->pour = n > 1 ? strtoull(words[1], NULL, 10) : 0;
	fake_pour(f);
	return n > 1;
}

static bool run_abandon(struct fake *f, char **words, size_t n)
{
	struct fake_hold *h = n > 1 ? fake_find(f, strtoull(words[1], NULL, 10)) : NULL;

	if (h)
		fake_resume(f, h, CVF_VERDICT_DENY, CVF_REASON_ABANDONED);
	return h;
}

static bool run_refuse(struct fake *f, char **words, size_t n)
{
	struct fake_hold *h = n > 2 ? fake_find(f, strtoull(words[1], NULL, 10)) : NULL;

	if (h)
		fake_resume(f, h, CVF_VERDICT_DENY, (enum cvf_reason)atoi(words[2]));
	return h;
}

static bool run_forget(struct fake *f, char **words, size_t n)
{
	struct fake_hold *h = n > 1 ? fake_find(f, strtoull(words[1], NULL, 10)) : NULL;

	if (h)
		h->is_used = false;
	return h;
}

static bool run_canary(struct fake *f, char **words, size_t n)
{
	f->canary = n > 1 && strcmp(words[1], "fail") == 0 ? -5 : 0; /* EIO */
	return n > 1;
}

static bool run_label(struct fake *f, char **words, size_t n)
{
	f->label_agent = n > 1 ? (uint32_t)atoi(words[1]) : 0;
	return n > 1;
}

static bool run_mute(struct fake *f, char **words, size_t n)
{
	f->is_mute = n > 1 && strcmp(words[1], "on") == 0;
	f->swallows_answers = n > 1 && strcmp(words[1], "answers") == 0;
	return n > 1;
}

static bool run_attach(struct fake *f, char **words, size_t n)
{
	(void)words, (void)n;
	f->attached_ns++;
	f->generation = 0;
	memset(f->grants, 0, sizeof(f->grants));
	return true;
}

static bool run_disconnect(struct fake *f, char **words, size_t n)
{
	(void)words, (void)n;
	fake_disconnect(f);
	return true;
}

static const struct {
	const char *word;
	bool (*run)(struct fake *f, char **words, size_t n);
} commands[] = {
	{ "do", run_operation },   { "hold", run_operation },	  { "allow", run_operation }, { "deny", run_operation },
	{ "exec", run_exec },	   { "exit", run_exit },	  { "session", run_session }, { "gap", run_gap },
	{ "late", run_late },	   { "again", run_again },	  { "bad", run_bad },	      { "flood", run_flood },
	{ "pour", run_pour },
	{ "abandon", run_abandon }, { "canary", run_canary },	  { "label", run_label },     { "mute", run_mute },
	{ "attach", run_attach },  { "disconnect", run_disconnect },
	{ "forget", run_forget },   { "refuse", run_refuse },
};

bool fake_line(struct fake *f, char *line)
{
	char *words[WORDS];
	size_t n = split(line, words);

	if (!n || words[0][0] == '#')
		return true;
	if (strcmp(words[0], "quit") == 0)
		return false;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].word, words[0]) != 0)
			continue;
		say("%s %s", commands[i].run(f, words, n) ? "ok" : "wrong", commands[i].word);
		fake_flush(f);
		return true;
	}
	say("wrong %s", words[0]);
	return true;
}
