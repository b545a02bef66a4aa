# SPDX-License-Identifier: Apache-2.0
# Units, users, folders: installed below $(PREFIX)/lib, found there by systemd itself.
UNITS := cvfd.service cvfd-govern.service cvfd-quarantine.service cvfd-notify.service cvf-agents.slice

.PHONY: install-systemd
install: install-systemd
install-systemd:
	$(Q)for u in $(UNITS); do install -D -m 644 systemd/$$u $(DESTDIR)$(PREFIX)/lib/systemd/system/$$u; done
	$(Q)install -D -m 644 systemd/90-cvf.preset $(DESTDIR)$(PREFIX)/lib/systemd/system-preset/90-cvf.preset
	$(Q)install -D -m 644 systemd/cvf.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/cvf.conf
	$(Q)install -D -m 644 systemd/cvf.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/cvf.conf

# Packages for Debian: systemd/debian/ beside a copy of the sources, which uses what is built already.
DEB_VERSION ?= $(VERSION)-1
DEB := $(O)/deb
.PHONY: deb check-deb
deb: programs ## Debian packages below build/deb; DEB_VERSION=0.1.0-2 for another version (needs debhelper)
	$(Q)systemd/debian/make-deb $(DEB) $(DEB_VERSION) $(abspath $(O))

check-deb: deps ## the packages: contents, a root of their own, install, upgrade, remove and purge in a machine; minutes
	$(Q)tests/deb/check
