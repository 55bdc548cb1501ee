"""``python -m benchmarks``: measure everything, write one JSON file, print the tables."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.aims import judge
from benchmarks.disturbance import Disturbance
from benchmarks.errors import Unavailable
from benchmarks.lasting import main as lasting
from benchmarks.machine import describe
from benchmarks.profiling import profile
from benchmarks.report import publish, report
from benchmarks.servers import HERE
from benchmarks.suite import Plan, Suite
from benchmarks.wrk import find_wrk


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a first look, in a minute and a half")
    output = HERE / "results" / "latest.json"
    parser.add_argument("--output", type=Path, default=output, metavar="FILE", help="where the JSON goes")
    parser.add_argument(
        "--publish",
        action="store_true",
        help="also keep the run as reference.json and put its tables into the README beside it",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="only print the tables of an earlier run")
    parser.add_argument("--profile", action="store_true", help="only show where the front's time goes")
    parser.add_argument("--profile-path", default="/hello", metavar="PATH", help="what is asked for then")
    parser.add_argument("--profile-rows", type=int, default=45, metavar="N", help="functions shown then")
    return parser.parse_args()


def main() -> None:
    """Do what the command line says."""
    if sys.argv[1:2] == ["lasting"]:
        lasting(sys.argv[2:])
        return
    arguments = _arguments()
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"[{time.monotonic() - began:4.0f} s] {what}", file=sys.stderr, flush=True)

    if arguments.report:
        print(report(json.loads(arguments.report.read_text("utf-8"))))
        return
    scratch = Path(tempfile.mkdtemp(prefix="aiwebengine-bench-"))
    try:
        find_wrk()
        if arguments.profile:
            print(profile(scratch, 6, arguments.profile_path, arguments.profile_rows, say))
            return
        machine = describe()
        disturbance = Disturbance()
        suite = Suite(Plan.quick() if arguments.quick else Plan(), scratch, say)
        results = {"machine": machine, **suite.run(), "others_cores": disturbance.cores()}
    except Unavailable as problem:
        raise SystemExit(f"benchmarks: {problem}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    results["aims"] = judge(results)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    say(f"written to {arguments.output}")
    if arguments.publish:
        publish(results, HERE)
    print(report(results))


if __name__ == "__main__":
    main()
