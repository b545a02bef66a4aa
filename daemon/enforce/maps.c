// SPDX-License-Identifier: Apache-2.0
#include "maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "../core/image.h"

static int map_fd(const struct maps *m, enum hooks_map which)
{
	return m->hooks->map_fd[which];
}

int maps_open(struct maps *m, const struct hooks *h)
{
	*m = (struct maps){ .hooks = h, .cpus = libbpf_num_possible_cpus() };
	if (m->cpus <= 0)
		return -EIO;
	m->counts = calloc((size_t)CVF_CELLS_MAX * (size_t)m->cpus, sizeof(*m->counts));
	m->count_keys = calloc(CVF_CELLS_MAX, sizeof(*m->count_keys));
	if (!m->counts || !m->count_keys) {
		maps_close(m);
		return -ENOMEM;
	}
	m->state = mmap(NULL, sizeof(*m->state), PROT_READ | PROT_WRITE, MAP_SHARED, map_fd(m, MAP_STATE), 0);
	if (m->state == MAP_FAILED) {
		int r = -errno;

		m->state = NULL;
		maps_close(m);
		return r;
	}
	return 0;
}

void maps_close(struct maps *m)
{
	if (m->state)
		munmap(m->state, sizeof(*m->state));
	free(m->counts);
	free(m->count_keys);
	*m = (struct maps){ 0 };
}

/* ---- policy ---- */

/*
 * Programs that began under the generation before last may still read the idle slot. This waits for all of them: the kernel
 * implements the command as synchronize_rcu() (kernel/sched/membarrier.c) and programs run inside RCU read sections.
 */
int maps_readers_gone(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) ? -errno : 0;
}

static int prefixes_clear(int fd)
{
	struct cvf_prefix key;

	while (!bpf_map_get_next_key(fd, NULL, &key))
		if (bpf_map_delete_elem(fd, &key))
			return -errno;
	return 0;
}

static int prefixes_fill(int fd, const struct cvf_image *image)
{
	size_t n;
	const struct cvf_image_prefix *p = image_section(image, CVF_SECTION_PREFIX, &n);

	for (size_t i = 0; i < n; i++)
		if (bpf_map_update_elem(fd, &p[i].prefix, &p[i].address_class, BPF_ANY))
			return -errno;
	return 0;
}

static int uids_clear(int fd, uint32_t slot)
{
	uint64_t key, next;
	int r = bpf_map_get_next_key(fd, NULL, &next);

	while (!r) {
		key = next;
		r = bpf_map_get_next_key(fd, &key, &next);
		if (key >> 32 == slot && bpf_map_delete_elem(fd, &key))
			return -errno;
	}
	return 0;
}

static int uids_fill(int fd, uint32_t slot, const struct cvf_image *image)
{
	size_t n;
	const struct cvf_image_uid *u = image_section(image, CVF_SECTION_ENROL_UID, &n);

	for (size_t i = 0; i < n; i++) {
		uint64_t key = (uint64_t)slot << 32 | u[i].uid;

		if (bpf_map_update_elem(fd, &key, &u[i].agent, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* Those of the cells that the image has: others are not read while it is in force. */
static int counts_clear(struct maps *m, uint32_t slot, const struct cvf_image *image)
{
	__u32 count = image->section[CVF_SECTION_CELL].count;

	memset(m->counts, 0, (size_t)count * (size_t)m->cpus * sizeof(*m->counts));
	for (uint32_t i = 0; i < count; i++)
		m->count_keys[i] = slot * CVF_CELLS_MAX + i;
	return bpf_map_update_batch(map_fd(m, MAP_COUNTS), m->count_keys, m->counts, &count, NULL) ? -errno : 0;
}

/* The next key behind `key`; NULL: the first. -ENOENT: there is none. */
static int agent_count_next(const struct maps *m, const struct cvf_count_key *key, struct cvf_count_key *ret_next)
{
	return bpf_map_get_next_key(map_fd(m, MAP_AGENT_COUNTS), key, ret_next) ? -errno : 0;
}

static int agent_counts_clear(const struct maps *m, uint32_t slot)
{
	struct cvf_count_key key, next;
	int r = agent_count_next(m, NULL, &next);

	while (!r) {
		key = next;
		r = agent_count_next(m, &key, &next);
		if (key.slot == slot && bpf_map_delete_elem(map_fd(m, MAP_AGENT_COUNTS), &key))
			return -errno;
	}
	return r == -ENOENT ? 0 : r;
}

static int slot_write(struct maps *m, uint32_t slot, const struct cvf_image *image)
{
	int prefixes = map_fd(m, slot ? MAP_PREFIX1 : MAP_PREFIX0);
	int r;

	r = maps_readers_gone();
	if (r >= 0)
		r = prefixes_clear(prefixes);
	if (r >= 0)
		r = prefixes_fill(prefixes, image);
	if (r >= 0)
		r = uids_clear(map_fd(m, MAP_UIDS), slot);
	if (r >= 0)
		r = uids_fill(map_fd(m, MAP_UIDS), slot, image);
	if (r >= 0)
		r = counts_clear(m, slot, image);
	if (r >= 0)
		r = agent_counts_clear(m, slot);
	if (r >= 0)
		image_fill(image, &m->state->slots[slot]);
	return r;
}

int maps_image(struct maps *m, const void *image, size_t size, uint64_t generation, uint32_t *ret_fault)
{
	uint32_t active = m->state->control.active & 1, idle = active ^ 1;
	const struct cvf_image *head = image;
	int r;

	*ret_fault = image_check(image, size);
	if (*ret_fault)
		return -EINVAL;
	if (head->generation != generation || generation <= m->state->slots[active].generation)
		return -ESTALE;
	r = slot_write(m, idle, image);
	if (r < 0)
		return r;
	__atomic_store_n(&m->state->control.active, idle, __ATOMIC_RELEASE);
	return 0;
}

/* ---- enrolment ---- */

/* What the iterator writes comes whole: the kernel hands out no part of a task's. */
static int iterate(struct maps *m, void (*each)(void *ctx, uint32_t tgid), void *ctx)
{
	own_fd int fd = bpf_iter_create(m->hooks->enrol_link_fd);
	uint32_t list[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, list, sizeof(list));
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(*list); i++)
			each(ctx, list[i]);
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	return n < 0 ? -errno : 0;
}

int maps_visit(struct maps *m, uint32_t agent, enum cvf_visit how, void (*each)(void *ctx, uint32_t tgid), void *ctx)
{
	struct cvf_enrol e = { .agent = agent, .visit = how };
	__u32 zero = 0;

	if (bpf_map_update_elem(map_fd(m, MAP_ENROL), &zero, &e, BPF_ANY))
		return -errno;
	return iterate(m, each, ctx);
}

static void ignore(void *ctx, uint32_t tgid)
{
	(void)ctx, (void)tgid;
}

int maps_enrol(struct maps *m, const struct cvf_enrol *what, struct cvf_enrol *ret)
{
	struct cvf_enrol e = *what;
	__u32 zero = 0, before;

	/* Again until a pass finds nobody new: a thread may have been made by one that had no label yet. */
	do {
		before = e.count;
		e.already = 0;
		if (bpf_map_update_elem(map_fd(m, MAP_ENROL), &zero, &e, BPF_ANY))
			return -errno;
		if (iterate(m, ignore, NULL) < 0 || bpf_map_lookup_elem(map_fd(m, MAP_ENROL), &zero, &e))
			return -errno;
	} while (e.count > before);
	*ret = e;
	return 0;
}

int maps_cgroup_bind(struct maps *m, uint64_t cgroup, uint32_t agent, struct cvf_enrol *ret)
{
	struct cvf_enrol what = { .cgroup = cgroup, .agent = agent };

	if (bpf_map_update_elem(map_fd(m, MAP_CGROUPS), &cgroup, &agent, BPF_ANY))
		return -errno;
	__atomic_store_n(&m->state->gate[cgroup & 0xffff], 1, __ATOMIC_RELEASE);
	return maps_enrol(m, &what, ret);
}

int maps_cgroup_unbind(struct maps *m, uint64_t cgroup)
{
	/* The gate stays open: another enrolled cgroup may share its byte, and an open gate only costs a look-up. */
	return bpf_map_delete_elem(map_fd(m, MAP_CGROUPS), &cgroup) ? -errno : 0;
}

static int pidfd_of(uint32_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

static int label_of(struct maps *m, int pidfd, struct cvf_label *ret)
{
	struct cvf_label label = { 0 };

	if (bpf_map_lookup_elem(map_fd(m, MAP_LABELS), &pidfd, &label) && errno != ENOENT)
		return -errno;
	*ret = label;
	return 0;
}

int maps_label(struct maps *m, uint32_t pid, struct cvf_label *ret)
{
	own_fd int pidfd = pidfd_of(pid);

	return pidfd < 0 ? pidfd : label_of(m, pidfd, ret);
}

int maps_labelled_pidfd(struct maps *m, uint32_t tgid, uint32_t *ret_agent)
{
	own_fd int pidfd = pidfd_of(tgid);
	struct cvf_label label;
	int r = pidfd < 0 ? pidfd : label_of(m, pidfd, &label);

	if (r < 0)
		return r;
	*ret_agent = label.flags & CVF_LABEL_CANARY ? 0 : label.agent;
	return TAKE_FD(pidfd);
}

/* ---- holds ---- */

/* A task that is gone needs none. One that is there stands still with its answer: it is woken as soon as that can be done. */
static int wake_failed(struct maps *m, int error, bool *ret_resumed)
{
	*ret_resumed = error != -ESRCH && error != -ENOENT;
	m->is_wake_due |= *ret_resumed;
	return 0;
}

static int resume(struct maps *m, uint64_t digest, bool *ret_resumed)
{
	static struct cvf_record record; /* 8 KiB, and this process has one thread */
	own_fd int pidfd = -1;
	struct cvf_ask ask;

	if (bpf_map_lookup_elem(map_fd(m, MAP_HOLDS), &digest, &record))
		return wake_failed(m, -errno, ret_resumed);
	pidfd = pidfd_of(record.pid);
	if (pidfd < 0)
		return wake_failed(m, pidfd, ret_resumed);
	/* The question is dropped when its task ends: while it stands, the number cannot have been given to another process. */
	if (bpf_map_lookup_elem(map_fd(m, MAP_ASKS), &digest, &ask))
		return wake_failed(m, -errno, ret_resumed);
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0))
		return wake_failed(m, -errno, ret_resumed);
	*ret_resumed = true;
	return 0;
}

int maps_answer(struct maps *m, const struct wire_answer *a, bool *ret_resumed)
{
	uint64_t digest = a->digest;
	struct cvf_ask ask;

	*ret_resumed = false;
	if (a->answer != CVF_VERDICT_ALLOW && a->answer != CVF_VERDICT_DENY)
		return -EINVAL;
	if (a->reason == CVF_REASON_NONE || a->reason >= CVF_REASON_MAX)
		return -EINVAL;
	if (bpf_map_lookup_elem(map_fd(m, MAP_ASKS), &digest, &ask))
		return -errno;
	if (ask.hold_no != a->hold_no)
		return -ESTALE;
	if (ask.answer)
		return resume(m, digest, ret_resumed);
	ask.answer = a->answer;
	ask.reason = a->reason;
	if (bpf_map_update_elem(map_fd(m, MAP_ASKS), &digest, &ask, BPF_EXIST))
		return -errno;
	return resume(m, digest, ret_resumed);
}

/* The next key is taken before the visit, which may end the question. */
static void asks_each(struct maps *m, void (*visit)(struct maps *m, uint64_t digest, const struct cvf_ask *ask, void *ctx),
		      void *ctx)
{
	uint64_t key, next;
	struct cvf_ask ask;
	int r = bpf_map_get_next_key(map_fd(m, MAP_ASKS), NULL, &next);

	while (!r) {
		key = next;
		r = bpf_map_get_next_key(map_fd(m, MAP_ASKS), &key, &next);
		if (!bpf_map_lookup_elem(map_fd(m, MAP_ASKS), &key, &ask))
			visit(m, key, &ask, ctx);
	}
}

static void wake_answered(struct maps *m, uint64_t digest, const struct cvf_ask *ask, void *ctx)
{
	bool resumed;

	(void)ctx;
	if (ask->answer)
		resume(m, digest, &resumed);
}

void maps_wake_answered(struct maps *m)
{
	m->is_wake_due = false;
	asks_each(m, wake_answered, NULL);
}

struct overdue {
	uint64_t now_ns;
	unsigned int refused;
};

/* The governor answers in time, and tells. That long after it, nobody will. */
#define OVERDUE_NS 10000000000ull

static void refuse_overdue(struct maps *m, uint64_t digest, const struct cvf_ask *ask, void *ctx)
{
	struct overdue *o = ctx;
	const struct wire_answer a = { .digest = digest, .hold_no = ask->hold_no, .answer = CVF_VERDICT_DENY,
				       .reason = CVF_REASON_TIMEOUT };
	bool resumed;

	if (!ask->answer && ask->expires_ns && o->now_ns >= ask->expires_ns + OVERDUE_NS && !maps_answer(m, &a, &resumed))
		o->refused++;
}

unsigned int maps_refuse_overdue(struct maps *m, uint64_t now_ns)
{
	struct overdue o = { .now_ns = now_ns };

	if (m->state->control.holds)
		asks_each(m, refuse_overdue, &o);
	return o.refused;
}

int maps_hold_next(struct maps *m, uint64_t *key, struct cvf_record *ret)
{
	uint64_t next;
	struct cvf_ask ask;

	while (!bpf_map_get_next_key(map_fd(m, MAP_HOLDS), *key ? key : NULL, &next)) {
		*key = next;
		if (bpf_map_lookup_elem(map_fd(m, MAP_ASKS), &next, &ask) || ask.answer)
			continue;
		if (!bpf_map_lookup_elem(map_fd(m, MAP_HOLDS), &next, ret))
			return 0;
	}
	return -ENOENT;
}

int maps_grant_add(struct maps *m, const struct wire_grant *g)
{
	struct cvf_grant grant = { .expires_ns = g->expires_ns, .uses = g->uses };

	if (!g->digest || !g->uses)
		return -EINVAL;
	return bpf_map_update_elem(map_fd(m, MAP_GRANTS), &g->digest, &grant, BPF_ANY) ? -errno : 0;
}

int maps_grant_drop(struct maps *m, uint64_t digest)
{
	return bpf_map_delete_elem(map_fd(m, MAP_GRANTS), &digest) ? -errno : 0;
}

/* ---- figures ---- */

static void cpus_sum(const struct cvf_cpu *cpus, int n, struct wire_status *s)
{
	for (int i = 0; i < n; i++) {
		for (int ring = 0; ring < 2; ring++) {
			s->seq[ring] += cpus[i].seq[ring];
			s->lost[ring] += cpus[i].lost[ring];
		}
		s->label_failed += cpus[i].label_failed;
		s->reasks += cpus[i].reasks;
		s->holds_refused += cpus[i].holds_refused;
		s->cache_miss += cpus[i].cache_miss;
	}
}

static uint32_t tasks_count(struct maps *m)
{
	uint32_t key, next, sum = 0;
	struct cvf_session session;
	int r = bpf_map_get_next_key(map_fd(m, MAP_SESSIONS), NULL, &next);

	while (!r) {
		key = next;
		r = bpf_map_get_next_key(map_fd(m, MAP_SESSIONS), &key, &next);
		if (!bpf_map_lookup_elem(map_fd(m, MAP_SESSIONS), &key, &session) && session.agent != CVF_AGENT_CANARY)
			sum += session.tasks;
	}
	return sum;
}

int maps_status(struct maps *m, struct wire_status *ret)
{
	const struct cvf_control *c = &m->state->control;
	struct wire_status s = {
		.generation = m->state->slots[c->active & 1].generation,
		.flavour_lsm = c->flavour_lsm,
		.holds = c->holds,
		.tasks = tasks_count(m),
		.cpus = (uint32_t)m->cpus,
		.recursion_misses = hooks_recursion_misses(m->hooks),
		.hooks = m->hooks->progs,
		.hooks_missing = m->hooks->missing,
		.started_ns = c->attached_ns,
	};
	struct utsname name;
	__u32 zero = 0;

	/* m->counts has room for every CPU's struct cvf_cpu many times over. */
	if (bpf_map_lookup_elem(map_fd(m, MAP_CPU), &zero, m->counts))
		return -errno;
	cpus_sum((const struct cvf_cpu *)(const void *)m->counts, m->cpus, &s);
	if (!uname(&name))
		snprintf(s.kernel, sizeof(s.kernel), "%.63s", name.release);
	*ret = s;
	return 0;
}

/* Two readings: what is in the first one's losses was numbered before the second. */
int maps_sequence(struct maps *m, uint32_t cpu, uint32_t ring, uint64_t *ret_lost, uint64_t *ret_numbered)
{
	const struct cvf_cpu *cpus = (const void *)m->counts;
	__u32 zero = 0;

	if (cpu >= (uint32_t)m->cpus || ring > 1)
		return -ENOENT;
	if (bpf_map_lookup_elem(map_fd(m, MAP_CPU), &zero, m->counts))
		return -errno;
	*ret_lost = cpus[cpu].lost[ring];
	if (bpf_map_lookup_elem(map_fd(m, MAP_CPU), &zero, m->counts))
		return -errno;
	*ret_numbered = cpus[cpu].seq[ring];
	return 0;
}

int maps_counts(struct maps *m, uint64_t *ret_generation)
{
	uint32_t slot = m->state->control.active & 1, cells = m->state->slots[slot].cells_count;
	int fd = map_fd(m, MAP_COUNTS);

	for (uint32_t cell = 0; cell < cells && cell < CVF_CELLS_MAX; cell++) {
		uint32_t key = slot * CVF_CELLS_MAX + cell;
		uint64_t *values = m->counts + (size_t)CVF_CELLS_MAX * (size_t)(m->cpus - 1);
		uint64_t sum = 0;

		if (m->cpus == 1)
			values = m->counts + cell;
		if (bpf_map_lookup_elem(fd, &key, values))
			return -errno;
		for (int i = 0; i < m->cpus; i++)
			sum += values[i];
		m->counts[cell] = sum;
	}
	*ret_generation = m->state->slots[slot].generation;
	return (int)cells;
}

/* A key that went meanwhile (there is nobody else who removes any) would start the walk again: keys only come. */
int maps_agent_count_next(struct maps *m, struct cvf_count_key *key, uint64_t *ret_value)
{
	uint32_t slot = m->state->control.active & 1;
	struct cvf_count_key next;
	int r;

	*ret_value = 0;
	do {
		r = agent_count_next(m, key->agent ? key : NULL, &next);
		if (r < 0)
			return r;
		*key = next;
	} while (key->slot != slot);
	if (bpf_map_lookup_elem(map_fd(m, MAP_AGENT_COUNTS), key, m->counts))
		return -errno;
	for (int i = 0; i < m->cpus; i++)
		*ret_value += m->counts[i];
	return 0;
}
