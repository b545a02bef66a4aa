/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.h - loads the programs in the flavour that this kernel takes, attaches them, pins everything; or adopts the pins
 *
 * The only room that sees the skeleton. Links and maps are pinned below CVF_PIN_DIR, so enforcement outlives the process;
 * the state map is pinned last and is the mark of a complete set.
 */
#ifndef CVF_HOOKS_H
#define CVF_HOOKS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "../core/own.h"
#include "cvf/abi.h"

#define CVF_PIN_DIR "/sys/fs/bpf/cvf"

enum hooks_flavour { FLAVOUR_AUTO, FLAVOUR_LSM, FLAVOUR_FMOD_RET };

enum hooks_map {
	MAP_STATE, MAP_LABELS, MAP_MEMBERS, MAP_SESSIONS, MAP_CGROUPS, MAP_UIDS, MAP_ENROL, MAP_ASKS,
	MAP_HOLDS, MAP_GRANTS, MAP_PENDING, MAP_PREFIX0, MAP_PREFIX1, MAP_CPU, MAP_COUNTS, MAP_AGENT_COUNTS,
	MAP_VERDICTS, MAP_EVENTS,
	MAP_MAX,
};

struct hooks {
	int map_fd[MAP_MAX];		/* owned */
	int enrol_link_fd;		/* of the enrolment iterator; owned */
	int *prog_fd;			/* of every program attached, for their miss counters; owned */
	int *link_fd;			/* of every program attached: the programs outlive their pins while this process runs; owned */
	unsigned int progs, links;
	unsigned int missing;		/* optional hooks that this kernel lacks */
	bool lsm;
	bool adopted;			/* from pins: enforcement was never interrupted */
};

/*
 * Loads and pins, or adopts. On failure prints what is missing on this kernel and what to do, and leaves no half-made pins.
 * -EPROTO: pins of another version (their enforcement goes on); -EPERM, -EOPNOTSUPP: this kernel or container refuses.
 */
int hooks_start(struct hooks *ret, enum hooks_flavour flavour) must_check;
void hooks_done(struct hooks *h);
/* A complete set is pinned, or that cannot be known: it must not be taken for none. */
bool hooks_are_pinned(void);
/* Removes every pin: ends enforcement once the last descriptor is closed. 0 or negative errno. */
int hooks_unpin(void) must_check;
/* Runs skipped because a program was already active on the CPU (fmod_ret only); each is an unjudged operation. */
uint64_t hooks_recursion_misses(const struct hooks *h);
/* A start of this process found programs of another version. */
bool hooks_met_others(void);

#endif
