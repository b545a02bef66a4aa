# SPDX-License-Identifier: Apache-2.0
CLI_OBJECTS := $(patsubst %.c,$(B)/%.o,$(wildcard cli/*.c))
PROGRAMS += $(B)/cvfctl

$(B)/cvfctl: $(CLI_OBJECTS) $(POLICY) $(JSON) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -lcurl -ljansson -o $@

.PHONY: install-cli
install: install-cli
install-cli: $(B)/cvfctl
	$(Q)install -D -m 755 $(B)/cvfctl $(DESTDIR)$(PREFIX)/bin/cvfctl
