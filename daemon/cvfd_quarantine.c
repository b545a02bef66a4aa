// SPDX-License-Identifier: Apache-2.0
/*
 * cvfd_quarantine.c - main of the quarantine: a socket, then no privilege but those over files, then one loop
 */
#include <getopt.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "core/log.h"
#include "quarantine/drop.h"
#include "quarantine/serve.h"

static const char usage[] =
	"Usage: cvfd-quarantine [--socket PATH]\n"
	"       cvfd-quarantine --help | --version\n"
	"\n"
	"The quarantine of CVF: keeps what an agent is about to delete, when the governor asks for it, and puts it back.\n"
	"  --socket PATH   where the governor asks (default " CVF_QUARANTINE_PATH ")\n";

/* 0 go on, 1 done, 2 usage */
static int options_parse(int argc, char **argv, const char **ret_socket)
{
	static const struct option words[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", words, NULL)) != -1) {
		if (c == 's')
			*ret_socket = optarg;
		else if (c == 'h' || c == 'V')
			return fputs(c == 'h' ? usage : "cvfd-quarantine " CVF_VERSION "\n", stdout) < 0 ? 2 : 1;
		else
			return fputs(usage, stderr), 2;
	}
	return optind == argc ? 0 : (fputs(usage, stderr), 2);
}

static int run(const char *path)
{
	const struct passwd *user = getpwnam("cvf");
	struct serve s;
	int r;

	if (!user) {
		log_error("there is no user 'cvf' for the governor: create it with 'systemd-sysusers' or "
			  "'useradd --system --home-dir /var/lib/cvf --shell /usr/sbin/nologin cvf'");
		return 1;
	}
	r = serve_open(&s, path, user->pw_uid);
	if (r < 0) {
		log_error("making the socket %s failed: %s; its folder is made by cvfd, which must start first", path, strerror(-r));
		return 1;
	}
	r = drop_to_files();
	if (r >= 0) {
		sd_notify(0, "READY=1\nSTATUS=keeping");
		serve_run(&s);
		sd_notify(0, "STOPPING=1");
	}
	serve_close(&s);
	return r < 0;
}

int main(int argc, char **argv)
{
	const char *path = CVF_QUARANTINE_PATH;
	int r = options_parse(argc, argv, &path);

	if (r)
		return r == 1 ? 0 : r;
	log_open("cvfd-quarantine", LOG_INFO);
	umask(077);
	if (geteuid()) {
		log_error("cvfd-quarantine must start as root: what it keeps belongs to others");
		return 5;
	}
	return run(path);
}
