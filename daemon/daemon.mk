# SPDX-License-Identifier: Apache-2.0
# Archives and programs; the link lines are the layering: cvfd links core and enforce, cvfd-quarantine core
# and quarantine, nothing else.
lib_objects = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c) $(wildcard $(1)/*/*.c))

CORE := $(B)/core.a
JSON := $(B)/json.a
POLICY := $(B)/policy.a
STORE := $(B)/store.a
TRAIL := $(B)/trail.a
API := $(B)/api.a
GOVERN := $(B)/govern.a
ENFORCE := $(B)/enforce.a
QUARANTINE := $(B)/quarantine.a
NOTIFY := $(B)/notify.a

$(CORE): $(call lib_objects,daemon/core)
$(JSON): $(call lib_objects,daemon/json)
$(POLICY): $(call lib_objects,daemon/policy)
$(STORE): $(call lib_objects,daemon/store)
$(TRAIL): $(call lib_objects,daemon/trail)
$(API): $(call lib_objects,daemon/api)
$(GOVERN): $(call lib_objects,daemon/govern)
$(ENFORCE): $(call lib_objects,daemon/enforce)
$(QUARANTINE): $(call lib_objects,daemon/quarantine)
$(NOTIFY): $(call lib_objects,daemon/notify)

$(call lib_objects,daemon/enforce): $(BPF_SKEL)

PROGRAMS += $(B)/cvfd $(B)/cvfd-govern $(B)/cvfd-quarantine $(B)/cvfd-notify

$(B)/cvfd: $(B)/daemon/cvfd.o $(ENFORCE) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -lbpf -lelf -lz -lsystemd -lcap-ng -lseccomp -o $@

$(B)/cvfd-govern: $(B)/daemon/cvfd_govern.o $(GOVERN) $(API) $(TRAIL) $(STORE) $(POLICY) $(JSON) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -lmicrohttpd -lgnutls -lsqlite3 -ljansson -lsodium -loath -lsystemd -lseccomp -lcap-ng -o $@

$(B)/cvfd-quarantine: $(B)/daemon/cvfd_quarantine.o $(QUARANTINE) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -lsystemd -lcap-ng -lseccomp -o $@

$(B)/cvfd-notify: $(B)/daemon/cvfd_notify.o $(NOTIFY) $(JSON) $(CORE)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -lcurl -ljansson -lsodium -lsystemd -o $@

.PHONY: install-daemon
install: install-daemon
install-daemon: $(B)/cvfd $(B)/cvfd-govern $(B)/cvfd-quarantine $(B)/cvfd-notify
	$(Q)install -D -m 755 $(B)/cvfd $(DESTDIR)$(PREFIX)/sbin/cvfd
	$(Q)install -D -m 755 $(B)/cvfd-govern $(DESTDIR)$(PREFIX)/sbin/cvfd-govern
	$(Q)install -D -m 755 $(B)/cvfd-quarantine $(DESTDIR)$(PREFIX)/sbin/cvfd-quarantine
	$(Q)install -D -m 755 $(B)/cvfd-notify $(DESTDIR)$(PREFIX)/sbin/cvfd-notify
	$(Q)for f in share/*/*.json; do install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/cvf/$${f#share/}; done
	$(Q)for d in capabilities profiles agents policies skills; do install -d -m 755 $(DESTDIR)/etc/cvf/$$d.d; done
