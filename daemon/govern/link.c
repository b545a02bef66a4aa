// SPDX-License-Identifier: Apache-2.0
/*
 * link.c - packets of wire.def over one SOCK_SEQPACKET socket; a message that the list does not allow closes the link
 */
#include "link.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define ANSWER_WAIT_MS 10000
#define FILL_PACKETS 256
#define RETRY_MS 100

struct link {
	int fd;
	uint32_t last_id;
	bool is_closed;
	struct packet *first, **end;
	size_t queued;
};

struct kind {
	size_t fixed, tail;
};

static const struct kind kinds[] = {
#define MSG(number, suffix, name, type, tail) [number] = { sizeof(type), tail },
#include "cvf/wire.def"
#undef MSG
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int connect_once(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	own_fd int fd = -1;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int hello(struct link *l)
{
	struct wire_hello h = { .abi = CVF_ABI };

	return link_order(l, WIRE_HELLO, &h);
}

static int connect_patiently(const char *path, unsigned int wait_ms)
{
	uint64_t until = now_ms() + wait_ms;
	int fd;

	while ((fd = connect_once(path)) < 0) {
		if (fd == -ENAMETOOLONG || now_ms() >= until)
			return fd;
		poll(NULL, 0, RETRY_MS);
	}
	return fd;
}

int link_of_fd(int take_fd, struct link **ret_link)
{
	own_fd int fd = take_fd;
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->end = &l->first;
	l->fd = TAKE_FD(fd);
	*ret_link = l;
	return 0;
}

int link_open(const char *path, unsigned int wait_ms, struct link **ret_link)
{
	own(link) struct link *l = NULL;
	int r = connect_patiently(path, wait_ms);

	if (r >= 0)
		r = link_of_fd(r, &l);
	if (r == 0)
		r = hello(l);
	if (r < 0)
		return r;
	*ret_link = TAKE(l);
	return 0;
}

void link_free(struct link *l)
{
	struct packet *p;

	if (!l)
		return;
	while ((p = link_pop(l)))
		free(p);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

int link_fd(const struct link *l)
{
	return l->fd;
}

bool link_is_closed(const struct link *l)
{
	return l->is_closed;
}

size_t link_queued_bytes(const struct link *l)
{
	return l->queued;
}

struct packet *link_pop(struct link *l)
{
	struct packet *p = l->first;

	if (!p)
		return NULL;
	l->first = p->next;
	if (!l->first)
		l->end = &l->first;
	l->queued -= p->size;
	return p;
}

static void push(struct link *l, struct packet *p)
{
	p->next = NULL;
	*l->end = p;
	l->end = &p->next;
	l->queued += p->size;
}

static int broken(struct link *l, int error)
{
	l->is_closed = true;
	return error;
}

/* Only what cvfd may send, with exactly the length it must have. */
static int check(struct packet *p)
{
	const struct wire_head *head = packet_head(p);

	if (p->size < sizeof(*head) || head->size != p->size || head->reserved || head->reserved2)
		return -EPROTO;
	if (head->type < WIRE_REPLY || head->type >= ARRAY_SIZE(kinds) || !kinds[head->type].fixed)
		return -EPROTO;
	if (p->size < sizeof(*head) + kinds[head->type].fixed)
		return -EPROTO;
	p->tail = p->bytes + sizeof(*head) + kinds[head->type].fixed;
	p->tail_size = p->size - sizeof(*head) - kinds[head->type].fixed;
	return p->tail_size > kinds[head->type].tail ? -EPROTO : 0;
}

/* 1 with a packet, 0 when none has arrived, negative when the link is dead. */
static int receive(struct link *l, struct packet **ret_packet)
{
	static alignas(8) char buffer[WIRE_SIZE_MAX + 1];
	own_free struct packet *p = NULL;
	ssize_t n;

	if (l->is_closed)
		return -ECONNRESET;
	n = recv(l->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return broken(l, -ECONNRESET);
	p = malloc(sizeof(*p) + (size_t)n);
	if (!p)
		return broken(l, -ENOMEM);
	p->size = (size_t)n;
	memcpy(p->bytes, buffer, (size_t)n);
	if (check(p) < 0)
		return broken(l, -EPROTO);
	*ret_packet = TAKE(p);
	return 1;
}

int link_fill(struct link *l)
{
	struct packet *p;
	int r = 1;

	for (int i = 0; i < FILL_PACKETS && r > 0; i++) {
		r = receive(l, &p);
		if (r > 0)
			push(l, p);
	}
	return r < 0 ? r : 0;
}

static int send_packet(struct link *l, enum wire_type type, uint32_t id, const void *fixed, int fd)
{
	size_t size = kinds[type].fixed;
	struct wire_head head = { .size = (uint32_t)(sizeof(head) + size), .type = (uint16_t)type, .id = id };
	struct iovec parts[2] = { { &head, sizeof(head) }, { .iov_len = size } };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };

	memcpy(&parts[1].iov_base, &fixed, sizeof(fixed)); /* iov_base is not const */
	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		control.head = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	if (l->is_closed)
		return -ECONNRESET;
	if (sendmsg(l->fd, &msg, MSG_NOSIGNAL) < 0)
		return broken(l, -errno);
	return 0;
}

/* Waits for the packet that answers request id; everything else that arrives is queued, late answers are dropped. */
static int wait_answer(struct link *l, uint32_t id, uint64_t until, struct packet **ret_packet)
{
	for (;;) {
		struct pollfd wait = { .fd = l->fd, .events = POLLIN };
		struct packet *p = NULL;
		uint64_t now = now_ms();
		int r = receive(l, &p);

		if (r < 0)
			return r;
		if (r == 0 && now >= until)
			return -ETIMEDOUT;
		if (r == 0) {
			poll(&wait, 1, (int)(until - now));
			continue;
		}
		if (packet_head(p)->id == id && packet_head(p)->type != WIRE_HOLD) {
			*ret_packet = p;
			return 0;
		}
		if (packet_head(p)->type == WIRE_REPLY || packet_head(p)->type == WIRE_STATUS_REPLY)
			free(p);
		else
			push(l, p);
	}
}

static uint32_t new_id(struct link *l)
{
	if (!++l->last_id)
		l->last_id = 1;
	return l->last_id;
}

static int ask(struct link *l, enum wire_type type, const void *fixed, int fd, enum wire_type answer,
	       struct packet **ret_packet)
{
	own_free struct packet *p = NULL;
	uint32_t id = new_id(l);
	int r;

	r = send_packet(l, type, id, fixed, fd);
	if (r == 0)
		r = wait_answer(l, id, now_ms() + ANSWER_WAIT_MS, &p);
	if (r < 0)
		return r;
	if (packet_head(p)->type != answer)
		return broken(l, -EPROTO);
	*ret_packet = TAKE(p);
	return 0;
}

int link_call(struct link *l, enum wire_type type, const void *fixed, int fd, struct wire_reply *ret_reply)
{
	own_free struct packet *p = NULL;
	int r = ask(l, type, fixed, fd, WIRE_REPLY, &p);

	if (r < 0)
		return r;
	memcpy(ret_reply, packet_fixed(p), sizeof(*ret_reply));
	return 0;
}

int link_order(struct link *l, enum wire_type type, const void *fixed)
{
	struct wire_reply reply;
	int r = link_call(l, type, fixed, -1, &reply);

	if (r < 0)
		return r;
	return reply.error < 0 ? reply.error : 0;
}

static const struct wire_empty nothing;

int link_status(struct link *l, struct wire_status *ret_status)
{
	own_free struct packet *p = NULL;
	int r = ask(l, WIRE_STATUS, &nothing, -1, WIRE_STATUS_REPLY, &p);

	if (r < 0)
		return r;
	memcpy(ret_status, packet_fixed(p), sizeof(*ret_status));
	return 0;
}

/* Hands the counters of one chunk on; *ret_more: others follow. */
static int take_counts(struct link *l, const struct packet *p,
		       void (*each)(void *ctx, uint64_t generation, const struct wire_count *c), void *ctx, bool *ret_more)
{
	const struct wire_counts *head = packet_fixed(p);
	const struct wire_count *v = p->tail;

	if (packet_head(p)->type != WIRE_COUNTS_REPLY || (uint64_t)head->count * sizeof(*v) != p->tail_size)
		return broken(l, -EPROTO);
	for (uint32_t i = 0; i < head->count; i++)
		each(ctx, head->generation, &v[i]);
	*ret_more = head->more;
	return 0;
}

int link_counts(struct link *l, void (*each)(void *ctx, uint64_t generation, const struct wire_count *c), void *ctx)
{
	uint64_t until = now_ms() + ANSWER_WAIT_MS;
	uint32_t id = new_id(l);
	bool more = true;
	int r = send_packet(l, WIRE_COUNTS, id, &nothing, -1);

	while (r == 0 && more) {
		own_free struct packet *p = NULL;

		r = wait_answer(l, id, until, &p);
		if (r == 0)
			r = take_counts(l, p, each, ctx, &more);
	}
	return r;
}

int link_ack(struct link *l, uint64_t batch)
{
	struct wire_ack ack = { .batch = batch };

	return send_packet(l, WIRE_ACK, new_id(l), &ack, -1);
}

int link_ask_holds(struct link *l)
{
	return send_packet(l, WIRE_HOLDS, new_id(l), &nothing, -1);
}
