// SPDX-License-Identifier: GPL-2.0-only
/*
 * cvf.bpf.c - the kernel side, in the order a reader wants it
 *
 * One object for both flavours: programs are written as LSM programs; where the BPF LSM is not active the loader turns
 * each into a fmod_ret program on the security_* function of the same arguments (daemon/enforce/hooks.c).
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "cvf/abi.h"

char LICENSE[] SEC("license") = "GPL";

#define HOOK(name) SEC("lsm/" #name)

#include "arch.bpf.h"
#include "state.bpf.h"
#include "subject.bpf.h"
#include "digest.bpf.h"
#include "path.bpf.h"
#include "memory.bpf.h"
#include "whose.bpf.h"
#include "place.bpf.h"
#include "record.bpf.h"
#include "question.bpf.h"
#include "rate.bpf.h"
#include "verdict.bpf.h"
#include "task.bpf.h"
#include "exec.bpf.h"
#include "file.bpf.h"
#include "net.bpf.h"
#include "sys.bpf.h"
#include "machine.bpf.h"
#include "ioctl.bpf.h"
#include "ipc.bpf.h"
