/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image_table.h - programs that governed tasks ran, by the exec_id that their records carry, from exec to exit
 */
#ifndef CVF_IMAGE_TABLE_H
#define CVF_IMAGE_TABLE_H

#include <stdint.h>

#include "cvf/wire.h"
#include "store/store.h"

struct image_row {
	const char *exe, *args, *cwd;	/* bytes; args: NUL after each */
	size_t exe_n, args_n, cwd_n;
	uint16_t flags;			/* CVF_REC_* of the record */
};

/* An EXEC record: the program before it in this process has ended. Inside a transaction. */
int image_table_begin(struct store *s, int64_t boot, const struct cvf_record *r, int64_t time_ms) must_check;
/* An EXIT record. */
int image_table_end(struct store *s, int64_t boot, const struct cvf_record *r) must_check;
/*
 * Calls use with the program, if it is known: 1, else 0. The row lives as long as the call.
 */
int image_table_use(struct store *s, int64_t boot, uint64_t exec_id, void (*use)(void *ctx, const struct image_row *row),
		    void *ctx) must_check;

#endif
