"""DFS: a namespace whose links lead to other servers, which clients follow to port 445 and to nowhere else."""
import json
import os
import shutil
import signal
import struct
import subprocess
import time

from harness import Cases, Failed, Skipped, WorkFolder, children, expect, run
from server import ConsoleHost, PrivateNetwork, free_port

NEEDS = {"smbclient": "smbclient", "ip": "iproute2", "python:impacket": "python3-impacket"}
PER_SHARE = False
cases = Cases()

USER = "u:pw-1"
ROOT, FIRST, SECOND, NOBODY = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9"
DIALECTS = ("SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11")
GET_REFERRALS, GET_REFERRALS_EX = 0x00060194, 0x000601B0


class Servers:
    """Three servers in a network of their own: one with the namespace, two with files."""

    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        self.network = None
        self.hosts = {}

    def start(self):
        if os.geteuid() != 0 or not shutil.which("ip") or run(["unshare", "-n", "true"]).code != 0:
            raise Skipped("clients follow links to port 445 only: network namespaces need root and iproute2")
        self.network = PrivateNetwork()
        self.write_settings(FIRST)
        for address, text in ((FIRST, "first"), (SECOND, "second")):
            folder = self.work.file(text)
            os.makedirs(folder)
            with open(os.path.join(folder, "who.txt"), "w", encoding="ascii") as out:
                out.write(text)
            self.add(address, "--share", "files=" + folder)
        self.add(ROOT)
        return self

    def write_settings(self, target):
        """What the namespace's server reads when it starts, and again at SIGHUP."""
        settings = {"Smb": {"Namespaces": [{"Name": "corp", "Links": [
            {"Path": "docs", "Targets": "//%s/files" % target},
            {"Path": "teams\\one\\plans", "Targets": "//%s/files/deep" % FIRST},
            {"Path": "spare", "Targets": [{"Path": "//%s/files" % NOBODY, "PriorityRank": 0},
                                          {"Path": "//%s/files" % SECOND, "PriorityRank": 1}]}]}]}}
        os.makedirs(self.work.file("root"), exist_ok=True)
        with open(self.work.file("root/appsettings.json"), "w", encoding="utf-8") as out:
            json.dump(settings, out)

    def add(self, address, *arguments):
        folder = self.work.file("root") if address == ROOT else self.work.path
        self.hosts[address] = ConsoleHost(
            self.dll, ["--listen", address + ":445", "--user", USER, "--log-level", "Warning", *arguments], folder=folder,
            prefix=self.network.prefix).wait_until_listening()

    def smbclient(self, commands, *options, share="corp", code=0, user=None):
        result = run([*self.network.prefix, "smbclient", "//%s/%s" % (ROOT, share), "-s", self.work.config, "-U",
                      user or USER.replace(":", "%"), *options, "-c", commands], timeout=90, port=445, cwd=self.work.path)
        expect(code is None or (result.code == 0) == (code == 0), lambda: "%s: %s" % (commands, result.tail(800)))
        return result.text

    def fetched(self, name):
        with open(self.work.file(name), encoding="ascii") as source:
            text = source.read()
        os.unlink(self.work.file(name))
        return text

    def move_to(self, target):
        self.write_settings(target)
        host = self.hosts[ROOT]
        before = host.lines.count("settings read again")
        host.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 20
        while host.lines.count("settings read again") == before:
            expect(time.monotonic() < until, lambda: "the settings were not read again: " + host.log[-600:])
            time.sleep(0.05)

    def stop_cleanly(self):
        for address, host in self.hosts.items():
            code, _ = host.stop()
            bugs = [line for line in host.lines if "Unhandled exception" in line or line.startswith(("crit:", "fail:"))]
            expect(code == 0 and not bugs, lambda: "%s ended with %d: %s" % (address, code, host.log[-800:]))

    def remove(self):
        for host in self.hosts.values():
            if host.process.poll() is None:
                host.kill()
        if self.network is not None:
            self.network.remove()
        self.work.remove()


def run_suite(tally, dll, prefix):
    servers = Servers(dll)
    try:
        try:
            servers.start()
        except Skipped as reason:
            tally.add(prefix, "FAIL" if os.environ.get("CI") else "skip", "left out: %s" % reason)
            return
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, servers)
        if not tally.only:
            tally.run(prefix + "/the servers are still there, stop with exit code 0, and logged no bug", servers.stop_cleanly)
    finally:
        servers.remove()


def _dialect(dialect):
    @cases("smbclient -m %s goes through links as if they were folders" % dialect)
    def _(servers):
        os.makedirs(servers.work.file("first/deep"), exist_ok=True)
        with open(servers.work.file("up.bin"), "wb") as out:
            out.write(os.urandom(300_000))
        text = servers.smbclient(
            "ls; get docs\\who.txt who; put up.bin teams\\one\\plans\\up.bin; cd teams; ls; cd one\\plans; ls; get up.bin back; del up.bin; "
            "cd \\docs; mkdir made; rmdir made; ls", "-m", dialect)
        expect(servers.fetched("who") == "first", "docs leads to another server")
        for line in ("docs  ", "teams  ", "one  ", "up.bin  ", "who.txt  "):
            expect(line in text, lambda: "`%s` is missing: %s" % (line.strip(), text[-800:]))
        with open(servers.work.file("up.bin"), "rb") as sent, open(servers.work.file("back"), "rb") as got:
            expect(sent.read() == got.read(), "what came back through the link differs")


for _each in DIALECTS:
    _dialect(_each)


@cases("smbclient goes on to the next target when the first does not answer")
def _(servers):
    text = servers.smbclient("get spare\\who.txt who")
    expect(NOBODY in text, lambda: "the first target was not tried: " + text)
    expect(servers.fetched("who") == "second", "it came from elsewhere")


@cases("smbclient is told what is wrong: no such link, nothing to write to, a wrong password")
def _(servers):
    for commands, *statuses in (
            ("get nothing\\who.txt", "NT_STATUS_OBJECT_PATH_NOT_FOUND"), ("get teams\\who.txt", "NT_STATUS_OBJECT_NAME_NOT_FOUND"),
            ("get docs\\nothing", "NT_STATUS_OBJECT_NAME_NOT_FOUND"), ("mkdir new", "NT_STATUS_MEDIA_WRITE_PROTECTED"),
            ("put up.bin new", "NT_STATUS_ACCESS_DENIED", "NT_STATUS_MEDIA_WRITE_PROTECTED")):
        text = servers.smbclient(commands, code=None)
        expect(any(status in text for status in statuses), lambda: "%s: %s" % (commands, text[-400:]))
    expect("NT_STATUS_LOGON_FAILURE" in servers.smbclient("ls", code=1, user="u%wrong"), "it was let in")


@cases("a link is moved to another server under a client that stays connected")
def _(servers):
    client = children.start(
        [*servers.network.prefix, "smbclient", "//%s/corp" % ROOT, "-s", servers.work.config, "-U", USER.replace(":", "%")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=servers.work.path)

    def fetch(name):
        client.stdin.write(b"get docs\\who.txt %s\n" % name.encode("ascii"))
        client.stdin.flush()
        until = time.monotonic() + 60
        while not os.path.exists(servers.work.file(name)) or not os.path.getsize(servers.work.file(name)):
            expect(time.monotonic() < until and client.poll() is None, "the client fetched nothing")
            time.sleep(0.05)
        return servers.fetched(name)

    try:
        before = fetch("before")
        servers.move_to(SECOND)
        after = fetch("after")
        client.communicate(b"quit\n", timeout=30)
    finally:
        children.end(client)
        client.wait()
        children.forget(client)
        servers.move_to(FIRST)
    expect((before, after) == ("first", "second"), "before it was %s, after %s" % (before, after))


@cases("settings that cannot be read again change nothing")
def _(servers):
    servers.write_settings("%s:4450" % SECOND)      # a port is none of a target's names
    host = servers.hosts[ROOT]
    host.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + 20
    while "is not a target" not in host.log:
        expect(time.monotonic() < until, lambda: "nothing was said of it: " + host.log[-600:])
        time.sleep(0.05)
    servers.smbclient("get docs\\who.txt who")
    expect(servers.fetched("who") == "first", "the link has changed")
    servers.move_to(FIRST)


@cases("impacket reads referrals of every version, and what refuses them")
def _(servers):
    from impacket.smbconnection import SMBConnection
    port = free_port()
    host = ConsoleHost(servers.dll, ["--listen", "127.0.0.1:%d" % port, "--namespace", "corp", "--link", "corp/a/docs=//one/x,//two/y/z",
                                     "--user", USER, "--log-level", "Warning"], folder=servers.work.path)
    try:
        host.wait_until_listening()
        connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=port, timeout=30)
        connection.login(*USER.split(":"))
        tree = connection.connectTree("IPC$")

        def ask(path, level, code=GET_REFERRALS, room=8192):
            text = (path + "\0").encode("utf-16-le")
            data = struct.pack("<H", level) + text if code == GET_REFERRALS else \
                struct.pack("<HHIH", level, 0, len(text) + 2, len(text)) + text
            return connection.getSMBServer().ioctl(tree, None, code, 1, data, 0, room)

        for level in (1, 2, 3, 4, 9):
            for code in (GET_REFERRALS, GET_REFERRALS_EX):
                answer = ask("\\127.0.0.1\\CORP\\a\\docs\\file", level, code)
                consumed, count, flags = struct.unpack_from("<HHI", answer)
                expect((consumed, count, flags) == (2 * len("\\127.0.0.1\\CORP\\a\\docs"), 2, 2), str((level, consumed, count, flags)))
                expect(sorted(_targets(answer)) == ["\\one\\x", "\\two\\y\\z"], str((level, _targets(answer))))
                expect(struct.unpack_from("<H", answer, 8)[0] == min(level, 4), "level %d" % level)
        expect(_targets(ask("\\127.0.0.1\\corp", 4)) == ["\\127.0.0.1\\corp"], "the root leads elsewhere")
        for path, status in (("\\x\\other", "STATUS_NOT_FOUND"), ("\\x", "STATUS_INVALID_PARAMETER"), ("", "STATUS_INVALID_PARAMETER")):
            try:
                ask(path, 4)
            except Exception as error:
                expect(status in str(error), "%s: %s" % (path, error))
                continue
            raise Failed("%s was answered" % path)
        connection.close()
        code, _ = host.stop()
        expect(code == 0, host.log[-600:])
    finally:
        if host.process.poll() is None:
            host.kill()


def _targets(answer):
    """The network addresses of all entries, at MS-DFSC 2.2.5."""
    found, at = [], 8
    for _ in range(struct.unpack_from("<H", answer, 2)[0]):
        version, size = struct.unpack_from("<HH", answer, at)
        start = at + (8 if version == 1 else struct.unpack_from("<H", answer, at + (20 if version == 2 else 16))[0])
        end = start
        while answer[end:end + 2] != b"\0\0":
            end += 2
        found.append(answer[start:end].decode("utf-16-le"))
        at += size
    return found
