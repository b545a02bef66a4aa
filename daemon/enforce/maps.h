/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maps.h - the only writer of enforcement maps
 *
 * A policy is written into the idle slot and becomes active by one store to the control word. Nothing here decides policy;
 * it refuses what is malformed. No allocation after maps_open().
 */
#ifndef CVF_MAPS_H
#define CVF_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "cvf/wire.h"
#include "hooks.h"

struct maps {
	const struct hooks *hooks;	/* borrowed */
	struct cvf_state *state;	/* mapped */
	int cpus;
	uint64_t *counts;		/* room for one slot's counters of every CPU */
	uint32_t *count_keys;
	bool is_wake_due;		/* some task that was answered could not be woken: maps_wake_answered() is to try again */
};

int maps_open(struct maps *m, const struct hooks *h) must_check;
void maps_close(struct maps *m);

/* Checks an image and makes it the active generation. -EINVAL with *ret_fault, -ESTALE not newer, -EIO a table refused. */
int maps_image(struct maps *m, const void *image, size_t size, uint64_t generation, uint32_t *ret_fault) must_check;
/* Labels a process (tgid) or the tasks of a cgroup (tgid 0). 0 and *ret: what the iterator reported. */
int maps_enrol(struct maps *m, const struct cvf_enrol *what, struct cvf_enrol *ret) must_check;
/* Calls each with the process of every task of an agent that the visit lists; a process may come several times. */
int maps_visit(struct maps *m, uint32_t agent, enum cvf_visit how, void (*each)(void *ctx, uint32_t tgid), void *ctx) must_check;
/* Waits until no program runs that began before. */
int maps_readers_gone(void) must_check;
int maps_cgroup_bind(struct maps *m, uint64_t cgroup, uint32_t agent, struct cvf_enrol *ret) must_check;
int maps_cgroup_unbind(struct maps *m, uint64_t cgroup) must_check;
/* Writes the answer and resumes the task, later if that fails now. *ret_resumed: it was still there. */
int maps_answer(struct maps *m, const struct wire_answer *a, bool *ret_resumed) must_check;
/* Resumes every task whose answer was written but who may not have been told (the process before us died between). */
void maps_wake_answered(struct maps *m);
/* Refuses what nobody answered in its time, when the governor is gone or hangs: how many. now_ns: CLOCK_BOOTTIME. */
unsigned int maps_refuse_overdue(struct maps *m, uint64_t now_ns);
/* Next waiting hold after digest *key (0: first) into *ret; 0, or -ENOENT at the end. */
int maps_hold_next(struct maps *m, uint64_t *key, struct cvf_record *ret) must_check;
int maps_grant_add(struct maps *m, const struct wire_grant *g) must_check;
int maps_grant_drop(struct maps *m, uint64_t digest) must_check;
/* Label of a process; -ESRCH no such process. No label: agent 0. */
int maps_label(struct maps *m, uint32_t pid, struct cvf_label *ret) must_check;
/* A descriptor of a process, and the agent of its label; 0: it has none. */
int maps_labelled_pidfd(struct maps *m, uint32_t tgid, uint32_t *ret_agent) must_check;
int maps_status(struct maps *m, struct wire_status *ret) must_check;
/* Records of a ring of a CPU: numbered, and of those lost. -ENOENT: no such CPU or ring. */
int maps_sequence(struct maps *m, uint32_t cpu, uint32_t ring, uint64_t *ret_lost, uint64_t *ret_numbered) must_check;
/* Sums the counters of the active slot into m->counts[cell]; returns the number of cells. */
int maps_counts(struct maps *m, uint64_t *ret_generation) must_check;
/* The counter behind *key (all zero: the first) of an agent that shares its row, in the active slot; -ENOENT: no more. Uses m->counts. */
int maps_agent_count_next(struct maps *m, struct cvf_count_key *key, uint64_t *ret_value) must_check;

#endif
