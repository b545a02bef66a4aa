/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_link.h - links by which one who is told by a webhook answers, once
 *
 * A link says which hold, which digest was shown, until when, and in its signature (HMAC-SHA256 under a key of the governor
 * alone) for which target and as which user. It answers as that user: with the user's roles, and never what the user may
 * not approve. It is worth nothing once the hold is decided, by whomever; nothing CRITICAL, and nothing that certain or several
 * people must approve, is answered so.
 */
#ifndef CVF_ANSWER_LINK_H
#define CVF_ANSWER_LINK_H

#include "govern/govern.h"
#include "govern/approval/approval.h"

#define ANSWER_PATH "/v1/answers/"
#define ANSWER_TOKEN 122	/* with its NUL */

struct answer_link {
	char hold[ULID_SIZE], digest[17];
	int64_t until_ms;
	const struct notice_target *target;	/* of the settings of now */
};

/* May a link answer it at all? h with its record. */
bool answer_link_fits(struct governor *g, const struct hold *h);
/* malloc'ed; NULL: there are no links for this target or this hold, or no key. */
char *answer_link_make(struct governor *g, const struct notice_target *t, const char *hold);
/* 0; -ENOKEY: it is none of ours, or nobody answers by links any more; -ETIME: it has expired. */
int answer_link_read(struct governor *g, const char *token, struct answer_link *ret_link) must_check;

#endif
