/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - a copy of the store made while it is written to, and the judgement of a file that says it is such a copy
 */
#ifndef CVF_STORE_COPY_H
#define CVF_STORE_COPY_H

#include "store.h"

struct store_copy;

/*
 * Begins a copy to a new file (mode 0600; -EEXIST: it is there). What the writer commits meanwhile is in the copy too: at the
 * last step it is the store as it is then. No step may be taken within a transaction.
 */
int store_copy_open(struct store *s, const char *path, struct store_copy **ret_copy) must_check;
/* Copies some pages. 1: there are more; 0: the file is complete; negative errno: it is not, and never will be. */
int store_copy_step(struct store_copy *c, int pages) must_check;
/* Also before the end; the file is left. */
void store_copy_free(struct store_copy *c);
OWN_DEFINE(store_copy);

/* Bytes that a copy takes now. */
int64_t store_bytes(struct store *s);

struct store_judgement {
	int schema;		/* migrations that it has seen */
	int64_t bytes;
	char problem[512];	/* why it was refused, in words */
};

/*
 * Reads all of a database, which nobody need have open, without changing it. 0: it is sound and its schema is the one that so
 * many of the migrations make; -EPROTO: a newer version made it; -EUCLEAN: it is damaged; -EMEDIUMTYPE: it is no store of ours;
 * others: it cannot be read. is_alone: nobody writes to it, and it has no log beside it (else the log is read too).
 */
int store_judge(const struct store_options *options, bool is_alone, struct store_judgement *ret_judgement) must_check;

#endif
