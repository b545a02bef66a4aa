/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redact.h - secrets in arguments, by their shape or by the name they follow; pure
 *
 * Found are: values of options, variables, headers, query parameters and JSON members whose names end in password, token,
 * secret and the like; passwords in URLs and after -u of curl, -p of mysql; bearer and basic credentials; keys with the shapes
 * of well-known issuers; private keys; and what the settings add.
 */
#ifndef CVF_REDACT_H
#define CVF_REDACT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/own.h"
#include "cvf/wire.h"
#include "head.h"

#define REDACT_RULES_MAX 32

struct redact_rules {
	regex_t shape[REDACT_RULES_MAX];	/* extended regular expressions; all of a match is hidden */
	size_t shapes;
};

/* Adds an expression: NULL, or what is wrong with it (until the next call). */
const char *redact_add(struct redact_rules *rules, const char *expression);
void redact_done(struct redact_rules *rules);

/*
 * Arguments with a NUL after each, as in a record. True when anything was hidden: to has what is left, with stars for each
 * secret, never longer than it was. to has room for n bytes.
 */
bool redact_args(const struct redact_rules *rules, const char *args, size_t n, char *to, size_t *ret_n);

/* The same for a record; *to is filled and is a sound record when it returns true. */
bool redact_record(const struct redact_rules *rules, const struct cvf_record *r, struct cvf_record *to);

/*
 * What the arguments were: a hash that tells nothing to who has not the salt of this entry, which only the holder of the
 * key can compute.
 */
void redact_salt(const uint8_t key[SEED_BYTES], const char *id, uint8_t ret_salt[SEED_BYTES]);
void redact_seal(const uint8_t salt[SEED_BYTES], const char *args, size_t n, uint8_t ret_seal[CHAIN_BYTES]);

#endif
