# smtpwatch: `make run` judges the captures of pcaps/, `make check` proves the program; both install what is missing.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
BUILD    ?= build/default
CC       ?= cc
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wformat=2 -Wcast-qual -Wpointer-arith -Wundef -Wwrite-strings \
            -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wimplicit-fallthrough $(if $(WERROR),-Werror)
HARDEN   := -fstack-protector-strong -fPIE $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)
CPPFLAGS += -D_GNU_SOURCE -Iinclude -DSMTPWATCH_VERSION='"$(VERSION)"'
CFLAGS   += -std=c11 -fvisibility=hidden $(OPT) $(WARN) $(HARDEN) $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LDFLAGS  += -pie -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE))
LIBS     := -lnids -lpcap -lzstd -lz -lcrypto -lpthread

core    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/core/*.c))
layers  := $(patsubst %.c,$(BUILD)/%.o,$(wildcard src/nids/*.c src/capture/*.c src/output/*.c src/daemon/*.c))
main    := $(BUILD)/src/daemon/main.o
testlib := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/lib/*.c))
tests   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

all: smtpwatch

smtpwatch: $(BUILD)/smtpwatch
	cp $< $@

$(BUILD)/smtpwatch: $(layers) $(BUILD)/libsmtpwatch.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/libsmtpwatch.a: $(core)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(testlib) $(filter-out $(main),$(layers)) $(BUILD)/libsmtpwatch.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcmocka $(LIBS) -o $@

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter tests/%,$<),-Itests) -MMD -MP -c $< -o $@

clean:
	rm -rf build smtpwatch

.PHONY: all clean
.SECONDARY:

-include $(wildcard $(BUILD)/src/*/*.d $(BUILD)/tests/*.d $(BUILD)/tests/*/*.d)
