/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cover.h - does one set of texts, addresses or hours contain another, or meet it: exactly, by the automaton of both
 *
 * An empty list means all of them. What is too large to be decided neither covers nor meets: findings are for what is
 * certain.
 */
#ifndef CVF_POLICY_COVER_H
#define CVF_POLICY_COVER_H

#include "policy/glob.h"
#include "policy/model.h"

bool texts_cover(const struct texts *a, const struct texts *b, enum glob_flavour flavour);
bool texts_meet(const struct texts *a, const struct texts *b, enum glob_flavour flavour);
/* Without the automaton: false is certain, and most pairs are told apart by it. */
bool texts_may_cover(const struct texts *a, const struct texts *b);
bool texts_may_meet(const struct texts *a, const struct texts *b);
bool cidrs_cover(const struct cidrs *a, const struct cidrs *b);
bool cidrs_meet(const struct cidrs *a, const struct cidrs *b);
bool windows_cover(const struct windows *a, const struct windows *b);
bool windows_meet(const struct windows *a, const struct windows *b);

#endif
