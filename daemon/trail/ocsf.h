/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocsf.h - an entry in the shape of the Open Cybersecurity Schema Framework (1.3.0), for tools that read that;
 * tests/host/ocsf_check.py has what that asks for
 *
 * Files are class 1001, programs 1007, the network 4001, other system operations 1003, acts 6003. What the framework has no place
 * for is in unmapped.cvf, the hash of the entry and the seal of what was hidden in it among it.
 */
#ifndef CVF_OCSF_H
#define CVF_OCSF_H

#include "names.h"
#include "trail_table.h"

/* NULL: the record is malformed, or no memory. */
json_t *ocsf_view(struct store *s, const struct names *names, const struct entry *e);

#endif
