"""A share of a cluster that is split at folders: what smbclient and impacket see of it while nodes take parts over.

The nodes are those of tests/Smb3.Embedded.ClusterHost, in a network of their own: clients follow referrals to port 445 only.
"""
import os
import shutil
import subprocess
import sys
import time

from harness import Cases, Failed, Skipped, WorkFolder, children, expect, run
from server import ConsoleHost, PrivateNetwork

NEEDS = {"smbclient": "smbclient", "ip": "iproute2", "python:impacket": "python3-impacket"}
PER_SHARE = False
cases = Cases()

USER = "u:pw-1"
NODES = {"a": "127.0.0.1", "b": "127.0.0.2", "c": "127.0.0.3"}


class Cluster:
    """Three nodes on one folder; "data" is a part of its own, at the second."""

    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        self.network = None
        self.host = None

    def start(self):
        if self.dll is None:
            raise Skipped("tests/Smb3.Embedded.ClusterHost is not built")
        if os.geteuid() != 0 or not shutil.which("ip") or run(["unshare", "-n", "true"]).code != 0:
            raise Skipped("clients follow referrals to port 445 only: network namespaces need root and iproute2")
        self.network = PrivateNetwork()
        for name in ("data/sub", "other"):
            os.makedirs(self.file(name))
        for name in ("top.txt", "data/old.txt", "data/sub/deep.txt"):
            with open(self.file(name), "w", encoding="ascii") as out:
                out.write(name)
        self.host = ConsoleHost(
            self.dll, ["memory", self.work.file("files"), USER, *("%s=%s" % node for node in NODES.items()), "split=data@b"],
            prefix=self.network.prefix, stdin=subprocess.PIPE).wait_until_listening()
        expect("done: split=data@b" in self.host.log, lambda: self.host.log[-1500:])

    def file(self, name):
        return os.path.join(self.work.file("files"), name)

    def order(self, word):
        before = len(self.host.lines)
        self.host.process.stdin.write(word.encode("ascii") + b"\n")
        self.host.process.stdin.flush()
        until = time.monotonic() + 30
        while not any(line.endswith(word) or ("failed: " + word) in line for line in self.host.lines[before:]):
            expect(time.monotonic() < until, lambda: "%s was not done: %s" % (word, self.host.log[-800:]))
            time.sleep(0.02)
        expect("done: " + word in self.host.lines[before:], lambda: "\n".join(self.host.lines[before:]))

    def smbclient(self, commands, *options, node="a", code=0):
        result = run([*self.network.prefix, "smbclient", "//%s/files" % NODES[node], "-s", self.work.config, "-U", USER.replace(":", "%"),
                      *options, "-c", commands], timeout=90, port=445, cwd=self.work.path)
        expect(code is None or (result.code == 0) == (code == 0), lambda: "%s: %s" % (commands, result.tail(800)))
        return result.text

    def owner(self):
        """The node that has the whole share."""
        for name in NODES:
            if run([*self.network.prefix, "smbclient", "//%s/files" % NODES[name], "-s", self.work.config, "-U", USER.replace(":", "%"),
                    "-c", "ls top.txt"], timeout=60, port=445).code == 0:
                return name
        raise Failed("no node has the share: " + self.host.log[-800:])

    def stop_cleanly(self):
        code, _ = self.host.stop()
        bugs = [line for line in self.host.lines if "Unhandled exception" in line or line.startswith(("crit:", "fail:"))]
        expect(code == 0 and not bugs, lambda: "it ended with %d: %s" % (code, self.host.log[-1500:]))

    def end(self):
        if self.host is not None and self.host.process.poll() is None:
            self.host.kill()
        if self.network is not None:
            self.network.remove()
        self.work.remove()


def run_suite(tally, dll, prefix):
    cluster = Cluster(dll)
    try:
        try:
            cluster.start()
        except Skipped as reason:
            tally.add(prefix, "FAIL" if os.environ.get("CI") else "skip", "left out: %s" % reason)
            return
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, cluster)
        if not tally.only:
            tally.run(prefix + "/the nodes are still there, stop with exit code 0, and logged no bug", cluster.stop_cleanly)
    finally:
        cluster.end()


def _dialect(dialect):
    @cases("smbclient -m %s goes through the seam as if there were none" % dialect)
    def _(cluster):
        sent = cluster.work.file("up.bin")
        with open(sent, "wb") as out:
            out.write(os.urandom(300_000))
        text = cluster.smbclient(
            "ls; ls data\\*; cd data; ls; put up.bin new.bin; rename new.bin newer.bin; cd sub; ls; get deep.txt deep; mkdir made; rmdir made; "
            "cd \\; get data\\newer.bin back; del data\\newer.bin; get top.txt top", "-m", dialect, node=cluster.owner())
        for line in ("data  ", "old.txt  ", "deep.txt  ", "sub  "):
            expect(line in text, lambda: "`%s` is missing: %s" % (line.strip(), text[-1200:]))
        expect(len([line for line in text.splitlines() if line.startswith("  data ")]) == 1, "the folder at the seam is listed once: " + text)
        expect("Dr" in next(line for line in text.splitlines() if line.startswith("  data ")), "it is shown as a link: " + text)
        for name, content in (("deep", "data/sub/deep.txt"), ("top", "top.txt")):
            with open(cluster.work.file(name), encoding="ascii") as got:
                expect(got.read() == content, name)
        with open(sent, "rb") as one, open(cluster.work.file("back"), "rb") as other:
            expect(one.read() == other.read(), "what came back through the seam differs")
        expect(not os.path.exists(cluster.file("data/newer.bin")), "it is still there")


for _each in ("SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11"):
    _dialect(_each)


@cases("smbclient is told what cannot be done at the seam")
def _(cluster):
    owner = cluster.owner()
    for commands, status in (("rmdir data", "NT_STATUS_CANNOT_DELETE"), ("get data\\nothing", "NT_STATUS_OBJECT_NAME_NOT_FOUND"),
                             ("get data\\none\\nothing", "NT_STATUS_OBJECT_PATH_NOT_FOUND")):
        text = cluster.smbclient(commands, node=owner, code=None)
        expect(status in text, lambda: "%s: %s" % (commands, text[-400:]))
    cluster.smbclient("rename top.txt data\\top.txt", node=owner, code=None)
    expect(os.path.exists(cluster.file("top.txt")) and not os.path.exists(cluster.file("data/top.txt")), "it went across")
    expect(os.path.isdir(cluster.file("data")), "it was removed")


@cases("a client without DFS is told that the path is not covered")
def _(cluster):
    script = (
        "import sys\n"
        "from impacket.smbconnection import SMBConnection\n"
        "c = SMBConnection(%r, %r, timeout=30)\n"
        "c.login(*%r.split(':'))\n"
        "t = c.connectTree('files')\n"
        "c.getSMBServer()._Session['TreeConnectTable'][t]['IsDfsShare'] = False\n"     # it says that it writes DFS names, and writes plain ones
        "for path in ('data', 'data\\\\old.txt', 'data\\\\new\\\\x', 'top.txt'):\n"
        "    try:\n"
        "        c.openFile(t, path, desiredAccess=0x80)\n"
        "        print(path, 'opened')\n"
        "    except Exception as e:\n"
        "        print(path, e)\n") % (NODES[cluster.owner()], NODES[cluster.owner()], USER)
    text = run([*cluster.network.prefix, sys.executable, "-c", script], timeout=90).text
    expect(text.count("STATUS_PATH_NOT_COVERED") == 3 and "top.txt opened" in text, text)


@cases("a part goes to another node under a client that stays connected")
def _(cluster):
    client = children.start(
        [*cluster.network.prefix, "smbclient", "//%s/files" % NODES[cluster.owner()], "-s", cluster.work.config, "-U", USER.replace(":", "%")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cluster.work.path)

    def fetch(source, name):
        client.stdin.write(b"get %s %s\n" % (source.encode("ascii"), name.encode("ascii")))
        client.stdin.flush()
        until = time.monotonic() + 60
        while not os.path.exists(cluster.work.file(name)) or not os.path.getsize(cluster.work.file(name)):
            expect(time.monotonic() < until and client.poll() is None, "the client fetched nothing")
            time.sleep(0.05)

    try:
        fetch("data\\old.txt", "before")
        cluster.order("move=data@c")
        for name in NODES:
            cluster.smbclient("get data\\old.txt after-%s" % name, node=cluster.owner())
        client.communicate(b"quit\n", timeout=30)
    finally:
        children.end(client)
        client.wait()
        children.forget(client)
        cluster.order("move=data@b")


@cases("parts are joined and split anew, and the tree stays what it is")
def _(cluster):
    cluster.order("join=data")
    owner = cluster.owner()
    text = cluster.smbclient("ls; get data\\old.txt joined", node=owner)
    expect("Dr" not in next(line for line in text.splitlines() if line.startswith("  data ")), "it is no link any more: " + text)
    cluster.order("split=data/sub@c")
    cluster.order("split=other@b")
    cluster.smbclient("get data\\sub\\deep.txt deep2; put joined other\\from.txt; get data\\old.txt old2", node=owner)
    with open(cluster.file("other/from.txt"), encoding="ascii") as got:
        expect(got.read() == "data/old.txt", "what was put there")
    for word in ("join=data/sub", "join=other", "split=data@b"):
        cluster.order(word)
    cluster.smbclient("get data\\sub\\deep.txt deep3", node=cluster.owner())


@cases("a drain takes the whole and the parts to the other nodes")
def _(cluster):
    cluster.order("drain=b")
    cluster.order("drain=a")
    text = cluster.smbclient("ls; get data\\old.txt drained", node="c")
    expect("Dr" in next(line for line in text.splitlines() if line.startswith("  data ")), "it is still split: " + text)
