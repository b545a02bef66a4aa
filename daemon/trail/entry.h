/* SPDX-License-Identifier: Apache-2.0 */
/* entry.h - what an entry comes to in the chain, and whether its columns say what its record says */
#ifndef CVF_ENTRY_H
#define CVF_ENTRY_H

#include "names.h"
#include "trail_table.h"

void entry_hash(const struct names *names, const uint8_t before[CHAIN_BYTES], const struct entry *e, uint8_t ret_hash[CHAIN_BYTES]);
/* The name of a column that differs from the record; NULL: none does. */
const char *entry_column_fault(const struct entry *e);
/* The checked record of an event, aligned; NULL: it is malformed. Until the next call. */
const struct cvf_record *entry_record(const struct entry *e);

#endif
