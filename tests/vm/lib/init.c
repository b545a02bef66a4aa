// SPDX-License-Identifier: Apache-2.0
/*
 * init.c - process 1 of the test machine
 *
 * Brings the machine to the state a booted Debian system is in as far as the product can tell, starts cvfd when asked, runs one
 * command, relays its output, reports its exit status on a port of its own, and ends the machine. With systemd as process 1 it
 * does the first, and the rest as a service. It is never an agent and it never runs on a real system. Callers: the kernel and
 * systemd; its orders are the files below VM_DIR, written by tests/vm/run.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VM_DIR "/etc/cvf-vm/"
#define DAEMON_LOG "/var/log/cvfd.log"
#define DAEMON_CGROUP "/sys/fs/cgroup/system.slice/cvfd.service"
#define MODULE_ROOT "/lib/modules/"

#define DAEMON_READY_SECONDS 150
/* Each question costs the starting daemon time: every 100 ms, 8 % of it. */
#define DAEMON_POLL_MS 250
#define STATUS_DAEMON_FAILED 126
#define STATUS_NOT_FOUND 127
/* The I/O port of QEMU's isa-debug-exit, as tests/vm/run sets it up. */
#define DEBUG_EXIT_PORT 0x501

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"USER=root",
	"LOGNAME=root",
	"SHELL=/bin/bash",
	"TERM=dumb",
	"LANG=C.UTF-8",
	NULL,
};

static const struct mount_point {
	const char *source, *target, *type, *data;
	unsigned long flags;
	mode_t mode;
} mount_points[] = {
	{"proc", "/proc", "proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555},
	{"sysfs", "/sys", "sysfs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555},
	{"devtmpfs", "/dev", "devtmpfs", "mode=755", MS_NOSUID, 0755},
	{"devpts", "/dev/pts", "devpts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC, 0755},
	{"tmpfs", "/dev/shm", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV, 01777},
	{"mqueue", "/dev/mqueue", "mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 01777},
	{"tmpfs", "/run", "tmpfs", "mode=755", MS_NOSUID | MS_NODEV, 0755},
	{"cgroup2", "/sys/fs/cgroup", "cgroup2", "nsdelegate,memory_recursiveprot", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0555},
	{"bpf", "/sys/fs/bpf", "bpf", "mode=700", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0700},
	{"securityfs", "/sys/kernel/security", "securityfs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0755},
	{"tracefs", "/sys/kernel/tracing", "tracefs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0700},
	{"debugfs", "/sys/kernel/debug", "debugfs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, 0700},
};

/* What systemd sets on a Debian system; the kernel's own defaults are laxer. */
static const struct {
	const char *path, *value;
} sysctls[] = {
	{"/proc/sys/fs/protected_hardlinks", "1"}, {"/proc/sys/fs/protected_symlinks", "1"},
	{"/proc/sys/fs/protected_fifos", "1"},	   {"/proc/sys/fs/protected_regular", "2"},
	{"/proc/sys/kernel/pid_max", "4194304"},   {"/proc/sys/kernel/hostname", "cvf-vm"},
};

static const struct {
	const char *target, *name;
} device_links[] = {
	{"/proc/self/fd", "/dev/fd"},	     {"/proc/self/fd/0", "/dev/stdin"},
	{"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"},
};

/* The kernel console, which tests/vm/run keeps in its log file. */
static void note(const char *format, ...)
{
	va_list args;

	fputs("cvf-vm init: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void sleep_ms(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write_all(fd, text, strlen(text)) < 0)
		note("writing \"%s\" to %s: %s", text, path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Returns the whole file with a NUL after it, or NULL; the caller frees it. */
static char *read_file(const char *path, size_t *ret_size)
{
	size_t room = 4096, size = 0;
	char *data = malloc(room + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && data && (n = read(fd, data + size, room - size)) > 0) {
		size += (size_t)n;
		if (size == room)
			data = realloc(data, (room *= 2) + 1);
	}
	if (fd >= 0)
		close(fd);
	if (n < 0 || !data) {
		free(data);
		return NULL;
	}
	data[size] = '\0';
	*ret_size = size;
	return data;
}

static bool have_order(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), VM_DIR "%s", name);
	return access(path, F_OK) == 0;
}

/* Calls use(line) for each line of an order file; a missing file has none. */
static void for_each_line(const char *name, void (*use)(const char *line))
{
	char path[256], *text, *line, *rest;
	size_t size;

	snprintf(path, sizeof(path), VM_DIR "%s", name);
	text = read_file(path, &size);
	for (line = strtok_r(text, "\n", &rest); text && line; line = strtok_r(NULL, "\n", &rest))
		use(line);
	free(text);
}

/*
 * The initramfs is the root of all mounts, which nothing may pivot away from
 * and which no mount is the parent of. Real systems have their root mounted on
 * top of it, so mount it once more on top of itself.
 */
static void cover_rootfs(void)
{
	if (mkdir("/newroot", 0755) < 0 || mount("/", "/newroot", NULL, MS_BIND, NULL) < 0 || chdir("/newroot") < 0)
		note("making a root mount of its own: %s", strerror(errno));
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0 || rmdir("/newroot") < 0)
		note("moving the root mount to /: %s", strerror(errno));
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mount_points) / sizeof(*mount_points); i++) {
		const struct mount_point *m = &mount_points[i];

		mkdir(m->target, m->mode);
		if (mount(m->source, m->target, m->type, m->flags, m->data) < 0 && errno != EBUSY)
			note("mounting %s on %s: %s", m->type, m->target, strerror(errno));
	}
	/* Half of the memory, its default, is little with a compiler on board. */
	if (mount(NULL, "/", NULL, MS_REMOUNT, "size=85%") < 0)
		note("giving the root more room: %s", strerror(errno));
	if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
		note("making the mounts shared: %s", strerror(errno));
}

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
		note("loading %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/*
 * Applets are hard links, not symbolic ones: the product judges the path the
 * kernel resolved, and "/usr/bin/rm" must not be judged as "busybox". A name
 * that a real program already has is left alone.
 */
static void link_applet(const char *path)
{
	if (link("/usr/bin/busybox", path) < 0 && errno != EEXIST)
		note("making the applet %s: %s", path, strerror(errno));
}

/* The archive holds root's files only; a line is "UID:GID MODE PATH". */
static void give_away(const char *line)
{
	unsigned int uid, gid, mode;
	char path[256];

	if (sscanf(line, "%u:%u %o %255s", &uid, &gid, &mode, path) != 4 || chown(path, uid, gid) < 0 || chmod(path, mode) < 0)
		note("changing the owner as \"%s\" says: %s", line, strerror(errno));
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(request.ifr_name, "lo");
	/* The kernel adds 127.0.0.1/8 and ::1 by itself when it comes up. */
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		note("bringing the loopback up: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void set_up_system(void)
{
	struct rlimit files = {.rlim_cur = 1024, .rlim_max = 524288};

	umask(0);
	cover_rootfs();
	/* The kernel makes its root like a /tmp, open to all. */
	chmod("/", 0755);
	mount_all();
	umask(022);
	for (size_t i = 0; i < sizeof(device_links) / sizeof(*device_links); i++)
		if (symlink(device_links[i].target, device_links[i].name) < 0)
			note("making %s: %s", device_links[i].name, strerror(errno));
	for (size_t i = 0; i < sizeof(sysctls) / sizeof(*sysctls); i++)
		write_file(sysctls[i].path, sysctls[i].value);
	setrlimit(RLIMIT_NOFILE, &files);
	for_each_line("modules", load_module);
	for_each_line("applets", link_applet);
	for_each_line("owners", give_away);
	loopback_up();
}

/* Opens the virtio-serial port that QEMU gave this name, or returns -errno. */
static int try_open_port(const char *name)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	int fd = -ENOENT;

	while (ports && fd < 0 && (entry = readdir(ports))) {
		char path[512], *text;
		size_t size;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		text = read_file(path, &size);
		if (text && strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == '\n') {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_WRONLY | O_CLOEXEC);
			if (fd < 0)
				fd = -errno;
		}
		free(text);
	}
	if (ports)
		closedir(ports);
	return fd;
}

/* The driver makes its ports a moment after it is loaded. */
static int open_port(const char *name)
{
	int fd = -ENOENT;

	for (int tries = 0; tries < 1000 && fd < 0; tries++) {
		fd = try_open_port(name);
		if (fd < 0)
			sleep_ms(10);
	}
	if (fd < 0)
		note("opening the port %s: %s", name, strerror(-fd));
	return fd;
}

static void __attribute__((noreturn)) end_machine(void)
{
	sync();
	/* Ends QEMU at once; a reboot walks through all devices first. */
	if (ioperm(DEBUG_EXIT_PORT, 1, 1) == 0)
		outb(0, DEBUG_EXIT_PORT);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

/* In a child: a session without a terminal, stdin empty, output to fd. */
static void __attribute__((noreturn)) become(char *const argv[], int fd)
{
	sigset_t none;
	int in = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (in < 0 || dup2(in, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(STATUS_NOT_FOUND);
	if (in > 2)
		close(in);
	/* execvp looks in the PATH of this process. */
	environ = (char **)environment;
	execvp(argv[0], argv);
	dprintf(2, "cvf-vm: running %s in the machine: %s; give a path or a program that it has\n",
		argv[0], strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : 126);
}

static pid_t spawn(char *const argv[], int fd)
{
	pid_t pid = fork();

	if (pid == 0)
		become(argv, fd);
	if (pid < 0)
		note("forking for %s: %s", argv[0], strerror(errno));
	return pid;
}

static int status_number(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool says_enforcing(const char *text)
{
	static const char want[] = "\"enforcing\":true";
	size_t matched = 0;

	/* Compares without white space; no proper prefix of it is also its suffix. */
	for (; *text && want[matched]; text++) {
		if (*text == ' ' || *text == '\n' || *text == '\t' || *text == '\r')
			continue;
		if (*text == want[matched])
			matched++;
		else
			matched = *text == want[0];
	}
	return !want[matched];
}

/* Whether "cvfctl status --json" succeeds and says that rules are enforced. */
static bool daemon_enforces(void)
{
	static char *const argv[] = {"/usr/bin/cvfctl", "status", "--json", NULL};
	static const char answer_path[] = "/run/cvf-vm-status";
	int fd = open(answer_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int status = -1;
	bool enforces;
	size_t size;
	char *text;

	if (fd < 0)
		return false;
	if (waitpid(spawn(argv, fd), &status, 0) < 0)
		status = -1;
	close(fd);
	text = read_file(answer_path, &size);
	enforces = status == 0 && text && says_enforcing(text);
	free(text);
	unlink(answer_path);
	return enforces;
}

static pid_t start_daemon(void)
{
	static char *const argv[] = {"/usr/sbin/cvfd", "--foreground", NULL};
	int log = open(DAEMON_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	pid_t pid = fork();

	if (pid == 0) {
		/* Where systemd would have put it. */
		mkdir("/sys/fs/cgroup/system.slice", 0755);
		mkdir(DAEMON_CGROUP, 0755);
		write_file(DAEMON_CGROUP "/cgroup.procs", "0");
		become(argv, log);
	}
	close(log);
	return pid;
}

static void copy_to(int fd, const char *path)
{
	size_t size;
	char *text = read_file(path, &size);

	if (text && fd >= 0)
		write_all(fd, text, size);
	free(text);
}

/* Returns true when cvfd enforces; else says why not on out. */
static bool daemon_ready(int out)
{
	double start = seconds_now();
	pid_t daemon = start_daemon();
	int status;

	while (seconds_now() - start < DAEMON_READY_SECONDS) {
		if (waitpid(daemon, &status, WNOHANG) == daemon) {
			dprintf(out, "cvf-vm: started cvfd: it ended with status %d before it enforced; its log:\n",
				status_number(status));
			copy_to(out, DAEMON_LOG);
			return false;
		}
		if (daemon_enforces()) {
			note("cvfd enforces after %.1f s", seconds_now() - start);
			return true;
		}
		sleep_ms(DAEMON_POLL_MS);
	}
	dprintf(out, "cvf-vm: waited %d s for \"enforcing\": true of \"cvfctl status --json\": it did not come; what cvfctl says, and the log of cvfd:\n",
		DAEMON_READY_SECONDS);
	waitpid(spawn((char *[]){"/usr/bin/cvfctl", "status", "--json", NULL}, out), &status, 0);
	copy_to(out, DAEMON_LOG);
	return false;
}

/* Moves what there is from the pipe to the port; false at its end. */
static bool relay(int from, int to)
{
	static char buffer[1 << 16];
	ssize_t n = read(from, buffer, sizeof(buffer));

	if (n < 0)
		return errno == EINTR;
	if (n > 0)
		write_all(to, buffer, (size_t)n);
	return n > 0;
}

/* Takes in every ended child; true when the command is among them. */
static bool reap(pid_t command, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		*ret_status = status_number(status);
		ended = true;
	}
	return ended;
}

/*
 * The command writes to a pipe and not to the port: a port can be opened once
 * only, so that "> /dev/stderr" in a script would fail.
 */
static int run_command(char *const argv[], int out)
{
	struct signalfd_siginfo info;
	int pipe_ends[2], status = 125;
	sigset_t children;
	bool ended = false;
	pid_t command;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	struct pollfd wait_for[2] = {
		{.fd = signalfd(-1, &children, SFD_CLOEXEC), .events = POLLIN},
	};

	if (wait_for[0].fd < 0 || pipe2(pipe_ends, O_CLOEXEC) < 0) {
		note("preparing to run the command: %s", strerror(errno));
		return status;
	}
	fcntl(pipe_ends[1], F_SETPIPE_SZ, 1 << 20);
	wait_for[1] = (struct pollfd){.fd = pipe_ends[0], .events = POLLIN};
	command = spawn(argv, pipe_ends[1]);
	close(pipe_ends[1]);
	while (command > 0 && !ended) {
		if (poll(wait_for, 2, -1) < 0)
			continue;
		/* With every writer gone the pipe would only wake us for nothing. */
		if (wait_for[1].revents && !relay(pipe_ends[0], out))
			wait_for[1].fd = -1;
		if (wait_for[0].revents && read(wait_for[0].fd, &info, sizeof(info)) > 0)
			ended = reap(command, &status);
	}
	/* Children left behind may hold the pipe: take what is in it, no more. */
	fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
	while (relay(pipe_ends[0], out))
		continue;
	return status;
}

/* Splits the NUL-separated order file; the memory lives as long as we do. */
static char **read_command(void)
{
	size_t size = 0, count = 0;
	char *text = read_file(VM_DIR "command", &size), **argv;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\0';
	argv = calloc(count + 1, sizeof(*argv));
	for (size_t i = 0, at = 0; argv && i < count; i++) {
		argv[i] = text + at;
		at += strlen(text + at) + 1;
	}
	return count && argv ? argv : NULL;
}

static void __attribute__((noreturn)) run_orders(void)
{
	int report = open_port("cvf.status"), out = open_port("cvf.output"), log = open_port("cvf.log");
	int status = STATUS_DAEMON_FAILED;
	char **argv = read_command();

	if (report < 0 || out < 0 || !argv) {
		note("cannot run the command: a port or the order file is missing");
		end_machine();
	}
	if (chdir("/root") < 0)
		note("going to /root: %s", strerror(errno));
	setenv("PATH", strchr(environment[0], '=') + 1, 1);
	if (!have_order("daemon") || daemon_ready(out)) {
		note("running the command %.1f s after power-on", seconds_now());
		status = run_command(argv, out);
	}
	copy_to(log, DAEMON_LOG);
	dprintf(report, "%d\n", status);
	end_machine();
}

/* systemd becomes process 1; this program runs again as a service of it (tests/vm/run wrote its unit). */
static void hand_over_to_systemd(void)
{
	static char *const argv[] = {"/usr/lib/systemd/systemd", "--unit=cvf-vm.target", NULL};

	environ = (char **)environment;
	execv(argv[0], argv);
	note("starting %s: %s; give the machine --with systemd", argv[0], strerror(errno));
	end_machine();
}

int main(void)
{
	if (getpid() == 1) {
		set_up_system();
		if (have_order("systemd"))
			hand_over_to_systemd();
	}
	run_orders();
}
