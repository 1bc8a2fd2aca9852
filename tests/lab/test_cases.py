#!/usr/bin/env python3
"""test_cases.py - the cases of program/cases.py against real servers,
judged live and from the captured files. Root.

usage: test_cases.py [--only WORD ...] [--offline] [--keep FOLDER] [--write];
the program is $SMTPWATCH, or ./smtpwatch
"""
import argparse
import os
import pathlib
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import table  # noqa: E402
from capture import PORTS  # noqa: E402
from case import Bench, Result  # noqa: E402
from cases import CASES  # noqa: E402
from lab import Lab  # noqa: E402
from net import LabError  # noqa: E402
from second import Watch  # noqa: E402


def chosen(words):
    return [
        case for case in CASES
        if not words or any(word in case.name or word in (case.family, case.server)
                            for word in words)
    ]


def run_all(bench, cases):
    for number, case in enumerate(cases, 1):
        try:
            result = bench.run(case)
        except (LabError, OSError) as trouble:
            result = Result(case, {}, [str(trouble)])
        print(
            f"{'not ok' if result.wrong else 'ok'} {number} - {case.name} "
            f"({' '.join(v for v in result.seen.values() if v)}) [{result.seconds:.1f} s]",
            flush=True)
        for wrong in result.wrong:
            print(f"#   {wrong}", flush=True)
        yield result


def second_opinion(watch, results):
    """The live daemons' word on all, as one more test."""
    before = sum(bool(result.wrong) for result in results)
    compared, lost = watch.compare()
    differ = [
        result for result in results if any(wrong.startswith("live:") for wrong in result.wrong)
    ]
    print(
        f"{'not ok' if differ or lost else 'ok'} {len(results) + 1} - live, two workers: "
        f"{compared} sessions judged as in the files"
    )
    for line in lost + [
            f"{result.case.name}: {wrong}" for result in differ
            for wrong in result.wrong if wrong.startswith("live:")
    ]:
        print(f"#   {line}")
    return sum(bool(result.wrong) for result in results) - before + bool(lost)


def main():
    arguments = argparse.ArgumentParser(description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", action="append", default=[],
                           help="part of a name, a family or a server; may be repeated")
    arguments.add_argument(
        "--offline", action="store_true",
        help="from the files alone, without a daemon on each interface that must say the same")
    arguments.add_argument("--keep", type=pathlib.Path, help="folder for the captures")
    arguments.add_argument("--write", action="store_true", default=bool(os.environ.get("WRITE")),
                           help="renew tests/lab/results.tsv and docs/lab.md")
    options = arguments.parse_args()
    if options.write and options.offline:
        arguments.error("what is written is of the live daemon too")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, Lab() as lab:
        folder = options.keep or pathlib.Path(scratch)
        folder.mkdir(exist_ok=True)
        os.chmod(folder, 0o755)
        program = pathlib.Path(os.environ.get("SMTPWATCH", "./smtpwatch")).resolve()
        watch = None if options.offline else Watch(PORTS)
        if watch:
            lab.callback(watch.close)
        results = list(run_all(Bench(lab, program, folder, watch), chosen(options.only)))
        failed = sum(bool(result.wrong) for result in results)
        if watch:
            failed += second_opinion(watch, results)
        versions = lab.versions()
    print(
        f"1..{len(results) + (not options.offline)}\n"
        f"# {len(results)} cases, {failed} failed, {time.monotonic() - start:.0f} s; {versions}"
    )
    if options.write:
        table.write(results, versions, time.strftime("%Y-%m-%d"), CASES)
    return bool(failed or not results)


if __name__ == "__main__":
    sys.exit(main())
