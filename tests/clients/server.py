"""The console host under test: started on a free port, watched, and stopped as an operator would."""
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from harness import Failed, Skipped, Target, children, expect, run

USER, PASSWORD = "tester", "Correct-Horse-1"
USER2, PASSWORD2 = "second", "Battery-Staple-2"
START_SECONDS, STOP_SECONDS = 120, 20     # several start at once, and a machine may be slow
# smbtorture's tests of what Macs want expect a model of this length.
ENVIRONMENT = {"Smb__AppleModel": "MacSamba"}


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class ConsoleHost:
    """One run of samples/ConsoleHost with the given arguments."""

    def __init__(self, dll, arguments, environment=None, folder=None, prefix=(), stdin=None):
        self.lines = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = children.start(
            [*prefix, os.environ.get("DOTNET_HOST_PATH") or "dotnet", dll, *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, stdin=stdin, cwd=folder, env=dict(os.environ, NO_COLOR="1", **(environment or {})))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.process.stdout:
            with self._changed:
                self.lines.append(raw.decode("utf-8", "replace").rstrip())
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def log(self):
        return "\n".join(self.lines)

    def listening(self):
        return [line for line in list(self.lines) if line.startswith("listening on ")]

    def wait_until_listening(self, count=1, seconds=START_SECONDS):
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self.listening()) >= count, seconds)
        if len(self.listening()) < count:
            self.kill()
            raise Failed("no line starting `listening on ` within %d s: %s" % (seconds, self.log[-600:]))
        return self

    def exit_code(self, seconds=STOP_SECONDS):
        """Waits for the host to end by itself."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("still running after %d s: %s" % (seconds, self.log[-400:])) from None
        self._reader.join(5)
        children.forget(self.process)
        return self.process.returncode

    def exit_code_unless_listening(self):
        """The exit code of a host that must refuse to start; one that starts is ended at once."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self.listening(), STOP_SECONDS)
        if self.listening():
            self.kill()
            raise Failed("it started: " + self.log[-300:])
        return self.exit_code()

    def stop(self, how=signal.SIGTERM, seconds=STOP_SECONDS):
        """Asks it to drain; returns the exit code and the seconds it took."""
        start = time.monotonic()
        expect(self.process.poll() is None, lambda: "ended by itself with exit code %s: %s"
               % (self.process.returncode, self.log[-800:]))
        self.process.send_signal(how)
        return self.exit_code(seconds), time.monotonic() - start

    def kill(self):
        children.end(self.process)
        self.process.wait()
        self._reader.join(5)
        children.forget(self.process)


# nobody, on every Linux
OTHER_ACCOUNT = 65534


def another_account(dll):
    """The arguments that make a ConsoleHost run as another account, for which most of this one's files are closed."""
    if os.geteuid() != 0:
        raise Skipped("only root starts a program as another account")
    prefix = ("setpriv", "--reuid=%d" % OTHER_ACCOUNT, "--regid=%d" % OTHER_ACCOUNT, "--clear-groups")
    if run([*prefix, "test", "-r", dll]).code != 0:
        raise Skipped("another account may not read %s" % dll)
    return {"prefix": prefix, "environment": {"HOME": "/nonexistent", "DOTNET_CLI_HOME": "/nonexistent"}}


class PrivateNetwork:
    """A network namespace with nothing but a loopback of its own: what a test blocks there, nobody else misses. Needs root."""

    def __init__(self):
        self.name = "smb3-tests-%d" % os.getpid()
        self.prefix = ("ip", "netns", "exec", self.name)
        self._ip("netns", "add", self.name)
        try:
            self._ip("-n", self.name, "link", "set", "lo", "up")
        except Failed:
            self.remove()
            raise

    def remove(self):
        self._ip("netns", "delete", self.name)

    @staticmethod
    def _ip(*arguments):
        result = run(["ip", *arguments], timeout=20)
        expect(result.code == 0, lambda: "ip %s: %s" % (" ".join(arguments), result.tail()))


# MS-DTYP 2.4.6: owner and group are BUILTIN\\Administrators, and the DACL lets nobody in.
CLOSED = (struct.pack("<BBHIIII", 1, 0, 0x8004, 20, 36, 0, 52)
          + 2 * struct.pack("<BB6sII", 1, 2, b"\0\0\0\0\0\5", 32, 544) + struct.pack("<BBHHH", 2, 0, 8, 0, 0))


class Deployment:
    """
    A console host with every kind of share, the folders behind them, and the targets that name them. The shares `hideunread` and
    `noperm` have the names that smbtorture gives them; `named` is the kind of store behind the first.
    """

    def __init__(self, dll, guests, network=None, named="physical"):
        self.dll = dll
        self.network = network
        self.named = named
        self.guests = guests        # a guest share makes strangers guests, which tests of refused logons cannot have
        self.root = tempfile.mkdtemp(prefix="smb3-server.")
        for name in ("physical", "readonly", "sealed", "open", "hideunread", "noperm"):
            os.makedirs(os.path.join(self.root, name))
        try:
            os.setxattr(self.folder("noperm"), "user.smb3.sd", CLOSED)
        except OSError:
            pass                    # a file system without descriptors has nothing to close it with
        with open(os.path.join(self.root, "readonly", "note.txt"), "w", encoding="utf-8") as out:
            out.write("read me\n")
        self.host = None
        self.port = 0

    def folder(self, name):
        return os.path.join(self.root, name)

    def start(self):
        for attempt in range(3):        # between finding a free port and using it somebody else may take it
            self.port = 445 if self.network else free_port()        # the usual port, where it is free for sure
            self.host = ConsoleHost(self.dll, self._arguments(), ENVIRONMENT, prefix=self.network.prefix if self.network else ())
            try:
                self.host.wait_until_listening()
                return self
            except Failed:
                if attempt == 2 or "in use" not in self.host.log.lower():
                    raise
        raise AssertionError("unreachable")

    def _arguments(self):
        return [
            "--listen", "127.0.0.1:%d" % self.port,
            "--share", "physical=" + self.folder("physical"), "--share", "memory=memory:",
            "--share", "readonly=%s,readonly" % self.folder("readonly"),
            "--share", "sealed=%s,encrypt" % self.folder("sealed"),
            "--share", "hideunread=%s,abe" % ("memory:" if self.named == "memory" else self.folder("hideunread")),
            "--share", "noperm=" + self.folder("noperm"),
            "--user", "%s:%s" % (USER, PASSWORD), "--user", "%s:%s" % (USER2, PASSWORD2), "--log-level", "Warning",
            *(["--share", "open=%s,guest" % self.folder("open")] if self.guests else [])]

    def targets(self):
        base = Target("127.0.0.1", self.port, "physical", "physical", USER, PASSWORD, USER2, PASSWORD2,
                      {"readonly": "readonly", "encrypt": "sealed", "guest": "open"},
                      self.network.prefix if self.network else ())
        return [base, base.on("memory", "memory")]

    def stops_cleanly(self):
        """The last case of every suite: it is still there, drains in time, and had no bug to report."""
        code, _ = self.host.stop()
        expect(code == 0, "exit code %d after SIGTERM: %s" % (code, self.host.log[-800:]))
        bugs = [line for line in self.host.lines if "Unhandled exception" in line or line.startswith(("crit:", "fail:"))]
        expect(not bugs, lambda: "its log reports bugs: " + " / ".join(self.host.lines[-15:])[-1500:])

    def remove(self):
        if self.host is not None and self.host.process.poll() is None:
            self.host.kill()
        shutil.rmtree(self.root, ignore_errors=True)


class DeafenableDeployment(Deployment):
    """tests/Smb3.Embedded.TortureHost: shares in memory, one continuously available, and connections that smbtorture can make deaf."""

    def __init__(self, dll):
        super().__init__(dll, guests=False)

    def _arguments(self):
        return ["127.0.0.1:%d" % self.port, "%s:%s" % (USER, PASSWORD), "%s:%s" % (USER2, PASSWORD2)]

    def targets(self):
        found = super().targets()
        return [*found, found[0].on("ca", "ca")]
