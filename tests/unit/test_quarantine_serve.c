// SPDX-License-Identifier: Apache-2.0
/*
 * test_quarantine_serve.c - who may ask, what is an ask, and what is left to a process that has given its privileges up
 *
 * The server runs in a child, as in the program. To add a packet: a row of spoil[].
 */
#include "quarantine_fixture.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "core/log.h"
#include "quarantine/drop.h"
#include "quarantine/serve.h"

#define GOVERNOR 1234
#define SOMEBODY 4321

struct server {
	struct world *w;
	pid_t pid;
	char path[108];
};

static int start(void **state)
{
	static struct server s;

	if (geteuid())
		return 0;
	assert_int_equal(on_bind((void **)&s.w), 0);
	if (!s.w)
		return 0;
	assert_int_equal(chown(s.w->dir, GOVERNOR, GOVERNOR), 0);
	snprintf(s.path, sizeof(s.path), "%s/q.sock", s.w->dir);
	s.pid = fork();
	if (!s.pid) {
		struct serve serve;

		log_open("quarantine", LOG_ERR);
		if (serve_open(&serve, s.path, GOVERNOR) < 0 || drop_to_files() < 0)
			_exit(1);
		serve_run(&serve);
		serve_close(&serve);
		_exit(0);
	}
	for (int i = 0; i < 500 && !is_there(s.path); i++)
		usleep(10000);
	*state = &s;
	return 0;
}

static int end(void **state)
{
	struct server *s = *state;
	int status;

	if (!s)
		return 0;
	kill(s->pid, SIGTERM);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_int_equal(status, 0);
	return world_end((void **)&s->w);
}

#define SERVER(state) (*(state) ? *(state) : (skip(), NULL))

static int connected(const struct server *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), r = -1;

	strcpy(to.sun_path, s->path);
	for (int i = 0; i < 100 && r; i++) { /* the name is there a moment before somebody listens */
		r = connect(fd, (struct sockaddr *)&to, sizeof(to));
		if (!r || errno != ECONNREFUSED)
			break;
		usleep(10000);
	}
	if (!r)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* The reply's error, or -EPIPE when the connection was closed instead. */
static int ask_bytes(int fd, const void *bytes, size_t n, struct quarantine_reply *ret)
{
	ssize_t got;

	if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		return -EPIPE;
	got = recv(fd, ret, sizeof(*ret), 0);
	return got == sizeof(*ret) ? ret->error : -EPIPE;
}

static int ask(const struct server *s, const struct quarantine_ask *a, size_t n)
{
	static struct quarantine_reply reply;
	own_fd int fd = connected(s);
	int r = ask_bytes(fd, a, n, &reply);

	if (r != -EPIPE)
		assert_int_equal(reply.serial, a->serial);
	return r;
}

static void what_is_asked_is_done_in_order(void **state)
{
	struct server *s = SERVER(state);
	static struct quarantine_reply reply;
	own_fd int fd = connected(s);

	write_file(at(s->w, "f"), "x");
	ask_about(s->w, ID, at(s->w, "f"));
	for (s->w->ask.serial = 7; s->w->ask.serial < 9; s->w->ask.serial++)
		assert_int_equal(send(fd, &s->w->ask, sizeof(s->w->ask), 0), sizeof(s->w->ask));
	assert_int_equal(recv(fd, &reply, sizeof(reply), 0), sizeof(reply));
	assert_int_equal(reply.serial, 7);
	assert_int_equal(reply.error, 0);
	assert_int_equal(reply.how, QUARANTINE_LINKED);
	strcpy(s->w->ask.store, reply.store);
	assert_int_equal(recv(fd, &reply, sizeof(reply), 0), sizeof(reply));
	assert_int_equal(reply.serial, 8);
	assert_int_equal(reply.error, -EEXIST);
	assert_int_equal(*reply.store, 0);
	s->w->ask.type = QUARANTINE_PURGE;
	assert_int_equal(ask_bytes(fd, &s->w->ask, sizeof(s->w->ask), &reply), 0);
	assert_int_equal(kept_count(s->w), 0);
}

static void spoil_type(struct quarantine_ask *a)
{
	a->type = 4;
}

static void spoil_type_none(struct quarantine_ask *a)
{
	a->type = 0;
}

static void spoil_type_large(struct quarantine_ask *a)
{
	a->type = 0xffffffff;
}

static void spoil_path_end(struct quarantine_ask *a)
{
	memset(a->path, '/', sizeof(a->path));
	a->path_len = sizeof(a->path);
}

static void spoil_store_end(struct quarantine_ask *a)
{
	memset(a->store, '/', sizeof(a->store));
}

static void spoil_length(struct quarantine_ask *a)
{
	a->path_len--;
}

static void spoil_id_end(struct quarantine_ask *a)
{
	memset(a->id, 'A', sizeof(a->id));
}

static void spoil_id_short(struct quarantine_ask *a)
{
	a->id[25] = 0;
}

static void spoil_id_long(struct quarantine_ask *a)
{
	a->id[26] = 'A';
}

static void spoil_id_path(struct quarantine_ask *a)
{
	memcpy(a->id, "../", 3);
}

static void spoil_id_letter(struct quarantine_ask *a)
{
	a->id[3] = 'U';
}

static void what_is_no_ask_closes_and_changes_nothing(void **state)
{
	static void (*const spoil[])(struct quarantine_ask *) = { spoil_type,	  spoil_type_none, spoil_type_large, spoil_path_end,
								  spoil_store_end, spoil_length,   spoil_id_end,     spoil_id_short,
								  spoil_id_long,   spoil_id_path,  spoil_id_letter };
	struct server *s = SERVER(state);
	static char longer[sizeof(struct quarantine_ask) + 1];
	struct quarantine_ask a;

	write_file(at(s->w, "f"), "x");
	ask_about(s->w, ID, at(s->w, "f"));
	for (size_t i = 0; i < ARRAY_SIZE(spoil); i++) {
		a = s->w->ask;
		spoil[i](&a);
		assert_false(serve_is_ask(&a, sizeof(a)));
		assert_int_equal(ask(s, &a, sizeof(a)), -EPIPE);
	}
	assert_int_equal(ask(s, &s->w->ask, sizeof(a) - 1), -EPIPE);
	assert_int_equal(ask(s, &s->w->ask, 1), -EPIPE);
	memcpy(longer, &s->w->ask, sizeof(a));
	assert_int_equal(ask(s, (const struct quarantine_ask *)(const void *)longer, sizeof(longer)), -EPIPE);
	assert_int_equal(kept_count(s->w), -1);
	assert_int_equal(ask(s, &s->w->ask, sizeof(a)), 0);
	assert_int_equal(kept_count(s->w), 2);
}

static void the_socket_is_the_governors(void **state)
{
	struct server *s = SERVER(state);
	struct stat st = state_of(s->path);

	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(st.st_uid, GOVERNOR);
}

/* Exit status of a child of this user that asks: 0 answered, 1 not. */
static int asked_by(const struct server *s, uid_t uid)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			_exit(9);
		_exit(ask(s, &s->w->ask, sizeof(s->w->ask)) == -EPIPE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status >> 8;
}

static void only_the_governor_and_root_are_answered(void **state)
{
	struct server *s = SERVER(state);

	write_file(at(s->w, "f"), "x");
	ask_about(s->w, ID, at(s->w, "f"));
	assert_int_equal(asked_by(s, SOMEBODY), 1);
	assert_int_equal(chmod(s->path, 0666), 0); /* whoever got past the mode is still asked who it is */
	assert_int_equal(chmod(s->w->dir, 0755), 0);
	assert_int_equal(asked_by(s, SOMEBODY), 1);
	assert_int_equal(kept_count(s->w), -1);
	assert_int_equal(asked_by(s, GOVERNOR), 0);
	assert_int_equal(kept_count(s->w), 2);
}

static void a_second_governor_waits_for_the_first_to_go(void **state)
{
	struct server *s = SERVER(state);
	static struct quarantine_reply reply;
	int first = connected(s);

	write_file(at(s->w, "f"), "x");
	ask_about(s->w, ID, at(s->w, "f"));
	assert_int_equal(ask_bytes(first, &s->w->ask, sizeof(s->w->ask), &reply), 0);
	strcpy(s->w->ask.id, ID2);
	assert_int_equal(ask(s, &s->w->ask, sizeof(s->w->ask)), -EPIPE);
	assert_int_equal(kept_count(s->w), 2);
	close(first);
	assert_int_equal(ask(s, &s->w->ask, sizeof(s->w->ask)), 0);
	assert_int_equal(kept_count(s->w), 4);
}

/* A bit for each thing that only privilege permits: what this process could still do. */
static int powers(const char *dir)
{
	char device[128];
	int can = 0;

	snprintf(device, sizeof(device), "%s/device", dir);
	can |= !mknod(device, S_IFCHR | 0600, makedev(1, 3)) ? 1 : 0;
	unlink(device);
	can |= !mount("x", dir, "tmpfs", 0, NULL) ? 2 : 0;
	umount(dir);
	can |= !unshare(CLONE_NEWNS) ? 4 : 0;
	can |= !setresuid(GOVERNOR, GOVERNOR, 0) ? 8 : 0;
	return can;
}

static void nothing_but_files_is_left(void **state)
{
	struct world *w = WORLD(state);
	pid_t pid = fork();
	int status;

	if (!pid) {
		int r = drop_to_files();

		_exit(r < 0 ? 99 : powers(w->dir));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	pid = fork();
	if (!pid)
		_exit(powers(w->dir));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status >> 8, 15);
}

#define with_server(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_server(what_is_asked_is_done_in_order),
		with_server(what_is_no_ask_closes_and_changes_nothing),
		with_server(the_socket_is_the_governors),
		with_server(only_the_governor_and_root_are_answered),
		with_server(a_second_governor_waits_for_the_first_to_go),
		cmocka_unit_test_setup_teardown(nothing_but_files_is_left, on_bind, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
