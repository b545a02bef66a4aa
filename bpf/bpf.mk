# SPDX-License-Identifier: Apache-2.0
# One object, one skeleton. bpftool writes to stdout even when it fails: to a temporary file first.
BPF_SKEL := $(B)/gen/cvf.skel.h
BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Iinclude -Ibpf \
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare

$(B)/bpf/cvf.bpf.o: bpf/cvf.bpf.c bpf/bpf.mk $(wildcard bpf/*.h) $(wildcard include/cvf/*)
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BPF_SKEL): $(B)/bpf/cvf.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name cvf_bpf > $@.tmp && mv $@.tmp $@
