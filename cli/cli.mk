# SPDX-License-Identifier: Apache-2.0
CLI_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard cli/*.c))
CLI := $(B)/cli.a
PROGRAMS += $(B)/cvfctl

$(CLI): $(filter-out $(B)/cli/main.o,$(CLI_OBJECTS)) cli/cli.mk

$(B)/cvfctl: $(B)/cli/main.o $(CLI) $(POLICY) $(JSON) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -pthread $^ -lcurl -ljansson -o $@

.PHONY: install-cli
install: install-cli
install-cli: $(B)/cvfctl
	$(Q)install -D -m 755 $(B)/cvfctl $(DESTDIR)$(PREFIX)/bin/cvfctl
	$(Q)install -D -m 644 share/shell/cvf-agent.sh $(DESTDIR)$(PREFIX)/share/cvf/shell/cvf-agent.sh
