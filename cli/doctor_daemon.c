// SPDX-License-Identifier: Apache-2.0
/*
 * doctor_daemon.c - what the daemon says of itself, and agents whose holds an interactive shell would see
 */
#include "client.h"
#include "doctor.h"
#include "out.h"
#include "proc.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#define PINS "/sys/fs/bpf/cvf/state"
#define ANCESTORS_MAX 64 /* looked at above a process */

static struct finding check_reach(const struct patient *p)
{
	if (p->reach == 0)
		return finding(FINDING_OK, NULL, "answers at %s", client_socket(p->c));
	if (p->reach == -EACCES || p->reach == -EPERM)
		return finding(FINDING_WARN, "run this as root", "not permitted to ask at %s",
			       client_socket(p->c));
	if (access(PINS, F_OK) == 0)
		return finding(FINDING_FAIL, "systemctl start cvfd; if it does not start, systemctl status cvfd says why",
			       "%s: %s; the programs in the kernel go on by the last policy, and what needs an approval waits",
			       client_socket(p->c), strerror(-p->reach));
	return finding(FINDING_FAIL, "systemctl start cvfd, or: cvfd --foreground", "%s: %s",
		       client_socket(p->c), strerror(-p->reach));
}

static struct finding check_enforcing(const struct patient *p)
{
	const char *problem;

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown: the daemon gave no status");
	if (!json_is_true(out_field(p->status, "enforcing")))
		return finding(FINDING_FAIL, "journalctl -u cvfd says which requirement is missing",
			       "nothing is enforced: %s",
			       out_text(p->status, "canary.problem",
					out_text(p->ready, "error.message", "the daemon gives no reason")));
	problem = out_text(p->status, "flavour_problem", NULL);
	if (problem)
		return finding(FINDING_WARN,
			       "journalctl -u cvfd says why; what flavour fmod_ret cannot hold is in THREATS.md", "flavour %s: %s",
			       out_text(p->status, "flavour", "unknown"), problem);
	return finding(FINDING_OK, NULL, "flavour %s", out_text(p->status, "flavour", "unknown"));
}

static struct finding check_canary(const struct patient *p)
{
	if (p->ready_http == 0)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown: the daemon was not asked");
	if (p->ready_http != 200)
		return finding(FINDING_FAIL,
			       "journalctl -u cvfd; an operation that must be refused was not, or was not "
			       "tried",
			       "%s",
			       out_text(p->ready, "error.message",
					out_text(p->ready, "reason", "the daemon is not ready")));
	return finding(FINDING_OK, NULL, "the forbidden operation was refused just now");
}

static struct finding check_policy(const struct patient *p)
{
	const json_t *problem = out_field(p->status, "policy_problem");

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown");
	if (json_is_string(problem) && json_string_length(problem) > 0)
		return finding(FINDING_FAIL, "correct the file, then: cvfctl reload", "%s",
			       json_string_value(problem));
	if (json_is_object(problem))
		return finding(FINDING_FAIL, "correct the file, then: cvfctl reload", "%s",
			       out_text(problem, "message", "the last reload failed"));
	return finding(FINDING_OK, NULL, "generation %lld is in force",
		       (long long)json_integer_value(out_field(p->status, "generation")));
}

static struct finding check_store(const struct patient *p)
{
	const char *problem = out_text(p->status, "store_problem", NULL);

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown");
	if (problem)
		return finding(FINDING_FAIL,
			       "free space below /var/lib/cvf or correct its permissions; until then nothing "
			       "held is released",
			       "%s", problem);
	return finding(FINDING_OK, NULL, "what happens is recorded");
}

static struct finding check_quarantine(const struct patient *p)
{
	const char *problem = out_text(p->status, "quarantine_problem", NULL);

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown");
	if (problem)
		return finding(FINDING_WARN, "systemctl start cvfd-quarantine", "%s", problem);
	return finding(FINDING_OK, NULL, "what agents delete can be kept first");
}

static struct finding check_notices(const struct patient *p)
{
	long long waiting = json_integer_value(out_field(p->status, "notices_waiting"));
	const char *problem = out_text(p->status, "notice_problem", NULL);

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown");
	if (problem)
		return finding(FINDING_WARN, "systemctl status cvfd-notify; journalctl -u cvfd-notify", "%lld notices wait: %s", waiting,
			       problem);
	return finding(FINDING_OK, NULL, "no notice waits for long");
}

static struct finding check_trail(const struct patient *p)
{
	const char *problem = out_text(p->status, "trail_problem", NULL);

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown");
	if (problem)
		return finding(FINDING_FAIL, "cvfctl audit verify", "%s", problem);
	return finding(FINDING_OK, NULL, "the audit trail is signed");
}

static struct finding check_lost(const struct patient *p)
{
	long long lost = json_integer_value(out_field(p->status, "events_lost"));

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown");
	if (lost > 0)
		return finding(FINDING_WARN,
			       "the gaps are rows of the trail; see `cvfctl events` and the load of this "
			       "host",
			       "%lld events were lost", lost);
	return finding(FINDING_OK, NULL, "no event was lost");
}

static struct finding check_api(const struct patient *p)
{
	const char *address = out_text(p->status, "api.listen", NULL);

	if (!p->status)
		return finding(FINDING_WARN, "see the check `daemon`", "unknown");
	if (json_is_true(out_field(p->status, "api.any_host")))
		return finding(FINDING_WARN, "name them in api.hosts of cvfd.json(5)",
			       "the API answers under any name (api.hosts has \"*\"): any page that a browser here is shown can have one that leads here");
	if (json_is_true(out_field(p->status, "api.any_origin")))
		return finding(FINDING_WARN, "name them in api.origins of cvfd.json(5)",
			       "pages of any origin may ask the API from a browser (api.origins has \"*\")");
	if (address && !json_is_true(out_field(p->status, "api.tls")))
		return finding(FINDING_WARN, "set api.certificate and api.key in cvfd.json(5)", "the API listens at %s without TLS: tokens travel unencrypted",
			       address);
	if (address)
		return finding(FINDING_OK, NULL, "the API listens at %s, with TLS", address);
	return finding(FINDING_OK, NULL, "the API is on unix sockets only");
}

static bool matches(const json_t *patterns, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(patterns, i, one)
		if (json_is_string(one) && fnmatch(json_string_value(one), text, 0) == 0)
			return true;
	return false;
}

static bool is_enrolled(const json_t *agent, pid_t pid)
{
	char path[64], text[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		if (matches(out_field(agent, "match.exe"), text))
			return true;
	}
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	return proc_line(path, text, sizeof(text)) && strncmp(text, "0::", 3) == 0 &&
	       matches(out_field(agent, "match.cgroup"), text + 3);
}

/* A shell would see it stop: it runs in a terminal, and no cvfctl stands between the two. */
static bool is_exposed(pid_t pid)
{
	struct proc p;

	if (!proc_read(pid, &p) || p.tty == 0)
		return false;
	for (int depth = 0; depth < ANCESTORS_MAX && p.parent > 1; depth++) {
		if (!proc_read(p.parent, &p))
			break;
		if (strcmp(p.name, "cvfctl") == 0)
			return false;
	}
	return true;
}

struct exposed {
	const json_t *agents;
	const char *agent;	/* NULL: none found */
	pid_t pid;
};

static bool look_at(void *ctx, pid_t pid)
{
	struct exposed *found = ctx;
	const json_t *agent;
	size_t i;

	if (!is_exposed(pid))
		return true;
	json_array_foreach(found->agents, i, agent) {
		if (!is_enrolled(agent, pid))
			continue;
		found->agent = out_text(agent, "id", "?");
		found->pid = pid;
		return false;
	}
	return true;
}

static struct finding check_terminals(const struct patient *p)
{
	static const char fix[] =
		"a shell with job control prints `Stopped` when such a process is held; start it through "
		"cvfctl instead, as /usr/share/cvf/shell/cvf-agent.sh does: "
		"claude() { cvfctl run --agent ID -- claude \"$@\"; }";
	struct exposed found = { .agents = p->agents };

	if (!p->agents)
		return finding(FINDING_OK, NULL, "not looked: the agents are not known");
	proc_each(look_at, &found);
	if (found.agent)
		return finding(FINDING_WARN, fix, "process %d of agent %s runs in a terminal", found.pid,
			       found.agent);
	return finding(FINDING_OK, NULL, "no agent enrolled by path or cgroup runs in a terminal");
}

const struct check daemon_checks[] = {
	{ "daemon", check_reach },
	{ "enforcing", check_enforcing },
	{ "canary", check_canary },
	{ "policy", check_policy },
	{ "store", check_store },
	{ "quarantine", check_quarantine },
	{ "notices", check_notices },
	{ "trail", check_trail },
	{ "events-lost", check_lost },
	{ "api", check_api },
	{ "terminals", check_terminals },
};
const size_t daemon_checks_count = ARRAY_SIZE(daemon_checks);
