// SPDX-License-Identifier: Apache-2.0
#include "freeze.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Passes of one request after the first; what runs after them is swept. */
#define PASSES 4

struct telling {
	struct maps *maps;
	int signal;
	uint32_t agent;		/* 0: any that is frozen */
	uint32_t told, last;
};

/* The number may be another process's by now: its label tells, and the descriptor cannot become another's. */
static void tell(void *ctx, uint32_t tgid)
{
	struct telling *t = ctx;
	own_fd int pidfd = -1;
	uint32_t agent = 0;

	if (tgid == t->last)
		return; /* threads of one process follow each other */
	t->last = tgid;
	pidfd = maps_labelled_pidfd(t->maps, tgid, &agent);
	if (pidfd < 0 || !agent || (t->agent && agent != t->agent))
		return;
	if (!syscall(SYS_pidfd_send_signal, pidfd, t->signal, NULL, 0))
		t->told++;
}

static int tell_all(struct telling *t, enum cvf_visit how)
{
	t->last = 0;
	return maps_visit(t->maps, t->agent, how, tell, t);
}

static int freeze(struct telling *t, uint8_t *frozen)
{
	uint32_t told = 0;
	int r = 0;

	if (!*frozen)
		r = tell_all(t, CVF_VISIT_PARK);
	if (r < 0)
		return r;
	__atomic_store_n(frozen, 1, __ATOMIC_RELEASE);
	r = tell_all(t, CVF_VISIT_ALL);
	told = t->told;
	/* A fork that had passed its hook before: its child has no stop of its own. */
	for (int i = 0; i < PASSES && r >= 0; i++) {
		t->told = 0;
		r = tell_all(t, CVF_VISIT_RUNNING);
		if (!t->told)
			break;
	}
	t->told = told;
	return r;
}

/* A program that still saw the agent frozen has sent its stop before the signal that ends stops. */
static int thaw(struct telling *t, uint8_t *frozen)
{
	int r;

	__atomic_store_n(frozen, 0, __ATOMIC_RELEASE);
	r = maps_readers_gone();
	return r < 0 ? r : tell_all(t, CVF_VISIT_THAW);
}

/* What is frozen makes no children. */
static int kill_all(struct telling *t)
{
	t->signal = SIGKILL;
	t->told = 0;
	return tell_all(t, CVF_VISIT_ALL);
}

int freeze_set(struct maps *m, const struct wire_freeze *what, uint32_t *ret_told)
{
	struct telling t = { .maps = m, .signal = what->how == WIRE_THAW ? SIGCONT : SIGSTOP, .agent = what->agent };
	uint8_t *frozen;
	int r;

	if (!what->agent || what->agent >= CVF_AGENT_CANARY || what->how > WIRE_FREEZE_KILL)
		return -EINVAL;
	frozen = &m->state->frozen[what->agent];
	if (what->how == WIRE_THAW)
		r = *frozen ? thaw(&t, frozen) : 0;
	else
		r = freeze(&t, frozen);
	if (r >= 0 && what->how == WIRE_FREEZE_KILL)
		r = kill_all(&t);
	*ret_told = t.told;
	return r;
}

static bool is_any_frozen(const struct maps *m)
{
	for (uint32_t i = 0; i < CVF_AGENTS_MAX; i++)
		if (m->state->frozen[i])
			return true;
	return false;
}

bool freeze_sweep(struct maps *m)
{
	struct telling t = { .maps = m, .signal = SIGSTOP };

	if (!is_any_frozen(m))
		return false;
	return tell_all(&t, CVF_VISIT_RUNNING) < 0 || t.told;
}
