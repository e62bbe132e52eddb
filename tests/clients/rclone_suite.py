"""rclone: a Go client with a pool of connections, and the way many people sync their files."""
import os

from harness import Cases, WorkFolder, expect, run

NEEDS = {"rclone": "rclone"}
PER_SHARE = True
cases = Cases()


class Remote:
    def __init__(self, target):
        self.target = target
        self.work = WorkFolder()
        self.tree = "t:%s/rclone" % target.share
        secret = run(["rclone", "obscure", target.password]).text.strip()
        with open(self.work.file("rclone.conf"), "w", encoding="utf-8") as out:
            out.write("[t]\ntype = smb\nhost = %s\nport = %d\nuser = %s\npass = %s\n"
                      % (target.host, target.port, target.user, secret))
        os.makedirs(self.work.file("up/a/b"))
        for number in range(50):
            self._write("up/a/f%d" % number, os.urandom(20_000))
        self._write("up/a/b/large", os.urandom(24 << 20))
        self._write("up/empty", b"")
        self._write("up/ünï ☃.txt", b"x")

    def _write(self, name, data):
        with open(self.work.file(name), "wb") as out:
            out.write(data)

    def __call__(self, *arguments, want=""):
        result = run(["rclone", "--config", self.work.file("rclone.conf"), "--retries", "1", "--low-level-retries", "2",
                      "--contimeout", "10s", *arguments], timeout=180, cwd=self.work.path)
        expect(result.code == 0 and want in result.text, lambda: "rclone %s: %s" % (" ".join(arguments), result.tail()))


def run_suite(tally, target, prefix):
    remote = Remote(target)
    try:
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, remote)
    finally:
        remote.work.remove()


@cases("the shares are its top folders")
def _(r):
    r("lsd", "t:", want=r.target.share)


@cases("copy a tree up, and every byte of it is there")
def _(r):
    r("copy", "up", r.tree)
    r("check", "--download", "up", r.tree)


@cases("sync it down")
def _(r):
    r("copy", "up", r.tree)
    r("sync", r.tree, "down")
    result = run(["diff", "-r", "up", "down"], cwd=r.work.path)
    expect(result.code == 0, result.tail())


@cases("a second copy has nothing to do")
def _(r):
    r("copy", "up", r.tree)
    r("copy", "up", r.tree, "-v", "--stats-one-line", want="0 B / 0 B")


@cases("move a file, then a folder, then purge")
def _(r):
    r("copy", "up", r.tree)
    r("moveto", r.tree + "/a/f1", r.tree + "/a/moved")
    r("lsf", r.tree + "/a", want="moved")
    r("size", r.tree, want="Total objects: 53")
    r("move", r.tree, r.tree + "2")
    r("purge", r.tree + "2")
