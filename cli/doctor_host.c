// SPDX-License-Identifier: Apache-2.0
/*
 * doctor_host.c - what the kernel and the system must offer
 */
#include "doctor.h"

#include "proc.h"

#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1

static struct finding check_kernel(const struct patient *p)
{
	struct utsname u;
	int major = 0, minor = 0;

	(void)p;
	if (uname(&u) < 0 || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return finding(FINDING_WARN, NULL, "version unknown");
	if (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR))
		return finding(FINDING_FAIL, "boot a kernel from 6.1 on; Debian 12 and later have one",
			       "%s is older than 6.1", u.release);
	return finding(FINDING_OK, NULL, "%s", u.release);
}

static struct finding check_btf(const struct patient *p)
{
	(void)p;
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return finding(FINDING_FAIL,
			       "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y; distributions' kernels are",
			       "/sys/kernel/btf/vmlinux: %s", strerror(errno));
	return finding(FINDING_OK, NULL, "/sys/kernel/btf/vmlinux");
}

static bool lists(const char *comma_list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = comma_list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, n) == 0 && (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

static struct finding check_lsm(const struct patient *p)
{
	static const char fix[] = "optional: add bpf to the lsm= list of the kernel command line; without it "
				  "the same checks "
				  "attach to the security functions (flavour fmod_ret)";
	char list[512];

	(void)p;
	if (!proc_line("/sys/kernel/security/lsm", list, sizeof(list)))
		return finding(FINDING_WARN,
			       "mount securityfs: mount -t securityfs securityfs /sys/kernel/security",
			       "the list of security modules cannot be read");
	if (!lists(list, "bpf"))
		return finding(FINDING_WARN, fix, "bpf is not among %s: flavour fmod_ret", list);
	return finding(FINDING_OK, NULL, "bpf is active: flavour lsm");
}

static struct finding check_mount(const char *path, long magic, const char *fix)
{
	struct statfs s;

	if (statfs(path, &s) < 0)
		return finding(FINDING_FAIL, fix, "%s: %s", path, strerror(errno));
	if ((unsigned long)s.f_type != (unsigned long)magic)
		return finding(FINDING_FAIL, fix, "nothing of this kind is mounted at %s", path);
	return finding(FINDING_OK, NULL, "%s", path);
}

static struct finding check_bpffs(const struct patient *p)
{
	(void)p;
	return check_mount("/sys/fs/bpf", BPF_FS_MAGIC, "mount -t bpf bpf /sys/fs/bpf");
}

static struct finding check_cgroup(const struct patient *p)
{
	(void)p;
	return check_mount("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC,
			   "boot with systemd.unified_cgroup_hierarchy=1, or: mount -t cgroup2 cgroup2 "
			   "/sys/fs/cgroup");
}

static struct finding check_ftrace(const struct patient *p)
{
	char value[16];

	(void)p;
	if (!proc_line("/proc/sys/kernel/ftrace_enabled", value, sizeof(value)))
		return finding(FINDING_WARN, "boot a kernel built with CONFIG_FUNCTION_TRACER=y",
			       "kernel.ftrace_enabled cannot be read");
	if (strcmp(value, "0") == 0)
		return finding(FINDING_FAIL,
			       "sysctl kernel.ftrace_enabled=1: at 0 every attached check is skipped in "
			       "silence",
			       "kernel.ftrace_enabled is 0");
	return finding(FINDING_OK, NULL, "kernel.ftrace_enabled is %s", value);
}

static struct finding check_unprivileged_bpf(const struct patient *p)
{
	char value[16];

	(void)p;
	if (!proc_line("/proc/sys/kernel/unprivileged_bpf_disabled", value, sizeof(value)))
		return finding(FINDING_WARN, NULL, "kernel.unprivileged_bpf_disabled cannot be read");
	if (strcmp(value, "0") == 0)
		return finding(FINDING_WARN,
			       "sysctl kernel.unprivileged_bpf_disabled=2: ordinary users need no programs "
			       "in the kernel",
			       "kernel.unprivileged_bpf_disabled is 0");
	return finding(FINDING_OK, NULL, "kernel.unprivileged_bpf_disabled is %s", value);
}

static struct finding check_user(const struct patient *p)
{
	(void)p;
	if (!getpwnam("cvf"))
		return finding(FINDING_FAIL,
			       "systemd-sysusers, or: useradd --system --home-dir /var/lib/cvf --shell "
			       "/usr/sbin/nologin cvf",
			       "there is no user cvf");
	return finding(FINDING_OK, NULL, "user cvf");
}

static struct finding check_etc(const struct patient *p)
{
	(void)p;
	if (access("/etc/cvf", F_OK) < 0 && errno == ENOENT)
		return finding(FINDING_WARN,
			       "install -d /etc/cvf; until then only what was registered over the API is in "
			       "force",
			       "there is no /etc/cvf");
	if (access("/etc/cvf", R_OK | X_OK) < 0)
		return finding(geteuid() == 0 ? FINDING_FAIL : FINDING_WARN,
			       "run this as root, or: chmod 755 /etc/cvf", "/etc/cvf: %s", strerror(errno));
	return finding(FINDING_OK, NULL, "/etc/cvf is readable");
}

const struct check host_checks[] = {
	{ "kernel", check_kernel },
	{ "btf", check_btf },
	{ "lsm", check_lsm },
	{ "bpffs", check_bpffs },
	{ "cgroup2", check_cgroup },
	{ "ftrace", check_ftrace },
	{ "unprivileged-bpf", check_unprivileged_bpf },
	{ "user", check_user },
	{ "settings", check_etc },
};
const size_t host_checks_count = ARRAY_SIZE(host_checks);
