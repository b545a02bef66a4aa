/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event.h - checks and reads the records that the kernel wrote (struct cvf_record), as they come over the link
 *
 * A record is believed only after record_check() said RECORD_OK; then every span lies inside its text. Views, no copies.
 */
#ifndef CVF_EVENT_H
#define CVF_EVENT_H

#include <linux/types.h>
#include <stdbool.h>

#include "cvf/abi.h"
#include "own.h"

enum record_fault {
	RECORD_OK = 0,
	RECORD_SHORT,		/* fewer bytes than a head or than its own size */
	RECORD_SIZE,		/* size and text_len disagree or are too large */
	RECORD_KIND,		/* kind, ring or flags unknown */
	RECORD_SEQUENCE,	/* sequence number 0 */
	RECORD_WORD,		/* operation, verdict, reason, risk, mode or protocol unknown */
	RECORD_AGENT,		/* agent number out of range */
	RECORD_SPAN,		/* a span leaves the text */
	RECORD_TEXT,		/* a NUL inside a path, or arguments without their last NUL */
	RECORD_FAULT_MAX,
};

struct text {
	const char *p;
	size_t n;
};

enum record_fault record_check(const void *bytes, size_t size) must_check;
const char *record_fault_text(unsigned int fault);

/* The bytes of a span of a checked record; no NUL at the end. */
struct text record_text(const struct cvf_record *r, struct cvf_span span);

/*
 * The next record of a batch, from *off on, which is moved past it. 1 and *ret_record when it is sound, 0 at the end,
 * -EBADMSG with *ret_fault otherwise: *off is then past the bad record, or at the end when its size cannot be believed.
 */
int records_next(const void *tail, size_t size, size_t *off, const struct cvf_record **ret_record,
		 enum record_fault *ret_fault) must_check;

/* argv of a record: one entry after another from *off; false at the end. */
bool record_args_next(struct text args, size_t *off, struct text *ret_arg);

#endif
