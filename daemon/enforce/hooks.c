// SPDX-License-Identifier: Apache-2.0
#include "hooks.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <string.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "../core/log.h"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual" /* bpftool's output */
#include "cvf.skel.h"
#pragma GCC diagnostic pop

static const struct {
	const char *map;	/* name in the object */
	const char *pin;
} map_table[MAP_MAX] = {
	[MAP_STATE] = { "cvf_bpf.bss", "state" },
	[MAP_LABELS] = { "cvf_labels", "labels" },
	[MAP_MEMBERS] = { "cvf_members", "members" },
	[MAP_SESSIONS] = { "cvf_sessions", "sessions" },
	[MAP_CGROUPS] = { "cvf_cgroups", "cgroups" },
	[MAP_UIDS] = { "cvf_uids", "uids" },
	[MAP_ENROL] = { "cvf_enrol", "enrol" },
	[MAP_ASKS] = { "cvf_asks", "asks" },
	[MAP_HOLDS] = { "cvf_holds", "holds" },
	[MAP_GRANTS] = { "cvf_grants", "grants" },
	[MAP_PENDING] = { "cvf_pending", "pending" },
	[MAP_PREFIX0] = { "cvf_prefix0", "prefix0" },
	[MAP_PREFIX1] = { "cvf_prefix1", "prefix1" },
	[MAP_CPU] = { "cvf_cpu", "cpu" },
	[MAP_COUNTS] = { "cvf_counts", "counts" },
	[MAP_AGENT_COUNTS] = { "cvf_agent_counts", "agent-counts" },
	[MAP_VERDICTS] = { "cvf_verdicts", "verdicts" },
	[MAP_EVENTS] = { "cvf_events", "events" },
};

/* Where the name of an LSM hook and of the security_* function that calls it differ. */
static const struct {
	const char *hook;
	const char *function;
} function_names[] = {
	{ "bprm_check_security", "security_bprm_check" },
	{ "userns_create", "security_create_user_ns" },
	{ "settime", "security_settime64" },
	{ "shm_alloc_security", "security_shm_alloc" },
	{ "sem_alloc_security", "security_sem_alloc" },
	{ "msg_queue_alloc_security", "security_msg_queue_alloc" },
};

/* Hooks that not every supported kernel has; every other one is required. */
static const char *const optional_hooks[] = { "file_truncate", "inode_set_acl" };

static const char *hook_of(const struct bpf_program *p)
{
	const char *section = bpf_program__section_name(p);

	return strncmp(section, "lsm/", 4) ? NULL : section + 4;
}

static void function_of(const char *hook, char *ret_name, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(function_names); i++)
		if (!strcmp(function_names[i].hook, hook)) {
			snprintf(ret_name, size, "%s", function_names[i].function);
			return;
		}
	snprintf(ret_name, size, "security_%s", hook);
}

static bool is_optional(const char *hook)
{
	for (size_t i = 0; i < ARRAY_SIZE(optional_hooks); i++)
		if (!strcmp(optional_hooks[i], hook))
			return true;
	return false;
}

static int kernel_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
}

/* Number of parameters of a kernel function; negative: unknown. */
static int parameters(const struct btf *btf, const char *name)
{
	const struct btf_type *t = btf__type_by_id(btf, kernel_function(btf, name));

	return t ? btf_vlen(btf__type_by_id(btf, t->type)) : -1;
}

/* Programs for one hook with other parameters: which parameter count of the attached function each is for. */
static const struct {
	const char *program;
	int parameters;
} variants[] = {
	{ "cvf_setattr", 2 },
	{ "cvf_setattr_idmap", 3 },
	{ "cvf_mmap", 4 },
	{ "cvf_mmap_function", 3 },
};

static bool is_other_variant(const struct btf *btf, const struct bpf_program *p, const char *function)
{
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		if (!strcmp(variants[i].program, bpf_program__name(p)))
			return parameters(btf, function) != variants[i].parameters;
	return false;
}

/* Programs that hang on a function: without this one a frozen task that is woken runs until its next operation. */
static int program_prepare_other(struct hooks *h, const struct btf *btf, struct bpf_program *p)
{
	if (strcmp(bpf_program__section_name(p), "fexit/get_signal") || kernel_function(btf, "get_signal") >= 0)
		return 0;
	h->missing++;
	return bpf_program__set_autoload(p, false);
}

/* Decides for one program whether it is loaded and as what. -ENOENT: required and not there. */
static int program_prepare(struct hooks *h, const struct btf *btf, struct bpf_program *p)
{
	const char *hook = hook_of(p);
	char function[128];

	if (!hook)
		return program_prepare_other(h, btf, p);
	if (h->lsm)
		snprintf(function, sizeof(function), "bpf_lsm_%s", hook);
	else
		function_of(hook, function, sizeof(function));
	if (kernel_function(btf, function) < 0) {
		if (!is_optional(hook)) {
			log_error("this kernel has no %s: cvfd needs it to govern %s", function, hook);
			return -ENOENT;
		}
		h->missing++;
		bpf_program__set_autoload(p, false);
		return 0;
	}
	if (is_other_variant(btf, p, function)) {
		bpf_program__set_autoload(p, false);
		return 0;
	}
	if (h->lsm)
		return 0;
	bpf_program__set_type(p, BPF_PROG_TYPE_TRACING);
	bpf_program__set_expected_attach_type(p, BPF_MODIFY_RETURN);
	return bpf_program__set_attach_target(p, 0, function);
}

/* A list that is there and cannot be read is an error: it must not choose the flavour. */
static int lsm_is_active(bool *ret)
{
	own_file FILE *f = fopen("/sys/kernel/security/lsm", "re");
	char line[512] = "";
	char *save = NULL;

	*ret = false;
	if (!f)
		return errno == ENOENT ? 0 : -errno;
	if (!fgets(line, sizeof(line), f))
		return ferror(f) ? -EIO : 0;
	for (char *name = strtok_r(line, ",\n", &save); name; name = strtok_r(NULL, ",\n", &save))
		*ret |= !strcmp(name, "bpf");
	return 0;
}

static int flavour_choose(enum hooks_flavour flavour, bool *ret_lsm)
{
	if (flavour == FLAVOUR_AUTO)
		return lsm_is_active(ret_lsm);
	*ret_lsm = flavour == FLAVOUR_LSM;
	return 0;
}

static int quiet_print(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN || getenv("CVF_DEBUG_LIBBPF"))
		return vfprintf(stderr, format, args);
	return 0;
}

static int skeleton_size(struct cvf_bpf *skel)
{
	int cpus = libbpf_num_possible_cpus();
	__u32 slots = cpus > 0 ? 2 * (__u32)cpus : 4;

	skel->rodata->cvf_scratch_slots = slots;
	return bpf_map__set_max_entries(skel->maps.cvf_scratch, slots);
}

static int programs_prepare(struct hooks *h, struct cvf_bpf *skel)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *p;
	int r = 0;

	if (!btf) {
		r = -errno;
		log_error("reading the kernel's type information (/sys/kernel/btf/vmlinux) failed: %s; if it is missing, "
			  "use a kernel built with CONFIG_DEBUG_INFO_BTF (Debian's are)", strerror(-r));
		return r == -ENOENT ? -EOPNOTSUPP : r;
	}
	skel->rodata->cvf_lsm = h->lsm;
	bpf_object__for_each_program(p, skel->obj) {
		r = program_prepare(h, btf, p);
		if (r < 0)
			break;
	}
	btf__free(btf);
	return r < 0 ? r : skeleton_size(skel);
}

static int pin_path(char *to, size_t size, const char *kind, const char *name)
{
	return snprintf(to, size, CVF_PIN_DIR "/%s%s", kind, name) < (int)size ? 0 : -ENAMETOOLONG;
}

static struct bpf_map *map_named(struct cvf_bpf *skel, const char *name)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, skel->obj)
		if (!strcmp(bpf_map__name(m), name))
			return m;
	return NULL;
}

static int maps_pin(struct hooks *h, struct cvf_bpf *skel)
{
	char path[PATH_MAX];

	for (int i = MAP_MAX - 1; i >= 0; i--) {
		struct bpf_map *m = map_named(skel, map_table[i].map);
		int r;

		if (!m)
			return -ENOENT;
		h->map_fd[i] = fcntl(bpf_map__fd(m), F_DUPFD_CLOEXEC, 3);
		if (h->map_fd[i] < 0)
			return -errno;
		if (i == MAP_STATE)
			continue;
		pin_path(path, sizeof(path), "", map_table[i].pin);
		r = bpf_obj_pin(h->map_fd[i], path);
		if (r < 0)
			return -errno;
	}
	return 0;
}

/* Appends a duplicate of fd to a list. */
static int fd_keep(int **list, unsigned int *n, int fd)
{
	int *grown = reallocarray(*list, *n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	grown[*n] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (grown[*n] < 0)
		return -errno;
	(*n)++;
	return 0;
}

/* Attaches one program and pins its link and itself. The iterator's link waits to be run, it is kept apart. */
static int program_attach(struct hooks *h, struct bpf_program *p)
{
	const char *name = bpf_program__name(p);
	struct bpf_link *link;
	char path[PATH_MAX];
	int r;

	link = bpf_program__attach(p);
	if (!link) {
		r = -errno;
		log_error("attaching %s failed: %s", name, strerror(-r));
		return r;
	}
	pin_path(path, sizeof(path), "link_", name);
	r = bpf_obj_pin(bpf_link__fd(link), path);
	if (r < 0)
		r = -errno;
	if (!r && !strcmp(name, "cvf_enrol_iter")) {
		h->enrol_link_fd = fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 3);
		r = h->enrol_link_fd < 0 ? -errno : 0;
	} else if (!r) {
		pin_path(path, sizeof(path), "prog_", name);
		r = bpf_obj_pin(bpf_program__fd(p), path) ? -errno : fd_keep(&h->prog_fd, &h->progs, bpf_program__fd(p));
		if (!r)
			r = fd_keep(&h->link_fd, &h->links, bpf_link__fd(link));
	}
	bpf_link__destroy(link);
	return r;
}

static int programs_attach(struct hooks *h, struct cvf_bpf *skel)
{
	struct bpf_program *p;
	int r;

	bpf_object__for_each_program(p, skel->obj) {
		if (!bpf_program__autoload(p))
			continue;
		r = program_attach(h, p);
		if (r < 0)
			return r;
	}
	return 0;
}

static int control_init(struct cvf_bpf *skel, bool lsm)
{
	struct cvf_control *c = &skel->bss->cvf_state.control;
	own_file FILE *random = fopen("/dev/urandom", "re");
	struct timespec now;

	if (!random || fread(c->key, sizeof(c->key), 1, random) != 1)
		return -EIO;
	clock_gettime(CLOCK_BOOTTIME, &now);
	c->attached_ns = (__u64)now.tv_sec * 1000000000ull + (__u64)now.tv_nsec;
	c->abi = CVF_ABI;
	c->flavour_lsm = lsm;
	return 0;
}

static int load_and_pin(struct hooks *h)
{
	struct cvf_bpf *skel = cvf_bpf__open();
	int r;

	if (!skel)
		return -errno;
	r = programs_prepare(h, skel);
	if (r >= 0)
		r = cvf_bpf__load(skel);
	if (r >= 0)
		r = control_init(skel, h->lsm);
	if (r >= 0 && mkdir(CVF_PIN_DIR, 0700) && errno != EEXIST)
		r = -errno;
	if (r >= 0)
		r = maps_pin(h, skel);
	if (r >= 0)
		r = programs_attach(h, skel);
	if (r >= 0 && bpf_obj_pin(h->map_fd[MAP_STATE], CVF_PIN_DIR "/state"))
		r = -errno;
	cvf_bpf__destroy(skel);
	return r;
}

/* Programs and links pinned by the process before us. */
static int pin_adopt(struct hooks *h, const char *name)
{
	bool is_program = !strncmp(name, "prog_", 5);
	own_fd int fd = -1;
	char path[PATH_MAX];

	if (!is_program && strncmp(name, "link_", 5))
		return 0;
	pin_path(path, sizeof(path), "", name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	return is_program ? fd_keep(&h->prog_fd, &h->progs, fd) : fd_keep(&h->link_fd, &h->links, fd);
}

static int programs_adopt(struct hooks *h)
{
	own_dir DIR *dir = opendir(CVF_PIN_DIR);
	struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	while (r >= 0 && (e = readdir(dir)))
		r = pin_adopt(h, e->d_name);
	if (r < 0)
		return r;
	return h->progs ? 0 : -ENOENT;
}

static int adopt(struct hooks *h)
{
	char path[PATH_MAX];
	int r;

	for (int i = 0; i < MAP_MAX; i++) {
		pin_path(path, sizeof(path), "", map_table[i].pin);
		h->map_fd[i] = bpf_obj_get(path);
		if (h->map_fd[i] < 0)
			return -errno;
	}
	h->enrol_link_fd = bpf_obj_get(CVF_PIN_DIR "/link_cvf_enrol_iter");
	if (h->enrol_link_fd < 0)
		return -errno;
	r = programs_adopt(h);
	h->adopted = r == 0;
	return r;
}

static bool has_met_others;

bool hooks_met_others(void)
{
	return has_met_others;
}

/* What the pinned state says about itself: 0 no pins, 1 ours, -EPROTO another version. */
static int pins_look(bool *ret_lsm)
{
	own_fd int fd = bpf_obj_get(CVF_PIN_DIR "/state");
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	const struct cvf_control *control;
	bool ours;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	control = mmap(NULL, sizeof(*control), PROT_READ, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		return -errno;
	ours = info.value_size == sizeof(struct cvf_state) && control->abi == CVF_ABI;
	*ret_lsm = control->flavour_lsm;
	munmap((void *)(uintptr_t)control, sizeof(*control));
	if (ours)
		return 1;
	has_met_others = true;
	log_error("the programs pinned below " CVF_PIN_DIR " belong to another version of cvfd and cannot be adopted; they go on refusing what "
		  "agents may not, and what needs an approval waits. To replace them, end the agents (systemctl stop cvf-agents.slice), "
		  "then: cvfd --unpin (this ends enforcement) && systemctl start cvfd");
	return -EPROTO;
}

bool hooks_are_pinned(void)
{
	return !access(CVF_PIN_DIR "/state", F_OK) || errno != ENOENT;
}

int hooks_unpin(void)
{
	own_dir DIR *dir = opendir(CVF_PIN_DIR);
	char path[PATH_MAX];
	struct dirent *e;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	/* The mark of a complete set goes first: what is left half removed is never adopted. */
	unlink(CVF_PIN_DIR "/state");
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		pin_path(path, sizeof(path), "", e->d_name);
		if (unlink(path))
			return -errno;
	}
	return rmdir(CVF_PIN_DIR) ? -errno : 0;
}

static int bpffs_check(void)
{
	struct statfs fs;

	if (!statfs("/sys/fs/bpf", &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	log_error("no BPF file system at /sys/fs/bpf: mount one with 'mount -t bpf bpf /sys/fs/bpf'");
	return -EOPNOTSUPP;
}

static void explain_refusal(int error, bool is_adopting)
{
	if (is_adopting)
		log_error("taking over the programs pinned below " CVF_PIN_DIR " failed: %s; they go on enforcing, start cvfd again",
			  strerror(-error));
	else if (error == -EPERM)
		log_error("this kernel refuses the programs (EPERM): a container, a locked-down host, or missing CAP_BPF and "
			  "CAP_PERFMON; nothing is enforced. Try 'cvfctl doctor'");
	else
		log_error("loading the programs failed: %s; nothing is enforced. Try 'cvfctl doctor'", strerror(-error));
}

int hooks_start(struct hooks *ret, enum hooks_flavour flavour)
{
	struct hooks h = { .enrol_link_fd = -1 };
	bool is_adopting;
	int r, clean;

	for (int i = 0; i < MAP_MAX; i++)
		h.map_fd[i] = -1;
	libbpf_set_print(quiet_print);
	r = bpffs_check();
	if (r < 0)
		return r;
	r = pins_look(&h.lsm);
	if (r < 0)
		return r;
	is_adopting = r > 0;
	if (is_adopting) {
		r = adopt(&h);
	} else {
		r = hooks_unpin();
		if (r >= 0)
			r = flavour_choose(flavour, &h.lsm);
		if (r >= 0)
			r = load_and_pin(&h);
	}
	if (r < 0) {
		explain_refusal(r, is_adopting);
		if (!hooks_are_pinned()) {
			clean = hooks_unpin();
			if (clean < 0)
				log_warning("removing what was pinned so far failed: %s; the next start does it", strerror(-clean));
		}
		hooks_done(&h);
		return r;
	}
	*ret = h;
	return 0;
}

void hooks_done(struct hooks *h)
{
	for (int i = 0; i < MAP_MAX; i++)
		if (h->map_fd[i] >= 0)
			close(h->map_fd[i]);
	for (unsigned int i = 0; i < h->progs; i++)
		close(h->prog_fd[i]);
	for (unsigned int i = 0; i < h->links; i++)
		close(h->link_fd[i]);
	if (h->enrol_link_fd >= 0)
		close(h->enrol_link_fd);
	free(h->prog_fd);
	free(h->link_fd);
	*h = (struct hooks){ .enrol_link_fd = -1 };
	for (int i = 0; i < MAP_MAX; i++)
		h->map_fd[i] = -1;
}

uint64_t hooks_recursion_misses(const struct hooks *h)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < h->progs; i++) {
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(h->prog_fd[i], &info, &size))
			sum += info.recursion_misses;
	}
	return sum;
}
