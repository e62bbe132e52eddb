"""What every client suite uses: the target, a case, bounded processes, and the tally."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field


class Failed(Exception):
    """A case did not hold; the message says what was seen."""


class Skipped(Exception):
    """A case cannot run here; the message says why."""


def expect(condition, message):
    if not condition:
        raise Failed(message() if callable(message) else message)


@dataclass
class Target:
    """A server and the share on it that a suite talks to."""
    host: str
    port: int
    share: str
    kind: str                  # physical or memory
    user: str
    password: str
    user2: str = ""
    password2: str = ""
    shares: dict = field(default_factory=dict)   # role (readonly, encrypt, guest) -> share name
    prefix: tuple = ()         # what a client's command line begins with, to run in the server's network
    options: tuple = ()        # what Samba's clients are told besides
    environment: dict = field(default_factory=dict)

    @property
    def credentials(self):
        return "%s%%%s" % (self.user, self.password)

    def on(self, share, kind):
        return Target(self.host, self.port, share, kind, self.user, self.password, self.user2, self.password2, self.shares, self.prefix,
                      self.options, self.environment)


@dataclass
class Result:
    code: int
    text: str

    def tail(self, length=400):
        return "exit %d: %s" % (self.code, " / ".join(self.text.strip().splitlines())[-length:])


class Children:
    """The processes that this run started, so that every way out ends them, and only them."""

    def __init__(self):
        self._lock = threading.Lock()
        self._all = set()

    def start(self, argv, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(argv, start_new_session=True, **options)
        with self._lock:
            self._all.add(process)
        return process

    def end(self, process, how=signal.SIGKILL):
        try:
            os.killpg(process.pid, how)     # its own session: nobody else is in the group
        except (ProcessLookupError, PermissionError):
            pass

    def forget(self, process):
        with self._lock:
            self._all.discard(process)

    def end_all(self):
        with self._lock:
            left = list(self._all)
        for process in left:
            self.end(process)


children = Children()


SYN_SENT = "02"     # of the kernel's table of TCP sockets


def _sockets(pid, port):
    """The rows of the kernel's table for the sockets by which the process talks to the port."""
    inodes = set()
    try:
        for descriptor in os.listdir("/proc/%d/fd" % pid):
            try:
                link = os.readlink("/proc/%d/fd/%s" % (pid, descriptor))
            except OSError:
                continue
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
        rows = _table(pid)
    except OSError:
        return []
    return [row for row in rows if row[9] in inodes and _port(row[2]) == port]


def _table(pid):
    with open("/proc/%d/net/tcp" % pid, encoding="ascii") as table:
        return [line.split() for line in table][1:]


def _port(address):
    return int(address.rpartition(":")[2], 16)


def connect_hangs(pid, port):
    """True when the process waits for the answer to a SYN it sent to the port.

    On some machines about one loopback connect in 500 is never answered, whoever listens. Only that is told apart
    here: nothing has been asked of the server yet.
    """
    return any(row[3] == SYN_SENT for row in _sockets(pid, port))


def conversation(pid, port):
    """What the kernel holds of the connections to the port, for the reader of a time-out: who has not read, and who has not been sent an answer."""
    try:
        peers = {(row[2], row[1]): row for row in _table(pid)}
    except OSError:
        return "it has ended"
    told = []
    for row in _sockets(pid, port):
        unread = "%d bytes unread" % int(row[4].rpartition(":")[2], 16)
        peer = peers.get((row[1], row[2]))
        told.append("port %d: %s, %s at the server" % (
            _port(row[1]), unread, "%d" % int(peer[4].rpartition(":")[2], 16) if peer else "no socket"))
    return "; ".join(told) or "it has no connection"


def run(argv, timeout=120, port=None, **options):
    """Runs a client to its end. With a port, a run whose connect was never answered is started once more."""
    for attempt in range(2):
        with tempfile.TemporaryFile() as output:
            process = children.start(argv, stdout=output, stderr=subprocess.STDOUT, **options)
            try:
                hung = _wait(process, timeout, port if attempt == 0 else None)
            finally:
                children.end(process)
                process.wait()
                children.forget(process)
            if hung == "connect":
                print("  (a connect was not answered; %s is started again)" % argv[0], flush=True)
                continue
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
            if hung:
                raise Failed("%s did not end within %d s: %s" % (argv[0], timeout, text[-300:]))
            return Result(process.returncode, text)
    raise AssertionError("unreachable")


def _wait(process, timeout, port):
    start, unanswered = time.monotonic(), 0
    while time.monotonic() - start < timeout:
        try:
            process.wait(2)
            return None
        except subprocess.TimeoutExpired:
            unanswered = unanswered + 1 if port and connect_hangs(process.pid, port) else 0
            if unanswered == 3:
                return "connect"
    return "time-out"


def find_program(folder, name):
    """A program of the project that has been built, or None."""
    here = os.path.dirname(os.path.abspath(__file__))
    return next(iter(sorted(glob.glob(os.path.join(here, "..", "..", folder, "bin", "Release", "net*", name + ".dll")))), None)


class WorkFolder:
    """A private local folder with the client configuration that keeps the machine's own smb.conf out of it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="smb3-clients.")
        state = os.path.join(self.path, "client")
        os.makedirs(state)
        self.config = os.path.join(self.path, "client.conf")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write("[global]\n workgroup = WORKGROUP\n client min protocol = SMB2_02\n client max protocol = SMB3_11\n")
            for name in ("private dir", "lock directory", "state directory", "cache directory"):
                out.write(" %s = %s\n" % (name, state))

    def file(self, name):
        return os.path.join(self.path, name)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Tally:
    """Counts and prints outcomes; the totals are what tests/run adds to the unit tests'."""

    def __init__(self, only=""):
        self.only = only.lower()
        self.passed = self.failed = self.skipped = 0
        self.failures = []
        self._lock = threading.Lock()

    def wants(self, name):
        return self.only in name.lower()

    def add(self, name, outcome, message="", seconds=0.0, show=True):
        with self._lock:
            if outcome == "ok":
                self.passed += 1
            elif outcome == "skip":
                self.skipped += 1
            else:
                self.failed += 1
                self.failures.append(name)
            if show or outcome == "FAIL":
                took = " (%.1f s)" % seconds if seconds >= 1 else ""
                print("  %-4s %s%s%s" % (outcome, name, took, "\n         " + message if message else ""), flush=True)

    def run(self, name, action, *arguments):
        if not self.wants(name):
            return
        start = time.monotonic()
        outcome, message = "ok", ""
        try:
            action(*arguments)
        except Skipped as reason:
            outcome, message = "skip", str(reason)
        except Failed as reason:
            outcome, message = "FAIL", str(reason)
        except Exception as error:                      # a client library's own exceptions end a case, not the run
            outcome, message = "FAIL", "%s: %s" % (type(error).__name__, str(error)[:400])
        self.add(name, outcome, message, time.monotonic() - start)


class Cases(list):
    """A suite's cases in order: `@cases("what holds")` above a function adds it."""

    def __call__(self, name):
        def keep(function):
            self.append((name, function))
            return function
        return keep
