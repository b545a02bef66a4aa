/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quarantine.h - what a delete or a rename takes away is kept first, by cvfd-quarantine; then the task may go on
 *
 * A held operation whose cell says so (CVF_CELL_KEEP) is let through only after its object is kept. One that only waits for
 * that (CVF_REASON_KEEP) is answered here and asks nobody; one that a person, a rule or a grant approves is kept between
 * the decision and the answer. What cannot be kept is refused with CVF_REASON_NOT_KEPT.
 */
#ifndef CVF_GOVERN_QUARANTINE_H
#define CVF_GOVERN_QUARANTINE_H

#include "govern/govern.h"
#include "kept_table.h"

struct routes;
extern const struct routes quarantine_routes;

int quarantine_open(struct governor *g, struct quarantine **ret_quarantine) must_check;
void quarantine_free(struct quarantine *q);

/* NULL: what must be kept can be; else why not. */
const char *quarantine_problem(struct governor *g);

/* Whether an approval of this hold has to keep its object first. */
bool quarantine_is_due(const struct cvf_record *r);
/*
 * Keeps it; 0 also when it was kept before under this hold. -EHOSTDOWN: cvfd-quarantine does not answer; others: why it
 * cannot be kept, see cvf/quarantine.h. Waits for up to five seconds.
 */
int quarantine_keep(struct governor *g, const struct cvf_record *r) must_check;

/* A hold that waits for being kept and for nothing else; inside a transaction, and after its commit. */
int quarantine_on_hold(struct governor *g, const struct cvf_record *r) must_check;
void quarantine_after_commit(struct governor *g);

/* -ENOENT: no such id; -EALREADY: it is not kept any more; others: see cvf/quarantine.h. */
int quarantine_restore(struct governor *g, const char *id, const char *by) must_check;
int quarantine_purge(struct governor *g, const char *id, const char *by) must_check;

/* Every second: what is too old, and the oldest of too much, is purged. */
void quarantine_tick(struct governor *g);

#endif
