/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets.h - secrets in arguments are hidden before anything is stored; what was there is sealed
 *
 * The arguments of what waits for an answer stay in memory as they were, so that rules and grants are compared with them. Where
 * they are not there any more (another start) they count as cut off: nothing is decided by them but by a person.
 */
#ifndef CVF_SECRETS_H
#define CVF_SECRETS_H

#include "govern/govern.h"
#include "trail/chain.h"

struct secrets;

/* Makes the key of the seals at the first start. */
int secrets_open(struct governor *g, struct secrets **ret_secrets) must_check;
void secrets_free(struct secrets *s);

/* What is stored of a record: itself, or a copy without its secrets that lives until the next call. */
const struct cvf_record *secrets_hide(struct governor *g, const struct cvf_record *r);
/* As it was, where it is known; else NULL. A record that nothing was hidden in is itself. */
const struct cvf_record *secrets_original(struct governor *g, const struct cvf_record *r);
/* Of the arguments of an event. -ENOKEY: there is no key. */
int secrets_seal(struct governor *g, const char *id, const char *args, size_t n, uint8_t ret_seal[CHAIN_BYTES]) must_check;

#endif
