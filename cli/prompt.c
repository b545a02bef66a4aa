// SPDX-License-Identifier: Apache-2.0
#include "prompt.h"

#include <fcntl.h>
#include <string.h>
#include <termios.h>

/* Mute first, ask second: what was typed before is thrown away, and what comes after the question is its answer. */
static ssize_t ask_and_read(int fd, const char *question, char text[PROMPT_MAX])
{
	dprintf(fd, "%s", question);
	return read(fd, text, PROMPT_MAX - 1);
}

/* A signal that ends us would leave the terminal mute: the terminal makes none while we ask, and Ctrl-C ends the line. */
static int read_hidden(int fd, const char *question, char text[PROMPT_MAX])
{
	struct termios was, quiet;
	ssize_t n;

	if (tcgetattr(fd, &was) < 0)
		return -ENXIO;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_cc[VEOL] = '\003';
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return -ENXIO;
	n = ask_and_read(fd, question, text);
	tcsetattr(fd, TCSAFLUSH, &was);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\r\n\003")] = '\0';
	return *text ? 0 : -ECANCELED;
}

int prompt_secret(const char *question, char ret_text[PROMPT_MAX])
{
	own_fd int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return -ENXIO;
	r = read_hidden(fd, question, ret_text);
	dprintf(fd, "\n");
	return r;
}
