// SPDX-License-Identifier: Apache-2.0
/*
 * cvfd_govern.c - main of the governor: composes link, store, rooms, API and loop; nothing else
 */
#include <getopt.h>
#include <liboath/oath.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "core/log.h"
#include "govern/backup/restore.h"
#include "govern/start.h"
#include "govern/serve.h"

static const struct option options[] = {
	{ "link", required_argument, NULL, 'l' },    { "state", required_argument, NULL, 's' },
	{ "run", required_argument, NULL, 'r' },     { "config", required_argument, NULL, 'c' },
	{ "etc", required_argument, NULL, 'e' },     { "share", required_argument, NULL, 'S' },
	{ "print-api", no_argument, NULL, 'p' },     { "print-openapi", no_argument, NULL, 'o' },
	{ "journal", required_argument, NULL, 'J' },  { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },	     { "check", optional_argument, NULL, 'C' },
	{ "restore", required_argument, NULL, 'R' }, { "json", no_argument, NULL, 'j' },
	{ 0 },
};

static void usage(FILE *out)
{
	fputs("Usage: cvfd-govern [OPTION...]\n"
	      "The governor of CVF Enforcer: declarations, approvals, audit trail and API. It runs as the user cvf beside cvfd, which\n"
	      "enforces; while it is down the kernel goes on by the last policy and what needs an approval stays held.\n\n"
	      "  --link PATH    socket of cvfd (default " CVF_LINK_PATH ")\n"
	      "  --state DIR    store (default /var/lib/cvf)\n"
	      "  --run DIR      cvfd.sock and agent.sock (default /run/cvf)\n"
	      "  --config FILE  settings, see cvfd.json(5) (default /etc/cvf/cvfd.json)\n"
	      "  --etc DIR      the administrator's declarations (default /etc/cvf)\n"
	      "  --share DIR    the product's declarations (default /usr/share/cvf)\n"
	      "  --journal PATH socket of the journal (default /run/systemd/journal/socket)\n"
	      "  --print-api    print docs/API.md\n"
	      "  --print-openapi\n"
	      "                 print the same as OpenAPI 3.1\n"
	      "  --check[=FILE] read all of the store, or of a backup, and say whether it is sound\n"
	      "  --restore FILE put a backup in the place of the store, which no cvfd-govern may have open\n"
	      "  --json         with these two: one JSON document\n"
	      "  --help         this text\n"
	      "  --version      version\n",
	      out);
}

/* What to do instead of governing; run NULL: nothing. */
static struct {
	int (*run)(struct governor *g, const struct offline *o);
	struct offline o;
} command;

static void set_command(int (*run)(struct governor *g, const struct offline *o), const char *file)
{
	command.run = run;
	command.o.file = file;
}

/* 1: go on; 0 or 2: the exit status. */
static int parse(int argc, char **argv, struct places *p)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'l': p->link = optarg; break;
		case 's': p->state = optarg; break;
		case 'r': p->run = optarg; break;
		case 'c': p->config = optarg; break;
		case 'e': p->etc = optarg; break;
		case 'S': p->share = optarg; break;
		case 'J': p->journal = optarg; break;
		case 'p': serve_print_api(stdout); return 0;
		case 'o': return serve_print_openapi(stdout) < 0 ? 2 : 0;
		case 'C': set_command(offline_check, optarg); break;
		case 'R': set_command(offline_restore, optarg); break;
		case 'j': command.o.json = true; break;
		case 'h': usage(stdout); return 0;
		case 'V': puts("cvfd-govern " CVF_VERSION); return 0;
		default: usage(stderr); return 2;
		}
	}
	if (optind == argc)
		return 1;
	fprintf(stderr, "cvfd-govern: '%s' is not an option\n", argv[optind]);
	usage(stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct governor g = { .places = { .link = CVF_LINK_PATH, .state = "/var/lib/cvf", .run = "/run/cvf",
					  .config = "/etc/cvf/cvfd.json", .etc = "/etc/cvf", .share = "/usr/share/cvf",
					  .journal = "/run/systemd/journal/socket", .cgroups = "/sys/fs/cgroup" } };
	int r = parse(argc, argv, &g.places);

	if (r != 1)
		return r;
	log_open("cvfd-govern", LOG_INFO);
	umask(077); /* the store is nobody else's to read; sockets get their modes by name */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk to the store */
	if (sodium_init() < 0 || oath_init() != OATH_OK) {
		log_error("libsodium or liboath cannot start: nothing works without them");
		return 1;
	}
	if (command.run)
		return command.run(&g, &command.o);
	r = start_all(&g) < 0;
	if (!r) {
		sd_notify(0, "READY=1");
		r = sd_event_loop(g.event) != 0;
		sd_notify(0, "STOPPING=1");
	}
	stop_all(&g);
	return r;
}
