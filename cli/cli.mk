# SPDX-License-Identifier: Apache-2.0
CLI_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard cli/*.c))
CLI := $(B)/cli.a
PROGRAMS += $(B)/cvfctl

$(CLI): $(filter-out $(B)/cli/main.o,$(CLI_OBJECTS)) cli/cli.mk

$(B)/cvfctl: $(B)/cli/main.o $(CLI) $(TRAIL) $(STORE) $(POLICY) $(JSON) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -pthread $^ -lcurl -lsqlite3 -lsodium -ljansson -lqrencode -o $@

.PHONY: install-cli check-cli golden
install: install-cli
install-cli: $(B)/cvfctl
	$(Q)install -D -m 755 $(B)/cvfctl $(DESTDIR)$(PREFIX)/bin/cvfctl
	$(Q)install -D -m 644 share/shell/cvf-agent.sh $(DESTDIR)$(PREFIX)/share/cvf/shell/cvf-agent.sh
	$(Q)install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(Q)$(B)/cvfctl completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cvfctl
	$(Q)$(B)/cvfctl completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cvfctl
	$(Q)$(B)/cvfctl completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/cvfctl.fish

check-cli: deps ## tests of cvfctl: golden output, terminals; a minute
	$(Q)tests/check cli

golden: $(B)/cvfctl ## accept what cvfctl prints now as what it should print
	$(Q)python3 tests/golden/run.py $(B)/cvfctl --accept
