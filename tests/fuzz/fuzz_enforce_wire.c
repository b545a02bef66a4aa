// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_enforce_wire.c - the governor's messages as the enforcer reads them: any sequence of packets
 *
 * Input: packets, each a little-endian u16 length and its bytes. The maps are replaced by functions that check what reaches
 * them: nothing malformed may. The version 0xffffffff of a HELLO stands for the one that is right.
 */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include "enforce/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int maps_image(struct maps *m, const void *image, size_t size, uint64_t generation, uint32_t *ret_fault)
{
	(void)m, (void)image, (void)generation;
	assert(size >= 64);
	*ret_fault = 1;
	return -EINVAL;
}

int maps_enrol(struct maps *m, const struct cvf_enrol *what, struct cvf_enrol *ret)
{
	(void)m;
	assert(what->tgid && what->agent && what->agent < CVF_AGENT_CANARY);
	*ret = *what;
	ret->count = 1;
	return 0;
}

int maps_cgroup_bind(struct maps *m, uint64_t cgroup, uint32_t agent, struct cvf_enrol *ret)
{
	(void)m, (void)ret;
	assert(cgroup && agent && agent < CVF_AGENT_CANARY);
	return 0;
}

int maps_cgroup_unbind(struct maps *m, uint64_t cgroup)
{
	(void)m, (void)cgroup;
	return -ENOENT;
}

int maps_answer(struct maps *m, const struct wire_answer *a, bool *ret_resumed)
{
	(void)m, (void)a;
	*ret_resumed = false;
	return -ENOENT;
}

int maps_hold_next(struct maps *m, uint64_t *key, struct cvf_record *ret)
{
	(void)m;
	memset(ret, 0, sizeof(*ret));
	ret->size = CVF_RECORD_HEAD;
	return (*key)++ < 2 ? 0 : -ENOENT;
}

int maps_grant_add(struct maps *m, const struct wire_grant *g)
{
	(void)m, (void)g;
	return 0;
}

int maps_grant_drop(struct maps *m, uint64_t digest)
{
	(void)m, (void)digest;
	return -ENOENT;
}

int maps_label(struct maps *m, uint32_t pid, struct cvf_label *ret)
{
	(void)m, (void)pid;
	memset(ret, 0, sizeof(*ret));
	return 0;
}

int maps_status(struct maps *m, struct wire_status *ret)
{
	(void)m;
	memset(ret, 0, sizeof(*ret));
	return 0;
}

int maps_sequence(struct maps *m, uint32_t cpu, uint32_t ring, uint64_t *ret_lost, uint64_t *ret_numbered)
{
	if (cpu >= (uint32_t)m->cpus || ring > 1)
		return -ENOENT;
	*ret_lost = *ret_numbered = 1;
	return 0;
}

int maps_counts(struct maps *m, uint64_t *ret_generation)
{
	m->counts[0] = 1;
	*ret_generation = 1;
	return 2;
}

/* One agent that shares its row. */
int maps_agent_count_next(struct maps *m, struct cvf_count_key *key, uint64_t *ret_value)
{
	(void)m;
	if (key->agent)
		return -ENOENT;
	*key = (struct cvf_count_key){.agent = 3, .cell = 1};
	*ret_value = 2;
	return 0;
}

int canary_try(struct canary *c)
{
	(void)c;
	return 0;
}

int maps_visit(struct maps *m, uint32_t agent, enum cvf_visit how, void (*each)(void *ctx, uint32_t tgid), void *ctx)
{
	(void)m, (void)ctx, (void)each;
	assert((agent || how == CVF_VISIT_RUNNING) && agent < CVF_AGENT_CANARY && how);
	return 0;
}

int maps_readers_gone(void)
{
	return 0;
}

int maps_labelled_pidfd(struct maps *m, uint32_t tgid, uint32_t *ret_agent)
{
	(void)m, (void)tgid;
	*ret_agent = 0;
	return -ESRCH;
}

static void version_fill(uint8_t *packet, size_t length)
{
	const uint32_t ours = CVF_ABI, any = 0xffffffff;

	if (length >= sizeof(struct wire_head) + sizeof(ours) && packet[4] == WIRE_HELLO &&
	    !memcmp(packet + sizeof(struct wire_head), &any, sizeof(any)))
		memcpy(packet + sizeof(struct wire_head), &ours, sizeof(ours));
}

static void drain(int fd)
{
	char packet[WIRE_SIZE_MAX];

	while (recv(fd, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cvf_state state;
	static unsigned char nothing[8];
	unsigned long consumed = 0, produced = 0;
	const struct ring empty = { .fd = -1, .consumer = &consumed, .producer = &produced, .data = nothing, .size = sizeof(nothing) };
	uint64_t counts[2] = { 0 };
	struct maps maps = { .state = &state, .counts = counts, .cpus = 1 };
	struct link link = { .listen_fd = -1, .maps = &maps, .rings = { empty, empty } };
	int pair[2], r = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return 0;
	link.peer_fd = pair[0];
	while (size >= 2 && r >= 0) {
		size_t length = data[0] | (size_t)data[1] << 8;
		uint8_t packet[WIRE_SIZE_MAX] __attribute__((aligned(8)));

		data += 2;
		size -= 2;
		length = length > size ? size : length;
		memcpy(packet, data, length);
		version_fill(packet, length);
		r = requests_handle(&link, packet, length, -1);
		drain(pair[1]);
		data += length;
		size -= length;
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}
