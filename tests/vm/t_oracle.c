// SPDX-License-Identifier: Apache-2.0
/*
 * t_oracle.c - random declarations and operations from a seed; does the operations and tells what the kernel said
 *
 *   t_oracle declare SEED ETC    declarations of capabilities, an agent "o" and a policy, below a folder like /etc/cvf
 *   t_oracle operations SEED N   N operations, a line each: NUMBER OP OBJECT [MORE...], words separated by tabs
 *   t_oracle prepare             stdin: operations; makes what they need, unlabelled
 *   t_oracle perform             stdin: operations; does each in a child; stdout: allow, deny or hold, a line each
 *   t_oracle cases FILE          stdin: operations; FILE: what `perform` printed; a cvf.test/v1 file that expects just that
 *   nothing ...                  exits with 0: what `exec` runs
 *
 * A held operation is a stopped child: it is killed, its question ends with it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOP	  "/t/o"
#define WORDS_MAX 16
#define BROKEN	  120
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define ONE_OF(a) ((a)[pick(COUNT(a))])

static unsigned int seed;

static unsigned int pick(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 12) % n;
}

/* ---- declarations ---- */

static const char *const levels[] = {"LOW", "MEDIUM", "HIGH", "CRITICAL"};
static const char *const types[] = {"READ", "WRITE", "EXECUTE", "NETWORK", "DELETE"};
static const char *const addresses[] = {"127.1.0.0/16", "127.1.1.0/24", "127.1.1.1",	"127.0.0.0/8",
					"127.2.0.0/15", "::1",		"127.3.3.0/28", "0.0.0.0/0"};

static void put_glob(void)
{
	static const char *const folders[] = {"/a",    "/b",	 "/ab", "/*",	     "/**", "/?",
					      "/[ab]", "/{a,b}", "/a*", "/{a,a/**}", "/**", "/**"};
	static const char *const files[] = {"/**",	  "/**",       "/*",	   "/**",	 "/f*",
					    "/f*[02468]", "/f?[0-4]*", "/f{1,2}*", "/**/f*[!7]", "{,/**}"};

	fputs(TOP, stdout);
	for (unsigned int n = pick(3); n > 0; n--)
		fputs(ONE_OF(folders), stdout);
	fputs(ONE_OF(files), stdout);
}

static void put_globs(unsigned int n)
{
	putchar('[');
	for (unsigned int i = 0; i < n; i++) {
		fputs(i ? ",\"" : "\"", stdout);
		put_glob();
		putchar('"');
	}
	putchar(']');
}

static void put_words(const char *const *words, size_t count, unsigned int n)
{
	putchar('[');
	for (unsigned int i = 0; i < n; i++)
		printf("%s\"%s\"", i ? "," : "", words[pick((unsigned int)count)]);
	putchar(']');
}

/* Deletions are a capability of their own, of type DELETE and HIGH at least. */
static void put_match(bool deletes)
{
	static const char *const file_ops[] = {"read", "write", "create", "rename", "link", "attr", "truncate"};
	static const char *const net_ops[] = {"connect", "bind"};
	static const char *const args[] = {"a", "b", "*", "a*", "-?", "{a,b}", "**"};
	static const char *const ports[] = {"1-99", "50", "0-65535", "2,4,6,50-60", "60-200"};
	unsigned int kind = deletes ? 2 : pick(5);

	if (kind == 0) {
		fputs("{\"exec\":[{\"path\":", stdout);
		put_globs(1 + pick(2));
		if (pick(3)) {
			fputs(",\"argv\":", stdout);
			put_words(args, COUNT(args), pick(4));
		}
	} else if (kind == 1) {
		fputs("{\"net\":[{\"ops\":", stdout);
		put_words(net_ops, COUNT(net_ops), 2);
		fputs(",\"address\":", stdout);
		put_words(addresses, COUNT(addresses), 1 + pick(2));
		if (pick(2))
			printf(",\"ports\":\"%s\"", ONE_OF(ports));
		if (pick(2))
			printf(",\"protocol\":\"%s\"", pick(2) ? "udp" : "any");
	} else {
		fputs("{\"file\":[{\"path\":", stdout);
		put_globs(1 + pick(2));
		fputs(",\"ops\":", stdout);
		if (deletes)
			fputs("[\"delete\"]", stdout);
		else
			put_words(file_ops, COUNT(file_ops), 4);
		if (pick(3) == 0) {
			fputs(",\"except\":", stdout);
			put_globs(1);
		}
	}
	fputs("}]}", stdout);
}

/* Always about the test's own places: the machine around it must go on working. */
static void put_when(void)
{
	static const char *const names[] = {"o.c*", "o.c1", "o.c[2-5]", "unregistered.*", "unregistered.write"};
	static const char *const ops[] = {"read", "write", "create", "delete", "rename", "exec", "link", "attr"};

	switch (pick(4)) {
	case 0:
		fputs("{\"capability\":", stdout);
		put_words(names, 3, 2);
		break;
	case 1:
		fputs("{\"address\":", stdout);
		put_words(addresses, COUNT(addresses) - 1, 2);
		break;
	default:
		fputs("{\"path\":", stdout);
		put_globs(1 + pick(2));
		if (pick(2)) {
			fputs(",\"op\":", stdout);
			put_words(ops, COUNT(ops), 4);
		}
		if (pick(3) == 0) {
			fputs(",\"capability\":", stdout);
			put_words(names, COUNT(names), 2);
		}
	}
	if (pick(4) == 0) {
		fputs(",\"risk\":", stdout);
		put_words(levels, COUNT(levels), 2);
	}
	if (pick(5) == 0) {
		fputs(",\"operation_type\":", stdout);
		put_words(types, COUNT(types), 2);
	}
	if (pick(5) == 0)
		printf(",\"in_scope\":%s", pick(2) ? "true" : "false");
	putchar('}');
}

static void put_policy(void)
{
	static const char *const effects[] = {
		"\"ALLOW\"", "\"DENY\"", "\"REQUIRE_APPROVAL\"",
		"\"ALLOW\",\"standing_grant\":{\"expires\":\"2099-01-01T00:00:00Z\",\"ticket\":\"t\"}",
		"\"ALLOW\",\"standing_grant\":{\"expires\":\"2020-01-01T00:00:00Z\",\"ticket\":\"t\"}"};

	fputs("{\"schema\":\"cvf.policy/v1\",\"id\":\"o\",\"priority\":500,\"rules\":[", stdout);
	for (unsigned int i = 0, n = pick(6); i < n; i++) {
		printf("%s{\"when\":", i ? ",\n" : "");
		put_when();
		printf(",\"effect\":%s}", ONE_OF(effects));
	}
	fputs("]}", stdout);
}

/* What is printed from now on is that file's. */
static bool begin(const char *etc, const char *folder)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s/t-oracle.json", etc, folder);
	return freopen(path, "w", stdout);
}

static int declare(const char *etc)
{
	static const char *const grants[] = {"o.*", "o.c*", "o.c[0-4]", "o.c{1,3,5,7}", "o.c[!2]*"};
	unsigned int n = 6 + pick(9);

	if (!begin(etc, "capabilities.d"))
		return BROKEN;
	puts("[");
	for (unsigned int i = 0; i < n; i++) {
		bool deletes = pick(4) == 0;

		printf("%s{\"schema\":\"cvf.capability/v1\",\"id\":\"o.c%u\",\"operation_type\":\"%s\",",
		       i ? ",\n" : "", i, deletes ? "DELETE" : types[pick(4)]);
		printf("\"risk\":{\"level\":\"%s\"%s},\"match\":", deletes ? levels[2 + pick(2)] : ONE_OF(levels),
		       pick(8) ? "" : ",\"requires_approval\":true");
		put_match(deletes);
		putchar('}');
	}
	puts("]");
	if (!begin(etc, "agents.d"))
		return BROKEN;
	printf("{\"schema\":\"cvf.agent/v1\",\"id\":\"o\",\"profile\":\"bare\",\"mode\":\"enforce\","
	       "\"capabilities\":[\"t.read\",\"t.exec\",\"t.r0\",\"%s\"],\"scope\":{\"paths\":",
	       ONE_OF(grants));
	put_globs(1 + pick(2));
	fputs(",\"net\":", stdout);
	put_words(addresses, COUNT(addresses), 1);
	puts("}}");
	if (!begin(etc, "policies.d"))
		return BROKEN;
	put_policy();
	return fflush(stdout) ? BROKEN : 0;
}

/* ---- operations ---- */

static void put_path(char letter, unsigned int number)
{
	static const char *const folders[] = {"/a", "/b", "/ab", "/c", "/a/b"};

	printf("\t%s", TOP);
	for (unsigned int n = pick(4); n > 0; n--)
		fputs(ONE_OF(folders), stdout);
	printf("/%c%u", letter, number);
}

static void put_operation(unsigned int number)
{
	static const char *const ops[] = {"read",     "write", "create", "delete",  "rename",  "link", "attr",
					  "truncate", "exec",  "exec",	 "connect", "connect", "bind"};
	static const char *const args[] = {"a", "b", "ab", "-a", "-", "a/b"};
	static const char *const hosts[] = {"127.1.1.1", "127.1.1.2", "127.1.2.1", "127.2.1.1",
					    "127.3.3.3", "127.9.9.9", "[::1]"};
	const char *op = ONE_OF(ops);

	printf("%u\t%s", number, op);
	if (strcmp(op, "connect") == 0 || strcmp(op, "bind") == 0) {
		/* Each bind a port of its own: one in use would be refused for another reason. */
		unsigned int port = strcmp(op, "bind") == 0 ? 2000 + number : 1 + pick(250);

		printf("\t%s:%u", ONE_OF(hosts), port);
		puts(pick(3) ? "" : "\tudp");
		return;
	}
	put_path('f', number);
	if (strcmp(op, "rename") == 0 || strcmp(op, "link") == 0)
		put_path('g', number);
	for (unsigned int n = strcmp(op, "exec") == 0 ? pick(4) : 0; n > 0; n--)
		printf("\t%s", ONE_OF(args));
	putchar('\n');
}

struct operation {
	char line[4096];
	char *words[WORDS_MAX + 1]; /* from the name of the operation on */
	int count;
};

static bool next(FILE *in, struct operation *o)
{
	char *save, *word;

	if (!fgets(o->line, sizeof(o->line), in))
		return false;
	o->line[strcspn(o->line, "\n")] = '\0';
	o->count = 0;
	strtok_r(o->line, "\t", &save);
	while (o->count < WORDS_MAX && (word = strtok_r(NULL, "\t", &save)))
		o->words[o->count++] = word;
	o->words[o->count] = NULL;
	return true;
}

static bool is(const struct operation *o, const char *name)
{
	return strcmp(o->words[0], name) == 0;
}

static bool is_net(const struct operation *o)
{
	return is(o, "connect") || is(o, "bind");
}

/* ---- before ---- */

static void make_folders(const char *path)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s", path);
	for (char *slash = strchr(text + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(text, 0755);
		*slash = '/';
	}
}

static int prepare(const char *self)
{
	struct operation o;

	while (next(stdin, &o)) {
		int fd = -1;

		if (is_net(&o))
			continue;
		make_folders(o.words[1]);
		if (is(&o, "rename") || is(&o, "link"))
			make_folders(o.words[2]);
		if (is(&o, "create"))
			continue;
		if (is(&o, "exec") ? linkat(AT_FDCWD, self, AT_FDCWD, o.words[1], AT_SYMLINK_FOLLOW)
				   : (fd = open(o.words[1], O_WRONLY | O_CREAT, 0644)) < 0) {
			perror(o.words[1]);
			return BROKEN;
		}
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

/* ---- the operation itself ---- */

static int net(const struct operation *o)
{
	char text[128];
	char *colon;
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	bool is_six = o->words[1][0] == '[', is_udp = o->count > 2;
	int fd = socket(is_six ? AF_INET6 : AF_INET, is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);
	const void *to = is_six ? (void *)&six : (void *)&four;
	socklen_t size = is_six ? sizeof(six) : sizeof(four);

	snprintf(text, sizeof(text), "%s", o->words[1]);
	colon = strrchr(text, ':');
	*colon = '\0';
	six.sin6_port = four.sin_port = htons((uint16_t)atoi(colon + 1));
	if (is_six)
		six.sin6_addr = in6addr_loopback;
	else
		inet_pton(AF_INET, text, &four.sin_addr);
	if (fd < 0)
		return -1;
	return is(o, "bind") ? bind(fd, to, size) : connect(fd, to, size);
}

static int perform(const struct operation *o)
{
	const char *path = o->words[1];

	if (is_net(o))
		return net(o);
	if (is(o, "read"))
		return open(path, O_RDONLY);
	if (is(o, "write"))
		return open(path, O_WRONLY);
	if (is(o, "create"))
		return mkdir(path, 0755);
	if (is(o, "delete"))
		return unlink(path);
	if (is(o, "rename"))
		return rename(path, o->words[2]);
	if (is(o, "link"))
		return link(path, o->words[2]);
	if (is(o, "attr"))
		return chmod(path, 0600);
	if (is(o, "truncate"))
		return truncate(path, 0);
	/* argv[0] says what to be; the rest is judged. */
	((struct operation *)(uintptr_t)o)->words[1] = "nothing";
	return execv(path, o->words + 1);
}

/* EPERM is a refusal; any other error comes after the verdict. Stopped: held. */
static const char *verdict_of(const struct operation *o)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(perform(o) < 0 ? errno : 0);
	if (child < 0 || waitpid(child, &status, WUNTRACED) != child)
		return "broken";
	if (WIFSTOPPED(status)) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		return "hold";
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) == EPERM ? "deny" : "allow" : "broken";
}

static int perform_all(void)
{
	struct operation o;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (next(stdin, &o))
		puts(verdict_of(&o));
	return 0;
}

static int cases(const char *results)
{
	FILE *in = fopen(results, "r");
	struct operation o;
	char verdict[32];
	bool first = true;

	if (!in) {
		perror(results);
		return BROKEN;
	}
	puts("{\"schema\":\"cvf.test/v1\",\"agent\":\"o\",\"cases\":[");
	while (next(stdin, &o) && fgets(verdict, sizeof(verdict), in)) {
		verdict[strcspn(verdict, "\n")] = '\0';
		printf("%s{\"operation\":[", first ? "" : ",\n");
		for (int i = 0; i < o.count; i++)
			printf("%s\"%s\"", i ? "," : "", o.words[i]);
		printf("],\"expect\":{\"verdict\":\"%s\"}}", verdict);
		first = false;
	}
	puts("]}");
	fclose(in);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(argv[0], "nothing") == 0)
		return 0;
	seed = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0;
	if (strcmp(verb, "declare") == 0 && argc == 4)
		return declare(argv[3]);
	if (strcmp(verb, "operations") == 0 && argc == 4) {
		seed += 7;
		for (unsigned int i = 0; i < strtoul(argv[3], NULL, 10); i++)
			put_operation(i);
		return 0;
	}
	if (strcmp(verb, "prepare") == 0)
		return prepare("/proc/self/exe");
	if (strcmp(verb, "perform") == 0)
		return perform_all();
	if (strcmp(verb, "cases") == 0 && argc == 3)
		return cases(argv[2]);
	fprintf(stderr, "t_oracle: see its source for what it takes\n");
	return BROKEN;
}
