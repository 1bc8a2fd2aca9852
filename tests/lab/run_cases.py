#!/usr/bin/env python3
"""Run the cases of the lab. usage: run_cases.py SMTPWATCH [--only WORD] [--keep FOLDER] [--table FILE] [--list]"""
import argparse
import os
import pathlib
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from case import Bench, Result  # noqa: E402
from cases import CASES  # noqa: E402
from lab import Lab  # noqa: E402
from net import LabError  # noqa: E402


def chosen(words):
    return [case for case in CASES if not words or any(word in case.name or word == case.family or word == case.server for word in words)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("smtpwatch", type=pathlib.Path)
    arguments.add_argument("--only", action="append", default=[], help="part of a name, a family or a server; may be repeated")
    arguments.add_argument("--keep", type=pathlib.Path, help="folder for the captures")
    options = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results, start = [], time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, Lab() as lab:
        folder = options.keep or pathlib.Path(scratch)
        folder.mkdir(exist_ok=True)
        os.chmod(folder, 0o755)
        bench = Bench(lab, options.smtpwatch.resolve(), folder)
        for number, case in enumerate(chosen(options.only), 1):
            try:
                result = bench.run(case)
            except (LabError, OSError) as trouble:
                result = Result(case, {}, [str(trouble)])
            results.append(result)
            print(f"{'not ok' if result.wrong else 'ok'} {number} - {case.name} ({' '.join(v for v in result.seen.values() if v)}) {result.seconds:.1f}s", flush=True)
            for wrong in result.wrong:
                print(f"#   {wrong}", flush=True)
    failed = sum(bool(result.wrong) for result in results)
    print(f"1..{len(results)}\n# {len(results) - failed} passed, {failed} failed, {time.monotonic() - start:.0f} s")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
