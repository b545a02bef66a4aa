// SPDX-License-Identifier: Apache-2.0
/*
 * cvfd_notify.c - main of the program that tells people: asks the governor what is to be told, tells it, says what came of it
 *
 * It has the network and starts programs, so it has nothing else: no store, no policy, no privilege. What it may reach stands
 * in cvfd.json alone.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <systemd/sd-daemon.h>

#include "core/log.h"
#include "json/doc.h"
#include "notify/config.h"
#include "notify/govern.h"
#include "notify/message.h"
#include "notify/send.h"
#include "notify/terminal.h"

#define USER "cvf-notify"
#define POLL_MS 500

static struct {
	const char *socket, *config_path, *utmp;
	struct config config;
	struct stat seen;	/* of the settings that were read */
	struct govern *govern;
	struct sends *sends;
	char source[80];
} notify = { .socket = "/run/cvf/cvfd.sock", .config_path = "/etc/cvf/cvfd.json", .utmp = "/run/utmp" };

static volatile sig_atomic_t is_ending, is_reloading;

static void on_signal(int sig)
{
	if (sig == SIGHUP)
		is_reloading = 1;
	else
		is_ending = 1;
}

static void usage(FILE *out)
{
	fputs("Usage: cvfd-notify [OPTION...]\n"
	      "Tells people what waits for an approval: to the webhooks and programs of \"notifications\" in cvfd.json(5). It runs as\n"
	      "the user " USER " beside cvfd-govern, which has no network; settings that changed are read again.\n\n"
	      "  --config FILE  settings (default /etc/cvf/cvfd.json)\n"
	      "  --socket PATH  control socket of the governor (default /run/cvf/cvfd.sock)\n"
	      "  --utmp FILE    who is logged in at which terminal (default /run/utmp)\n"
	      "  --help         this text\n"
	      "  --version      version\n",
	      out);
}

/* 1: go on; 0 or 2: the exit status. */
static int parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "socket", required_argument, NULL, 's' },
		{ "utmp", required_argument, NULL, 'u' }, { "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'c': notify.config_path = optarg; break;
		case 's': notify.socket = optarg; break;
		case 'u': notify.utmp = optarg; break;
		case 'h': usage(stdout); return 0;
		case 'V': puts("cvfd-notify " CVF_VERSION); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (optind == argc)
		return 1;
	fprintf(stderr, "cvfd-notify: '%s' is not an option\n", argv[optind]);
	return 2;
}

static int become_user(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(USER) : NULL;
	const struct group *tty = user ? getgrnam("tty") : NULL;

	if (geteuid() == 0 && !user) {
		log_error("there is no user " USER "; make it with: useradd --system --no-create-home --shell /usr/sbin/nologin " USER);
		return -ENOENT;
	}
	/* The group may write to terminals. */
	if (user && (setgroups(tty ? 1 : 0, tty ? &tty->gr_gid : NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
		     setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)) {
		log_error("cannot become the user " USER ": %s", strerror(errno));
		return -errno;
	}
	if (geteuid() == 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -EPERM;
	return 0;
}

static void done(void *ctx, const char *id, const char *error)
{
	(void)ctx;
	if (!govern_tell(notify.govern, id, error))
		log_debug("what came of notice %s could not be said: it comes again", id);
}

/* At once. That nobody of them is logged in is no failure. */
static void tell_terminals(const json_t *notice, const char *id)
{
	own_free char *text = terminal_text(notice);

	if (text)
		terminal_tell(notify.utmp, json_object_get(json_object_get(notice, "data"), "people"), text);
	done(NULL, id, text ? NULL : "no memory");
}

static void begin(const json_t *notice)
{
	const char *id = json_string_value(json_object_get(notice, "id")), *name = json_string_value(json_object_get(notice, "target"));
	const struct target *t = name ? config_find(&notify.config, name) : NULL;
	own_free char *body = NULL;

	if (!id || sends_have(notify.sends, id) || sends_are_full(notify.sends))
		return;
	if (!t) {
		done(NULL, id, "no such target in the settings of cvfd-notify");
		return;
	}
	if (t->is_terminals) {
		tell_terminals(notice, id);
		return;
	}
	body = message_body(notice, notify.source);
	if (!body || sends_add(notify.sends, t, id, body) < 0)
		done(NULL, id, "it could not be begun");
}

static void turn(void)
{
	own_json json_t *due = !notify.config.listed || sends_are_full(notify.sends) ? NULL : govern_due(notify.govern);
	const json_t *one;
	size_t i;

	json_array_foreach(due, i, one)
		begin(one);
	sends_run(notify.sends, POLL_MS);
}

/* A governor that was told of other targets should not have to tell. */
static bool settings_changed(void)
{
	struct stat now = { 0 };

	if (stat(notify.config_path, &now) < 0)
		now = (struct stat){ 0 };
	return now.st_ino != notify.seen.st_ino || now.st_size != notify.seen.st_size || now.st_mtim.tv_sec != notify.seen.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != notify.seen.st_mtim.tv_nsec;
}

static int reload(void)
{
	struct config fresh;
	int r;

	if (stat(notify.config_path, &notify.seen) < 0)
		notify.seen = (struct stat){ 0 };
	r = config_load(notify.config_path, &fresh);
	if (r < 0)
		return r;
	config_done(&notify.config);
	notify.config = fresh;
	return 0;
}

static int start(void)
{
	struct utsname host;
	int r = become_user();

	uname(&host);
	snprintf(notify.source, sizeof(notify.source), "urn:cvf:host:%s", host.nodename);
	if (r == 0)
		r = reload();
	if (r == 0 && (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK))
		r = -EIO;
	if (r == 0)
		r = govern_open(notify.socket, &notify.govern);
	return r < 0 ? r : sends_open(done, NULL, &notify.sends);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	int r = parse(argc, argv);

	if (r != 1)
		return r;
	log_open("cvfd-notify", LOG_INFO);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = start();
	if (r < 0) {
		log_error("cvfd-notify did not start, nobody is told what waits: %s", strerror(-r));
		return 1;
	}
	log_info("%zu targets", notify.config.n);
	sd_notify(0, "READY=1");
	while (!is_ending) {
		if ((is_reloading || settings_changed()) && reload() == 0)
			log_info("read again: %zu targets", notify.config.n);
		is_reloading = 0;
		turn();
	}
	sends_free(notify.sends);
	govern_free(notify.govern);
	config_done(&notify.config);
	curl_global_cleanup();
	return 0;
}
