// SPDX-License-Identifier: Apache-2.0
/*
 * run_watch.c - one line for each hold of the session, and one for its end
 *
 * A thread, so that a daemon that is slow or gone delays neither signals nor the command's exit. It blocks
 * every signal: SIGTTOU too, so that a line written from the background is written and stops nobody.
 */
#include "routes.h"
#include "run.h"

#include "ask.h"
#include "escape.h"
#include "json/plain.h"
#include "out.h"
#include "text.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <time.h>

#define INTERVAL_MS 1000
#define POKED_MS 100 /* the hold may reach the daemon's store after its stop reached us; then doubled */
#define TIMEOUT_MS 2000
#define LAST_LOOK_MS 1000
#define OPERATION_WIDTH 300
#define NEWEST "32"		/* holds of the agent that are looked at */

struct watch {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool poked, ending;	/* under lock */
	bool json;
	struct client *client;
	struct url list;	/* of the newest holds */
	char *session;
	json_t *known;		/* announced: id -> hold */
};

/* A program that draws the screen itself has switched off the terminal's own carriage returns. */
static bool is_raw(void)
{
	struct termios t;

	return tcgetattr(STDERR_FILENO, &t) == 0 && !(t.c_oflag & OPOST);
}

/* SIGTTOU is for programs that write from the background unasked; this line is wanted there too. */
static void say(const char *line, size_t size)
{
	own_free char *all = NULL;
	bool raw = is_raw();
	int n = asprintf(&all, "%s%.*s%s", raw ? "\r\n" : "", (int)size, line, raw ? "\r\n" : "\n");
	sigset_t output, old;

	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &output, &old);
	/*
	 * One write, so that it stays one line among the command's own. If it fails nobody is left to tell.
	 */
	if (n > 0 && write(STDERR_FILENO, all, (size_t)n) < 0)
		n = 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void watch_say(const struct watch *w, const char *line)
{
	if (!w->json)
		say(line, strlen(line));
}

static void put_held(FILE *out, const json_t *hold)
{
	fputs("cvf: held: ", out);
	text_operation(out, hold, OPERATION_WIDTH);
	fputs(" (", out);
	out_value(out, out_field(hold, "capability"));
	fputs(", ", out);
	out_value(out, out_field(hold, "risk"));
	fputs("): waiting for an approver, hold ", out);
	out_value(out, out_field(hold, "id"));
}

static void put_ended(FILE *out, const json_t *hold, bool name_it)
{
	const char *state = out_text(hold, "state", "?"), *note = out_text(hold, "note", "");

	fputs("cvf: ", out);
	if (strcmp(state, "expired") == 0)
		state = "timed out";
	escape_line(out, state, strlen(state));
	if (name_it) {
		fputs(", hold ", out);
		out_value(out, out_field(hold, "id"));
	}
	if (*note) {
		fputs(": ", out);
		escape_line(out, note, strlen(note));
	}
}

static void put_json(FILE *out, const json_t *hold)
{
	own_free char *text = json_plain(hold, JSON_COMPACT);

	fputs(text ? text : "{}", out);
}

static void tell(const struct watch *w, const json_t *hold, bool ended)
{
	own_free char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		return;
	if (w->json)
		put_json(out, hold);
	else if (ended)
		put_ended(out, hold, json_object_size(w->known) > 1);
	else
		put_held(out, hold);
	if (fclose(out) == 0)
		say(line, size);
}

/* NULL: no answer, or not a good one; then nothing changed as far as anybody here knows. */
static json_t *get(struct watch *w, const struct url *to, long *ret_status)
{
	own_reply struct reply reply = { 0 };

	if (client_request(w->client, &(struct request){ .to = to, .timeout_ms = TIMEOUT_MS }, &reply) < 0)
		return NULL;
	if (ret_status)
		*ret_status = reply.status;
	return ask_status(reply.status) == DONE ? TAKE(reply.body) : NULL;
}

static bool is_pending(const json_t *hold)
{
	return strcmp(out_text(hold, "state", "pending"), "pending") == 0;
}

static void look_for_ends(struct watch *w, const json_t *holds)
{
	const char *id;
	json_t *known;
	void *next;

	json_object_foreach_safe(w->known, next, id, known) {
		own_url struct url u = to_get_v1_approvals_id(id);
		own_json json_t *asked = NULL;
		const json_t *now = out_find(holds, "id", id); /* the list holds the newest only */
		long status = 0;

		if (!now)
			now = asked = get(w, &u, &status);
		if (now && !is_pending(now))
			tell(w, now, true);
		else if (now || status != 404)
			continue;
		json_object_del(w->known, id);
	}
}

static void look(struct watch *w)
{
	own_json json_t *reply = get(w, &w->list, NULL);
	const json_t *holds = out_field(reply, "holds");
	json_t *hold;
	size_t i;

	if (!json_is_array(holds))
		return;
	json_array_foreach(holds, i, hold) {
		const char *id = out_text(hold, "id", "");

		if (!is_pending(hold) || strcmp(out_text(hold, "session", w->session), w->session) != 0 ||
		    json_object_get(w->known, id))
			continue;
		tell(w, hold, false);
		json_object_set(w->known, id, hold);
	}
	look_for_ends(w, holds);
}

static void pause_ms(struct watch *w, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_timedwait(&w->wake, &w->lock, &until);
}

static void *watch_main(void *arg)
{
	struct watch *w = arg;
	long interval_ms = INTERVAL_MS;

	pthread_mutex_lock(&w->lock);
	while (!w->ending) {
		if (!w->poked)
			pause_ms(w, interval_ms);
		interval_ms = w->poked ? POKED_MS : interval_ms * 2;
		if (interval_ms > INTERVAL_MS)
			interval_ms = INTERVAL_MS;
		w->poked = false;
		if (w->ending)
			break;
		pthread_mutex_unlock(&w->lock);
		look(w);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	if (json_object_size(w->known) > 0)
		look(w);
	return NULL;
}

static int thread_start(struct watch *w)
{
	pthread_condattr_t attributes;
	sigset_t all, old;
	int r;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attributes);
	pthread_mutex_init(&w->lock, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	r = pthread_create(&w->thread, NULL, watch_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

static void release(struct watch *w)
{
	client_free(w->client);
	json_decref(w->known);
	url_done(&w->list);
	free(w->session);
	free(w);
}

struct watch *watch_new(const struct call *c, const char *agent, const char *session)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	/*
	 * The pending ones alone come put together where several sessions ask the same; ours might be behind
	 * another's.
	 */
	w->list = to_get_v1_approvals(&(struct get_v1_approvals){ .agent = agent, .state = "all", .limit = NEWEST });
	w->session = strdup(session);
	w->known = json_object();
	w->json = call_has(c, OPT_JSON);
	if (w->list.text && w->session && w->known && client_new(client_socket(c), &w->client) == 0 &&
	    thread_start(w) == 0)
		return w;
	release(w);
	return NULL;
}

void watch_poke(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->poked = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void watch_free(struct watch *w)
{
	struct timespec until;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LAST_LOOK_MS / 1000;
	/* Not in time: it dies with the process, which is about to end. */
	if (pthread_clockjoin_np(w->thread, NULL, CLOCK_MONOTONIC, &until) == 0)
		release(w);
}
