// SPDX-License-Identifier: Apache-2.0
#include "screen.h"

#include "escape.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

/* The other page of the terminal, no cursor, lines cut where they end; and the way back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

struct screen {
	char **shown;		/* lines that are there; NULL: unknown */
	size_t lines, columns;
};

/* What the signals need. */
static struct termios as_found;
static volatile sig_atomic_t keyboard, resized;

static void leave(void)
{
	if (keyboard)
		tcsetattr(STDIN_FILENO, TCSANOW, &as_found);
	if (write(STDOUT_FILENO, LEAVE, sizeof(LEAVE) - 1) < 0)
		return; /* it is gone */
}

static void enter(void)
{
	struct termios quiet = as_found;

	quiet.c_lflag &= (tcflag_t)~(ECHO | ICANON);
	if (keyboard)
		tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	if (write(STDOUT_FILENO, ENTER, sizeof(ENTER) - 1) < 0)
		return;
}

static void on_end(int number)
{
	leave();
	signal(number, SIG_DFL);
	raise(number);	/* delivered when this handler returns */
}

static void on_size(int number)
{
	(void)number;
	resized = 1;
}

/* Stopped at a shell, which must find its terminal; and back. */
static void on_stop(int number)
{
	sigset_t only;
	int error = errno;

	leave();
	signal(number, SIG_DFL);
	sigemptyset(&only);
	sigaddset(&only, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &only, NULL); /* it stops here */
	signal(number, on_stop);
	enter();
	resized = 1;
	errno = error;
}

static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaction(ends[i], &(struct sigaction){ .sa_handler = on_end }, NULL);
	/* Without SA_RESTART: what waits must notice. */
	sigaction(SIGWINCH, &(struct sigaction){ .sa_handler = on_size }, NULL);
	sigaction(SIGTSTP, &(struct sigaction){ .sa_handler = on_stop }, NULL);
}

struct screen *screen_new(void)
{
	struct screen *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	keyboard = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &as_found) == 0;
	catch_signals();
	enter();
	return s;
}

static void forget(struct screen *s)
{
	for (size_t i = 0; s->shown && i < s->lines; i++)
		free(s->shown[i]);
	free(s->shown);
	s->shown = NULL;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	leave();
	forget(s);
	free(s);
}

static size_t number_of(const char *variable, size_t otherwise)
{
	const char *text = getenv(variable);
	long n = text ? strtol(text, NULL, 10) : 0;

	return n > 0 && n < 10000 ? (size_t)n : otherwise;
}

void screen_size(size_t *ret_lines, size_t *ret_columns)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
		*ret_lines = size.ws_row;
		*ret_columns = size.ws_col;
		return;
	}
	*ret_lines = number_of("LINES", 24);
	*ret_columns = number_of("COLUMNS", 80);
}

/* All at once: a terminal far away draws it in one go. */
static void write_all(const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(STDOUT_FILENO, text, size);

		if (n < 0 && errno != EINTR)
			return; /* screen_wait() finds out */
		text += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
}

static bool fit(struct screen *s)
{
	size_t lines, columns;

	screen_size(&lines, &columns);
	if (s->shown && !resized && lines == s->lines && columns == s->columns)
		return true;
	resized = 0;
	forget(s);
	s->lines = lines;
	s->columns = columns;
	s->shown = calloc(lines, sizeof(*s->shown));
	return s->shown != NULL;
}

void screen_show(struct screen *s, const char *text)
{
	own_free char *made = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);

	if (!out)
		return;
	for (size_t i = 0; fit(s) && i < s->lines; i++) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);

		text += length + (text[length] == '\n');
		if (!line)
			break;
		line[escape_fit(line, s->columns)] = '\0';
		if (!s->shown[i] || strcmp(s->shown[i], line) != 0)
			fprintf(out, "\033[%zu;1H%s\033[K", i + 1, line);
		free(s->shown[i]);
		s->shown[i] = line;
	}
	if (fclose(out) == 0)
		write_all(made, size);
}

bool screen_wait(struct screen *s, int ms)
{
	struct pollfd fds[] = { { .fd = keyboard ? STDIN_FILENO : -1, .events = POLLIN }, { .fd = STDOUT_FILENO } };
	char key = 0;

	(void)s;
	if (poll(fds, ARRAY_SIZE(fds), ms) <= 0)
		return false;
	if (fds[1].revents)
		return true;
	return read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q';
}
