// SPDX-License-Identifier: Apache-2.0
/*
 * verb_proof.c - proofs about the trail: made from the store, checked by anybody who has the public key
 */
#include <string.h>
#include <sodium.h>

#include "ask.h"
#include "out.h"
#include "routes.h"
#include "say.h"
#include "text.h"
#include "trail.h"
#include "trail/proof.h"
#include "verbs.h"

/* An id, or a position. */
static int find_entry(const struct call *c, struct store *s, int64_t *ret_n)
{
	char *end, id[27];
	int r;

	*ret_n = strtoll(c->words[0], &end, 10);
	if (!*end && *ret_n > 0)
		return DONE;
	snprintf(id, sizeof(id), "%s", c->words[0]);
	for (char *p = id; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	r = trail_table_find(s, id, ret_n);
	if (r < 0)
		return say_fail(REFUSED, NULL, "the store %s cannot be read: %s", trail_store_path(c), strerror(-r));
	return r ? DONE : say_fail(NOT_FOUND, "give the id of an event, or a position", "there is no entry %s", c->words[0]);
}

static int say_unproved(const struct call *c, int error)
{
	if (error == -EAGAIN)
		return say_fail(REFUSED, "heads are signed every minute (audit.head_every_s of cvfd.json)",
				"no signed head covers this entry yet");
	if (error == -ENOENT)
		return say_fail(NOT_FOUND, "cvfctl audit heads lists the heads", "there is no such entry or head; it may have been pruned");
	if (error == -ENODATA)
		return say_fail(REFUSED, "a head of a multiple of 256 entries can be proved from for ever", "what the proof needs was pruned");
	return say_fail(REFUSED, NULL, "the store %s cannot be read: %s", trail_store_path(c), strerror(-error));
}

int verb_audit_prove(const struct call *c)
{
	own(store) struct store *s = NULL;
	own_json json_t *proof = NULL;
	long from, to;
	int64_t n;
	int r = -call_number(c, OPT_FROM, INT64_MAX, &from);

	if (r == DONE)
		r = -call_number(c, OPT_TO, INT64_MAX, &to);
	if (r == DONE && (from != 0) == (c->count > 0))
		r = say_fail(USAGE, NULL, "audit prove: give a RECORD, or --from SIZE with or without --to SIZE");
	if (r == DONE)
		r = trail_store_open(c, &s);
	if (r == DONE && c->count)
		r = find_entry(c, s, &n);
	if (r != DONE)
		return r;
	r = c->count ? proof_inclusion(s, n, &proof) : proof_consistency(s, (uint64_t)from, (uint64_t)to, &proof);
	if (r < 0)
		return say_unproved(c, r);
	out_json(stdout, proof);
	return DONE;
}

static int read_proof(const struct call *c, json_t **ret_proof)
{
	own_free char *text = NULL;
	size_t size;
	int r = text_read(c->words[0], &text, &size);

	if (r < 0)
		return say_fail(r == -ENOENT ? NOT_FOUND : REFUSED, NULL, "cannot read %s: %s", c->words[0], strerror(-r));
	*ret_proof = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	return *ret_proof ? DONE : say_fail(REFUSED, NULL, "%s is no JSON", c->words[0]);
}

int verb_audit_check_proof(const struct call *c)
{
	own_json json_t *proof = NULL, *answer = NULL;
	struct key_list keys;
	char words[PROOF_WORDS];
	bool is_true;
	int r = sodium_init() < 0 ? say_no_memory() : trail_keys(c, &keys);

	if (r == DONE && keys.n > 1)
		r = say_fail(USAGE, NULL, "--key: one key signs one head");
	if (r == DONE)
		r = read_proof(c, &proof);
	if (r != DONE)
		return r;
	is_true = proof_check(proof, keys.n ? keys.v[0] : NULL, words);
	answer = json_pack("{s:b, s:b, s:s}", "ok", is_true, "key_given", keys.n > 0, "message", words);
	if (call_has(c, OPT_JSON) && answer)
		out_json(stdout, answer);
	if (!is_true)
		return say_fail(REFUSED, NULL, "%s proves nothing: %s", c->words[0], words);
	if (call_has(c, OPT_JSON))
		return DONE;
	say_line("proved: %s", words);
	if (!keys.n)
		puts("no --key was given: the key that the head names was believed");
	return DONE;
}

static json_t *args_of(const char *text, size_t size)
{
	json_t *list = json_array();

	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		json_array_append_new(list, json_string(text + at));
	return json_pack("{s:o}", "args", list);
}

int verb_audit_match(const struct call *c)
{
	own_url struct url u = to_post_v1_audit_match_event(c->words[0]);
	own_json json_t *body = NULL, *reply = NULL;
	own_free char *text = NULL, *sent = NULL;
	size_t size;
	int r = text_read(c->words[1], &text, &size);

	if (r < 0)
		return say_fail(r == -ENOENT ? NOT_FOUND : REFUSED, NULL, "cannot read %s: %s", c->words[1], strerror(-r));
	body = args_of(text, size);
	sent = json_dumps(body, JSON_COMPACT);
	if (!sent)
		return say_fail(REFUSED, "separate them by NUL bytes", "%s holds no arguments in UTF-8", c->words[1]);
	r = ask(c, &(struct ask){ { &u, sent, strlen(sent), 0 }, "compare arguments", false },
		&reply);
	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	if (!json_is_true(out_field(reply, "matches")))
		return say_fail(REFUSED, NULL, "event %s had other arguments", c->words[0]);
	if (!call_has(c, OPT_JSON))
		say_line("these were the arguments of event %s", c->words[0]);
	return DONE;
}

int verb_audit_rotate_key(const struct call *c)
{
	own_url struct url u = to_post_v1_audit_rotate_key();
	own_json json_t *reply = NULL;
	int r = ask(c, &(struct ask){ { .to = &u }, "put a new key in force", false }, &reply);

	if (r != DONE)
		return r;
	if (call_has(c, OPT_JSON))
		out_json(stdout, reply);
	else
		say_line("the audit trail is signed with key %s from now on", out_text(reply, "public", "-"));
	return DONE;
}
