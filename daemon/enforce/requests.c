// SPDX-License-Identifier: Apache-2.0
#include "requests.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../core/log.h"
#include "cvf/image.h"
#include "freeze.h"

struct request {
	struct link *link;
	uint32_t id;
	const void *body;	/* of the size that the table gives */
	int fd;
	struct wire_reply reply;
};

typedef int (*handler)(struct request *r);

/* Answers with r->reply; its error is the value handed in. */
static int reply(struct request *r, int error)
{
	r->reply.error = error;
	return link_send(r->link, WIRE_REPLY, r->id, &r->reply, sizeof(r->reply), NULL, 0);
}

static int on_hello(struct request *r)
{
	const struct wire_hello *hello = r->body;

	if (hello->abi != CVF_ABI) {
		log_error("the governor speaks version %u of the link, this is version %u: install cvfd and cvfd-govern of one "
			  "version", hello->abi, CVF_ABI);
		(void)!reply(r, -EPROTO);
		return -EPROTO;
	}
	r->link->greeted = true;
	return reply(r, 0);
}

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

/* The file is sealed: what is checked is what is copied, whatever the governor does meanwhile. */
static int on_image(struct request *r)
{
	const struct wire_image *asked = r->body;
	struct stat st;
	void *image;
	uint32_t fault = 0;
	int seals, error;

	if (r->fd < 0)
		return -EPROTO;
	seals = fcntl(r->fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(r->fd, &st) || st.st_size != (off_t)asked->size ||
	    asked->size < sizeof(struct cvf_image))
		return reply(r, -EINVAL);
	image = mmap(NULL, asked->size, PROT_READ, MAP_PRIVATE, r->fd, 0);
	if (image == MAP_FAILED)
		return reply(r, -errno);
	error = maps_image(r->link->maps, image, asked->size, asked->generation, &fault);
	munmap(image, asked->size);
	r->reply.detail = fault;
	r->reply.value = error == -EINVAL ? fault : asked->generation;
	if (!error)
		log_notice("policy generation %llu is active", (unsigned long long)asked->generation);
	return reply(r, error);
}

static int on_enrol_pid(struct request *r)
{
	const struct wire_enrol_pid *asked = r->body;
	const struct cvf_control *control = &r->link->maps->state->control;
	struct cvf_enrol what = { .tgid = asked->pid, .agent = asked->agent, .start_ns = asked->start_ns };
	int error;

	if (!asked->pid || !asked->agent || asked->agent >= CVF_AGENT_CANARY)
		return reply(r, -EINVAL);
	/* init and what enforces are no agents */
	if (asked->pid == 1 || asked->pid == control->guard_tgid || asked->pid == control->governor_tgid)
		return reply(r, -EPERM);
	error = maps_enrol(r->link->maps, &what, &what);
	if (!error && what.failed)
		error = -ENOMEM;
	if (!error && !what.count)
		error = what.already ? -EEXIST : -ESRCH;
	r->reply.value = what.session;
	freeze_sweep(r->link->maps);
	return reply(r, error);
}

static int on_cgroup_bind(struct request *r)
{
	const struct wire_cgroup *asked = r->body;
	struct cvf_enrol found = { 0 };
	int error;

	if (!asked->cgroup || !asked->agent || asked->agent >= CVF_AGENT_CANARY)
		return reply(r, -EINVAL);
	error = maps_cgroup_bind(r->link->maps, asked->cgroup, asked->agent, &found);
	r->reply.value = found.count;
	freeze_sweep(r->link->maps);
	return reply(r, error);
}

static int on_cgroup_unbind(struct request *r)
{
	const struct wire_cgroup *asked = r->body;

	return reply(r, maps_cgroup_unbind(r->link->maps, asked->cgroup));
}

static int on_answer(struct request *r)
{
	bool resumed = false;
	int error = maps_answer(r->link->maps, r->body, &resumed);

	r->reply.value = resumed;
	return reply(r, error);
}

static int on_grant_add(struct request *r)
{
	return reply(r, maps_grant_add(r->link->maps, r->body));
}

static int on_grant_drop(struct request *r)
{
	const struct wire_grant *asked = r->body;

	return reply(r, maps_grant_drop(r->link->maps, asked->digest));
}

static int on_status(struct request *r)
{
	struct wire_status status = { 0 };
	int error = maps_status(r->link->maps, &status);

	if (error < 0)
		return error;
	return link_send(r->link, WIRE_STATUS_REPLY, r->id, &status, sizeof(status), NULL, 0);
}

/* The whole list in one go: at most CVF_HOLDS_MAX packets, and the governor reads nothing else meanwhile. */
static int on_holds(struct request *r)
{
	static struct cvf_record record;
	struct wire_empty empty = { 0 };
	struct wire_reply end = { 0 };
	uint64_t key = 0;
	int error;

	while (!maps_hold_next(r->link->maps, &key, &record)) {
		if (record.size < CVF_RECORD_HEAD || record.size > sizeof(record))
			continue;
		error = link_send(r->link, WIRE_HOLD, r->id, &empty, sizeof(empty), &record, record.size);
		if (error < 0)
			return error;
		end.value++;
	}
	return link_send(r->link, WIRE_HOLDS_END, r->id, &end, sizeof(end), NULL, 0);
}

#define COUNTS_PER_PACKET (49152 / sizeof(struct wire_count))

/* Counters on their way, a packet at a time. */
struct counts {
	struct request *r;
	struct wire_counts head;
	int error;
	struct wire_count chunk[COUNTS_PER_PACKET];
};

static void counts_send(struct counts *k, bool more)
{
	k->head.more = more;
	if (!k->error)
		k->error = link_send(k->r->link, WIRE_COUNTS_REPLY, k->r->id, &k->head, sizeof(k->head), k->chunk,
				     k->head.count * sizeof(*k->chunk));
	k->head.count = 0;
}

static void counts_add(struct counts *k, uint32_t cell, uint32_t agent, uint64_t value)
{
	if (!value)
		return;
	if (k->head.count == COUNTS_PER_PACKET)
		counts_send(k, true);
	k->chunk[k->head.count++] = (struct wire_count){ .cell = cell, .agent = agent, .value = value };
}

static int on_counts(struct request *r)
{
	static struct counts k;
	struct maps *m = r->link->maps;
	struct cvf_count_key key = { 0 };
	uint64_t value, generation = 0;
	int cells = maps_counts(m, &generation), error;

	if (cells < 0)
		return cells;
	k.r = r;
	k.error = 0;
	k.head = (struct wire_counts){ .generation = generation };
	for (int cell = 0; cell < cells; cell++)
		counts_add(&k, (uint32_t)cell, 0, m->counts[cell]);
	while (!k.error && (error = maps_agent_count_next(m, &key, &value)) == 0)
		counts_add(&k, key.cell, key.agent, value);
	counts_send(&k, false);
	return k.error;
}

/* Somebody asks something of the governor, as what has just been done: its records go before the answer. */
static int on_label(struct request *r)
{
	const struct wire_label *asked = r->body;
	struct cvf_label label = { 0 };
	int error = maps_label(r->link->maps, asked->pid, &label);

	link_relay(r->link);
	r->reply.value = label.agent;
	r->reply.value2 = label.session;
	return reply(r, error);
}

static int on_sequence(struct request *r)
{
	const struct wire_sequence *asked = r->body;
	uint64_t lost = 0, numbered = 0;
	int error = maps_sequence(r->link->maps, asked->cpu, asked->ring, &lost, &numbered);

	r->reply.value = numbered;
	r->reply.value2 = lost;
	return reply(r, error);
}

static int on_freeze(struct request *r)
{
	const struct wire_freeze *asked = r->body;
	uint32_t told = 0;
	int error = freeze_set(r->link->maps, asked, &told);

	r->reply.value = told;
	if (!error)
		log_notice("agent number %u is %s: %u processes were told", asked->agent,
			   asked->how == WIRE_THAW ? "thawed" : asked->how == WIRE_FREEZE_KILL ? "frozen and killed" : "frozen", told);
	return reply(r, error);
}

static int on_canary(struct request *r)
{
	return reply(r, canary_try(r->link->canary));
}

static int on_ack(struct request *r)
{
	const struct wire_ack *ack = r->body;
	struct link *l = r->link;

	if (ack->batch <= l->acked || ack->batch > l->sent)
		return -EPROTO;
	for (int i = 0; i < 2; i++)
		ring_release(&l->rings[i], l->window[ack->batch % LINK_WINDOW].position[i]);
	l->acked = ack->batch;
	link_relay(l);
	return 0;
}

/* The permitted requests. first: allowed before HELLO was right; fd: comes with a descriptor. */
static const struct {
	size_t size;
	handler handle;
	bool first, fd;
} table[] = {
	[WIRE_HELLO] = { sizeof(struct wire_hello), on_hello, .first = true },
	[WIRE_IMAGE] = { sizeof(struct wire_image), on_image, .fd = true },
	[WIRE_ENROL_PID] = { sizeof(struct wire_enrol_pid), on_enrol_pid },
	[WIRE_CGROUP_BIND] = { sizeof(struct wire_cgroup), on_cgroup_bind },
	[WIRE_CGROUP_UNBIND] = { sizeof(struct wire_cgroup), on_cgroup_unbind },
	[WIRE_ANSWER] = { sizeof(struct wire_answer), on_answer },
	[WIRE_GRANT_ADD] = { sizeof(struct wire_grant), on_grant_add },
	[WIRE_GRANT_DROP] = { sizeof(struct wire_grant), on_grant_drop },
	[WIRE_STATUS] = { sizeof(struct wire_empty), on_status },
	[WIRE_HOLDS] = { sizeof(struct wire_empty), on_holds },
	[WIRE_COUNTS] = { sizeof(struct wire_empty), on_counts },
	[WIRE_LABEL] = { sizeof(struct wire_label), on_label },
	[WIRE_CANARY] = { sizeof(struct wire_empty), on_canary },
	[WIRE_ACK] = { sizeof(struct wire_ack), on_ack },
	[WIRE_SEQUENCE] = { sizeof(struct wire_sequence), on_sequence },
	[WIRE_FREEZE] = { sizeof(struct wire_freeze), on_freeze },
};

int requests_handle(struct link *l, const void *packet, size_t size, int fd)
{
	struct wire_head head;
	struct request r = { .link = l, .fd = fd };

	if (size < sizeof(head))
		return -EPROTO;
	memcpy(&head, packet, sizeof(head));
	if (head.size != size || head.reserved || head.reserved2)
		return -EPROTO;
	if (head.type >= ARRAY_SIZE(table) || !table[head.type].handle)
		return -EPROTO;
	if (size != sizeof(head) + table[head.type].size || (fd >= 0) != table[head.type].fd)
		return -EPROTO;
	if (table[head.type].first == l->greeted)
		return -EPROTO;
	r.id = head.id;
	r.body = (const char *)packet + sizeof(head);
	return table[head.type].handle(&r);
}
