// SPDX-License-Identifier: Apache-2.0
/* send.c - see send.h */
#include "send.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "message.h"

#define TIMEOUT_S 10
#define REPLY_MAX (64u << 10)	/* of a webhook, read and thrown away */
#define ID_TEXT 40

struct one {
	char id[ID_TEXT];	/* empty: free */
	char *body;
	CURL *curl;		/* of a webhook */
	struct curl_slist *headers;
	size_t received;
	pid_t pid;		/* of a program */
	time_t until;
};

struct sends {
	CURLM *multi;
	send_done done;
	void *ctx;
	struct one v[SEND_MAX];
};

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

int sends_open(send_done done, void *ctx, struct sends **ret_sends)
{
	struct sends *s = calloc(1, sizeof(*s));

	if (s)
		s->multi = curl_multi_init();
	if (!s || !s->multi) {
		free(s);
		return -ENOMEM;
	}
	s->done = done;
	s->ctx = ctx;
	*ret_sends = s;
	return 0;
}

static void clear(struct sends *s, struct one *o)
{
	if (o->curl) {
		curl_multi_remove_handle(s->multi, o->curl);
		curl_easy_cleanup(o->curl);
	}
	curl_slist_free_all(o->headers);
	free(o->body);
	*o = (struct one){ 0 };
}

void sends_free(struct sends *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SEND_MAX; i++) {
		if (s->v[i].pid > 0) {
			kill(-s->v[i].pid, SIGKILL);
			waitpid(s->v[i].pid, NULL, 0);
		}
		clear(s, &s->v[i]);
	}
	curl_multi_cleanup(s->multi);
	free(s);
}

bool sends_have(const struct sends *s, const char *id)
{
	for (size_t i = 0; i < SEND_MAX; i++)
		if (strcmp(s->v[i].id, id) == 0)
			return true;
	return false;
}

static struct one *find_free(struct sends *s)
{
	for (size_t i = 0; i < SEND_MAX; i++)
		if (!*s->v[i].id)
			return &s->v[i];
	return NULL;
}

bool sends_are_full(struct sends *s)
{
	return !find_free(s);
}

/* ---- webhooks ---- */

static size_t throw_away(char *p, size_t size, size_t n, void *ctx)
{
	struct one *o = ctx;

	(void)p;
	o->received += size * n;
	return o->received <= REPLY_MAX ? size * n : 0;
}

static int add_header(struct one *o, const char *name, const char *value)
{
	own_free char *line = NULL;
	struct curl_slist *grown;

	if (asprintf(&line, "%s: %s", name, value) < 0)
		return -ENOMEM;
	grown = curl_slist_append(o->headers, line);
	if (!grown)
		return -ENOMEM;
	o->headers = grown;
	return 0;
}

static int set_headers(struct one *o, const struct target *t)
{
	char nonce[NONCE_TEXT], signature[SIGNATURE_TEXT], signed_text[SIGNATURE_TEXT + 8], moment[24];
	int64_t time_s = time(NULL);
	int r;

	message_nonce(nonce);
	message_sign(t, time_s, nonce, o->body, signature);
	snprintf(moment, sizeof(moment), "%lld", (long long)time_s);
	snprintf(signed_text, sizeof(signed_text), "v1=%s", signature);
	r = add_header(o, "Content-Type", "application/cloudevents+json; charset=utf-8");
	if (r == 0)
		r = add_header(o, "CVF-Time", moment);
	if (r == 0)
		r = add_header(o, "CVF-Nonce", nonce);
	if (r == 0)
		r = add_header(o, "CVF-Signature", signed_text);
	return r == 0 ? add_header(o, "Expect", "") : r;
}

static int begin_webhook(struct sends *s, struct one *o, const struct target *t)
{
	int r = set_headers(o, t);
	CURL *c = r == 0 ? curl_easy_init() : NULL;

	if (!c)
		return -ENOMEM;
	o->curl = c;
	curl_easy_setopt(c, CURLOPT_URL, t->place);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "cvfd-notify/" CVF_VERSION);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, o->headers);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, o->body);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, throw_away);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, o);
	curl_easy_setopt(c, CURLOPT_PRIVATE, o);
	return curl_multi_add_handle(s->multi, c) == CURLM_OK ? 0 : -ENOMEM;
}

static void end(struct sends *s, struct one *o, const char *error)
{
	char id[ID_TEXT];

	strcpy(id, o->id);
	clear(s, o);
	s->done(s->ctx, id, error);
}

static void end_webhook(struct sends *s, CURL *c, CURLcode result)
{
	struct one *o = NULL;
	char error[64];
	long status = 0;

	curl_easy_getinfo(c, CURLINFO_PRIVATE, &o);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	if (result == CURLE_OK && status >= 200 && status < 300) {
		end(s, o, NULL);
		return;
	}
	if (result == CURLE_OK)
		snprintf(error, sizeof(error), "HTTP status %ld", status);
	else
		snprintf(error, sizeof(error), "%s", curl_easy_strerror(result));
	end(s, o, error);
}

/* ---- programs ---- */

static int spawn(const struct target *t, int input, pid_t *ret_pid)
{
	char *const argv[] = { t->place, NULL }, *const env[] = { (char[]){ "PATH=/usr/bin:/bin" }, (char[]){ "LC_ALL=C.UTF-8" }, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int r;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	r = posix_spawn(ret_pid, t->place, &files, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

/* The document fits into the socket's buffer: nobody waits for a program that does not read. */
static int begin_command(struct one *o, const struct target *t)
{
	int fd[2], room = 256 << 10, r;

	if (!config_may_run(t->place))
		return -EACCES;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return -errno;
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	r = send(fd[0], o->body, strlen(o->body), MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)strlen(o->body) ? 0 : -EMSGSIZE;
	if (r == 0)
		r = spawn(t, fd[1], &o->pid);
	close(fd[0]);
	close(fd[1]);
	return r;
}

static void look_at_command(struct sends *s, struct one *o)
{
	int status;
	char error[48];

	if (waitpid(o->pid, &status, WNOHANG) == 0) {
		if (now_s() > o->until)
			kill(-o->pid, SIGKILL);
		return;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		end(s, o, NULL);
		return;
	}
	snprintf(error, sizeof(error), WIFEXITED(status) ? "exit status %d" : "signal %d",
		 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	end(s, o, error);
}

/* ---- all ---- */

int sends_add(struct sends *s, const struct target *t, const char *id, const char *body)
{
	struct one *o = find_free(s);
	int r;

	if (!o || strlen(id) >= ID_TEXT)
		return -EINVAL;
	o->body = strdup(body);
	if (!o->body)
		return -ENOMEM;
	strcpy(o->id, id);
	o->until = now_s() + TIMEOUT_S;
	r = t->is_command ? begin_command(o, t) : begin_webhook(s, o, t);
	if (r < 0)
		clear(s, o);
	return r;
}

void sends_run(struct sends *s, int wait_ms)
{
	CURLMsg *m;
	int running, left;

	curl_multi_perform(s->multi, &running);
	curl_multi_poll(s->multi, NULL, 0, wait_ms, NULL);
	curl_multi_perform(s->multi, &running);
	while ((m = curl_multi_info_read(s->multi, &left)))
		if (m->msg == CURLMSG_DONE)
			end_webhook(s, m->easy_handle, m->data.result);
	for (size_t i = 0; i < SEND_MAX; i++)
		if (s->v[i].pid > 0)
			look_at_command(s, &s->v[i]);
}
