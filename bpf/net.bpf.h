/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net.bpf.h - addresses and unix sockets
 *
 * The address a hook gets stands in kernel memory already: what is judged is what is used. Families without rules here
 * are refused at socket() (sys.bpf.h). unix_* hooks run under a spinlock: they cannot hold.
 */
#ifndef NET_BPF_H
#define NET_BPF_H

static __always_inline void address_v4(struct cvf_scratch *s, __u32 address)
{
	s->facts.address[10] = 0xff;
	s->facts.address[11] = 0xff;
	__builtin_memcpy(&s->facts.address[12], &address, 4);
}

/* Takes an internet address apart; false: it is none. */
static __noinline int address_read(struct cvf_scratch *s, const void *from, int len, __u16 socket_family)
{
	struct sockaddr_in6 six = {};
	struct sockaddr_in four = {};
	__u16 family = 0;

	if (len < 2 || bpf_probe_read_kernel(&family, sizeof(family), from))
		return 0;
	/* Linux takes AF_UNSPEC for AF_INET where an IPv4 datagram socket sends. */
	if (family == AF_UNSPEC)
		family = socket_family;
	s->facts.family = family;
	if (family == AF_INET) {
		if (len < (int)sizeof(four) || bpf_probe_read_kernel(&four, sizeof(four), from))
			return 0;
		address_v4(s, four.sin_addr);
		s->facts.port = bpf_ntohs(four.sin_port);
		return 1;
	}
	if (family == AF_INET6) {
		if (len < 24 || bpf_probe_read_kernel(&six, 24, from))
			return 0;
		__builtin_memcpy(s->facts.address, six.sin6_addr, 16);
		s->facts.port = bpf_ntohs(six.sin6_port);
		return 1;
	}
	return 0;
}

static __noinline int judge_net(struct cvf_scratch *s)
{
	struct cvf_prefix key = { .bits = 128 };
	__u32 *class, address_class = 0, word;

	s->facts.is_net = 1;
	if (s->facts.fault)
		return 0;
	__builtin_memcpy(key.address, s->facts.address, 16);
	if (s->facts.slot & 1)
		class = bpf_map_lookup_elem(&cvf_prefix1, &key);
	else
		class = bpf_map_lookup_elem(&cvf_prefix0, &key);
	if (class)
		address_class = *class;
	word = (address_class * slot_of(s)->port_classes + slot_of(s)->port_class[s->facts.port]) * CVF_PROTO_MAX + (s->facts.protocol & 1);
	/* Masked after the compiler lost sight of the sum: it would split the mask and lose the bound. */
	asm volatile("" : "+r"(word));
	s->facts.cell = cell_find(s, slot_of(s)->net_set[word & (CVF_NET_SETS_MAX - 1)]);
	return 0;
}

/* from NULL: the socket's own address (listen). */
static __noinline int net_question(__u32 op, struct socket *sock, const void *from, int len)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct sock *sk = sock->sk;
	struct cvf_scratch *s;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	if (!sk)
		return refuse_unknown();
	s = question_start(l, op);
	if (!s)
		return -EPERM;
	s->facts.protocol = sock->type == SOCK_STREAM ? CVF_PROTO_TCP : CVF_PROTO_UDP;
	if (from) {
		if (!address_read(s, from, len, sk->__sk_common.skc_family))
			s->facts.fault = CVF_REASON_INTERNAL;
	} else {
		s->facts.family = sk->__sk_common.skc_family;
		s->facts.port = sk->__sk_common.skc_num;
		if (s->facts.family == AF_INET)
			address_v4(s, sk->__sk_common.skc_rcv_saddr);
		else
			BPF_CORE_READ_INTO(&s->facts.address, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	}
	judge_net(s);
	return question_end(s, l);
}

static __always_inline __u16 family_of(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	return sk ? sk->__sk_common.skc_family : AF_UNSPEC;
}

static __always_inline bool is_inet(__u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

/* A name in the abstract space, given as the kernel's struct sockaddr_un. */
static __noinline int abstract_question(__u32 op, const void *address, int len, __u32 cannot_hold)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	s = question_start(l, op);
	if (!s)
		return -EPERM;
	s->facts.cannot_hold = cannot_hold;
	s->facts.family = AF_UNIX;
	s->walk.name = (__u64)address + 3;
	path_synthetic(s, 0, len > 3 ? len - 3 : 0, 1);
	judge_text(s);
	return question_end(s, l);
}

/* first byte of sun_path; 0xff: unnamed or unreadable */
static __always_inline __u8 unix_first(const void *address, int len)
{
	__u8 first = 0xff;

	if (len > 2)
		bpf_probe_read_kernel(&first, 1, (const char *)address + 2);
	return first;
}

HOOK(socket_connect)
int BPF_PROG(cvf_connect, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	__u16 family = 0;

	if (ret || nobody_here())
		return ret;
	if (!is_inet(family_of(sock)))
		return 0;
	bpf_probe_read_kernel(&family, sizeof(family), address);
	/* connect to AF_UNSPEC dissolves an association; it reaches nobody. */
	if (addrlen >= 2 && family == AF_UNSPEC)
		return 0;
	return net_question(CVF_OP_CONNECT, sock, address, addrlen);
}

HOOK(socket_sendmsg)
int BPF_PROG(cvf_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	if (ret || !msg->msg_name || nobody_here())
		return ret;
	if (!is_inet(family_of(sock)))
		return 0;
	/* A stream socket ignores the address, unless it opens the connection with the first data. */
	if (sock->type == SOCK_STREAM) {
		if (!(msg->msg_flags & MSG_FASTOPEN))
			return 0;
		return net_question(CVF_OP_CONNECT, sock, msg->msg_name, msg->msg_namelen);
	}
	return net_question(CVF_OP_SEND, sock, msg->msg_name, msg->msg_namelen);
}

HOOK(socket_bind)
int BPF_PROG(cvf_bind, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	__u16 family;

	if (ret || nobody_here())
		return ret;
	family = family_of(sock);
	if (is_inet(family))
		return net_question(CVF_OP_BIND, sock, address, addrlen);
	/* A name in the file system is decided at path_mknod. */
	if (family == AF_UNIX && unix_first(address, addrlen) == 0)
		return abstract_question(CVF_OP_UNIX_BIND, address, addrlen, 0);
	return 0;
}

HOOK(socket_listen)
int BPF_PROG(cvf_listen, struct socket *sock, int backlog, int ret)
{
	if (ret || nobody_here() || !is_inet(family_of(sock)))
		return ret;
	return net_question(CVF_OP_LISTEN, sock, NULL, 0);
}

static __always_inline int unix_peer_question(__u32 op, struct sock *other)
{
	struct unix_sock *u = bpf_skc_to_unix_sock(other);
	struct unix_address *address;
	enum standing standing;
	struct cvf_label *l;
	struct cvf_scratch *s;
	int len;

	if (!u)
		return refuse_unknown();
	address = u->addr;
	/* Unnamed: the other end of a socketpair, inherited or passed. */
	if (!address)
		return 0;
	len = address->len;
	if (!u->path.dentry)
		return abstract_question(op, (const char *)address + bpf_core_field_offset(struct unix_address, name), len, 1);
	l = current_label(&standing);
	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	s = question_start(l, op);
	if (!s)
		return -EPERM;
	s->facts.cannot_hold = 1;
	s->facts.family = AF_UNIX;
	question_object(s, u->path.dentry, u->path.mnt);
	judge_place(s, u->path.dentry, u->path.mnt, 0);
	return question_end(s, l);
}

HOOK(unix_stream_connect)
int BPF_PROG(cvf_unix_connect, struct sock *sock, struct sock *other, struct sock *fresh, int ret)
{
	return ret || nobody_here() ? ret : unix_peer_question(CVF_OP_UNIX_CONNECT, other);
}

HOOK(unix_may_send)
int BPF_PROG(cvf_unix_send, struct socket *sock, struct socket *other, int ret)
{
	struct sock *peer = other->sk;

	return ret || !peer || nobody_here() ? ret : unix_peer_question(CVF_OP_UNIX_SEND, peer);
}

#endif
