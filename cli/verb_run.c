// SPDX-License-Identifier: Apache-2.0
/*
 * verb_run.c - a command as a session of an agent
 *
 * The child is enrolled before it becomes the command, so not one system call of the command escapes; if it
 * cannot be enrolled, it is not run. cvfctl stays outside the session, in the same process group, with the
 * terminal untouched.
 */
#include "ask.h"
#include "out.h"
#include "routes.h"
#include "run.h"
#include "verbs.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define SESSION_MAX 128
#define NOT_STARTED 125		/* of the child: never seen, the parent fails first */

struct job {
	const struct call *c;
	struct sigaction chld;	/* what the caller had; the command gets it back */
	char session[SESSION_MAX];
	pid_t child;
	int go;			/* write the session's name here and the child becomes the command */
};

static int run_command(char **words, const char *agent)
{
	own_free char *hint = NULL;
	int error;

	execvp(words[0], words);
	error = errno;
	if ((error == EPERM || error == EACCES) &&
	    asprintf(&hint, "if a policy refused it: cvfctl why --agent %s", agent) < 0)
		hint = NULL;
	say_fail(0, hint, "cannot run %s: %s", words[0], strerror(error));
	return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

static _Noreturn void child_main(const struct job *j, int go)
{
	const char *agent = j->c->option[OPT_AGENT];
	char session[SESSION_MAX];
	ssize_t n;

	do
		n = read(go, session, sizeof(session) - 1);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(NOT_STARTED);
	session[n] = '\0';
	close(go);
	if (setenv("CVF_AGENT", agent, 1) < 0 || setenv("CVF_SESSION", session, 1) < 0)
		_exit(NOT_STARTED);
	sigaction(SIGCHLD, &j->chld, NULL);
	_exit(run_command(j->c->words, agent));
}

static int start(struct job *j)
{
	int ends[2];

	/* An ignored SIGCHLD, inherited, would make the child vanish with its status. */
	sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL }, &j->chld);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return say_fail(REFUSED, NULL, "cannot make a pipe: %s", strerror(errno));
	j->child = fork();
	if (j->child < 0)
		return say_fail(REFUSED, NULL, "cannot start a process: %s", strerror(errno));
	if (j->child == 0) {
		close(ends[1]);
		child_main(j, ends[0]);
	}
	close(ends[0]);
	j->go = ends[1];
	return DONE;
}

static json_t *enrolment(const struct job *j)
{
	json_t *body = json_pack("{s:I}", "pid", (json_int_t)j->child);

	if (call_has(j->c, OPT_SKILL))
		json_object_set_new(body, "skill", json_string(j->c->option[OPT_SKILL]));
	return body;
}

static int enrol(struct job *j)
{
	const char *agent = j->c->option[OPT_AGENT];
	own_url struct url u = to_post_v1_agents_id_sessions(agent);
	own_json json_t *body = enrolment(j), *reply = NULL;
	own_free char *text = body ? json_dumps(body, JSON_COMPACT) : NULL, *doing = NULL;
	struct ask a = { .request = { .to = &u, .body = text, .timeout_ms = 15000 } };
	int r;

	if (!text || asprintf(&doing, "run %s as agent %s (it was not started)", j->c->words[0], agent) < 0)
		return say_no_memory();
	a.request.body_size = strlen(text);
	a.doing = doing;
	r = ask(j->c, &a, &reply);
	if (r != DONE)
		return r;
	if (json_is_object(out_field(reply, "frozen")))
		say_fail(DONE, "see: cvfctl agent show; to let it go on: cvfctl agent thaw",
			 "the agent %s is frozen: the command stands until it is thawed", agent);
	snprintf(j->session, sizeof(j->session), "%s", out_text(reply, "session", ""));
	return *j->session ? DONE
			   : say_fail(REFUSED, "see: cvfctl doctor", "cannot %s: the daemon named no session",
				      doing);
}

/*
 * With exec(2) this process would not exist, so it must not hold open what the command may close: the other
 * end of a pipe waits for that. Standard error stays where holds are told on it.
 */
static int let_go(struct job *j, bool keep_stderr)
{
	own_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int go = fcntl(j->go, F_DUPFD_CLOEXEC, 3);

	if (null < 0 || go < 0)
		return -errno;
	for (int fd = 0; fd < (keep_stderr ? 2 : 3); fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	null = -1;
	if (go != 3 && dup3(go, 3, O_CLOEXEC) < 0)
		return -errno;
	j->go = 3;
	close_range(4, ~0u, 0);
	return 0;
}

static int supervise(struct job *j)
{
	struct watch *w = NULL;
	bool tells = isatty(STDERR_FILENO) || call_has(j->c, OPT_VERBOSE) || call_has(j->c, OPT_JSON);
	int signals = -1, status = 0, r = let_go(j, tells);

	if (r == 0)
		r = signals = run_signals();
	if (r >= 0 && tells)
		w = watch_new(j->c, j->c->option[OPT_AGENT], j->session);
	if (r >= 0 && write(j->go, j->session, strlen(j->session)) < 0)
		r = -errno;
	close(j->go);
	if (r >= 0)
		r = run_wait(j->child, signals, w, &status);
	watch_free(w);
	return r < 0 ? say_fail(REFUSED, NULL, "cannot supervise the command: %s", strerror(-r))
		     : run_end(status);
}

int verb_run(const struct call *c)
{
	struct job j = { .c = c };
	int r = start(&j);

	if (r != DONE)
		return r;
	r = enrol(&j);
	if (r == DONE)
		return supervise(&j);
	close(j.go);
	waitpid(j.child, NULL, 0);
	return r;
}
