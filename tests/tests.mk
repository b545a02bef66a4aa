# SPDX-License-Identifier: Apache-2.0
# Tests. A unit test links the archive of its room (test_ROOM_*.c) and those of the rooms below it, and only what it uses of them.
TESTS_bpf :=
TESTS_core := $(CORE)
TESTS_json := $(JSON) $(CORE)
TESTS_policy := $(POLICY) $(JSON) $(CORE)
TESTS_store := $(STORE) $(CORE)
TESTS_trail := $(TRAIL) $(STORE) $(JSON) $(CORE)
TESTS_api := $(API) $(STORE) $(POLICY) $(JSON) $(CORE)
TESTS_govern := $(GOVERN) $(API) $(TRAIL) $(STORE) $(POLICY) $(JSON) $(CORE)
TESTS_enforce := $(ENFORCE) $(CORE)
TESTS_quarantine := $(QUARANTINE) $(CORE)
TESTS_notify := $(NOTIFY) $(JSON) $(CORE)
TESTS_cli := $(CLI) $(TRAIL) $(STORE) $(POLICY) $(JSON) $(CORE)
TEST_LIBS_enforce := -lbpf -lelf -lz -lsystemd -lcap-ng -lseccomp
TEST_LIBS_quarantine := -lsystemd -lcap-ng -lseccomp
TEST_LIBS_govern := -lmicrohttpd -lgnutls -lsqlite3 -ljansson -lsodium -loath -lsystemd -lseccomp -lcap-ng -lm

UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(FUZZ_TARGETS:%=$(B)/tests/fuzz/replay_%)
FUZZERS := $(FUZZ_TARGETS:%=$(B)/tests/fuzz/fuzz_%)
FUZZ_SECONDS ?= 60
KERNEL ?=
FLAVOUR ?=
RECORDS ?= 1000000

# room of tests/unit/test_ROOM_x.c or tests/fuzz/fuzz_ROOM_x.c; a name without a known room has the governor's archives
room = $(or $(filter bpf core json policy store trail api govern enforce quarantine notify cli,$(word 2,$(subst _, ,$(notdir $(1))))),govern)
test_archives = $(TESTS_$(call room,$(1)))
test_libs = $(if $(filter enforce quarantine,$(call room,$(1))),$(TEST_LIBS_$(call room,$(1))),$(TEST_LIBS_govern) -lcurl)

$(foreach t,$(UNIT_TESTS),$(eval $(t): $(t).o $(call test_archives,$(t)) tests/tests.mk))
$(UNIT_TESTS):
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -pthread $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call test_libs,$@) -lcmocka -o $@

# The corpus is replayed by any compiler; fuzzing itself needs clang (PROFILE=fuzz).
$(foreach t,$(FUZZ_TARGETS),$(eval $(B)/tests/fuzz/replay_$(t): $(B)/tests/fuzz/fuzz_$(t).o $(B)/tests/fuzz/replay.o $(call test_archives,fuzz_$(t)) tests/tests.mk))
$(foreach t,$(FUZZ_TARGETS),$(eval $(B)/tests/fuzz/fuzz_$(t): $(B)/tests/fuzz/fuzz_$(t).o $(call test_archives,fuzz_$(t)) tests/tests.mk))
$(FUZZ_REPLAYS) $(FUZZERS):
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(if $(filter $(B)/tests/fuzz/fuzz_%,$@),-fsanitize=fuzzer) -pthread $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(call test_libs,$(subst replay_,fuzz_,$@)) -o $@

ifeq ($(PROFILE),fuzz)
override CC := $(CLANG)
CFLAGS_fuzz := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer -w
LDFLAGS_fuzz := -fsanitize=address,undefined
endif

# What the tests run beside the product. tests/vm/X.c and tests/vm/X/*.c are one static program: machines have no libraries.
TEST_PROGRAMS := $(if $(wildcard tests/support/fake_cvfd.c),$(B)/tests/fake_cvfd) $(B)/tests/faults.so $(B)/tests/nth.so
VM_PROGRAMS := $(patsubst tests/vm/%.c,$(B)/tests/%,$(wildcard tests/vm/*.c))

$(B)/tests/fake_cvfd: $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c)) $(POLICY) $(JSON) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -ljansson -o $@

# Loaded before the governor by tests of disks, and of everything else, that fails.
$(B)/tests/faults.so $(B)/tests/nth.so: $(B)/tests/%.so: tests/host/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu17 -O1 -g -Wall -Wextra -fPIC -shared $< -ldl -o $@

$(VM_PROGRAMS): $(B)/tests/%: tests/vm/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu17 -Iinclude -O2 -g -Wall -Wextra -Werror -static -pthread $< $(wildcard tests/vm/$*/*.c) -o $@
$(B)/tests/probe: $(wildcard tests/vm/probe/*)

.PHONY: unit-tests test-programs vm-programs fuzzers check check-unit check-host check-vm check-robust check-image check-long fuzz fuzz-release lint analyze coverage bench bench-store cost demo
unit-tests: $(UNIT_TESTS) $(FUZZ_REPLAYS)
test-programs: $(TEST_PROGRAMS)
vm-programs: $(VM_PROGRAMS)

# What the host needs is put right first, then one program runs everything and counts it.
check: ## every test there is, virtual machines included; ends with "N passed, N failed, N skipped"
	$(Q)tests/install-deps --all
	$(Q)tests/check

check-unit: deps ## unit tests and the replayed fuzz corpus, with address and undefined-behaviour sanitizers
	$(Q)tests/check unit fuzz

check-host: deps ## cvfctl and the governor against stand-ins for what is below them
	$(Q)tests/check cli host

check-vm: ## the product in virtual machines; KERNEL=6.1|6.12 and FLAVOUR=lsm|fmod_ret narrow it
	$(Q)tests/install-deps --all
	$(Q)KERNEL=$(KERNEL) FLAVOUR=$(FLAVOUR) tests/check lanes

check-robust: ## kill -9, floods, terminals, interpreters, hostile input, full disks, on every lane
	$(Q)tests/install-deps --all
	$(Q)KERNEL=$(KERNEL) FLAVOUR=$(FLAVOUR) tests/check robust

check-long: ## every n of every fault, a thousand kill -9, a million events, 100 power cuts: hours; KERNEL and FLAVOUR narrow what runs in machines
	$(Q)tests/install-deps --all
	$(Q)KERNEL=$(KERNEL) FLAVOUR=$(FLAVOUR) tests/check long

lint: deps ## sizes, layers, trusted code, licences, manual pages, scripts
	$(Q)tests/check lint

check-image: ## our packages on a Debian 12 with systemd: start, upgrade, agents, administration; needs root, mmdebstrap, debhelper; 6.1 lsm unless KERNEL, FLAVOUR say so
	$(Q)tests/install-deps --all
	$(Q)tests/install-deps --image
	$(Q)KERNEL=$(KERNEL) FLAVOUR=$(FLAVOUR) tests/check image

analyze: ## gcc -fanalyzer, cppcheck and clang-tidy over daemon/ and cli/; some minutes
	$(Q)tests/install-deps --analyze
	$(Q)tests/check analyze

coverage: ## what unit and host tests run of daemon/, by room, and the branches of the decision; some minutes
	$(Q)$(MAKE) --no-print-directory PROFILE=cov programs unit-tests test-programs
	$(Q)tests/coverage

fuzzers: $(FUZZERS)

fuzz: deps ## fuzz every parser for FUZZ_SECONDS=60 each, with clang
	$(Q)tests/fuzz/run $(FUZZ_SECONDS)

fuzz-release: deps ## ten minutes for each parser; what reaches more of one is added to tests/fuzz/corpus
	$(Q)tests/fuzz/run --keep 600

bench: all test-programs ## what it costs, per operation, hold, work and record, kept in docs/PERFORMANCE.md; PARTS="lanes holds" does some of it
	$(Q)tests/install-deps --all
	$(Q)tests/install-deps --bench
	$(Q)KERNEL="$(KERNEL)" FLAVOUR="$(FLAVOUR)" RECORDS=$(RECORDS) tests/bench/run $(PARTS)

bench-store: all test-programs ## the store and the API alone, with RECORDS=1000000 (10000000: 5 GB in /tmp)
	$(Q)RECORDS=$(RECORDS) tests/bench/run store
	$(Q)cat build/bench/stored.md

cost: all ## instructions and states of the verifier for each program, against the last commit; KERNEL and FLAVOUR narrow it
	$(Q)tests/install-deps --all
	$(Q)KERNEL="$(KERNEL)" FLAVOUR="$(FLAVOUR)" tests/bench/cost

demo: ## what this is for, in three minutes: agents that flow, are held, approved, refused
	$(Q)tests/install-deps --all
	$(Q)tests/demo/demo
