# Muster. `make` builds, `make demo` shows it, `make test` proves it, `make run` leaves it running, `make bench` measures.
# SAN=1 builds with Address- and UndefinedBehaviorSanitizer into build/san, FAULT=1 with the fault points of
# src/shared/fault.h into build/fault, FUZZ=1 with clang's libFuzzer into build/fuzz. V=1 shows the commands.

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
SAN ?= 0
FAULT ?= 0
FUZZ ?= 0
ifeq ($(SAN),1)
BUILD := build/san
MODE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
BUILD := build
MODE := -O2
endif
ifeq ($(FAULT),1)
BUILD := $(if $(filter 1,$(SAN)),build/fault_san,build/fault)
MODE += -DMUSTER_FAULTS
endif
ifeq ($(FUZZ),1)
CC := clang
BUILD := build/fuzz
MODE := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wconversion -Werror
CFLAGS ?= -g
ALL_CFLAGS := -std=c11 -D_GNU_SOURCE $(WARN) $(MODE) $(CFLAGS) -Isrc -I. -I$(BUILD)/gen -MMD -MP
LIBS := -lhiredis -levent -levent_openssl -lssl -ljansson -lcurl -linih -lcrypto -lm

Q := $(if $(V),,@)
SAY := $(if $(V),:,printf '  %s %s\n')

PROGRAMS := $(BUILD)/muster-api $(BUILD)/muster-worker $(BUILD)/muster-paper $(BUILD)/muster-audit

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)))
SHARED := $(call objects,src/shared/*.c) $(BUILD)/obj/gen/script_data.o
API := $(filter-out %/main.o,$(call objects,src/api/*.c)) $(BUILD)/obj/gen/page_data.o
WORKER := $(filter-out %/main.o,$(call objects,src/worker/*.c))
PAPER := $(filter-out %/main.o,$(call objects,src/paper/*.c))
AUDIT := $(filter-out %/main.o,$(call objects,src/audit/*.c))
SUPPORT := $(call objects,tests/support/*.c)

LUA := $(sort $(wildcard lua/*.lua))
BY_HAND := $(shell grep -l 'redis-cli --eval' $(LUA))
LUA_JOINED := $(patsubst lua/%.lua,$(BUILD)/lua/%.lua,$(LUA))

# What walks through the fault points needs a build that has them.
FAULT_TESTS := $(shell grep -lE '/fault(_walk)?\.h"' tests/fault/*.c)
ALL_TESTS := $(wildcard tests/unit/*.c tests/lua/*.c tests/e2e/*.c tests/fault/*.c tests/page/*.c)
TEST_SOURCES := $(if $(filter 1,$(FAULT)),$(FAULT_TESTS),$(filter-out $(FAULT_TESTS),$(ALL_TESTS)))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(sort $(TEST_SOURCES)))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/*.c)))
BENCHES := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c)))

.PHONY: all programs tests need-build need-test need-run need-bench need-fuzz need-page demo run test bench clean
.SECONDARY:
.DELETE_ON_ERROR:

all: need-build
	@$(MAKE) --no-print-directory programs

programs: $(PROGRAMS)
tests: $(PROGRAMS) $(TEST_PROGRAMS) $(BUILD)/moved_clock.so
benches: $(PROGRAMS) $(BENCHES)

need-build need-test need-run need-bench need-fuzz need-page:
	@bash tests/support/need $(@:need-%=%)

demo: need-run
	@$(MAKE) --no-print-directory programs
	@bash tests/support/demo

run: need-run
	@$(MAKE) --no-print-directory programs
	@bash tests/support/run

test: need-test
	@bash tests/support/test

# the page at / in a headless browser, and what promtool says of the metrics
test-page: need-page
	@PAGE=only bash tests/support/test

.PHONY: test-page

bench: need-bench
	@$(MAKE) --no-print-directory programs benches
	@STOCKS=$(STOCKS) bash tests/bench/bench

# everything that parses what comes from outside (clang's libFuzzer)
fuzz: need-fuzz
	@$(MAKE) --no-print-directory FUZZ=1 SAN=0 FAULT=0 fuzzers
	@SECONDS_EACH=$(if $(filter environment command% file,$(origin SECONDS)),$(SECONDS),10) bash tests/fuzz/run

fuzzers: $(FUZZERS)
.PHONY: fuzz fuzzers

# the protocol, every order of events (spin)
model:
	@bash tests/model/run

# everything killed and stopped at random under load, then audited: SECONDS=60 SEED=7; PLAN=1 only shows what would strike
soak: need-test
	@$(MAKE) --no-print-directory programs $(BUILD)/tests/fault/test_soak
	@MUSTER_SOAK_SECONDS=$(or $(SECONDS),60) MUSTER_SOAK_SEED=$(or $(SEED),1) MUSTER_SOAK_PLAN=$(PLAN) \
		$(BUILD)/tests/fault/test_soak

# mistakes planted one by one, each of which a test or the model must notice
mutants: need-test
	@bash tests/mutants/run

.PHONY: model soak mutants

clean:
	rm -rf build

# --- install: PREFIX is where it is to be found, DESTDIR is put before it for those who make packages. An own configuration file
# is never overwritten.

PREFIX ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
SBINDIR := $(PREFIX)/sbin
SHAREDIR := $(PREFIX)/share/muster
MANDIR := $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
UNITS := muster-api@.service muster-worker@.service muster.target muster-.service.d/sandbox.conf
MANUALS := $(wildcard conf/man/*.8)
CALENDARS := $(wildcard conf/calendars/*)

install: all
	@bash conf/man/options conf/muster.conf > $(BUILD)/muster.conf.5
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(SHAREDIR)/lua $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	install -d $(DESTDIR)$(UNITDIR)/muster-.service.d $(DESTDIR)$(SYSCONFDIR)/muster/calendars
	install -m 755 $(PROGRAMS) $(DESTDIR)$(SBINDIR)
	install -m 644 conf/muster.conf conf/stocks.csv conf/prometheus/alerts.yml conf/grafana/muster.json $(DESTDIR)$(SHAREDIR)
	install -m 644 $(CALENDARS) $(DESTDIR)$(SYSCONFDIR)/muster/calendars
	install -m 644 $(BY_HAND) lua/README.md $(DESTDIR)$(SHAREDIR)/lua
	install -m 644 $(BUILD)/muster.conf.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(MANUALS) $(DESTDIR)$(MANDIR)/man8
	@for unit in $(UNITS); do \
		sed -e 's|@SBINDIR@|$(SBINDIR)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' conf/systemd/$$unit \
			> $(DESTDIR)$(UNITDIR)/$$unit && chmod 644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; done
	@test -e $(DESTDIR)$(SYSCONFDIR)/muster/muster.conf || install -m 644 conf/muster.conf $(DESTDIR)$(SYSCONFDIR)/muster/muster.conf
	@echo "Installed. Next: edit $(SYSCONFDIR)/muster/muster.conf, then systemctl enable --now muster.target muster-api@1 muster-worker@1"

# the configuration stays
uninstall:
	rm -f $(patsubst $(BUILD)/%,$(DESTDIR)$(SBINDIR)/%,$(PROGRAMS)) $(DESTDIR)$(MANDIR)/man5/muster.conf.5
	rm -f $(patsubst conf/man/%,$(DESTDIR)$(MANDIR)/man8/%,$(MANUALS)) $(patsubst %,$(DESTDIR)$(UNITDIR)/%,$(UNITS))
	rm -f $(patsubst conf/%,$(DESTDIR)$(SYSCONFDIR)/muster/%,$(CALENDARS))
	rm -rf $(DESTDIR)$(SHAREDIR)
	rmdir $(DESTDIR)$(UNITDIR)/muster-.service.d

.PHONY: install uninstall

# --- programs

$(BUILD)/libshared.a: $(SHARED)
$(BUILD)/libapi.a: $(API)
$(BUILD)/libworker.a: $(WORKER)
$(BUILD)/libpaper.a: $(PAPER)
$(BUILD)/libaudit.a: $(AUDIT)
$(BUILD)/libsupport.a: $(SUPPORT)
$(BUILD)/lib%.a:
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/muster-api: $(BUILD)/obj/src/api/main.o $(BUILD)/libapi.a $(BUILD)/libshared.a
$(BUILD)/muster-worker: $(BUILD)/obj/src/worker/main.o $(BUILD)/libworker.a $(BUILD)/libshared.a
$(BUILD)/muster-paper: $(BUILD)/obj/src/paper/main.o $(BUILD)/libpaper.a $(BUILD)/libshared.a
$(BUILD)/muster-audit: $(BUILD)/obj/src/audit/main.o $(BUILD)/libaudit.a $(BUILD)/libshared.a
$(PROGRAMS):
	@$(SAY) LD $@
	$(Q)$(CC) $(MODE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/obj/%.o: %.c | $(BUILD)/gen/script_list.h
	@mkdir -p $(@D)
	@$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c
	@mkdir -p $(@D)
	@$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# --- scripts: what they share is joined in, then all become bytes of the programs

$(BUILD)/lua/%.lua: lua/%.lua $(wildcard lua/lib/*.lua) lua/lib/join
	@mkdir -p $(@D)
	@bash lua/lib/join $< > $@

$(BUILD)/gen/script_list.h $(BUILD)/gen/script_data.c &: $(LUA_JOINED) lua/lib/embed
	@mkdir -p $(BUILD)/gen
	@bash lua/lib/embed list $(LUA_JOINED) > $(BUILD)/gen/script_list.h
	@bash lua/lib/embed data $(LUA_JOINED) > $(BUILD)/gen/script_data.c

# --- the page and the description of the API become bytes of muster-api

PAGE := src/api/page/page.html src/api/page/page.css src/api/page/page.js src/api/page/page_charts.js src/api/page/page.svg src/api/page/openapi.json

$(BUILD)/gen/page_data.c: $(PAGE) src/api/page/embed
	@mkdir -p $(BUILD)/gen
	@bash src/api/page/embed $(PAGE) > $@

# --- tests

$(TEST_PROGRAMS) $(BENCHES): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libsupport.a $(BUILD)/libapi.a $(BUILD)/libworker.a $(BUILD)/libpaper.a $(BUILD)/libaudit.a $(BUILD)/libshared.a
	@mkdir -p $(@D)
	@$(SAY) LD $@
	$(Q)$(CC) $(MODE) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(FUZZERS): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libapi.a $(BUILD)/libworker.a $(BUILD)/libpaper.a $(BUILD)/libaudit.a $(BUILD)/libshared.a
	@mkdir -p $(@D)
	@$(SAY) LD $@
	$(Q)$(CC) $(MODE) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)

# preloaded into a redis-server whose clock a test moves; without sanitizers, as redis-server is
$(BUILD)/moved_clock.so: tests/shim/moved_clock.c
	@mkdir -p $(@D)
	@$(SAY) LD $@
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -fPIC -shared -o $@ $<

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
