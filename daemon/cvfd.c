// SPDX-License-Identifier: Apache-2.0
/*
 * cvfd.c - main of the enforcer: start-up as a list of steps, then one loop
 */
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>

#include "core/log.h"
#include "enforce/canary.h"
#include "enforce/drop.h"
#include "enforce/freeze.h"
#include "enforce/hooks.h"
#include "enforce/keeper.h"
#include "enforce/link.h"
#include "enforce/maps.h"

#define RUN_DIR "/run/cvf"
#define STATE_DIR "/var/lib/cvf"
#define GOVERNOR "/usr/sbin/cvfd-govern"
#define QUARANTINE_PROGRAM "/usr/sbin/cvfd-quarantine"
#define NOTIFIER "/usr/sbin/cvfd-notify"
#define EXIT_OTHER_VERSION 8	/* starting again is of no use: cvfd.service and the package know this number */

struct options {
	bool foreground, unpin;
	enum hooks_flavour flavour;
	const char *governor, *quarantine, *notifier;
};

struct daemon {
	struct options options;
	struct hooks hooks;
	struct maps maps;
	struct canary canary;
	struct link link;
	uid_t enforcer_uid, governor_uid, notifier_uid; /* of the last, 0: there is none */
	gid_t enforcer_gid, governor_gid;
	int lock_fd, signal_fd, timer_fd, epoll_fd;
	uint64_t ticks; /* of the timer, since what is overdue was looked for */
	bool is_unquiet; /* something of a frozen agent ran */
};

static const char usage[] =
	"Usage: cvfd [--foreground] [--flavour lsm|fmod_ret] [--governor PROGRAM] [--quarantine PROGRAM]\n"
	"            [--notifier PROGRAM]\n"
	"       cvfd --unpin | --help | --version\n"
	"\n"
	"The enforcer of CVF: loads the programs, keeps them pinned below " CVF_PIN_DIR ", and serves the governor.\n"
	"  --foreground   also start the governor, the quarantine and (if there is a user cvf-notify) the notifier, and keep\n"
	"                 them running (without systemd)\n"
	"  --flavour F    do not choose: lsm needs 'bpf' among the active LSMs, fmod_ret does not\n"
	"  --governor P   the governor's program (default " GOVERNOR ")\n"
	"  --quarantine P the quarantine's program (default " QUARANTINE_PROGRAM ")\n"
	"  --notifier P   the notifier's program (default " NOTIFIER ")\n"
	"  --unpin        end enforcement: remove the pinned programs (cvfd must not run)\n";

static int flavour_parse(const char *word, enum hooks_flavour *ret)
{
	if (!strcmp(word, "lsm"))
		*ret = FLAVOUR_LSM;
	else if (!strcmp(word, "fmod_ret"))
		*ret = FLAVOUR_FMOD_RET;
	else
		return -EINVAL;
	return 0;
}

/* 0 go on, 1 done, 2 usage */
static int options_parse(int argc, char **argv, struct options *o)
{
	static const struct option words[] = {
		{ "foreground", no_argument, NULL, 'f' }, { "flavour", required_argument, NULL, 'F' },
		{ "governor", required_argument, NULL, 'g' }, { "quarantine", required_argument, NULL, 'q' },
		{ "notifier", required_argument, NULL, 'n' },
		{ "unpin", no_argument, NULL, 'u' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { 0 },
	};
	int c;

	o->governor = GOVERNOR;
	o->quarantine = QUARANTINE_PROGRAM;
	o->notifier = NOTIFIER;
	while ((c = getopt_long(argc, argv, "h", words, NULL)) != -1) {
		if (c == 'f')
			o->foreground = true;
		else if (c == 'u')
			o->unpin = true;
		else if (c == 'g')
			o->governor = optarg;
		else if (c == 'q')
			o->quarantine = optarg;
		else if (c == 'n')
			o->notifier = optarg;
		else if (c == 'h' || c == 'V')
			return fputs(c == 'h' ? usage : "cvfd " CVF_VERSION "\n", stdout) < 0 ? 2 : 1;
		else if (c != 'F' || flavour_parse(optarg, &o->flavour) < 0)
			return fputs(usage, stderr), 2;
	}
	return optind == argc ? 0 : (fputs(usage, stderr), 2);
}

/* -ENOENT: there is none; another error: that could not be found out, and must not be taken for none. */
static int user_find(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	struct passwd *p;

	errno = 0;
	p = getpwnam(name);
	if (!p)
		return errno == ENOMEM || errno == EMFILE || errno == ENFILE || errno == EINTR || errno == EIO ? -errno : -ENOENT;
	*ret_uid = p->pw_uid;
	*ret_gid = p->pw_gid;
	return 0;
}

static int users_find(struct daemon *d)
{
	gid_t unused;
	int r = user_find("cvf", &d->governor_uid, &d->governor_gid);

	if (r == -ENOENT)
		log_error("there is no user 'cvf' for the governor: create it with 'systemd-sysusers' or "
			  "'useradd --system --home-dir " STATE_DIR " --shell /usr/sbin/nologin cvf'");
	if (r < 0)
		return r;
	/* A user of its own keeps the governor from signalling the enforcer. */
	r = user_find("cvf-enforce", &d->enforcer_uid, &d->enforcer_gid);
	if (r == -ENOENT)
		r = user_find("nobody", &d->enforcer_uid, &d->enforcer_gid);
	if (r < 0)
		return r;
	r = user_find("cvf-notify", &d->notifier_uid, &unused);
	if (r == -ENOENT)
		d->notifier_uid = 0;
	return r == -ENOENT ? 0 : r;
}

static int dir_make(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(path, mode) && errno != EEXIST)
		return -errno;
	return chown(path, uid, gid) || chmod(path, mode) ? -errno : 0;
}

static int dirs_make(struct daemon *d)
{
	int r = dir_make(RUN_DIR, 0755, d->governor_uid, d->governor_gid);

	return r < 0 ? r : dir_make(STATE_DIR, 0750, d->governor_uid, d->governor_gid);
}

static int lock_take(struct daemon *d)
{
	char text[32];

	d->lock_fd = open(RUN_DIR "/cvfd.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (d->lock_fd < 0)
		return -errno;
	if (flock(d->lock_fd, LOCK_EX | LOCK_NB)) {
		ssize_t n = read(d->lock_fd, text, sizeof(text) - 1);

		text[n > 0 ? n : 0] = 0;
		log_error("another cvfd runs (pid %s): stop it first, or leave it", n > 0 ? text : "unknown");
		return -EBUSY;
	}
	snprintf(text, sizeof(text), "%d", getpid());
	return ftruncate(d->lock_fd, 0) || pwrite(d->lock_fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

static void programs_stop(struct daemon *d)
{
	canary_stop(&d->canary);
	maps_close(&d->maps);
	hooks_done(&d->hooks);
}

/* Loads, then lets the canary prove it. */
static int programs_start(struct daemon *d, enum hooks_flavour flavour)
{
	int r = hooks_start(&d->hooks, flavour);

	if (r < 0)
		return r;
	r = maps_open(&d->maps, &d->hooks);
	if (r >= 0)
		r = canary_start(&d->canary, &d->maps);
	if (r >= 0)
		r = canary_try(&d->canary);
	if (r == -EIO)
		log_error("the canary was not refused as %s: these programs do not enforce here%s", d->hooks.lsm ? "lsm" : "fmod_ret",
			  d->hooks.adopted ? "; see what silences them (cvfd(8)), or replace them: cvfd --unpin, then start cvfd again" : "");
	else if (r < 0)
		log_error("trying the programs with the canary failed: %s; start cvfd again", strerror(-r));
	if (r < 0)
		programs_stop(d);
	return r;
}

/* What says something about this kernel. Everything else (memory, descriptors, a canary that is late) may not choose the flavour. */
static bool is_of_this_kernel(int error)
{
	static const int errors[] = { EIO /* the canary was let through */, ENOENT, EINVAL, EACCES, EOPNOTSUPP };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (error == -errors[i])
			return true;
	return false;
}

static int enforcement_start(struct daemon *d)
{
	enum hooks_flavour flavour = d->options.flavour;
	/* Agents are under these programs: whatever fails here, they stay. */
	bool were_pinned = hooks_are_pinned();
	int r = programs_start(d, flavour);

	/* Being listed is not being called: when the LSM programs do not refuse, the other flavour may. */
	if (r < 0 && !were_pinned && flavour == FLAVOUR_AUTO && is_of_this_kernel(r)) {
		int clean = hooks_unpin();

		if (clean < 0)
			log_warning("removing the pins failed: %s", strerror(-clean));
		r = programs_start(d, FLAVOUR_FMOD_RET);
	}
	if (r < 0)
		return r;
	d->maps.state->control.guard_tgid = (uint32_t)getpid();
	/* Nobody else runs as these: a process that is to be guarded need not be known. */
	d->maps.state->control.guard_uids[0] = d->governor_uid;
	d->maps.state->control.guard_uids[1] = d->notifier_uid;
	maps_wake_answered(&d->maps);
	log_notice("enforcing: %u programs as %s%s", d->hooks.progs, d->hooks.lsm ? "lsm" : "fmod_ret",
		   d->hooks.adopted ? ", adopted from the pins" : "");
	return 0;
}

static int watch(struct daemon *d, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

/* Events wake nobody (record.bpf.h): what came since the last look goes to the governor in one batch, which it stores in one transaction. */
#define RELAY_INTERVAL_NS 50000000

static int loop_open(struct daemon *d)
{
	struct itimerspec often = { .it_interval.tv_nsec = RELAY_INTERVAL_NS, .it_value.tv_nsec = RELAY_INTERVAL_NS };
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	d->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	d->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (d->signal_fd < 0 || d->timer_fd < 0 || d->epoll_fd < 0 || timerfd_settime(d->timer_fd, 0, &often, NULL))
		return -errno;
	r = watch(d, d->signal_fd, EPOLLIN);
	if (r >= 0)
		r = watch(d, d->timer_fd, EPOLLIN);
	if (r >= 0)
		r = watch(d, d->link.listen_fd, EPOLLIN);
	for (int i = 0; i < 2 && r >= 0; i++)
		r = watch(d, d->link.rings[i].fd, EPOLLIN | EPOLLET);
	return r;
}

static void listen_watch(struct daemon *d, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = d->link.listen_fd };

	(void)!epoll_ctl(d->epoll_fd, EPOLL_CTL_MOD, d->link.listen_fd, &e); /* it needs no memory: the descriptor is known */
}

static void connect_next(struct daemon *d)
{
	int before = d->link.peer_fd;

	link_on_connect(&d->link);
	if (before < 0 && d->link.peer_fd >= 0 && watch(d, d->link.peer_fd, EPOLLIN) < 0)
		link_drop(&d->link, "it could not be watched");
	if (d->link.is_accept_due)
		listen_watch(d, 0); /* until the next second: it would be told of at once, again and again */
}

#define OVERDUE_TICKS (1000000000 / RELAY_INTERVAL_NS)

static void tick(struct daemon *d, uint64_t ticks)
{
	struct timespec now;
	unsigned int refused;

	d->ticks += ticks;
	if (d->is_unquiet || d->ticks >= OVERDUE_TICKS)
		d->is_unquiet = freeze_sweep(&d->maps);
	if (d->ticks < OVERDUE_TICKS)
		return;
	d->ticks = 0;
	if (d->maps.is_wake_due)
		maps_wake_answered(&d->maps);
	if (d->link.is_accept_due)
		listen_watch(d, EPOLLIN);
	clock_gettime(CLOCK_BOOTTIME, &now);
	refused = maps_refuse_overdue(&d->maps, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	if (refused)
		log_error("%u held operations are refused: their time is over and the governor did not answer; is cvfd-govern "
			  "running? see \"journalctl -u cvfd-govern\"", refused);
}

/* Is it more than the governor's acknowledgement or question? */
static bool brings_records(const struct daemon *d, int fd)
{
	return fd != d->link.peer_fd || d->link.is_behind;
}

/* true: a signal asks to end */
static bool dispatch(struct daemon *d, int fd)
{
	struct signalfd_siginfo signal;
	uint64_t ticks;

	if (fd == d->signal_fd)
		return read(fd, &signal, sizeof(signal)) == sizeof(signal) && signal.ssi_signo != SIGHUP;
	if (fd == d->timer_fd) {
		if (read(fd, &ticks, sizeof(ticks)) != sizeof(ticks))
			return errno != EAGAIN;
		tick(d, ticks);
	}
	if (fd == d->link.listen_fd) {
		connect_next(d);
	} else if (fd == d->link.peer_fd) {
		link_on_peer(&d->link);
	}
	return false;
}

static void loop_run(struct daemon *d)
{
	struct epoll_event events[8];
	bool end = false;

	while (!end) {
		int n = epoll_wait(d->epoll_fd, events, ARRAY_SIZE(events), -1);
		bool relay = false;

		for (int i = 0; i < n; i++) {
			end |= dispatch(d, events[i].data.fd);
			relay |= brings_records(d, events[i].data.fd);
		}
		if (relay)
			link_relay(&d->link);
	}
	sd_notify(0, "STOPPING=1");
	log_notice("ending; the pinned programs go on enforcing, held operations stay held");
}

static int link_start(struct daemon *d)
{
	return link_open(&d->link, CVF_LINK_PATH, d->governor_uid, &d->maps, &d->canary);
}

static int others_start(struct daemon *d)
{
	if (!d->options.foreground)
		return 0;
	return keeper_start((const char *const[]){ d->options.quarantine, d->options.governor,
						   d->notifier_uid ? d->options.notifier : NULL });
}

static int privileges_drop(struct daemon *d)
{
	return drop_privileges(d->enforcer_uid, d->enforcer_gid);
}

static const struct {
	const char *what;
	int (*take)(struct daemon *d);
} steps[] = {
	{ "finding the users cvf, cvf-enforce and cvf-notify", users_find },
	{ "making " RUN_DIR " and " STATE_DIR, dirs_make },
	{ "locking " RUN_DIR "/cvfd.lock", lock_take },
	{ "putting the programs in force", enforcement_start },
	{ "listening on " CVF_LINK_PATH, link_start },
	{ "preparing the loop", loop_open },
	{ "starting the keeper of the governor", others_start },
	{ "giving up privileges", privileges_drop },
};

static int start(struct daemon *d)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		r = steps[i].take(d);
		if (r >= 0)
			continue;
		log_error("cvfd did not start: %s failed: %s; %s", steps[i].what, strerror(-r),
			  hooks_are_pinned() ? "what is pinned stays in force. Mend that, then start cvfd again" :
					       "nothing is enforced. Mend that, then start cvfd again; 'cvfctl doctor' knows more");
		return r;
	}
	return 0;
}

static int run(struct daemon *d)
{
	if (start(d) < 0)
		return 1;
	malloc_trim(0); /* what loading took, and no more is needed */
	sd_notify(0, "READY=1\nSTATUS=enforcing");
	loop_run(d);
	link_close(&d->link);
	programs_stop(d);
	return 0;
}

/* Not under a running cvfd: it would believe that it still enforces. */
static int unpin(struct daemon *d)
{
	int r = access(RUN_DIR, F_OK) && errno == ENOENT ? 0 : lock_take(d);

	if (r == -EBUSY)
		return 1;
	if (r >= 0)
		r = hooks_unpin();
	if (r < 0) {
		log_error("removing the pins below " CVF_PIN_DIR " failed: %s", strerror(-r));
		return 1;
	}
	log_notice("the pinned programs are gone: nothing is enforced");
	return 0;
}

int main(int argc, char **argv)
{
	static struct daemon d;
	int r = options_parse(argc, argv, &d.options);

	if (r)
		return r == 1 ? 0 : r;
	log_open("cvfd", LOG_INFO);
	umask(022);
	if (geteuid()) {
		log_error("cvfd must start as root: it loads kernel programs, then gives that up");
		return 5;
	}
	if (d.options.unpin)
		return unpin(&d);
	r = run(&d);
	return r && hooks_met_others() ? EXIT_OTHER_VERSION : r;
}
