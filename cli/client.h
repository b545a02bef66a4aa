/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - requests to the daemon's API over its unix socket; the only file pair that knows libcurl
 *
 * Nothing of the environment steers it: no proxy, no .netrc, no TLS.
 */
#ifndef CVF_CLI_CLIENT_H
#define CVF_CLI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "args.h"
#include "url.h"

#define CONTROL_SOCKET "/run/cvf/cvfd.sock"
#define AGENT_SOCKET "/run/cvf/agent.sock"	/* the one that labelled processes can reach */
#define REPLY_MAX (256u << 20)	/* bytes; a longer reply is refused */

struct client;

struct request {
	const struct url *to;	/* borrowed; of routes.h */
	const char *body;	/* NULL: none */
	size_t body_size;
	long timeout_ms;	/* 0: the usual minute */
};

struct reply {
	long status;		/* of HTTP */
	json_t *body;		/* NULL: none, or no JSON */
};
void reply_done(struct reply *r);
#define own_reply __attribute__((cleanup(reply_done)))

/* Given the bytes of an endless reply as they come; false ends it. */
struct stream_sink {
	bool (*on_bytes)(void *ctx, const char *bytes, size_t size);
	void *ctx;
};

const char *client_socket(const struct call *c);	/* --socket, $CVF_SOCKET or the default */
int client_new(const char *socket, struct client **ret) must_check;
void client_free(struct client *cl);
OWN_DEFINE(client);

/*
 * 0 with any HTTP status; -ENOENT, -ECONNREFUSED, -EACCES...: no connection; -ETIMEDOUT, -EPROTO, -EFBIG,
 * -ENOMEM.
 */
int client_request(struct client *cl, const struct request *rq, struct reply *ret) must_check;
/*
 * An endless GET; last_id may be NULL. Returns when the server or the callback ends it; a status that is no
 * success comes with its body, and on_bytes is not called.
 */
int client_stream(struct client *cl, const struct url *to, const char *last_id, const struct stream_sink *sink,
		  struct reply *ret) must_check;

/* Whether a connection error means that nothing listens there. */
bool client_is_absent(int r);

#endif
