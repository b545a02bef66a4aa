// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - cvfctl: find the verb in the table, call it
 */
#include "escape.h"
#include "help.h"
#include "say.h"
#include "verbs.h"

#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

static void set_locale(void)
{
	setlocale(LC_CTYPE, "");
	escape_ascii_only = strcasecmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

/*
 * A caller may have closed standard streams; a socket or pipe of ours in their place would get our messages.
 * Close-on-exec, so that a command of `run` still finds them as the caller left them.
 */
static bool fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* "--version" and "-V" are what people try first. */
static bool asks_version(int argc, char **argv)
{
	return argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0);
}

static int dispatch(const struct call *c)
{
	if (call_has(c, OPT_HELP)) {
		help_print(stdout, c->noun, c->verb);
		return DONE;
	}
	if (c->verb)
		return c->verb->run(c);
	help_print(stderr, c->noun, NULL);
	return USAGE;
}

/* A full disk or a closed pipe must not look like success. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return status == DONE
			       ? say_fail(REFUSED, NULL, "cannot write the output: %s", strerror(errno))
			       : status;
	return status;
}

int main(int argc, char **argv)
{
	struct call c;
	int status;

	if (!fill_standard_streams())
		return REFUSED;
	set_locale();
	if (asks_version(argc, argv))
		return finish(verb_version(&(struct call){ 0 }));
	status = args_parse(argc, argv, &c);
	if (status == 0)
		status = dispatch(&c);
	call_done(&c);
	return finish(status);
}
