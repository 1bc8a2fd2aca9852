# smtpwatch: `make run` judges the captures of pcaps/, `make check` proves the program;
# both install what is missing first.

# A release: this, and a heading in CHANGELOG.md.
VERSION  := 0.1.0
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR  ?= $(PREFIX)/lib/systemd/system
CC       ?= cc
BUILD    ?= build/$(notdir $(firstword $(CC)))
OPT      ?= -O3 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wformat=2 -Wcast-qual -Wpointer-arith -Wundef \
            -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
            -Wimplicit-fallthrough $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fPIE \
            $(if $(SANITIZE)$(findstring -O0,$(OPT)),,-D_FORTIFY_SOURCE=2) \
            $(shell $(CC) -fcf-protection -E -xc /dev/null >/dev/null 2>&1 && echo -fcf-protection)
CHECKED  := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
            -fno-sanitize-recover=all)
# The same source gives the same binary in every folder.
CPPFLAGS += '-ffile-prefix-map=$(CURDIR)=.' -D_GNU_SOURCE -Iinclude -Isrc
CPPFLAGS += -DSMTPWATCH_VERSION='"$(VERSION)"'
# SECCOMP=no: without the filter of system calls, which valgrind and emulators do not know.
CPPFLAGS += $(if $(filter no,$(SECCOMP)),-DWITHOUT_FILTER)
CFLAGS   += -std=c11 -fvisibility=hidden $(OPT) $(WARN) $(HARDEN) $(CHECKED)
LDFLAGS  += -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,text
wrapped   = $(shell sed -nE \
            's/^FOREIGN.[^$(,)]*, *(\w+),.*/\1/p; s/^.*__wrap_(\w+).*;$$/\1/p' tests/msan/foreign.c)
LDFLAGS  += $(if $(filter memory,$(SANITIZE)),$(wrapped:%=-Wl,--wrap=%))
LIBS     := -lnids -lpcap -lzstd -lz -lcrypto -lcap-ng -lseccomp -lsystemd -ljansson -lncursesw \
            -ltinfo -lpthread

objects   = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard $(1))))
# Of src/base these are not in the library, which has no I/O.
outside  := $(addprefix $(BUILD)/src/base/,error.o late_library.o log.o)
core     := $(filter-out $(outside),$(call objects,src/base/*.c src/core/*.c src/core/*/*.c))
keys     := $(filter-out %.bpf.o,$(call objects,src/keys/*.c))
# Programs of their own, of which each has a folder.
programs := $(BUILD)/src/http/%.o $(BUILD)/src/keys/%.o
layers   := $(filter-out $(core) $(programs),$(call objects,src/*/*.c src/*/*/*.c))
main     := $(BUILD)/src/app/main.o
program  := $(filter-out $(main),$(layers)) $(BUILD)/libsmtpwatch.a
testlib  := $(call objects,tests/lib/*.c)
# Built for the memory sanitizer alone, which does not see into foreign libraries.
foreign  := $(if $(filter memory,$(SANITIZE)),$(BUILD)/tests/msan/foreign.o)
tests    := $(patsubst %.c,$(BUILD)/%,$(filter-out tests/unit/keys/%, \
            $(wildcard tests/unit/*/test_*.c tests/unit/*/*/test_*.c)) \
            tests/program/scenario_pcap.c tests/program/make_docs.c)

# smtpwatch-keys: what runs in the kernel is compiled by clang and embedded by bpftool; where they
# or the headers are missing, it is left out. KEYS=no leaves it out, KEYS=yes fails.
bpf_path := $(PATH):/usr/sbin:/sbin
bpf_tool := $(shell PATH='$(bpf_path)' command -v bpftool)
bpf_clang ?= clang
bpf_lacks = $(if $(shell command -v $(bpf_clang)),,clang) $(if $(bpf_tool),,bpftool) \
            $(shell echo '\#include <bpf/libbpf.h>' | $(CC) -E -xc - >/dev/null 2>&1 || \
            echo libbpf-dev) \
            $(shell echo '\#include <gelf.h>' | $(CC) -E -xc - >/dev/null 2>&1 || echo libelf-dev)
bpf_machine := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
left_out := $(if $(KEYS),$(filter no,$(KEYS)),$(strip $(bpf_lacks)))
keys_program := $(if $(left_out),,$(BUILD)/smtpwatch-keys)
keys_tests := $(if $(left_out),,$(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/keys/test_*.c)))
keys_libs := -lbpf -lelf
# What smtpwatch-keys takes of the other layers.
keys_layers := $(call objects,src/base/*.c) $(patsubst %,$(BUILD)/src/%.o,text/buffer \
            transport/safe_open os/privilege os/sandbox os/sandbox_unknown os/service)

to        = $(DESTDIR)$(PREFIX)
conf      = $(DESTDIR)$(SYSCONFDIR)/smtpwatch/smtpwatch.conf
# Beneath the folder of documents as in the tree, so that links between them lead somewhere.
doc       = $(to)/share/doc/smtpwatch

fuzz_targets := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz_parts   := $(addprefix $(BUILD)/tests/,fuzz/fuzz.o fuzz/case.o fuzz/talk.o fuzz/sealer.o \
                fuzz/memory_file.o lib/general.o)
# What each target needs of them: libFuzzer looks after each execution at all that could have run.
fuzz_library := $(BUILD)/tests/fuzz/parts.a
replays      := $(fuzz_targets:%=$(BUILD)/tests/fuzz/replay_%)

lab_tools := $(addprefix $(BUILD)/tests/lab/,blast bare_live)

# A program that embeds the library, with nothing but the headers that are meant for it.
example  := $(BUILD)/docs/example/verdicts

# Each of these is one file, and so is the seed; the generator is made of the others in tests/bench.
bench_alone := bare floor measure
# A made history with its truth, and the engine against it (tests/program/test_history.sh).
history  := $(addprefix $(BUILD)/tests/history/,generate compare measure)
bench    := $(addprefix $(BUILD)/tests/bench/,generate $(bench_alone))
seed     := $(BUILD)/tests/bench/seed.so

# A make within this one: silent about itself,
# and with a job for each CPU where the outer one was not told how many.
again     = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
# Addresses of 32 bits are too few for the tables.
ifneq ($(filter __ILP32__,$(shell $(CC) $(CFLAGS) -dM -E -xc /dev/null 2>/dev/null)),)
$(error smtpwatch needs a machine of 64 bits: i386 and other machines of 32 bits are not supported)
endif

# A comma within an argument of a function.
,         := ,
said      = $(if $(V),,@echo "  $(1)" &&)

# The tests leave nothing beside the sources.
export PYTHONDONTWRITEBYTECODE := 1

# smtpwatch-http, for -o http, needs libraries that smtpwatch does not: it is left out without them.
http     := $(shell printf '\#include <curl/curl.h>\n' | \
            $(CC) $(CPPFLAGS) -E -xc - >/dev/null 2>&1 && echo yes)

all: smtpwatch $(if $(http),smtpwatch-http,without-http)
all: $(if $(left_out),keys-left-out,smtpwatch-keys)

# Looked at each time: another compiler's may stand there, and be newer.
smtpwatch smtpwatch-keys smtpwatch-http: %: $(BUILD)/%
	@cmp -s $< $@ || cp $< $@

keys: $(keys_program)

keys-left-out:
	@echo "smtpwatch-keys is left out: $(if $(KEYS),KEYS=$(KEYS),missing here: $(left_out))"

$(BUILD)/src/keys/secrets.bpf.elf: src/keys/secrets.bpf.c src/keys/event.h Makefile
	@mkdir -p $(@D)
	$(call said,BPF  $<)$(bpf_clang) -g -O2 -target bpf -mcpu=v3 \
		-D__TARGET_ARCH_$(bpf_machine) '-ffile-prefix-map=$(CURDIR)=.' -Wall -Wextra -Isrc \
		$(addprefix -I,$(wildcard /usr/include/$(shell uname -m)-linux-gnu)) -c $< -o $@

$(BUILD)/src/keys/secrets.skel.h: $(BUILD)/src/keys/secrets.bpf.elf
	$(call said,BPF  $@)$(bpf_tool) gen skeleton $< name secrets >$@.part && mv $@.part $@

$(BUILD)/src/keys/probe.o: $(BUILD)/src/keys/secrets.skel.h
$(BUILD)/src/keys/probe.o: CPPFLAGS += -isystem $(BUILD)/src/keys

$(BUILD)/smtpwatch-keys: $(keys) $(keys_layers)
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(keys_libs) \
		-lcap-ng -lseccomp -lsystemd -lpthread -o $@

$(keys_tests): $(BUILD)/%: $(BUILD)/%.o $(filter-out %/main.o,$(keys)) $(keys_layers)
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcmocka $(keys_libs) \
		-lcap-ng -lseccomp -lsystemd -lpthread -o $@

$(BUILD)/smtpwatch: $(layers) $(BUILD)/libsmtpwatch.a
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@


$(BUILD)/smtpwatch-http: $(call objects,src/http/*.c src/text/*.c src/transport/*.c) \
		$(outside) $(BUILD)/libsmtpwatch.a
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcurl -ljansson -lcrypto -o $@

without-http:
	@echo 'smtpwatch-http is left out, for libcurl is missing: no -o http'

$(BUILD)/libsmtpwatch.a: $(core)
$(fuzz_library): $(fuzz_parts) $(filter-out $(main),$(layers))
$(BUILD)/libsmtpwatch.a $(fuzz_library):
	$(call said,AR   $@)rm -f $@ && $(AR) qcs $@ $^

$(BUILD)/tests/damage/damage: $(call objects,tests/damage/*.c)
$(tests) $(BUILD)/tests/damage/damage: $(BUILD)/%: $(BUILD)/%.o $(testlib) $(foreign) $(program)
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcmocka -lssl $(LIBS) -o $@

$(BUILD)/tests/history/generate: $(BUILD)/tests/history/post.o
$(BUILD)/tests/history/measure: $(testlib)
$(history): $(BUILD)/%: $(BUILD)/%.o $(foreign) $(program)
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcmocka -lssl $(LIBS) -o $@

$(example).o: CPPFLAGS := $(filter-out -Isrc,$(CPPFLAGS))
$(example): %: %.o $(BUILD)/libsmtpwatch.a
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call said,CC   $<)$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter tests/%,$<),-Itests) \
		-MMD -MP -c $< -o $@

run:
	@contrib/install-deps.sh build
	@$(again) smtpwatch
	@ALL=$(ALL) contrib/show-cases.sh ./smtpwatch

check:
	@contrib/install-deps.sh build check
	@$(again) test

test: $(example) $(tests) $(BUILD)/tests/damage/damage $(replays) $(history)
test: $(if $(http),$(BUILD)/smtpwatch-http)
test: $(BUILD)/smtpwatch $(BUILD)/tests/bench/measure $(BUILD)/tests/bench/generate
test: $(keys_program) $(keys_tests)
	@tests/run.sh $(BUILD)

# A folder of cases, each with what it expects (tests/scenarios/README.md): DIR=folder.
cases:
	@contrib/install-deps.sh build check
	@$(again) $(BUILD)/smtpwatch $(BUILD)/tests/unit/core/session/test_scenarios
	@tests/program/cases.py $(BUILD) '$(DIR)'

# One scenario, wherever it lies: its ladder, what is said of it, whether what it expects holds
# (tests/scenarios/README.md): FILE=x.smtp.
scenario:
	@contrib/install-deps.sh build check
	@$(again) $(BUILD)/smtpwatch $(BUILD)/tests/program/scenario_pcap \
		$(BUILD)/tests/unit/core/session/test_scenarios
	@tests/scenario.sh $(BUILD) '$(FILE)'

asan:
	@$(again) test BUILD=build/asan SANITIZE=address,undefined OPT='-O1 -g'

tsan:
	@$(again) test BUILD=build/tsan SANITIZE=thread OPT='-O1 -g'

msan:
	@contrib/install-deps.sh build check fuzz
	@$(again) $(tests:$(BUILD)/%=build/msan/%) $(replays:$(BUILD)/%=build/msan/%) \
		CC=clang BUILD=build/msan SANITIZE=memory OPT='-O1 -g'
	@tests/msan/run build/msan

# The analysers of both compilers, and clang-tidy: minutes, so not part of lint.
analyse:
	@contrib/install-deps.sh build analyse
	@tests/lint/analyse.sh $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),$(shell nproc))

valgrind:
	@contrib/install-deps.sh build valgrind
	@$(again) build/valgrind/smtpwatch BUILD=build/valgrind OPT='-O1 -g' SECCOMP=no
	@tests/valgrind.sh build/valgrind/smtpwatch

# The shape of the source tree in figures, each with its bound.
house:
	@contrib/install-deps.sh check lint
	@/usr/bin/python3 tests/lint/house.py

lint:
	@contrib/install-deps.sh build check lint
	@tests/lint/lint.sh '$(again)'

# One of each kind of thing that grows in a table, added to a copy of the tree.
additions:
	@contrib/install-deps.sh build check
	@/usr/bin/python3 tests/lint/additions.py '$(again)'

# Scenarios and captures, whole and damaged: what is said of a session of which something is
# missing. make damage SECONDS=60 SEED=1; CAPTURES: a folder of captures that are damaged too, each
# with NAME.keylog if that is there.
damage:
	@contrib/install-deps.sh build check
	@$(again) $(BUILD)/tests/damage/damage
	@$(BUILD)/tests/damage/damage -t $(or $(SECONDS),60) -s $(or $(SEED),1) \
		$(if $(CAPTURES),-c '$(CAPTURES)')

# What make check does briefly, for so many seconds and with other dice: SECONDS=300 SEED=1.
check-long:
	@contrib/install-deps.sh build check
	@$(again) $(BUILD)/tests/damage/damage \
		$(BUILD)/tests/unit/core/test_loss $(BUILD)/tests/unit/core/test_loss_files \
		$(history)
	@tests/check_long.sh $(BUILD) $(or $(SECONDS),300) $(or $(SEED),1)

# What tshark says of the same captures: bytes of each side, first closer.
witness: $(BUILD)/smtpwatch
	@contrib/install-deps.sh witness
	@python3 tests/program/witness.py $< pcaps/*.pcap*

# Against libpcap's bare loop on generated captures, a twentieth of the data;
# SIZE=full makes docs/performance.md.
bench:
	@contrib/install-deps.sh build
	@$(again) $(BUILD)/smtpwatch $(bench) $(history)
	@tests/bench/history $(BUILD) $(or $(SIZE),quick)
	@tests/bench/run $(BUILD) --size $(or $(SIZE),quick) \
		$(if $(filter full,$(SIZE)),--write docs/performance.md)

# Instructions a packet, a session, a record, and cache misses, by callgrind (as make valgrind,
# without the filter of system calls); memory a session. WRITE=1 renews tests/bench/counts.
bench-count:
	@contrib/install-deps.sh build valgrind
	@$(again) build/callgrind/smtpwatch BUILD=build/callgrind SECCOMP=no
	@$(again) $(BUILD)/tests/bench/generate $(BUILD)/tests/bench/measure $(seed)
	@tests/bench/count build/callgrind/smtpwatch $(BUILD)/tests/bench $(if $(WRITE),--write)

$(seed): tests/bench/seed.c
	@mkdir -p $(@D)
	$(call said,LINK $@)$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared $< -o $@

# Floods of a million packets each, with honest sessions among them;
# WRITE=docs/security.md makes its table.
floods: $(BUILD)/smtpwatch $(BUILD)/tests/bench/measure
	@tests/bench/floods $(BUILD) --packets $(or $(PACKETS),1000000) \
		$(if $(WRITE),--write $(WRITE))

bench_parts := $(call objects,tests/bench/*.c)
$(BUILD)/tests/bench/generate: $(filter-out \
		$(bench_alone:%=$(BUILD)/tests/bench/%.o) $(seed:%.so=%.o),$(bench_parts))
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@

$(bench_alone:%=$(BUILD)/tests/bench/%): %: %.o
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -lpcap -o $@

# Live, on a cable of two namespaces, against libpcap's bare live loop (root).
bench-live:
	@contrib/install-deps.sh build lab
	@$(again) $(BUILD)/smtpwatch $(bench) $(lab_tools)
	@tests/lab/bench_live.py $(BUILD) --seconds $(or $(SECONDS),30)

$(lab_tools): %: %.o
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ -lpcap -o $@

# The program at work, in network namespaces of its own (root): tests/lab/test_*.
# WRITE=1 renews tests/lab/results.tsv and docs/lab.md.
lab:
	@contrib/install-deps.sh build keys lab
	@$(again) $(BUILD)/smtpwatch $(bench) $(lab_tools) keys
	@tests/lab/run $(BUILD)

# The report of -o html in a headless browser.
browser: $(BUILD)/smtpwatch $(BUILD)/tests/program/scenario_pcap
	@contrib/install-deps.sh browser
	@/usr/bin/python3 tests/browser/test_report.py $^

# Each target of tests/fuzz for a part of SECONDS, from the committed corpus on;
# what breaks a rule of tests/fuzz/fuzz_*.c is left in build/fuzz. TARGETS: only these.
# PLAIN=1: without sanitizers, so that only the rules break; five to ten times as many executions.
fuzz_build := build/fuzz$(PLAIN:%=-plain)
fuzz_how    = $(if $(PLAIN),OPT='-O2 -g -fsanitize-coverage=inline-8bit-counters$(,)pc-table',\
              SANITIZE='address$(,)undefined$(,)fuzzer-no-link' OPT='-O2 -g')

fuzz:
	@contrib/install-deps.sh build fuzz
	@$(again) $(addprefix $(fuzz_build)/tests/fuzz/,$(fuzz_targets) seeds) \
		CC=clang BUILD=$(fuzz_build) $(fuzz_how)
	@mkdir -p $(fuzz_build)/corpus/monitor
	@$(fuzz_build)/tests/fuzz/seeds $(fuzz_build)/corpus/monitor pcaps/*.pcap*
	@tests/fuzz/run $(fuzz_build) $(or $(SECONDS),600) $(or $(TARGETS),$(fuzz_targets))

$(fuzz_targets:%=$(BUILD)/tests/fuzz/%): $(BUILD)/tests/fuzz/%: \
		$(BUILD)/tests/fuzz/fuzz_%.o $(fuzz_library) $(BUILD)/libsmtpwatch.a
	$(call said,LINK $@)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/tests/fuzz/monitor: $(BUILD)/tests/fuzz/mutate.o

$(replays): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(BUILD)/tests/fuzz/replay.o $(foreign) $(fuzz_library) $(BUILD)/libsmtpwatch.a
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/tests/fuzz/seeds: $(addprefix $(BUILD)/tests/fuzz/,seeds.o case.o) $(program)
	$(call said,LINK $@)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

coverage:
	@CC=gcc $(again) everything BUILD=build/coverage OPT='-O0 -g --coverage'
	@tests/coverage.sh build/coverage

everything: $(example) $(tests) $(BUILD)/tests/damage/damage $(replays) $(history)
everything: $(if $(http),$(BUILD)/smtpwatch-http)
everything: $(BUILD)/smtpwatch $(bench) $(seed) $(lab_tools) $(keys_program) $(keys_tests)

# The captures of pcaps/LIST from their scenarios;
# the golden outputs, after a change of output that is meant.
pcaps: $(BUILD)/tests/program/scenario_pcap
	@tests/program/make_pcaps.py $< pcaps

golden: pcaps $(BUILD)/smtpwatch
	@tests/program/test_golden.sh $(BUILD)/smtpwatch --write
	@tests/program/test_explain.sh $(BUILD)/smtpwatch --write

# The parts of the documents that come from the program's tables, after a change of these.
docs: $(BUILD)/tests/program/make_docs $(BUILD)/smtpwatch
	@tests/program/test_docs.sh $(BUILD)/smtpwatch --write

# Where things go: beneath PREFIX, but for configuration. An older configuration file is kept.
install: install-smtpwatch $(if $(left_out),,install-keys) $(if $(http),install-http)

install-keys: $(BUILD)/smtpwatch-keys
	install -D -m 755 $< $(to)/bin/smtpwatch-keys
	install -D -m 644 -t $(to)/share/man/man8 docs/smtpwatch-keys.8
	install -D -m 644 contrib/completion/smtpwatch-keys.bash \
		$(to)/share/bash-completion/completions/smtpwatch-keys
	install -D -m 644 contrib/smtpwatch-keys.tmpfiles $(to)/lib/tmpfiles.d/smtpwatch-keys.conf
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|=/usr/bin/|=$(PREFIX)/bin/|' contrib/smtpwatch-keys.service \
		>$(DESTDIR)$(UNITDIR)/smtpwatch-keys.service

install-smtpwatch: $(BUILD)/smtpwatch
	install -D -m 755 $< $(to)/bin/smtpwatch
	install -D -m 644 -t $(to)/share/man/man8 docs/smtpwatch.8
	install -D -m 644 -t $(to)/share/man/man5 docs/smtpwatch.conf.5
	install -D -m 644 -t $(doc) README.md CHANGELOG.md CONTRIBUTING.md LICENSE \
		contrib/grafana-dashboard.json contrib/prometheus-rules.yml contrib/suppressions
	install -D -m 644 -t $(doc)/docs docs/*.md docs/schema.json
	install -D -m 644 -t $(doc)/docs/pictures docs/pictures/*
	install -D -m 644 -t $(doc)/docs/screenshots docs/screenshots/*
	install -D -m 755 contrib/notify/notify $(to)/lib/smtpwatch/notify
	install -D -m 755 contrib/broken-session $(doc)/examples/broken-session
	install -D -m 644 contrib/tls-keylog.c $(doc)/examples/tls-keylog.c
	install -D -m 644 contrib/completion/smtpwatch.bash \
		$(to)/share/bash-completion/completions/smtpwatch
	install -D -m 644 contrib/smtpwatch.sysusers $(to)/lib/sysusers.d/smtpwatch.conf
	install -D -m 644 contrib/smtpwatch.tmpfiles $(to)/lib/tmpfiles.d/smtpwatch.conf
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|=/usr/bin/|=$(PREFIX)/bin/|; s|/etc/|$(SYSCONFDIR)/|' contrib/smtpwatch.service \
		>$(DESTDIR)$(UNITDIR)/smtpwatch.service
	install -D -m 644 contrib/smtpwatch.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/smtpwatch
	test -e $(conf) || install -D -m 644 contrib/smtpwatch.conf $(conf)

install-http: $(BUILD)/smtpwatch-http
	install -D -m 755 $< $(to)/lib/smtpwatch/smtpwatch-http

# All of that but the configuration file.
uninstall:
	rm -f $(to)/bin/smtpwatch $(to)/bin/smtpwatch-keys
	rm -f $(to)/share/man/man8/smtpwatch.8 $(to)/share/man/man8/smtpwatch-keys.8
	rm -f $(to)/share/man/man5/smtpwatch.conf.5
	rm -f $(to)/share/bash-completion/completions/smtpwatch
	rm -f $(to)/share/bash-completion/completions/smtpwatch-keys
	rm -f $(to)/lib/sysusers.d/smtpwatch.conf $(to)/lib/tmpfiles.d/smtpwatch.conf
	rm -f $(to)/lib/tmpfiles.d/smtpwatch-keys.conf
	rm -f $(DESTDIR)$(UNITDIR)/smtpwatch.service $(DESTDIR)$(UNITDIR)/smtpwatch-keys.service
	rm -f $(DESTDIR)$(SYSCONFDIR)/logrotate.d/smtpwatch
	rm -rf $(doc) $(to)/lib/smtpwatch

# Debian packages, of both programs, in build/.
deb:
	@contrib/install-deps.sh build keys deb
	@contrib/debian/build $(VERSION)

# That package built in a Debian without build tools, installed and at work (root).
lab-package:
	@contrib/install-deps.sh package
	@tests/lab/package.sh

# A container image of that package in build/container, tried (root): docs/containers.md.
container: deb
	@contrib/install-deps.sh container
	@contrib/container.sh build/smtpwatch_*.deb
	@tests/debian/container.sh || [ $$? = 77 ]

# What a newcomer does with HEAD, in a Debian without tools (root).
# SUITE: trixie, testing, bookworm ...
check-debian:
	@tests/debian/newcomer.sh $(or $(SUITE),trixie)

clean:
	rm -rf build smtpwatch smtpwatch-keys

.PHONY: house
.PHONY: all run check check-long cases scenario damage bench bench-count bench-live floods browser \
        lab test asan tsan msan analyse valgrind lint fuzz witness coverage everything pcaps \
        golden docs additions install uninstall deb lab-package container clean smtpwatch \
        smtpwatch-keys keys keys-left-out install-keys install-smtpwatch check-debian
.SECONDARY:

# Without a folder find would look everywhere.
built     = $(wildcard $(addprefix $(BUILD)/,src tests docs))
-include $(if $(built),$(shell find $(built) -name '*.d'))
