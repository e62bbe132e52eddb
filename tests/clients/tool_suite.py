"""The tool `smb`: serves a folder by `smb serve`, and is asked about smbclient's session by the other commands."""
import json
import os
import re
import stat
import subprocess
import time

from harness import Cases, WorkFolder, children, expect, run
from server import ConsoleHost, free_port

NEEDS = {"smbclient": "smbclient"}
NEEDS_HOST = True           # it starts its own
cases = Cases()
DOTNET = os.environ.get("DOTNET_HOST_PATH") or "dotnet"


class Served:
    """`smb serve` with a folder and a file of users that `smb passwd` has made."""

    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        self.folder = self.work.file("docs")
        os.makedirs(self.folder)
        self.users = self.work.file("users")
        self.socket = self.work.file("c.sock")
        self.port = free_port()
        self.host = None

    def start(self):
        made = self.smb("passwd", "alice", "--file", self.users, "--group", "staff", stdin="first\n")
        expect(made.returncode == 0, made.stderr)
        self.host = ConsoleHost(self.dll, [
            "serve", self.folder, "--listen", "127.0.0.1:%d" % self.port, "--users-file", self.users, "--control", self.socket,
        ], folder=self.work.path).wait_until_listening()

    def smb(self, *arguments, stdin=None):
        return subprocess.run([DOTNET, self.dll, *arguments], input=stdin, capture_output=True, text=True, timeout=120, check=False,
                              env=dict(os.environ, NO_COLOR="1"))

    def ask(self, *arguments):
        asked = self.smb(*arguments, "--socket", self.socket)
        expect(asked.returncode == 0, "%s: exit code %d: %s" % (arguments, asked.returncode, asked.stderr))
        return asked.stdout

    def rows(self, what):
        return [json.loads(line) for line in self.ask(what, "--json").splitlines()]

    def client(self, commands, password):
        return run(["smbclient", "//127.0.0.1/docs", "-s", self.work.config, "-p", str(self.port), "-U", "alice%" + password, "-c", commands],
                   port=self.port, cwd=self.work.path)

    def end(self):
        if self.host is not None and self.host.process.poll() is None:
            self.host.kill()
        self.work.remove()


def run_suite(tally, dll, prefix):
    served = Served(dll)
    try:
        served.start()
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, served)
    finally:
        served.end()


@cases("smb serve shares a folder by its name, smb sees who uses it, and ends it")
def _(served):
    expect(stat.S_IMODE(os.stat(served.users).st_mode) == 0o600, "others can read the file of users")
    expect(stat.S_IMODE(os.stat(served.socket).st_mode) == 0o600, "others can open the socket")
    with open(os.path.join(served.folder, "a b.txt"), "w", encoding="utf-8") as out:
        out.write("x" * 1000)
    expect(served.client("ls", "first").code == 0, served.host.log[-600:])
    expect(re.search(r"^docs +0 ", served.ask("status"), re.M), served.ask("status"))

    # One that stays: smbclient that waits for more to do.
    staying = children.start(["smbclient", "//127.0.0.1/docs", "-s", served.work.config, "-p", str(served.port), "-U", "alice%first"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=served.work.path)
    try:
        deadline = time.monotonic() + 60
        while not served.rows("sessions") and time.monotonic() < deadline:
            time.sleep(0.2)
        (session,) = served.rows("sessions")
        expect(session["user"].endswith("alice") and session["dialect"] == "3.1.1" and session["shares"] == ["docs"], str(session))
        shown = served.ask("sessions")
        expect(session["id"] in shown and "alice" in shown and "\x1b" not in shown, shown)
        expect("ended" in served.ask("end", session["id"]), "it was not ended")
        expect(served.rows("sessions") == [], "it is still there")
    finally:
        children.end(staying)
        staying.wait()
        children.forget(staying)
    again = served.smb("end", session["id"], "--socket", served.socket)
    expect(again.returncode == 1 and "there is none" in again.stdout, "%d: %s" % (again.returncode, again.stdout))
    expect("session" in served.host.log and "Ended by the control socket" in served.host.log, served.host.log[-600:])


@cases("smb passwd changes a password while the server runs, and keeps the groups")
def _(served):
    expect(served.smb("passwd", "ALICE", "--file", served.users, stdin="second\n").returncode == 0, "passwd failed")
    with open(served.users, encoding="utf-8") as text:
        expect(text.read().endswith(":staff\n"), "the group is lost")
    deadline = time.monotonic() + 30
    while served.client("ls", "second").code != 0:
        expect(time.monotonic() < deadline, "the new password is not taken")
        time.sleep(0.3)
    expect(served.client("ls", "first").code != 0, "the old password still opens the share")
    empty = served.smb("passwd", "bob", "--file", served.users, stdin="\n")
    expect(empty.returncode == 2 and "empty password" in empty.stderr, "%d: %s" % (empty.returncode, empty.stderr))


@cases("smb bench measures the share and leaves nothing there")
def _(served):
    before = os.listdir(served.folder)
    measured = served.smb("bench", "127.0.0.1", "docs", "--port", str(served.port), "--user", "alice", "--seconds", "0.2", "--file-size", "2",
                          "--clients", "2", "--json", stdin="second\n")
    expect(measured.returncode == 0, measured.stderr)
    rows = [json.loads(line) for line in measured.stdout.splitlines()]
    expect([row["work"] for row in rows] == ["write", "read", "write4k", "read4k", "stat", "create"], measured.stdout)
    expect(all(row["operations"] > 0 and row["medianMicroseconds"] > 0 for row in rows), measured.stdout)
    deadline = time.monotonic() + 20
    while os.listdir(served.folder) != before:
        expect(time.monotonic() < deadline, "left there: %s" % os.listdir(served.folder))
        time.sleep(0.1)
    refused = served.smb("bench", "127.0.0.1", "docs", "--port", str(served.port), "--user", "alice", stdin="wrong\n")
    expect(refused.returncode == 1 and "LogonFailure" in refused.stderr, "%d: %s" % (refused.returncode, refused.stderr))


@cases("it ends with exit code 0 and takes its socket with it")
def _(served):
    code, _ = served.host.stop()
    expect(code == 0, "exit code %d: %s" % (code, served.host.log[-400:]))
    expect(not os.path.exists(served.socket), "the socket is left over")
    asked = served.smb("status", "--socket", served.socket)
    expect(asked.returncode == 1 and "no server" in asked.stderr, "%d: %s" % (asked.returncode, asked.stderr))
