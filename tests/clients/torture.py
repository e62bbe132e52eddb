"""smbtorture: every test named in torture-pass.txt must pass, on the physical share and on the memory share.

A line of the list is a test's full name; a tab and `memory` after it keep the test off the physical share, `physical` keeps it off the
memory share, for tests of what a store in memory can and a folder cannot do: they are skipped on a file system that can. With `private` it
runs in a network of its own, where it may block connections, on the memory share; with `deaf` against tests/Smb3.Embedded.TortureHost,
which takes what it sends for unacknowledged when the test asks for that: blocking races the client's acknowledgements there; with `ca` on
the continuously available share of that host. One smbtorture process runs the tests of a suite and reports in subunit. A test that does not end is killed with its process,
counts as failed, and the suite goes on behind it in a new process.
"""
import os
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time

from harness import WorkFolder, children, connect_hangs, conversation, run

NEEDS = {"smbtorture": "samba-testsuite", "ip": "iproute2", "iptables-legacy": "iptables"}
PER_SHARE = True
PRIVATE, DEAF, CONTINUOUS = "private", "deaf", "ca"
IPTABLES = shutil.which("iptables-legacy", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") or "iptables-legacy"
LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "torture-pass.txt")
TEST_SECONDS = 90
BUSY_ROW, ASLEEP_ROW, QUIET_ROW = 1, 2, 3
# Half of the time goes to these, which sleep: they have servers of their own beside those of all others.
ASLEEP = ("smb2.lease", "smb2.oplock")
# It changes a file over one connection right after it has asked on another to be told of it: on busy processors the change can be
# there first, and is not told then, by any server. So it runs when everything else has ended.
QUIET = ("smb2.notify.basedir",)
SLOW_SECONDS = {"smb2.maxfid": 300, "smb2.notify.mask": 240, "smb2.dir.large-files": 180}
# They end with a file open that the next test deletes and makes anew. On busy processors its first requests overtake the end of their
# connection, so they run behind the others, in processes of their own.
LEAVES_OPEN = ("smb2.ioctl.sparse_qar_malformed", "smb2.ioctl.sparse_qar_overflow", "smb2.ioctl.trim_simple")
RESULT = re.compile(r"^(success|successful|failure|error|skip|xfail|knownfail): (.*?)( \[)?$")


def read_list(path=LIST):
    """The (name, share kind or empty) pairs of a list file, in its order."""
    entries = []
    with open(path, encoding="utf-8") as source:
        for line in source:
            line = line.rstrip("\n")
            if line.strip() and not line.startswith("#"):
                name, _, kind = line.partition("\t")
                entries.append((name.strip(), kind.strip()))
    return entries


def known():
    """The tests that this smbtorture has: releases of Samba differ. `--list` doubles a name whose test is called like its case."""
    listed = run(["smbtorture", "-s", "/dev/null", "--list"]).text.splitlines()
    return {name for line in listed for name in (line, line[:-len(line.rsplit(".", 1)[-1]) - 1])}


def suites(kind, wanted=lambda name: True):
    """Suite -> the tests of it that run on this kind of share, in a private network, or on connections that can be made deaf."""
    grouped = {}
    for name, only in read_list():
        if (only == kind or (only == "" and kind not in (PRIVATE, DEAF, CONTINUOUS))) and wanted(name):
            grouped.setdefault(".".join(name.split(".")[:2]), []).append(name)
    return grouped


def row(test):
    """Which of the rows it runs in, each on servers of its own."""
    return QUIET_ROW if test in QUIET else ASLEEP_ROW if ".".join(test.split(".")[:2]) in ASLEEP else BUSY_ROW


class Process:
    """One smbtorture process over the tests of a suite that have no result yet."""

    def __init__(self, target, work, suite, tests):
        self.target = target
        listing, path = tempfile.mkstemp(dir=work.path)
        with os.fdopen(listing, "w", encoding="utf-8") as out:
            out.write("".join(test + "\n" for test in tests))
        blocking = ["--option=torture:use_iptables=true", "--option=torture:iptables_command=" + IPTABLES] if target.prefix else []
        self._process = children.start(
            [*target.prefix, "smbtorture", "//%s/%s" % (target.host, target.share), "-s", work.config, "-p", str(target.port),
             "-U", target.credentials, "-W", "WORKGROUP", "--format=subunit", "--fullname", "--basedir=" + work.path,
             "--option=torture:progress=no", "--option=torture:user2name=" + target.user2,
             "--option=torture:user2password=" + target.password2, *blocking, *target.options, "--load-list=" + path, suite],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=work.path, env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", **target.environment))
        self._lines = queue.Queue()
        threading.Thread(target=self._pump, daemon=True).start()

    def _pump(self):
        for raw in self._process.stdout:
            self._lines.put(raw.decode("utf-8", "replace").rstrip("\n"))
        self._lines.put(None)

    def run(self):
        """Returns test -> (outcome, message); outcomes are ok, FAIL, skip and connect (the connect was never answered)."""
        results, noise = {}, []
        current, began, unanswered, reason = None, time.monotonic(), 0, None
        try:
            while True:
                try:
                    line = self._lines.get(timeout=2)
                except queue.Empty:
                    unanswered = unanswered + 1 if connect_hangs(self._process.pid, self.target.port) else 0
                    spent = time.monotonic() - began
                    if unanswered == 5 or spent > SLOW_SECONDS.get(current, TEST_SECONDS):
                        results[current or ""] = ("connect", "") if unanswered else (
                            "FAIL", "no result after %d s (%s)" % (spent, conversation(self._process.pid, self.target.port)))
                        return results
                    continue
                if line is None:
                    break
                if reason is not None:          # the multi-line text of a result ends with a line of its own
                    if line != "]":
                        reason.append(line.strip())
                        continue
                    results[current] = (results[current][0], " | ".join(part for part in reason if part)[:500])
                    current, began, reason = None, time.monotonic(), None
                    continue
                outcome = RESULT.match(line)
                if line.startswith("test: "):
                    current, began, noise = line[6:].strip(), time.monotonic(), []
                elif outcome and outcome.group(2) == current:
                    word = outcome.group(1)
                    results[current] = ("ok" if word.startswith("success") else "skip" if word == "skip" else "FAIL", "")
                    if outcome.group(3):
                        reason = []
                    else:
                        current, began = None, time.monotonic()
                elif line and not line.startswith(("time: ", "progress: ", "smbtorture ", "Using seed ")):
                    noise.append(line.strip())
            code = self._process.wait()
            if (current or not results) and current not in results:
                results[current or ""] = ("FAIL", "smbtorture ended with %d: %s" % (code, " | ".join(noise[-3:])[:400]))
            return results
        finally:
            children.end(self._process)
            self._process.wait()
            children.forget(self._process)


def run_one_suite(target, work, suite, tests):
    """Every test of the suite gets a result, whatever the processes do."""
    results, retried, left = {}, set(), list(tests)
    while left:
        batch = [test for test in left if test not in LEAVES_OPEN] or left[:1]
        got = Process(target, work, suite, batch).run()
        if "" in got:                           # it ended before it named a test
            got[batch[0]] = got.pop("")
        for test, (outcome, message) in got.items():
            if outcome == "connect" and test not in retried:
                retried.add(test)               # nothing else is ever tried twice
            elif test in tests:
                results[test] = ("FAIL", "its connect was never answered") if outcome == "connect" else (outcome, message)
        before, left = left, [test for test in left if test not in results]
        if left == before and batch[0] not in retried:
            results[batch[0]] = ("FAIL", "smbtorture gave no result")
            left.remove(batch[0])
    return results


class Plan:
    """The suites that are still to be run on each share."""

    def __init__(self, tally, prefix, kinds, includes=lambda test: True, suites=suites):
        self._tally, self._prefix = tally, prefix
        there = known()
        left = []
        for kind in kinds:
            for suite, tests in suites(kind, lambda name, kind=kind: tally.wants(self._name(kind, name)) and includes(name)).items():
                for test in [test for test in tests if test not in there]:
                    tests.remove(test)          # in CI, where the release is known, the list must not name what is not there
                    tally.add(self._name(kind, test), "FAIL" if os.environ.get("CI") else "skip",
                              "this smbtorture has no such test")
                if tests:
                    left.append((kind, suite, tests))
        # smb2.replay.replay5 comes back faster than a server that has just been started ends its first connection with a persistent handle, and
        # takes that for a failure.
        left.sort(key=lambda entry: entry[:2] == (CONTINUOUS, "smb2.replay"))
        self._left = left
        self._listed = set(read_list())

    def _name(self, kind, test):
        return "%s/%s/%s" % (self._prefix, kind, test)

    @property
    def is_empty(self):
        return not self._left

    def run(self, targets):
        """Runs suites against one server until none is left."""
        shares, work = {target.kind: target for target in targets}, WorkFolder()
        try:
            while self._left:
                kind, suite, tests = self._left.pop(0)
                self._run(shares["memory" if kind in (PRIVATE, DEAF) else kind], work, kind, suite, tests)
        finally:
            work.remove()

    def _run(self, target, work, kind, suite, tests):
        start = time.monotonic()
        results = run_one_suite(target, work, suite, tests)
        for test in tests:
            outcome, message = results[test]
            if outcome == "skip" and (test, "physical") not in self._listed:    # the list says that it passes
                outcome, message = "FAIL", "smbtorture skipped it: " + message
            self._tally.add(self._name(kind, test), outcome, message, show=False)
        good = sum(results[test][0] == "ok" for test in tests)
        print("  %-4s %s: %d of %d (%.1f s)" % ("ok" if good == len(tests) else "FAIL", self._name(kind, suite), good, len(tests),
                                                time.monotonic() - start), flush=True)
