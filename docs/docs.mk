# SPDX-License-Identifier: Apache-2.0
MAN_PAGES := $(wildcard docs/man/*.[1-9])

.PHONY: install-docs docs
install: install-docs
install-docs: $(B)/openapi.json
	$(Q)install -D -m 644 $(B)/openapi.json $(DESTDIR)$(PREFIX)/share/doc/cvf/openapi.json
	$(Q)for p in $(MAN_PAGES); do install -D -m 644 $$p $(DESTDIR)$(PREFIX)/share/man/man$${p##*.}/$${p##*/}; done
	$(Q)for d in README.md SECURITY.md LICENSE $(wildcard docs/*.md); do \
		[ ! -e $$d ] || install -D -m 644 $$d $(DESTDIR)$(PREFIX)/share/doc/cvf/$${d#docs/}; done

# The same for programs, made with the product and installed beside the documents.
PROGRAMS += $(B)/openapi.json
$(B)/openapi.json: $(B)/cvfd-govern
	$(Q)$< --print-openapi > $@.tmp && mv $@.tmp $@

docs: $(B)/cvfd-govern ## documents that are made from the program: docs/API.md
	$(Q)$(B)/cvfd-govern --print-api > docs/API.md.tmp && mv docs/API.md.tmp docs/API.md
