// SPDX-License-Identifier: Apache-2.0
/* fake_link.c - the socket and the requests of the fake enforcer */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/image.h"
#include "fake.h"

int fake_listen(struct fake *f, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	strcpy(at.sun_path, path);
	unlink(path);
	f->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	f->peer_fd = -1;
	f->end = &f->first;
	if (f->listen_fd < 0 || bind(f->listen_fd, (struct sockaddr *)&at, sizeof(at)) < 0 || chmod(path, 0666) < 0 ||
	    listen(f->listen_fd, 4) < 0)
		return -errno;
	return 0;
}

void fake_disconnect(struct fake *f)
{
	if (f->peer_fd < 0)
		return;
	close(f->peer_fd);
	f->peer_fd = -1;
	say("disconnected");
}

void fake_on_connect(struct fake *f)
{
	int fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	fake_disconnect(f);
	f->peer_fd = fd;
	f->is_greeted = false;
	f->batches = 0;
	for (struct fake_batch *b = f->first; b; b = b->next)
		b->number = 0;
	say("connected");
}

static void transmit(struct fake *f, enum wire_type type, uint32_t id, const void *fixed, size_t size, const void *tail,
		     size_t tail_size)
{
	struct wire_head head = { .size = (uint32_t)(sizeof(head) + size + tail_size), .type = (uint16_t)type, .id = id };
	struct iovec parts[3] = { { &head, sizeof(head) }, { .iov_len = size }, { .iov_len = tail_size } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = tail ? 3 : 2 };

	memcpy(&parts[1].iov_base, &fixed, sizeof(fixed));
	memcpy(&parts[2].iov_base, &tail, sizeof(tail));
	if (f->peer_fd >= 0 && sendmsg(f->peer_fd, &msg, MSG_NOSIGNAL) < 0)
		fake_disconnect(f);
}

static void send_batches(struct fake *f)
{
	if (!f->is_greeted || f->peer_fd < 0 || f->is_mute)
		return;
	for (struct fake_batch *b = f->first; b; b = b->next) {
		struct wire_records fixed = { .count = b->count, .bytes = b->bytes };

		if (b->number)
			continue;
		if (f->first->number && f->batches - f->first->number + 1 >= FAKE_BATCHES)
			return;
		b->number = fixed.batch = ++f->batches;
		transmit(f, WIRE_RECORDS, 0, &fixed, sizeof(fixed), b->tail, b->bytes);
	}
}

void fake_flush(struct fake *f)
{
	struct fake_batch *b;

	if (f->pending_count) {
		b = calloc(1, sizeof(*b));
		b->tail = malloc(f->pending_bytes);
		memcpy(b->tail, f->pending, f->pending_bytes);
		b->count = f->pending_count;
		b->bytes = f->pending_bytes;
		*f->end = b;
		f->end = &b->next;
		f->pending_count = f->pending_bytes = 0;
	}
	send_batches(f);
}

static void reply(struct fake *f, uint32_t id, int error, uint64_t value, uint64_t value2)
{
	struct wire_reply r = { .error = error, .value = value, .value2 = value2 };

	transmit(f, WIRE_REPLY, id, &r, sizeof(r), NULL, 0);
}

static void on_image(struct fake *f, uint32_t id, const struct wire_image *asked, int fd)
{
	void *map = mmap(NULL, asked->size, PROT_READ, MAP_PRIVATE, fd, 0);
	enum image_fault fault;

	if (map == MAP_FAILED) {
		reply(f, id, -EINVAL, IMAGE_SHORT, 0);
		return;
	}
	fault = image_check(map, asked->size);
	if (fault || asked->generation <= f->generation) {
		say("image refused %llu: %s", (unsigned long long)asked->generation, image_fault_text(fault));
		munmap(map, asked->size);
		reply(f, id, fault ? -EINVAL : -ESTALE, fault, 0);
		return;
	}
	free(f->image);
	f->image = malloc(asked->size);
	memcpy(f->image, map, asked->size);
	munmap(map, asked->size);
	f->generation = asked->generation;
	f->counts_count = 0;
	say("image %llu size %u", (unsigned long long)asked->generation, asked->size);
	reply(f, id, 0, asked->generation, 0);
}

static void on_answer(struct fake *f, uint32_t id, const struct wire_answer *a)
{
	struct fake_hold *h = fake_find(f, a->hold_no);

	if (f->swallows_answers) {
		say("swallowed answer");
		return;
	}
	if (!a->hold_no && !a->digest) { /* a probe: is the way open */
		say("probed");
		reply(f, id, -ENOENT, 0, 0);
		return;
	}
	if (!h || h->record.digest != a->digest) {
		say("answer %llu to nobody", (unsigned long long)a->hold_no);
		reply(f, id, -ENOENT, 0, 0);
		return;
	}
	say("answer %llu %s reason %u digest %lld", (unsigned long long)a->hold_no, a->answer == CVF_VERDICT_ALLOW ? "allow" : "deny",
	    a->reason, (long long)a->digest);
	reply(f, id, 0, 1, 0);
	fake_resume(f, h, (enum cvf_verdict)a->answer, (enum cvf_reason)a->reason);
}

static void on_grant(struct fake *f, uint32_t id, const struct wire_grant *g, bool is_added)
{
	struct fake_grant *slot = NULL;

	for (size_t i = 0; i < sizeof(f->grants) / sizeof(f->grants[0]); i++)
		if (f->grants[i].digest == g->digest || (is_added && !slot && !f->grants[i].digest))
			slot = &f->grants[i];
	if (slot && is_added)
		*slot = (struct fake_grant){ g->digest, g->expires_ns, g->uses };
	else if (slot)
		slot->digest = 0;
	say("grant %s %016llx uses %u", is_added ? "add" : "drop", (unsigned long long)g->digest, g->uses);
	reply(f, id, slot ? 0 : -ENOENT, 0, 0);
}

static void on_status(struct fake *f, uint32_t id)
{
	struct wire_status s = { .generation = f->generation, .flavour_lsm = 1, .cpus = FAKE_CPUS, .hooks = 40,
				 .started_ns = f->attached_ns, .kernel = "6.0-fake" };

	for (int cpu = 0; cpu < FAKE_CPUS; cpu++)
		for (int ring = 0; ring < 2; ring++) {
			s.seq[ring] += f->seq[cpu][ring];
			s.lost[ring] += f->lost[cpu][ring];
		}
	for (int i = 0; i < FAKE_HOLDS; i++)
		s.holds += f->holds[i].is_used;
	transmit(f, WIRE_STATUS_REPLY, id, &s, sizeof(s), NULL, 0);
}

static void on_sequence(struct fake *f, uint32_t id, const struct wire_sequence *asked)
{
	if (asked->cpu >= FAKE_CPUS || asked->ring > 1)
		reply(f, id, -ENOENT, 0, 0);
	else
		reply(f, id, 0, f->seq[asked->cpu][asked->ring], f->lost[asked->cpu][asked->ring]);
}

static void on_holds(struct fake *f, uint32_t id)
{
	struct wire_empty empty = { 0 };
	struct wire_reply end = { 0 };

	for (int i = 0; i < FAKE_HOLDS; i++) {
		struct cvf_record copy = f->holds[i].record;

		if (!f->holds[i].is_used)
			continue;
		copy.seq = 0; /* the kernel keeps it as it was before it was numbered */
		transmit(f, WIRE_HOLD, id, &empty, sizeof(empty), &copy, copy.size);
		end.value++;
	}
	transmit(f, WIRE_HOLDS_END, id, &end, sizeof(end), NULL, 0);
}

static void on_counts(struct fake *f, uint32_t id)
{
	struct wire_counts head = { .generation = f->generation };
	size_t at = 0;

	do {
		head.count = f->counts_count - at < 2 ? (uint32_t)(f->counts_count - at) : 2; /* small chunks: the receiver's loop is tested too */
		head.more = at + head.count < f->counts_count;
		transmit(f, WIRE_COUNTS_REPLY, id, &head, sizeof(head), f->counts + at, head.count * sizeof(*f->counts));
		at += head.count;
	} while (head.more);
}

static void on_ack(struct fake *f, const struct wire_ack *ack)
{
	while (f->first && f->first->number && f->first->number <= ack->batch) {
		struct fake_batch *b = f->first;

		f->first = b->next;
		if (!f->first)
			f->end = &f->first;
		free(b->tail);
		free(b);
	}
	if (!f->pour)
		say("ack %llu", (unsigned long long)ack->batch);
	send_batches(f);
	fake_pour(f);
}

static void on_enrol(struct fake *f, uint32_t id, const struct wire_enrol_pid *e)
{
	struct fake_op op = { .agent = e->agent, .pid = e->pid, .ring = CVF_RING_EVENT, .result = 1 };

	op.session = ++f->session;
	say("enrol %u agent %u start %llu", e->pid, e->agent, (unsigned long long)e->start_ns);
	fake_record(f, &op, CVF_KIND_SESSION);
	fake_flush(f);
	reply(f, id, 0, op.session, 0);
}

static void on_request(struct fake *f, const struct wire_head *head, const void *fixed, int fd)
{
	switch (head->type) {
	case WIRE_HELLO:
		f->is_greeted = ((const struct wire_hello *)fixed)->abi == CVF_ABI;
		reply(f, head->id, f->is_greeted ? 0 : -EPROTO, 0, 0);
		fake_flush(f);
		return;
	case WIRE_IMAGE: on_image(f, head->id, fixed, fd); return;
	case WIRE_ENROL_PID: on_enrol(f, head->id, fixed); return;
	case WIRE_CGROUP_BIND:
		say("bind %llu agent %u", (unsigned long long)((const struct wire_cgroup *)fixed)->cgroup,
		    ((const struct wire_cgroup *)fixed)->agent);
		reply(f, head->id, 0, 0, 0);
		return;
	case WIRE_CGROUP_UNBIND:
		say("unbind %llu", (unsigned long long)((const struct wire_cgroup *)fixed)->cgroup);
		reply(f, head->id, 0, 0, 0);
		return;
	case WIRE_ANSWER: on_answer(f, head->id, fixed); return;
	case WIRE_GRANT_ADD: on_grant(f, head->id, fixed, true); return;
	case WIRE_GRANT_DROP: on_grant(f, head->id, fixed, false); return;
	case WIRE_STATUS: on_status(f, head->id); return;
	case WIRE_HOLDS: on_holds(f, head->id); return;
	case WIRE_COUNTS: on_counts(f, head->id); return;
	case WIRE_LABEL: reply(f, head->id, 0, f->label_agent, f->label_agent ? 1 : 0); return;
	case WIRE_CANARY: reply(f, head->id, f->canary, 0, 0); return;
	case WIRE_ACK: on_ack(f, fixed); return;
	case WIRE_SEQUENCE: on_sequence(f, head->id, fixed); return;
	case WIRE_FREEZE:
		say("freeze agent %u how %u", ((const struct wire_freeze *)fixed)->agent, ((const struct wire_freeze *)fixed)->how);
		reply(f, head->id, 0, 2, 0);
		return;
	default:
		say("bad request %u", head->type);
		fake_disconnect(f);
	}
}

void fake_on_peer(struct fake *f)
{
	static char buffer[WIRE_SIZE_MAX] __attribute__((aligned(8)));
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control;
	struct iovec part = { buffer, sizeof(buffer) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control) };
	const struct wire_head *head = (const void *)buffer;
	ssize_t n = recvmsg(f->peer_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	int fd = -1;

	if (n <= 0 || (size_t)n < sizeof(*head) || head->size != (size_t)n) {
		fake_disconnect(f);
		return;
	}
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (!f->is_mute)
		on_request(f, head, buffer + sizeof(*head), fd);
	if (fd >= 0)
		close(fd);
}
