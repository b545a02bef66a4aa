/* SPDX-License-Identifier: Apache-2.0 */
/* restore.h - what is done to a store that no governor has open: judging a file, and putting it in the place of the store */
#ifndef CVF_RESTORE_H
#define CVF_RESTORE_H

#include "govern/govern.h"

struct offline {
	const char *file;	/* NULL: the store itself, which a governor may have open (check alone) */
	bool json;
};

/* Commands of cvfd-govern: say what they did, return an exit status (0 done, 1 refused or failed, 3 no such file, 5 not permitted). */
int offline_check(struct governor *g, const struct offline *o);
int offline_restore(struct governor *g, const struct offline *o);

/* After a restore: what grants the kernel still has are taken back, and none of the restored ones comes into force. */
int restore_finish(struct governor *g) must_check;

#endif
