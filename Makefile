# SPDX-License-Identifier: Apache-2.0
# One non-recursive graph: each folder lists its own sources in a fragment; all output goes below build/.
PROFILE ?= release
O ?= build
B := $(O)/$(PROFILE)
PREFIX ?= /usr
VERSION := 0.1.0
V ?= 0
Q := $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-8s %s\n' $(1) $(patsubst $(B)/%,%,$(2)))

CC := gcc
CLANG ?= clang
BPFTOOL ?= bpftool
PACKAGES := libbpf libelf zlib jansson sqlite3 libsystemd libcap-ng libseccomp libsodium liboath libqrencode libmicrohttpd gnutls libcurl

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wformat=2 -Wvla
CPPFLAGS += -D_GNU_SOURCE -DCVF_VERSION='"$(VERSION)"' -Iinclude -Idaemon -I$(B)/gen
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
CFLAGS_debug := -O0 -g
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_asan := -O1 -g $(SAN)
LDFLAGS_asan := $(SAN)
CFLAGS_cov := -O0 -g --coverage
LDFLAGS_cov := --coverage
CFLAGS += -std=gnu17 $(WARN) $(CFLAGS_$(PROFILE))
LDFLAGS += $(LDFLAGS_$(PROFILE))

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

PROGRAMS :=
include bpf/bpf.mk daemon/daemon.mk cli/cli.mk systemd/systemd.mk docs/docs.mk tests/tests.mk

.PHONY: all programs install clean help deps
all: deps ## build everything (installs missing packages by name when run as root)
	$(Q)$(MAKE) --no-print-directory programs

deps:
	$(Q)tests/install-deps --build

programs: $(PROGRAMS)

install: programs ## copy everything below DESTDIR= (default: the running system)

clean: ## remove what was built, keep fetched kernels
	$(Q)rm -rf $(O)/release $(O)/debug $(O)/asan $(O)/cov $(O)/fuzz

help: ## show these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | while IFS='	' read -r t h; do printf '  %-14s %s\n' "$$t" "$$h"; done

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/%.a:
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
