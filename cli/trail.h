/* SPDX-License-Identifier: Apache-2.0 */
/* trail.h - the store of the audit trail, opened without the daemon, and the public keys of the command line */
#ifndef CVF_CLI_TRAIL_H
#define CVF_CLI_TRAIL_H

#include "args.h"
#include "store/store.h"
#include "trail/head.h"

#define STORE_FILE "/var/lib/cvf/cvf.db"
#define KEYS_MAX 16

/* --store or the default. DONE, or an exit status after saying why not. */
int trail_store_open(const struct call *c, struct store **ret_store) must_check;
const char *trail_store_path(const struct call *c);

struct key_list {
	uint8_t v[KEYS_MAX][KEY_BYTES];
	size_t n;
};
/* Of --key, hexadecimal, with commas between; none: an empty list. */
int trail_keys(const struct call *c, struct key_list *ret_keys) must_check;

#endif
