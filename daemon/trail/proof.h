/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - documents that prove, with a public key alone, that an entry is in the trail, or that one head continues another
 *
 * {"schema": "cvf.proof/v1", "kind": "inclusion", "n", "entry": {...}, "before", "path": [...], "head": {...}}: the entry and
 * the hash before it give its hash, that and the path give the root of the head, which is signed.
 * {"schema": "cvf.proof/v1", "kind": "consistency", "from": head, "to": head, "path": [...]}.
 */
#ifndef CVF_PROOF_H
#define CVF_PROOF_H

#include "trail_table.h"

/* Of the entry at a position. -ENOENT: there is none (any more); -EAGAIN: no head covers it yet; -ENODATA: nodes are missing. */
int proof_inclusion(struct store *s, int64_t n, json_t **ret_proof) must_check;
/* Between two heads by their sizes; to 0: the newest. -ENOENT: there is no such head; -ENODATA: too much was pruned. */
int proof_consistency(struct store *s, uint64_t from, uint64_t to, json_t **ret_proof) must_check;

#define PROOF_WORDS 200
/* Does a document prove what it says? key NULL: whoever signed it. ret_words says what it proves, or why it does not. */
bool proof_check(const json_t *proof, const uint8_t *key, char ret_words[PROOF_WORDS]);

#endif
