/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - HTTP/1.1 over unix sockets inside the sd-event loop; http.c alone sees libmicrohttpd
 *
 * Every connection is accepted by us: who the peer is comes from the kernel at that moment. A request is served in one go
 * when its body is complete; a stream is pulled from as long as its reader keeps up.
 */
#ifndef CVF_HTTP_H
#define CVF_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "core/own.h"

#define HTTP_BODY_MAX (1u << 20)

struct http;

/* Who connected, as the kernel saw it at connect(2). */
struct peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t groups_count;
	int pidfd;	/* -1: this kernel has none to give */
	uint64_t start;	/* without a pidfd: when the process started, in ticks; 0: it could not be read */
	char address[48];	/* on TCP, where the kernel says nothing else: uid is -1 */
};
/*
 * False when the process that connected is gone, and somebody else may hold its socket or its number: by its pidfd, or else
 * because its number is nobody's or belongs to a process that started at another time.
 */
bool peer_is_alive(const struct peer *p);

struct stream {
	/* Up to room bytes: their number; 0: nothing now (call http_wake() when there is); negative: the end. */
	ssize_t (*pull)(struct stream *s, char *to, size_t room);
	void (*free)(struct stream *s);
	const char *type;	/* of the content; NULL: text/event-stream */
};

/* The path of a route has at most this many parts in braces. */
#define PARAMS_MAX 2
#define QUERY_MAX 32
#define HEADERS_MAX 4
#define REQUEST_ID_SIZE 65

/* One of the query, decoded; borrowed. */
struct parameter {
	const char *name, *value;
};
struct route;

struct request {
	void *app;			/* of struct http_options */
	char id[REQUEST_ID_SIZE];	/* X-Request-Id as it came, if it was well-formed; else one of ours */
	const struct peer *peer;
	bool is_secret;			/* the answer is to be kept nowhere */
	int socket;			/* number of the listening socket */
	const char *method, *path;
	const char *body;		/* with a NUL at [body_size]; never NULL */
	size_t body_size;
	struct parameter query[QUERY_MAX];
	size_t query_count;		/* SIZE_MAX: there are more, or one holds a NUL */
	const struct route *route;	/* set by the router */
	char *params[PARAMS_MAX];	/* set by the router, borrowed */
	json_t *object;			/* the body, when its route says what it consists of; NULL: none; owned by http.c */
	json_t *reply;			/* owned; handlers set it with reply() */
	struct stream *stream;		/* owned; instead of a reply */
	char allow[32];			/* Allow header; empty: none */
	struct {
		const char *name;	/* literal */
		char value[64];
	} headers[HEADERS_MAX];		/* more of the answer's */
	size_t headers_count;
	void *caller;			/* set by who authorises; borrowed */
	void *transport;
};
const char *request_header(const struct request *q, const char *name);
/* Adds a header to the answer; name is a literal. */
void request_add_header(struct request *q, const char *name, const char *value);

struct http_socket {
	int number;			/* struct request has it */
	const char *path;		/* of a unix socket; NULL: TCP, at this address */
	mode_t mode;
	const struct sockaddr *address;
	socklen_t address_size;
};

struct http_options {
	sd_event *event;
	const struct http_socket *sockets;
	size_t sockets_count;
	const char *certificate, *key;	/* PEM; NULL: no TLS. Not borrowed. */
	int64_t request_s;		/* a request must be there so long after the last answer; 0: a minute */
	unsigned int (*serve)(struct request *q);	/* returns the status */
	void *app;
};

/* Replaces stale sockets of those paths; -EADDRINUSE when somebody else listens there. */
int http_open(const struct http_options *options, struct http **ret_http) must_check;
void http_free(struct http *h);
OWN_DEFINE(http);
/* Since the start. */
struct http_counts {
	uint64_t connections, connections_refused, timed_out, requests;
	uint64_t malformed;	/* refused by the library, before anybody could look at them */
	uint64_t open;	/* now */
};
struct http_counts http_counts(const struct http *h);
/* Streams that ran dry are asked again. */
void http_wake(struct http *h);

#endif
