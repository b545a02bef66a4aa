// SPDX-License-Identifier: Apache-2.0
/*
 * probe.c - what an agent might do: each verb makes one system call, or a short named sequence, and exits with its errno
 *
 * `probe VERB ARGUMENT...`; 0: the call succeeded. Some verbs run another verb given after their own arguments
 * (`fork VERB...`), so that one can be tried from a thread, a grandchild or a namespace. A verb that cannot even be set
 * up exits with 120 and says why. Static, so that it runs in any root and without opening libraries.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define BROKEN 120	  /* the probe itself could not do it */
#define PATIENCE_S 20	  /* how long servers and waiting verbs wait at most */

extern char **environ;

static int verb_run(int argc, char **argv);

static int broken(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	return BROKEN;
}

/* Result of a system call as an exit status. */
static int result(long r)
{
	return r < 0 ? errno : 0;
}

static int result_fd(int fd)
{
	int r = result(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

static void nap(void)
{
	usleep(2000);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0) {
		int r = errno;

		close(fd);
		return r;
	}
	close(fd);
	return 0;
}

/* 0 when the file is there before patience ends. */
static int wait_file(const char *path)
{
	for (int i = 0; i < PATIENCE_S * 500; i++) {
		if (access(path, F_OK) == 0)
			return 0;
		nap();
	}
	errno = ETIMEDOUT;
	return broken(path);
}

/* ---- files ---- */

static int v_open(int argc, char **argv)
{
	static const struct {
		const char *verb;
		int flags;
	} ways[] = {
		{ "open-read", O_RDONLY },
		{ "open-write", O_WRONLY },
		{ "open-rw", O_RDWR },
		{ "open-append", O_WRONLY | O_APPEND },
		{ "open-trunc", O_WRONLY | O_TRUNC },
		{ "open-read-trunc", O_RDONLY | O_TRUNC },
		{ "open-path", O_PATH },
		{ "open-dir", O_RDONLY | O_DIRECTORY },
		{ "create", O_WRONLY | O_CREAT },
		{ "create-excl", O_WRONLY | O_CREAT | O_EXCL },
		{ "creat-trunc", O_WRONLY | O_CREAT | O_TRUNC },
		{ "tmpfile", O_WRONLY | O_TMPFILE },
	};

	(void)argc;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].verb, argv[0]) == 0)
			return result_fd(open(argv[1], ways[i].flags | O_CLOEXEC, 0644));
	return BROKEN;
}

/* openat2 is another entry into the kernel. */
static int v_openat2(int argc, char **argv)
{
	struct { uint64_t flags, mode, resolve; } how = { O_WRONLY | O_CREAT, 0644, 0 };

	(void)argc;
	return result_fd((int)syscall(SYS_openat2, AT_FDCWD, argv[1], &how, sizeof(how)));
}

static int v_write(int argc, char **argv)
{
	return write_text(argv[1], argc > 2 ? argv[2] : "probe");
}

static int v_cat(int argc, char **argv)
{
	char text[4096];
	int fd = open(argv[1], O_RDONLY);
	ssize_t n;

	(void)argc;
	if (fd < 0)
		return errno;
	while ((n = read(fd, text, sizeof(text))) > 0)
		if (write(1, text, (size_t)n) < 0)
			break;
	close(fd);
	return 0;
}

static int v_unlink(int argc, char **argv) { (void)argc; return result(unlink(argv[1])); }
static int v_unlinkat(int argc, char **argv) { (void)argc; return result(unlinkat(AT_FDCWD, argv[1], 0)); }
static int v_rmdir(int argc, char **argv) { (void)argc; return result(rmdir(argv[1])); }
static int v_mkdir(int argc, char **argv) { (void)argc; return result(mkdir(argv[1], 0755)); }
static int v_mkfifo(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFIFO | 0644, 0)); }
static int v_mkreg(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFREG | 0644, 0)); }
static int v_mkchr(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFCHR | 0644, 0x103)); }
static int v_mkblk(int argc, char **argv) { (void)argc; return result(mknod(argv[1], S_IFBLK | 0644, 0x700)); }
static int v_symlink(int argc, char **argv) { (void)argc; return result(symlink(argv[1], argv[2])); }
static int v_link(int argc, char **argv) { (void)argc; return result(link(argv[1], argv[2])); }

/* rename OLD NEW [noreplace|exchange|whiteout] */
static int v_rename(int argc, char **argv)
{
	unsigned int flags = 0;

	if (argc > 3)
		flags = strcmp(argv[3], "noreplace") == 0 ? RENAME_NOREPLACE :
			strcmp(argv[3], "exchange") == 0  ? RENAME_EXCHANGE :
							    RENAME_WHITEOUT;
	return flags ? result(renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], flags)) : result(rename(argv[1], argv[2]));
}

static int v_truncate(int argc, char **argv) { (void)argc; return result(truncate(argv[1], 1)); }

/* The descriptor comes from standard input, opened by who starts the probe, so that only the second call is judged. */
static int v_ftruncate_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(ftruncate(0, 1)); }
static int v_fchmod_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(fchmod(0, 0600)); }
static int v_fchown_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(fchown(0, 1000, 1000)); }
static int v_fsetxattr_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(fsetxattr(0, "trusted.probe", "1", 1, 0)); }
static int v_futimes_stdin(int argc, char **argv) { (void)argc; (void)argv; return result(futimens(0, (struct timespec[2]){ { 1000, 0 }, { 1000, 0 } })); }

static int v_chmod(int argc, char **argv) { (void)argc; return result(chmod(argv[1], 0600)); }
static int v_chown(int argc, char **argv) { (void)argc; return result(chown(argv[1], 1000, 1000)); }
static int v_lchown(int argc, char **argv) { (void)argc; return result(lchown(argv[1], 1000, 1000)); }
static int v_setxattr(int argc, char **argv) { (void)argc; return result(setxattr(argv[1], "trusted.probe", "1", 1, 0)); }
static int v_removexattr(int argc, char **argv) { (void)argc; return result(removexattr(argv[1], "trusted.probe")); }

static int v_getxattr(int argc, char **argv)
{
	char value[16];

	(void)argc;
	return result(getxattr(argv[1], "trusted.probe", value, sizeof(value)));
}

static int v_utimes(int argc, char **argv)
{
	(void)argc;
	return result(utimensat(AT_FDCWD, argv[1], (struct timespec[2]){ { 1000, 0 }, { 1000, 0 } }, 0));
}

static int v_touch(int argc, char **argv) { (void)argc; return result(utimensat(AT_FDCWD, argv[1], NULL, 0)); }

static int v_mmap_exec(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY), r;

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	r = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
	close(fd);
	return r;
}

static int v_mprotect_exec(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);
	void *p;

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return broken("mmap");
	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

/* O_PATH asks nothing; opening what it names through /proc does. */
static int v_reopen(int argc, char **argv)
{
	int fd = open(argv[1], O_PATH);
	char name[64];

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return result_fd(open(name, O_WRONLY));
}

/* tmpfile-link DIRECTORY NAME */
static int v_tmpfile_link(int argc, char **argv)
{
	int fd = open(argv[1], O_TMPFILE | O_WRONLY, 0644);
	char name[64];

	(void)argc;
	if (fd < 0)
		return errno;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return result(linkat(AT_FDCWD, name, AT_FDCWD, argv[2], AT_SYMLINK_FOLLOW));
}

/* unlink-many PREFIX N: how many failed */
static int v_unlink_many(int argc, char **argv)
{
	int failed = 0;
	char path[PATH_MAX];

	(void)argc;
	for (int i = 0; i < atoi(argv[2]); i++) {
		snprintf(path, sizeof(path), "%s%d", argv[1], i);
		failed += unlink(path) < 0;
	}
	return failed;
}

/* long-path OP DIRECTORY BYTES: makes a path of that length below the directory by nested names, then creates or unlinks it */
static int v_long_path(int argc, char **argv)
{
	static char path[PATH_MAX + 300];
	size_t want = (size_t)atoi(argv[3]), n;

	(void)argc;
	snprintf(path, sizeof(path), "%s", argv[2]);
	n = strlen(path);
	while (n + 202 < want) {
		path[n++] = '/';
		memset(path + n, 'd', 100);
		n += 100;
		path[n] = 0;
		if (strcmp(argv[1], "prepare") == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
			return broken("mkdir");
	}
	path[n++] = '/';
	memset(path + n, 'f', want - n);
	path[want] = 0;
	if (strcmp(argv[1], "prepare") == 0)
		return write_text(path, "long");
	if (strcmp(argv[1], "unlink") == 0)
		return result(unlink(path));
	if (strcmp(argv[1], "create") == 0)
		return result_fd(open(path, O_WRONLY | O_CREAT | O_EXCL, 0644));
	return result_fd(open(path, O_RDONLY));
}

/* ---- programs ---- */

static int v_exec(int argc, char **argv)
{
	(void)argc;
	return result(execv(argv[1], argv + 1));
}

static int v_execveat(int argc, char **argv)
{
	int fd = open(argv[1], O_PATH | O_CLOEXEC);

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	return result(syscall(SYS_execveat, fd, "", argv + 1, environ, AT_EMPTY_PATH));
}

static int wait_child(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return broken("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int v_spawn(int argc, char **argv)
{
	pid_t child;
	int r = posix_spawn(&child, argv[1], NULL, NULL, argv + 1, environ);

	(void)argc;
	return r ? r : wait_child(child);
}

static int v_vfork(int argc, char **argv)
{
	volatile int r = 0;
	pid_t child = vfork();

	(void)argc;
	if (child < 0)
		return broken("vfork");
	if (child == 0) {
		execv(argv[1], argv + 1);
		r = errno;
		_exit(127);
	}
	return r ? (wait_child(child), r) : wait_child(child);
}

/* memfd-exec PROGRAM ARGUMENT...: from a copy in memory */
static int v_memfd_exec(int argc, char **argv)
{
	int from = open(argv[1], O_RDONLY | O_CLOEXEC), to = memfd_create("probe", MFD_CLOEXEC);
	char text[65536];
	ssize_t n;

	(void)argc;
	if (from < 0 || to < 0)
		return broken(argv[1]);
	while ((n = read(from, text, sizeof(text))) > 0)
		if (write(to, text, (size_t)n) != n)
			return broken("write");
	return result(syscall(SYS_execveat, to, "", argv + 1, environ, AT_EMPTY_PATH));
}

/*
 * exec-long PROGRAM BYTES ARGUMENT... LAST: arguments of that many bytes in all come before LAST
 * exec-count PROGRAM N ARGUMENT... LAST: N arguments of one letter do
 */
static int v_exec_many(int argc, char **argv)
{
	enum { EACH = 1000 };
	bool is_long = strcmp(argv[0], "exec-long") == 0;
	int fill = is_long ? atoi(argv[2]) / EACH : atoi(argv[2]), n = 0;
	char **args = calloc((size_t)(fill + argc), sizeof(*args));
	char *one = malloc(EACH);

	if (!args || !one)
		return broken("malloc");
	memset(one, 'a', EACH - 1);
	one[is_long ? EACH - 1 : 1] = 0;
	args[n++] = argv[1];
	for (int i = 3; i < argc - 1; i++)
		args[n++] = argv[i];
	for (int i = 0; i < fill; i++)
		args[n++] = one;
	args[n++] = argv[argc - 1];
	return result(execv(argv[1], args));
}

/* say FILE TEXT...: appends the last argument as a line; what tests execute to see that, and with what, it ran */
static int v_say(int argc, char **argv)
{
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0)
		return errno;
	dprintf(fd, "%s\n", argv[argc - 1]);
	close(fd);
	return 0;
}

static char flip_text[8] = "good";

static void *flip(void *arg)
{
	(void)arg;
	for (;;)
		((volatile char *)flip_text)[0] ^= 'g' ^ 'f';
	return NULL;
}

/* flip N PROGRAM FILE: executes PROGRAM say FILE TEXT while a thread turns TEXT from good to food and back; prints a summary */
static int v_flip(int argc, char **argv)
{
	char *args[] = { argv[2], "say", argv[3], flip_text, NULL };
	volatile int ran = 0, refused = 0, killed = 0, other = 0;
	pthread_t thread;

	(void)argc;
	if (pthread_create(&thread, NULL, flip, NULL))
		return broken("pthread_create");
	for (int i = 0; i < atoi(argv[1]); i++) {
		volatile int error = 0;
		pid_t child = vfork();
		int status;

		if (child == 0) {
			execv(argv[2], args);
			error = errno;
			_exit(127);
		}
		status = child < 0 ? BROKEN : wait_child(child);
		if (status == 0)
			ran++;
		else if (error == EPERM)
			refused++;
		else if (status == 128 + SIGKILL)
			killed++;
		else
			other++;
	}
	printf("ran %d refused %d killed %d other %d\n", ran, refused, killed, other);
	return 0;
}

/* ---- internet ---- */

struct peer {
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
	} a;
	socklen_t size;
};

static int peer_read(struct peer *p, const char *address, const char *port)
{
	memset(p, 0, sizeof(*p));
	if (inet_pton(AF_INET, address, &p->a.four.sin_addr) == 1) {
		p->a.four.sin_family = AF_INET;
		p->a.four.sin_port = htons((uint16_t)atoi(port));
		p->size = sizeof(p->a.four);
		return 0;
	}
	if (inet_pton(AF_INET6, address, &p->a.six.sin6_addr) == 1) {
		p->a.six.sin6_family = AF_INET6;
		p->a.six.sin6_port = htons((uint16_t)atoi(port));
		p->size = sizeof(p->a.six);
		return 0;
	}
	errno = EINVAL;
	return broken(address);
}

/* tcp-connect|mptcp-connect|udp-connect ADDRESS PORT [TEXT] */
static int v_inet_connect(int argc, char **argv)
{
	bool udp = argv[0][0] == 'u';
	struct peer p;
	int fd;

	if (peer_read(&p, argv[1], argv[2]))
		return BROKEN;
	fd = socket(p.a.any.sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, argv[0][0] == 'm' ? 262 : 0);
	if (fd < 0)
		return broken("socket");
	if (connect(fd, &p.a.any, p.size) < 0)
		return errno;
	return argc > 3 ? result(write(fd, argv[3], strlen(argv[3]))) : 0;
}

/* udp-sendto|udp-sendmsg|udp-sendmmsg|udp-unspec|tcp-fastopen ADDRESS PORT TEXT */
static int v_inet_send(int argc, char **argv)
{
	struct iovec text = { argv[3], strlen(argv[3]) };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &text, .msg_iovlen = 1 } };
	bool fastopen = strcmp(argv[0], "tcp-fastopen") == 0;
	struct peer p;
	int fd;

	(void)argc;
	if (peer_read(&p, argv[1], argv[2]))
		return BROKEN;
	fd = socket(p.a.any.sa_family, fastopen ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (fd < 0)
		return broken("socket");
	if (strcmp(argv[0], "udp-unspec") == 0)
		p.a.any.sa_family = AF_UNSPEC;
	if (strcmp(argv[0], "udp-sendmsg") != 0 && strcmp(argv[0], "udp-sendmmsg") != 0)
		return result(sendto(fd, argv[3], text.iov_len, fastopen ? MSG_FASTOPEN : 0, &p.a.any, p.size));
	m.msg_hdr.msg_name = &p.a.any;
	m.msg_hdr.msg_namelen = p.size;
	return argv[0][8] == 's' ? result(sendmsg(fd, &m.msg_hdr, 0)) : result(sendmmsg(fd, &m, 1, 0));
}

/* udp-twice GOOD BAD PORT TEXT: sendmmsg of two messages; the number that was sent comes back as 100 + number */
static int v_udp_twice(int argc, char **argv)
{
	struct iovec text = { argv[4], strlen(argv[4]) };
	struct mmsghdr m[2] = { 0 };
	struct peer p[2];
	int fd = socket(AF_INET, SOCK_DGRAM, 0), n;

	(void)argc;
	for (int i = 0; i < 2; i++) {
		if (peer_read(&p[i], argv[1 + i], argv[3]))
			return BROKEN;
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &text, .msg_iovlen = 1, .msg_name = &p[i].a.any, .msg_namelen = p[i].size };
	}
	n = sendmmsg(fd, m, 2, 0);
	return n < 0 ? errno : 100 + n;
}

/* tcp-bind|udp-bind|tcp-listen ADDRESS PORT; tcp-listen-unbound */
static int v_inet_bind(int argc, char **argv)
{
	struct peer p;
	int fd;

	if (argc < 3)
		return result(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
	if (peer_read(&p, argv[1], argv[2]))
		return BROKEN;
	fd = socket(p.a.any.sa_family, argv[0][0] == 'u' ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (fd < 0)
		return broken("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, &p.a.any, p.size) < 0)
		return errno;
	return strcmp(argv[0], "tcp-listen") == 0 ? result(listen(fd, 1)) : 0;
}

/* ---- unix sockets ---- */

/* A name that begins with @ is in the abstract space. */
static socklen_t unix_name(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "%s", name);
	if (name[0] != '@')
		return sizeof(*a);
	a->sun_path[0] = 0;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
}

/* unix-connect|unix-seqpacket|unix-dgram-connect NAME [TEXT] */
static int v_unix_connect(int argc, char **argv)
{
	int type = strcmp(argv[0], "unix-connect") == 0 ? SOCK_STREAM : argv[0][5] == 's' ? SOCK_SEQPACKET : SOCK_DGRAM;
	int fd = socket(AF_UNIX, type, 0);
	struct sockaddr_un a;
	socklen_t size = unix_name(&a, argv[1]);

	if (connect(fd, (struct sockaddr *)&a, size) < 0)
		return errno;
	return argc > 2 ? result(write(fd, argv[2], strlen(argv[2]))) : 0;
}

/* unix-send NAME TEXT */
static int v_unix_send(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un a;
	socklen_t size = unix_name(&a, argv[1]);

	(void)argc;
	return result(sendto(fd, argv[2], strlen(argv[2]), 0, (struct sockaddr *)&a, size));
}

static int v_unix_bind(int argc, char **argv)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a;
	socklen_t size = unix_name(&a, argv[1]);

	(void)argc;
	return result(bind(fd, (struct sockaddr *)&a, size));
}

static int v_socketpair(int argc, char **argv)
{
	int fd[2];

	(void)argc, (void)argv;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) < 0)
		return errno;
	return result(write(fd[0], "x", 1));
}

/* ---- socket families ---- */

static int v_socket(int argc, char **argv)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} kinds[] = {
		{ "tcp", AF_INET, SOCK_STREAM, 0 },
		{ "udp", AF_INET, SOCK_DGRAM, 0 },
		{ "tcp6", AF_INET6, SOCK_STREAM, 0 },
		{ "mptcp", AF_INET, SOCK_STREAM, 262 },
		{ "unix", AF_UNIX, SOCK_STREAM, 0 },
		{ "netlink", AF_NETLINK, SOCK_RAW, 0 },
		{ "raw", AF_INET, SOCK_RAW, IPPROTO_RAW },
		{ "raw-tcp", AF_INET, SOCK_RAW, IPPROTO_TCP },
		{ "raw6", AF_INET6, SOCK_RAW, IPPROTO_RAW },
		{ "ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP },
		{ "ping6", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6 },
		{ "packet", AF_PACKET, SOCK_RAW, 0 },
		{ "packet-dgram", AF_PACKET, SOCK_DGRAM, 0 },
		{ "vsock", 40, SOCK_STREAM, 0 },
		{ "sctp", AF_INET, SOCK_STREAM, IPPROTO_SCTP },
		{ "sctp-seq", AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP },
		{ "alg", 38, SOCK_SEQPACKET, 0 },
		{ "udplite", AF_INET, SOCK_DGRAM, 136 },
		{ "can", 29, SOCK_RAW, 1 },
		{ "tipc", 30, SOCK_RDM, 0 },
		{ "key", 15, SOCK_RAW, 2 },
		{ "xdp", 44, SOCK_RAW, 0 },
	};

	(void)argc;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, argv[1]) == 0)
			return result_fd(socket(kinds[i].family, kinds[i].type, kinds[i].protocol));
	errno = EINVAL;
	return broken(argv[1]);
}

/* Sends one routing message and reads the kernel's answer. */
static int netlink_ask(int type, int flags, const void *body, size_t size)
{
	struct {
		struct nlmsghdr head;
		char body[64];
	} m = { .head = { .nlmsg_len = (uint32_t)NLMSG_LENGTH(size), .nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)flags } };
	static char answer[32768];
	struct nlmsghdr *h = (struct nlmsghdr *)answer;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	ssize_t n;

	if (fd < 0)
		return errno;
	memcpy(m.body, body, size);
	if (send(fd, &m, m.head.nlmsg_len, 0) < 0)
		return errno;
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < (ssize_t)sizeof(*h))
		return BROKEN;
	return h->nlmsg_type == NLMSG_ERROR ? -((struct nlmsgerr *)NLMSG_DATA(h))->error : 0;
}

/* netlink-read: all links, as getaddrinfo and `ip link` ask for them; netlink-write: sets lo up (it is) */
static int v_netlink(int argc, char **argv)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };

	(void)argc;
	if (strcmp(argv[0], "netlink-read") == 0)
		return netlink_ask(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, &link, sizeof(link));
	link.ifi_index = 1;
	link.ifi_flags = 1;
	link.ifi_change = 1;
	return netlink_ask(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, &link, sizeof(link));
}

/* netlink-two: a question with a change behind it in one buffer */
static int v_netlink_two(int argc, char **argv)
{
	struct {
		struct nlmsghdr a;
		struct ifinfomsg ask;
		struct nlmsghdr b;
		struct ifinfomsg set;
	} m = {
		.a = { .nlmsg_len = NLMSG_LENGTH(sizeof(m.ask)), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.b = { .nlmsg_len = NLMSG_LENGTH(sizeof(m.set)), .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST },
		.set = { .ifi_index = 1, .ifi_flags = 1, .ifi_change = 1 },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	(void)argc, (void)argv;
	m.ask.ifi_index = 1;
	return result(send(fd, &m, sizeof(m), 0));
}

/* ---- other processes and the machine ---- */

static int v_ptrace(int argc, char **argv)
{
	pid_t pid = atoi(argv[1]);
	int r = result(ptrace(strcmp(argv[0], "ptrace-seize") == 0 ? PTRACE_SEIZE : PTRACE_ATTACH, pid, 0, 0));

	(void)argc;
	if (r == 0 && strcmp(argv[0], "ptrace-attach") == 0) {
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	return r;
}

static int v_traceme(int argc, char **argv) { (void)argc; (void)argv; return result(ptrace(PTRACE_TRACEME, 0, 0, 0)); }

static int v_vm_read(int argc, char **argv)
{
	char text[8];
	struct iovec here = { text, sizeof(text) }, there = { (void *)0x400000, sizeof(text) };

	(void)argc;
	return result(process_vm_readv(atoi(argv[1]), &here, 1, &there, 1, 0));
}

static int v_pidfd_getfd(int argc, char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);

	(void)argc;
	return pidfd < 0 ? broken("pidfd_open") : result(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

static int v_kill(int argc, char **argv) { return result(kill(atoi(argv[1]), argc > 2 ? atoi(argv[2]) : SIGTERM)); }
static int v_tgkill(int argc, char **argv) { (void)argc; return result(syscall(SYS_tgkill, atoi(argv[1]), atoi(argv[1]), SIGTERM)); }
static int v_sigqueue(int argc, char **argv) { (void)argc; return result(sigqueue(atoi(argv[1]), SIGTERM, (union sigval){ 0 })); }

static int v_pidfd_kill(int argc, char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);

	(void)argc;
	return pidfd < 0 ? broken("pidfd_open") : result(syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0));
}

static int v_nice(int argc, char **argv) { (void)argc; return result(setpriority(PRIO_PROCESS, (id_t)atoi(argv[1]), 19)); }

static int v_sched(int argc, char **argv)
{
	(void)argc;
	return result(sched_setscheduler(atoi(argv[1]), SCHED_IDLE, &(struct sched_param){ 0 }));
}

static int v_affinity(int argc, char **argv)
{
	cpu_set_t cpus;

	(void)argc;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	return result(sched_setaffinity(atoi(argv[1]), sizeof(cpus), &cpus));
}

static int v_prlimit(int argc, char **argv)
{
	(void)argc;
	return result(prlimit(atoi(argv[1]), RLIMIT_CORE, &(struct rlimit){ 0, RLIM_INFINITY }, NULL));
}

static int v_kill_own_child(int argc, char **argv)
{
	pid_t child = fork();

	(void)argc, (void)argv;
	if (child == 0) {
		pause();
		_exit(0);
	}
	if (kill(child, SIGTERM) < 0)
		return errno;
	return wait_child(child) == 128 + SIGTERM ? 0 : BROKEN;
}

static int v_mount_tmpfs(int argc, char **argv) { (void)argc; return result(mount("probe", argv[1], "tmpfs", 0, NULL)); }
static int v_mount_bind(int argc, char **argv) { (void)argc; return result(mount(argv[1], argv[2], NULL, MS_BIND, NULL)); }
static int v_remount(int argc, char **argv) { (void)argc; return result(mount(NULL, argv[1], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL)); }
static int v_umount(int argc, char **argv) { (void)argc; return result(umount2(argv[1], MNT_DETACH)); }
static int v_chroot(int argc, char **argv) { (void)argc; return result(chroot(argv[1])); }
static int v_pivot_root(int argc, char **argv) { (void)argc; return result(syscall(SYS_pivot_root, argv[1], argv[1])); }

/* fsopen, fsconfig, fsmount, move_mount: the first call that is refused */
static int v_fsmount(int argc, char **argv)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", 0), mnt;

	(void)argc;
	if (fs < 0 || syscall(SYS_fsconfig, fs, 1, "size", "1m", 0) < 0 || syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) < 0)
		return errno;
	mnt = (int)syscall(SYS_fsmount, fs, 0, 0);
	if (mnt < 0)
		return errno;
	return result(syscall(SYS_move_mount, mnt, "", AT_FDCWD, argv[1], 4));
}

/* open-tree SOURCE NAME: opens NAME for writing in a clone of SOURCE that is attached nowhere */
static int v_open_tree(int argc, char **argv)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[1], 1 /* OPEN_TREE_CLONE */);

	(void)argc;
	return tree < 0 ? errno : result_fd(openat(tree, argv[2], O_WRONLY));
}

static int v_unshare_user(int argc, char **argv) { (void)argc; (void)argv; return result(unshare(CLONE_NEWUSER)); }

static int v_bpf(int argc, char **argv)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	(void)argc, (void)argv;
	return result_fd((int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int v_bpf_get(int argc, char **argv)
{
	union bpf_attr attr = { .pathname = (uint64_t)(uintptr_t)argv[1] };

	(void)argc;
	return result_fd((int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr)));
}

/* bpf-steal: the descriptor of the first map that can be had by number */
static int v_bpf_steal(int argc, char **argv)
{
	union bpf_attr attr = { 0 };

	(void)argc, (void)argv;
	if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)) < 0)
		return errno;
	attr = (union bpf_attr){ .map_id = attr.next_id };
	return result_fd((int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr)));
}

/* Nothing that is a module: ENOEXEC when it is not refused before. */
static int v_init_module(int argc, char **argv)
{
	static char junk[256] = "probe";

	(void)argc, (void)argv;
	return result(syscall(SYS_init_module, junk, sizeof(junk), ""));
}

static int v_finit_module(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);

	(void)argc;
	return fd < 0 ? broken(argv[1]) : result(syscall(SYS_finit_module, fd, "", 0));
}

/* No image: succeeds, or EINVAL, and loads nothing. */
static int v_kexec(int argc, char **argv) { (void)argc; (void)argv; return result(syscall(SYS_kexec_load, 0, 0, NULL, 0)); }

/* The first magic number is wrong: EINVAL when it is not refused before, which is asked first. */
static int v_reboot(int argc, char **argv) { (void)argc; (void)argv; return result(syscall(SYS_reboot, 1, 2, 3, NULL)); }

static int v_settime(int argc, char **argv)
{
	struct timespec now;

	(void)argc;
	clock_gettime(CLOCK_REALTIME, &now);
	if (strcmp(argv[0], "settimeofday") == 0)
		return result(settimeofday(&(struct timeval){ now.tv_sec, now.tv_nsec / 1000 }, NULL));
	return result(clock_settime(CLOCK_REALTIME, &now));
}

/* ---- io_uring and AIO ---- */

struct ring {
	struct io_uring_params p;
	int fd;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
};

static int ring_make(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return errno;
	r->sq = mmap(NULL, r->p.sq_off.array + 64, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->p.cq_off.cqes + 8 * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, 4 * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
	return r->sq == MAP_FAILED || r->cq == MAP_FAILED || r->sqes == MAP_FAILED ? broken("mmap") : 0;
}

/* Submits what stands in sqes[0] and waits; the completion's errno. */
static int ring_submit(struct ring *r)
{
	uint32_t *tail = (uint32_t *)(r->sq + r->p.sq_off.tail), *array = (uint32_t *)(r->sq + r->p.sq_off.array);
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);

	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return errno;
	return cqe->res < 0 ? -cqe->res : 0;
}

static int v_io_uring(int argc, char **argv)
{
	struct ring r;
	int error = ring_make(&r);
	struct peer p;

	if (error || argc < 2)
		return error;
	r.sqes[0].fd = AT_FDCWD;
	r.sqes[0].addr = (uint64_t)(uintptr_t)argv[1];
	/* uring-open-async: by a worker thread instead of inside the call */
	r.sqes[0].flags = strcmp(argv[0], "uring-open-async") == 0 ? IOSQE_ASYNC : 0;
	if (strcmp(argv[0], "uring-unlink") == 0) {
		r.sqes[0].opcode = IORING_OP_UNLINKAT;
	} else if (strcmp(argv[0], "uring-connect") == 0) {
		if (peer_read(&p, argv[1], argv[2]))
			return BROKEN;
		r.sqes[0].opcode = IORING_OP_CONNECT;
		r.sqes[0].fd = socket(p.a.any.sa_family, SOCK_STREAM, 0);
		r.sqes[0].addr = (uint64_t)(uintptr_t)&p.a;
		r.sqes[0].off = p.size;
	} else {
		r.sqes[0].opcode = IORING_OP_OPENAT;
		r.sqes[0].open_flags = O_WRONLY | O_CREAT;
		r.sqes[0].len = 0644;
	}
	return ring_submit(&r);
}

/* ---- verbs around verbs ---- */

static int v_fork(int argc, char **argv)
{
	pid_t child = fork();

	if (child == 0)
		_exit(verb_run(argc - 1, argv + 1));
	return child < 0 ? errno : wait_child(child);
}

/* double-fork FILE VERB...: by a grandchild in a session of its own whose parents are gone; the errno stands in FILE */
static int v_double_fork(int argc, char **argv)
{
	char text[16];
	pid_t child = fork();

	if (child != 0)
		return child < 0 ? errno : wait_child(child);
	setsid();
	if (fork() != 0)
		_exit(0);
	while (getppid() == getsid(0))
		nap();
	snprintf(text, sizeof(text), "%d", verb_run(argc - 2, argv + 2));
	_exit(write_text(argv[1], text));
}

struct job {
	int argc;
	char **argv;
	int status;
};

static void *job_run(void *arg)
{
	struct job *j = arg;

	j->status = verb_run(j->argc, j->argv);
	return NULL;
}

static int v_thread(int argc, char **argv)
{
	struct job j = { argc - 1, argv + 1, 0 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, job_run, &j) || pthread_join(thread, NULL))
		return broken("pthread");
	return j.status;
}

/* threads N FILE VERB...: N threads and the first one wait for FILE, then do the verb; prints each errno */
static int v_threads(int argc, char **argv)
{
	enum { MOST = 64 };
	struct job jobs[MOST];
	char *wait_args[MOST + 3] = { "after" };
	pthread_t threads[MOST];
	int n = atoi(argv[1]);

	wait_args[1] = argv[2];
	for (int i = 3; i <= argc; i++)
		wait_args[i - 1] = argv[i];
	for (int i = 0; i < n; i++) {
		jobs[i] = (struct job){ argc - 1, wait_args, 0 };
		if (pthread_create(&threads[i], NULL, job_run, &jobs[i]))
			return broken("pthread_create");
	}
	if (wait_file(argv[2]))
		return BROKEN;
	printf("%d", verb_run(argc - 3, argv + 3));
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		printf(" %d", jobs[i].status);
	}
	printf("\n");
	return 0;
}

/* after FILE VERB...: FILE.waiting tells that it waits */
static int v_after(int argc, char **argv)
{
	char ready[PATH_MAX];

	snprintf(ready, sizeof(ready), "%s.waiting", argv[1]);
	write_text(ready, "");
	return wait_file(argv[1]) ? BROKEN : verb_run(argc - 2, argv + 2);
}

/* cgroup FOLDER VERB...: after moving itself there */
static int v_cgroup(int argc, char **argv)
{
	char path[PATH_MAX], text[16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", argv[1]);
	snprintf(text, sizeof(text), "%d", getpid());
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return broken(path);
	close(fd);
	return verb_run(argc - 2, argv + 2);
}

/* namespaces VERB...: as root of new user, mount, pid, net, ipc and uts namespaces */
static int v_namespaces(int argc, char **argv)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		return 100 + errno;
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", "0 0 1");
	write_text("/proc/self/gid_map", "0 0 1");
	return v_fork(argc, argv);
}

static int v_mountns(int argc, char **argv)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return broken("unshare");
	return verb_run(argc - 1, argv + 1);
}

static int v_chdir(int argc, char **argv)
{
	return chdir(argv[1]) < 0 ? broken(argv[1]) : verb_run(argc - 2, argv + 2);
}

static int v_in_root(int argc, char **argv)
{
	return chroot(argv[1]) < 0 ? 100 + errno : verb_run(argc - 2, argv + 2);
}

static int v_uid(int argc, char **argv)
{
	uid_t uid = (uid_t)atoi(argv[1]);

	if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		return broken("setresuid");
	return verb_run(argc - 2, argv + 2);
}

static int v_ignore_cont(int argc, char **argv)
{
	signal(SIGCONT, SIG_IGN);
	return verb_run(argc - 1, argv + 1);
}

/* stat FILE is there for a loop in a shell; repeat N VERB... stops at the first failure */
static int v_repeat(int argc, char **argv)
{
	int r = 0;

	for (int i = 0; r == 0 && i < atoi(argv[1]); i++)
		r = verb_run(argc - 2, argv + 2);
	return r;
}

/* Letter that /proc shows for the state of a process. */
static char state_of(pid_t pid)
{
	char path[64], text[512], *end;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = 0;
	end = strrchr(text, ')');
	return end ? end[2] : 0;
}

/* The memory that swap-* verbs change while the other process is held. */
static char swap_text[PATH_MAX], swap_verb[32];
static struct peer swap_peer;

static int swap_child(void *arg)
{
	int fd;

	(void)arg;
	if (strcmp(swap_verb, "swap-unlink") == 0)
		return result(unlink(swap_text));
	if (strcmp(swap_verb, "swap-exec") == 0)
		return result(execv("/t/r2/probe", (char *[]){ "probe", "say", "/t/r0/said", swap_text, NULL }));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	return result(connect(fd, &swap_peer.a.any, swap_peer.size));
}

/*
 * swap-unlink|swap-exec|swap-connect A B: a process that shares our memory, and is not one of our threads, does it with A;
 * when it is held, A becomes B, which /t/r0/swapped tells. Exits with what the other process got.
 */
static int v_swap(int argc, char **argv)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t child;

	(void)argc;
	snprintf(swap_verb, sizeof(swap_verb), "%s", argv[0]);
	snprintf(swap_text, sizeof(swap_text), "%s", argv[1]);
	if (strcmp(swap_verb, "swap-connect") == 0 && peer_read(&swap_peer, argv[1], "7"))
		return BROKEN;
	child = clone(swap_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	if (child < 0)
		return broken("clone");
	for (int i = 0; state_of(child) != 'T'; i++) {
		if (i > PATIENCE_S * 500 || state_of(child) == 'Z')
			break;
		nap();
	}
	snprintf(swap_text, sizeof(swap_text), "%s", argv[2]);
	if (strcmp(swap_verb, "swap-connect") == 0 && peer_read(&swap_peer, argv[2], "7"))
		return BROKEN;
	write_text("/t/r0/swapped", "");
	return wait_child(child);
}

/* state PID: the letter of /proc/PID/stat */
static int v_state(int argc, char **argv)
{
	(void)argc;
	printf("%c\n", state_of(atoi(argv[1])));
	return 0;
}

/* ---- servers ---- */

static int server_socket(const char *kind, const char *address, const char *port)
{
	bool dgram = strstr(kind, "udp") || strstr(kind, "dgram");
	struct sockaddr_un a;
	struct peer p;
	int fd;

	if (strncmp(kind, "unix", 4) == 0) {
		socklen_t size = unix_name(&a, address);

		if (address[0] != '@')
			unlink(address);
		fd = socket(AF_UNIX, dgram ? SOCK_DGRAM : strstr(kind, "seq") ? SOCK_SEQPACKET : SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&a, size) < 0)
			return -1;
	} else {
		if (peer_read(&p, address, port))
			return -1;
		fd = socket(p.a.any.sa_family, dgram ? SOCK_DGRAM : SOCK_STREAM, 0);
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
		if (!dgram)
			setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &(int){ 5 }, sizeof(int));
		if (bind(fd, &p.a.any, p.size) < 0)
			return -1;
	}
	return !dgram && listen(fd, 16) < 0 ? -1 : fd;
}

/*
 * serve tcp|udp|unix|unix-dgram|unix-seq ADDRESS PORT FILE: a line for each connection ("connected") and each message that
 * arrives is appended to FILE, which exists as soon as it listens; runs until it is killed
 */
static int v_serve(int argc, char **argv)
{
	int fd = server_socket(argv[1], argv[2], argv[3]), out;
	char text[512];
	ssize_t n;

	(void)argc;
	if (fd < 0)
		return broken(argv[2]);
	out = open(argv[4], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	for (;;) {
		int one = fd;

		if (!strstr(argv[1], "udp") && !strstr(argv[1], "dgram")) {
			one = accept(fd, NULL, NULL);
			if (one < 0)
				continue;
			dprintf(out, "connected\n");
		}
		n = recv(one, text, sizeof(text) - 1, 0);
		if (n > 0)
			dprintf(out, "%.*s\n", (int)n, text);
		if (one != fd)
			close(one);
	}
}

static int v_nothing(int argc, char **argv) { (void)argc; (void)argv; return 0; }

static int v_pause(int argc, char **argv)
{
	(void)argc, (void)argv;
	alarm(600);
	pause();
	return 0;
}

static const struct verb {
	const char *name;
	int args;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "nothing", 0, v_nothing },
	{ "pause", 0, v_pause },
	{ "open-read", 1, v_open },
	{ "open-write", 1, v_open },
	{ "open-rw", 1, v_open },
	{ "open-append", 1, v_open },
	{ "open-trunc", 1, v_open },
	{ "open-read-trunc", 1, v_open },
	{ "open-path", 1, v_open },
	{ "open-dir", 1, v_open },
	{ "create", 1, v_open },
	{ "create-excl", 1, v_open },
	{ "creat-trunc", 1, v_open },
	{ "tmpfile", 1, v_open },
	{ "openat2-create", 1, v_openat2 },
	{ "write", 1, v_write },
	{ "cat", 1, v_cat },
	{ "unlink", 1, v_unlink },
	{ "unlinkat", 1, v_unlinkat },
	{ "unlink-many", 2, v_unlink_many },
	{ "rmdir", 1, v_rmdir },
	{ "mkdir", 1, v_mkdir },
	{ "mknod-fifo", 1, v_mkfifo },
	{ "mknod-reg", 1, v_mkreg },
	{ "mknod-chr", 1, v_mkchr },
	{ "mknod-blk", 1, v_mkblk },
	{ "symlink", 2, v_symlink },
	{ "link", 2, v_link },
	{ "rename", 2, v_rename },
	{ "truncate", 1, v_truncate },
	{ "ftruncate-stdin", 0, v_ftruncate_stdin },
	{ "fchmod-stdin", 0, v_fchmod_stdin },
	{ "fchown-stdin", 0, v_fchown_stdin },
	{ "fsetxattr-stdin", 0, v_fsetxattr_stdin },
	{ "futimes-stdin", 0, v_futimes_stdin },
	{ "chmod", 1, v_chmod },
	{ "chown", 1, v_chown },
	{ "lchown", 1, v_lchown },
	{ "setxattr", 1, v_setxattr },
	{ "getxattr", 1, v_getxattr },
	{ "removexattr", 1, v_removexattr },
	{ "utimes", 1, v_utimes },
	{ "touch", 1, v_touch },
	{ "mmap-exec", 1, v_mmap_exec },
	{ "mprotect-exec", 1, v_mprotect_exec },
	{ "reopen", 1, v_reopen },
	{ "tmpfile-link", 2, v_tmpfile_link },
	{ "long-path", 3, v_long_path },
	{ "exec", 1, v_exec },
	{ "execveat", 1, v_execveat },
	{ "spawn", 1, v_spawn },
	{ "vfork", 1, v_vfork },
	{ "memfd-exec", 1, v_memfd_exec },
	{ "exec-long", 3, v_exec_many },
	{ "exec-count", 3, v_exec_many },
	{ "say", 1, v_say },
	{ "flip", 3, v_flip },
	{ "tcp-connect", 2, v_inet_connect },
	{ "mptcp-connect", 2, v_inet_connect },
	{ "udp-connect", 2, v_inet_connect },
	{ "udp-sendto", 3, v_inet_send },
	{ "udp-sendmsg", 3, v_inet_send },
	{ "udp-sendmmsg", 3, v_inet_send },
	{ "udp-unspec", 3, v_inet_send },
	{ "udp-twice", 4, v_udp_twice },
	{ "tcp-fastopen", 3, v_inet_send },
	{ "tcp-bind", 2, v_inet_bind },
	{ "udp-bind", 2, v_inet_bind },
	{ "tcp-listen", 2, v_inet_bind },
	{ "tcp-listen-unbound", 0, v_inet_bind },
	{ "unix-connect", 1, v_unix_connect },
	{ "unix-seqpacket", 1, v_unix_connect },
	{ "unix-dgram-connect", 1, v_unix_connect },
	{ "unix-send", 2, v_unix_send },
	{ "unix-bind", 1, v_unix_bind },
	{ "socketpair", 0, v_socketpair },
	{ "socket", 1, v_socket },
	{ "netlink-read", 0, v_netlink },
	{ "netlink-write", 0, v_netlink },
	{ "netlink-two", 0, v_netlink_two },
	{ "ptrace-attach", 1, v_ptrace },
	{ "ptrace-seize", 1, v_ptrace },
	{ "traceme", 0, v_traceme },
	{ "vm-read", 1, v_vm_read },
	{ "pidfd-getfd", 1, v_pidfd_getfd },
	{ "kill", 1, v_kill },
	{ "tgkill", 1, v_tgkill },
	{ "sigqueue", 1, v_sigqueue },
	{ "pidfd-kill", 1, v_pidfd_kill },
	{ "nice", 1, v_nice },
	{ "sched", 1, v_sched },
	{ "affinity", 1, v_affinity },
	{ "prlimit", 1, v_prlimit },
	{ "kill-own-child", 0, v_kill_own_child },
	{ "mount-tmpfs", 1, v_mount_tmpfs },
	{ "mount-bind", 2, v_mount_bind },
	{ "remount", 1, v_remount },
	{ "umount", 1, v_umount },
	{ "fsmount", 1, v_fsmount },
	{ "open-tree", 2, v_open_tree },
	{ "chroot", 1, v_chroot },
	{ "pivot-root", 1, v_pivot_root },
	{ "unshare-user", 0, v_unshare_user },
	{ "bpf", 0, v_bpf },
	{ "bpf-get", 1, v_bpf_get },
	{ "bpf-steal", 0, v_bpf_steal },
	{ "init-module", 0, v_init_module },
	{ "finit-module", 1, v_finit_module },
	{ "kexec", 0, v_kexec },
	{ "reboot", 0, v_reboot },
	{ "settimeofday", 0, v_settime },
	{ "clock-settime", 0, v_settime },
	{ "io-uring", 0, v_io_uring },
	{ "uring-open", 1, v_io_uring },
	{ "uring-open-async", 1, v_io_uring },
	{ "uring-unlink", 1, v_io_uring },
	{ "uring-connect", 2, v_io_uring },
	{ "fork", 1, v_fork },
	{ "double-fork", 2, v_double_fork },
	{ "thread", 1, v_thread },
	{ "threads", 3, v_threads },
	{ "after", 2, v_after },
	{ "cgroup", 2, v_cgroup },
	{ "namespaces", 1, v_namespaces },
	{ "mountns", 1, v_mountns },
	{ "chdir", 2, v_chdir },
	{ "in-root", 2, v_in_root },
	{ "uid", 2, v_uid },
	{ "ignore-cont", 1, v_ignore_cont },
	{ "repeat", 2, v_repeat },
	{ "swap-unlink", 2, v_swap },
	{ "swap-exec", 2, v_swap },
	{ "swap-connect", 2, v_swap },
	{ "state", 1, v_state },
	{ "serve", 4, v_serve },
};

static int verb_run(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, argv[0]) != 0)
			continue;
		if (argc - 1 < verbs[i].args) {
			fprintf(stderr, "probe: %s wants %d arguments\n", argv[0], verbs[i].args);
			return BROKEN;
		}
		return verbs[i].run(argc, argv);
	}
	fprintf(stderr, "probe: no verb '%s'\n", argv[0]);
	return BROKEN;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
			printf("%s %d\n", verbs[i].name, verbs[i].args);
		return BROKEN;
	}
	return verb_run(argc - 1, argv + 1);
}
