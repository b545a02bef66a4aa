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

docs: $(B)/cvfd-govern $(B)/openapi.json ## what is made from the tables of routes: docs/API.md, cli/routes.h, cli/routes.c
	$(Q)$(B)/cvfd-govern --print-api > docs/API.md.tmp && mv docs/API.md.tmp docs/API.md
	$(Q)cli/make-routes < $(B)/openapi.json > cli/routes.h.tmp && mv cli/routes.h.tmp cli/routes.h
	$(Q)cli/make-routes --source < $(B)/openapi.json > cli/routes.c.tmp && mv cli/routes.c.tmp cli/routes.c
