#!/bin/sh
# test_notify.sh - contrib/notify against receivers on the loopback address, and a sendmail that
# only writes: tests/program/notify_check.py. Speaks TAP. usage: test_notify.sh SMTPWATCH
exec /usr/bin/python3 tests/program/notify_check.py "$1"
