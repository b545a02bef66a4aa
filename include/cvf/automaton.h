/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * automaton.h - how the automaton of paths and programs is stored, and the one step through it: kernel and user space
 *
 * A state is the index of its first word. Below short_from a state is a full row: row[class] is the next state, and
 * row[stride - 1] the set. From short_from on it is a short row of four words, for the many states that differ from
 * another one in two classes at most. Everything fits in two loads for a full row and five for a short one.
 */
#ifndef CVF_AUTOMATON_H
#define CVF_AUTOMATON_H

#include "limits.h"

#define CVF_SHORT_OTHER	 0 /* a full row that decides for every other class, or CVF_SHORT_STATE and the next state itself */
#define CVF_SHORT_SET	 1
#define CVF_SHORT_FIRST	 2 /* class << 24 | next state */
#define CVF_SHORT_SECOND 3 /* the same; equal to the first where one is enough */
#define CVF_SHORT_WORDS	 4

#define CVF_SHORT_STATE 0x80000000u
#define CVF_SHORT_NEXT	0x00ffffffu /* bits of a next state */

#define CVF_DFA_MASK (CVF_DFA_WORDS - 1)

static inline __attribute__((always_inline)) __u32 cvf_dfa_next(const __u32 *dfa, __u32 short_from, __u32 state,
								__u32 class)
{
	const __u32 *row;
	__u32 other;

	if (state >= short_from) {
		row = &dfa[state & CVF_DFA_MASK];
		if (row[CVF_SHORT_FIRST] >> 24 == class)
			return row[CVF_SHORT_FIRST] & CVF_SHORT_NEXT;
		if (row[CVF_SHORT_SECOND] >> 24 == class)
			return row[CVF_SHORT_SECOND] & CVF_SHORT_NEXT;
		other = row[CVF_SHORT_OTHER];
		if (other & CVF_SHORT_STATE)
			return other & CVF_SHORT_NEXT;
		state = other;
	}
	return dfa[(state + class) & CVF_DFA_MASK];
}

/* Nothing that follows leads out of it: the dead state, or a short row that says so. A full row is not looked at for it. */
static inline __attribute__((always_inline)) int cvf_dfa_stays(const __u32 *dfa, __u32 short_from, __u32 state)
{
	const __u32 *row = &dfa[state & CVF_DFA_MASK];

	if (!state)
		return 1;
	return state >= short_from && row[CVF_SHORT_OTHER] == (CVF_SHORT_STATE | state) &&
	       (row[CVF_SHORT_FIRST] & CVF_SHORT_NEXT) == state && (row[CVF_SHORT_SECOND] & CVF_SHORT_NEXT) == state;
}

static inline __attribute__((always_inline)) __u32 cvf_dfa_set(const __u32 *dfa, __u32 short_from, __u32 stride,
							       __u32 state)
{
	return dfa[(state + (state >= short_from ? CVF_SHORT_SET : stride - 1)) & CVF_DFA_MASK];
}

#endif
