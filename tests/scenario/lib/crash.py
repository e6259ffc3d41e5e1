# SPDX-License-Identifier: GPL-3.0-or-later
"""crash.py [OPTION...] REPO -- COMMAND...: interrupts a vault command at each of its changes, in every way.

For each way (see tests/tools/fail_at.c) and n = 1, 2, ... until the command comes through untouched: the command runs on a copy
of the repository REPO, in ./cut, and is cut off at its n-th change there. Then
  - the repository checks clean, contents and all (after the --repair commands, if it does not at once);
  - no snapshot is lost: each is there, or one that says it comes from it, but for those that the command is to --drop;
  - a command that says it is done has done it (the --done command);
  - restic agrees, for every 15th n;
  - the same command, not interrupted, succeeds and is done, and leaves no lock and no half-written file ("kill" and "fail",
    and every fourth n of the other ways).

--done COMMAND     a shell command that succeeds when the work is done
--drop ID          a snapshot that may be gone (may be repeated)
--repair COMMAND   a shell command that mends what is left (may be repeated)
--again CODES      what the second run may exit with: "0,1" (default 0)
--password WORD    another password that may open it by then
--no-restic         restic cannot open what is made here
--way WAY          only in this way (may be repeated)
--least N          it must have been cut off so often at least in the way "kill" (default 10)
"""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

BEFFROI, FAIL_AT = os.environ["BEFFROI"], f"{os.environ['BUILD']}/tests/tools/libfail_at.so"
CUT, MARK = Path("cut").absolute(), Path("mark").absolute()
WAYS = ("kill", "half", "power", "fail")
RESTIC_EVERY, CHECK_EVERY = 15, 4


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("repo", type=Path)
    parser.add_argument("command", nargs="+")
    parser.add_argument("--done", default="true")
    parser.add_argument("--drop", action="append", default=[])
    parser.add_argument("--repair", action="append", default=[])
    parser.add_argument("--again", default="0")
    parser.add_argument("--password", action="append", default=[])
    parser.add_argument("--no-restic", action="store_true")
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--least", type=int, default=10)
    return parser.parse_args()


def run(command, **environment):
    shell = isinstance(command, str)
    return subprocess.run(command, shell=shell, env=os.environ | environment, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)


def says(done):
    return f"exit code {done.returncode}\n{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}"


class Failure(Exception):
    pass


class Trial:
    """One interruption."""

    def __init__(self, args, way, number):
        self.args, self.way, self.number = args, way, number
        self.password = os.environ["RESTIC_PASSWORD"]

    def open(self, *command):
        """Runs a program on the repository with the password that opens it."""
        done = None
        for word in [self.password, *(w for w in self.args.password if w != self.password)]:
            done = run(command, RESTIC_PASSWORD=word, RESTIC_REPOSITORY=str(CUT))
            if done.returncode == 0:
                self.password = word
                break
        return done

    def need(self, good, what, done=None):
        if not good:
            raise Failure(f"{self.way} at change {self.number}: {what}" + (f": {says(done)}" if done else ""))

    def cut_off(self):
        """Whether it came to the interruption."""
        shutil.rmtree(CUT, ignore_errors=True)
        shutil.copytree(self.args.repo, CUT)
        for old in MARK.parent.glob("mark*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        done = run(self.args.command, LD_PRELOAD=f"{FAIL_AT} {os.environ.get('LD_PRELOAD', '')}", FAIL_BELOW=str(CUT),
                   FAIL_AT=str(self.number), FAIL_HOW=self.way, FAIL_MARK=str(MARK))
        came = MARK.exists()
        if came and self.way != "fail":
            self.need(done.returncode == -signal.SIGKILL, "it was not ended", done)
        else:
            self.need(done.returncode >= 0, "it crashed", done)
            self.need(came or done.returncode == 0, "it fails by itself", done)
            self.need(done.returncode == 0 or b"beffroi:" in done.stderr, "it does not say what failed", done)
        if done.returncode == 0:
            self.is_done()
        return came

    def is_done(self):
        done = run(self.args.done)
        self.need(done.returncode == 0, "it says it is done, but it is not", done)

    def check(self):
        done = self.open(BEFFROI, "vault", "check", "--read-data")
        if done.returncode != 0 and self.args.repair:
            for command in self.args.repair:
                mended = run(command, RESTIC_PASSWORD=self.password)
                self.need(mended.returncode == 0, f"{command} does not mend it", mended)
            done = self.open(BEFFROI, "vault", "check", "--read-data")
        self.need(done.returncode == 0, "the repository is damaged", done)

    def snapshots(self):
        wanted = {f.name for f in (self.args.repo / "snapshots").iterdir()} - set(self.args.drop)
        if all((CUT / "snapshots" / name).exists() for name in wanted):
            return
        done = self.open(BEFFROI, "vault", "snapshots", "--json")
        self.need(done.returncode == 0, "the snapshots cannot be listed", done)
        listed = json.loads(done.stdout)
        there = {s["id"] for s in listed} | {s.get("original") for s in listed}
        self.need(wanted <= there, f"snapshots are lost: {wanted - there}")

    def restic(self):
        if self.number % RESTIC_EVERY == 0 and not self.args.no_restic:
            done = self.open("restic", "check", "--no-lock", "--no-cache", "--read-data")
            self.need(done.returncode == 0, "restic finds damage", done)

    def again(self):
        done = run(self.args.command)
        self.need(str(done.returncode) in self.args.again.split(","), "the next run fails", done)
        self.is_done()
        self.snapshots()
        if self.number % CHECK_EVERY == 0:
            self.check()
        left = [str(p) for p in CUT.rglob("tmp-*")] + [str(p) for p in (CUT / "locks").iterdir()]
        self.need(not left, f"something was left: {left}")

    def run(self):
        came = self.cut_off()
        self.check()
        self.snapshots()
        self.restic()
        # What is left differs little between the ways.
        if came and (self.way in ("kill", "fail") or self.number % CHECK_EVERY == 0):
            self.again()
        return came


def main():
    args = arguments()
    counts = {}
    for way in args.way or WAYS:
        number = 1
        while Trial(args, way, number).run():
            number += 1
        counts[way] = number - 1
    print(" ".join(args.command[1:4]), counts, flush=True)
    if counts["kill"] < args.least:
        raise Failure(f"it was cut off less often than it changes something: {counts}")


try:
    main()
except Failure as failure:
    sys.exit(f"FAILED: {' '.join(sys.argv[1:])}\n{failure}\nthe repository is left in {CUT}")
