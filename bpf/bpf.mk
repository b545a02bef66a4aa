# SPDX-License-Identifier: Apache-2.0
# Compile each family, link with the maps first (bpftool wants the file that defines them first), make the skeleton.
BPF_NAMES := state subject exec file net sys guard
BPF_OBJECTS := $(BPF_NAMES:%=$(B)/bpf/%.bpf.o)
BPF_SKEL := $(B)/gen/cvf.skel.h
BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Iinclude -Ibpf -Wall -Wextra -Werror -Wno-unused-parameter

$(B)/bpf/%.bpf.o: bpf/%.bpf.c bpf/bpf.mk $(wildcard bpf/*.h) $(wildcard include/cvf/*)
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(B)/bpf/cvf.bpf.o: $(BPF_OBJECTS) bpf/bpf.mk
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $(BPF_OBJECTS)

$(BPF_SKEL): $(B)/bpf/cvf.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name cvf_bpf > $@.tmp && mv $@.tmp $@
