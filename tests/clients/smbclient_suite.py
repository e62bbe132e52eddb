"""smbclient: the everyday work of a user with files, in every dialect and with every kind of protection."""
import os
import subprocess
import time

from harness import Cases, Skipped, WorkFolder, children, expect, run

NEEDS = {"smbclient": "smbclient"}
PER_SHARE = True
cases = Cases()

DIALECTS = ("SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11")
CIPHERS = ("AES-128-GCM", "AES-128-CCM", "AES-256-GCM", "AES-256-CCM")
SIGNING = ("AES-128-GMAC", "AES-128-CMAC", "HMAC-SHA256")
MANY = 10_000


class Session:
    """smbclient against one share; every case works in a remote folder of its own."""

    def __init__(self, target):
        self.target = target
        self.work = WorkFolder()
        self.data = os.urandom(3_000_000)
        self.remote = None
        self.write("f.bin", self.data)

    def write(self, name, data):
        path = self.work.file(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)

    def read(self, name):
        with open(self.work.file(name), "rb") as source:
            return source.read()

    def arguments(self, *options, share=None, user=None, folder=True):
        argv = ["smbclient", "//%s/%s" % (self.target.host, share or self.target.share), "-s", self.work.config,
                "-p", str(self.target.port), "-U", self.target.credentials if user is None else user, *options]
        return argv + ["-D", self.remote] if folder and self.remote and share is None else argv

    def call(self, commands, *options, share=None, user=None, folder=True, timeout=120):
        argv = self.arguments(*options, share=share, user=user, folder=folder)
        return run(argv + ["-c", commands], timeout=timeout, port=self.target.port, cwd=self.work.path)

    def ok(self, commands, *options, want="", lacks=None, **where):
        result = self.call(commands, *options, **where)
        expect(result.code == 0, lambda: "%s: %s" % (commands[:120], result.tail()))
        expect(want in result.text, lambda: "%s: `%s` is missing: %s" % (commands[:120], want, result.tail()))
        expect(lacks is None or lacks not in result.text, lambda: "%s: `%s` is there: %s" % (commands[:120], lacks, result.tail()))
        return result

    def refused(self, commands, *options, want, **where):
        result = self.call(commands, *options, **where)
        wanted = (want,) if isinstance(want, str) else want
        expect(result.code != 0 and any(status in result.text for status in wanted),
               lambda: "%s: %s expected: %s" % (commands[:120], " or ".join(wanted), result.tail()))

    def same(self, name="back"):
        expect(os.path.exists(self.work.file(name)), "nothing was fetched")
        expect(self.read(name) == self.data, lambda: "%d bytes came back and differ" % len(self.read(name)))
        os.unlink(self.work.file(name))

    def round_trip(self, *options):
        self.ok("put f.bin p; get p back; del p", *options)
        self.same()


def run_suite(tally, target, prefix):
    session = Session(target)
    try:
        for number, (name, case) in enumerate(cases):
            full = "%s/%s" % (prefix, name)
            if not tally.wants(full):
                continue
            session.remote = None
            folder = "case%02d" % number
            session.call("mkdir " + folder)
            session.remote = folder
            tally.run(full, case, session)
            session.call("deltree " + folder, folder=False)
    finally:
        session.work.remove()


# ---- files and folders ----------------------------------------------------------------------------------------------

@cases("put and get")
def _(s):
    s.round_trip()


@cases("an empty file")
def _(s):
    s.write("empty", b"")
    s.ok("put empty e; get e e.back; allinfo e", want="0 bytes")
    expect(s.read("e.back") == b"", "it is not empty")


@cases("40 MiB")
def _(s):
    s.write("large", os.urandom(40 << 20))
    s.ok("put large l; get l large.back")
    expect(s.read("large") == s.read("large.back"), "what came back differs")
    os.unlink(s.work.file("large"))
    os.unlink(s.work.file("large.back"))


@cases("overwriting with a shorter file leaves nothing behind")
def _(s):
    s.write("short", b"short")
    s.ok("put f.bin o; put short o; get o o.back")
    expect(s.read("o.back") == b"short", "the old tail is still there")


@cases("reget resumes")
def _(s):
    s.ok("put f.bin r; get r back")
    os.truncate(s.work.file("back"), 1_000_000)
    s.ok("reget r back")
    s.same()


@cases("nested folders")
def _(s):
    s.ok(r"mkdir a; mkdir a\b; cd a\b; pwd", want=r"a\b")


@cases("a folder that is there already")
def _(s):
    s.ok("mkdir a")
    result = s.call("mkdir a")
    expect("OBJECT_NAME_COLLISION" in result.text, result.tail())


@cases("30 levels of folders")
def _(s):
    path, commands = [], ""
    for level in range(30):
        path.append("deep%02d" % level)
        commands += "mkdir %s; " % "\\".join(path)
    deep = "\\".join(path)
    s.ok(commands + r"put f.bin %s\f; allinfo %s\f" % (deep, deep), want="3000000")
    s.ok("deltree deep00")
    s.refused("ls deep00", want="NO_SUCH_FILE")


@cases("rename a file")
def _(s):
    s.ok("put f.bin a.txt; rename a.txt b.txt")
    s.ok("ls *", want="b.txt", lacks="a.txt")


@cases("rename a folder with files in it")
def _(s):
    s.ok(r"mkdir d; put f.bin d\f; rename d e; get e\f back")
    s.same()


@cases("rename onto a file is refused, and -f replaces it")
def _(s):
    s.write("one", b"1")
    s.ok("put one a; put f.bin b")
    s.refused("rename a b", want="OBJECT_NAME_COLLISION")
    s.ok("rename a b -f; get b b.back; ls *", lacks="  a ")
    expect(s.read("b.back") == b"1", "b still has its old content")


@cases("delete by wildcard")
def _(s):
    s.ok("put f.bin m1.txt; put f.bin m2.txt; put f.bin k.bin; del m*.txt")
    s.ok("ls *", want="k.bin", lacks="m1.txt")


@cases("wildcards ? and * list what they match")
def _(s):
    s.write("short", b"short")
    s.ok("put short m0.txt; put short m10.txt; put short m2.dat")
    s.ok("ls m?.txt", want="m0.txt", lacks="m10.txt")
    s.ok("ls *.dat", want="m2.dat", lacks="m0.txt")
    s.ok("ls *", want="m10.txt")
    s.refused("ls x*", want="NO_SUCH_FILE")


@cases("recursive mput and mget bring back the same tree")
def _(s):
    for name in ("tree/a.txt", "tree/sub/b.txt", "tree/sub/deeper/c.txt"):
        s.write(name, name.encode())
    s.ok("recurse on; prompt off; mput tree")
    os.makedirs(s.work.file("down"), exist_ok=True)
    s.ok("recurse on; prompt off; lcd down; mget tree")
    result = run(["diff", "-r", "tree", "down/tree"], cwd=s.work.path)
    expect(result.code == 0, result.tail())


@cases("recursive ls visits every folder")
def _(s):
    s.ok(r"mkdir x; mkdir x\y; put f.bin x\y\z; recurse on; ls", want="z")


@cases("tar out and back in")
def _(s):
    s.write("short", b"short")
    s.ok(r"mkdir u; put short s; put f.bin u\f")
    there = s.remote
    s.ok("tar c out.tar %s; deltree %s" % (there, there), folder=False)     # tar's paths start at the share's root
    s.ok("tar x out.tar", folder=False)
    s.ok(r"get u\f back")
    s.same()


@cases("case-insensitive, case-preserving")
def _(s):
    s.ok("put f.bin CaSe.BiN; ls *", want="CaSe.BiN")
    s.ok("get case.bin back; del CASE.BIN; ls *", lacks="CaSe")
    s.same()


@cases("names from all over Unicode")
def _(s):
    s.ok('mkdir "ünï-日本語-🎉"; put f.bin "ünï-日本語-🎉\\ß.bin"; ls "ünï-日本語-🎉\\*"', want="ß.bin")
    s.ok('ls *', want="ünï-日本語-🎉")
    s.ok('get "ÜNÏ-日本語-🎉\\ß.BIN" back')
    s.same()


@cases("a name of 255 characters, and none of 256")
def _(s):
    s.ok("put f.bin %s; del %s" % ("n" * 255, "n" * 255))
    s.refused("put f.bin " + "n" * 256, want="OBJECT_NAME_INVALID")


@cases("times set are times kept")
def _(s):
    s.ok("put f.bin u; utimes u 2020:01:02-03:04:05 -1 2021:01:02-03:04:05 -1; allinfo u", want="2021")
    s.ok("allinfo u", want="2020")


@cases("the read-only attribute is kept and protects")
def _(s):
    s.ok("put f.bin ro; setmode ro +r; allinfo ro", want="RA (21)")
    s.refused("del ro; get nothing", want="CANNOT_DELETE")
    s.ok("setmode ro -r; del ro")


@cases("allinfo tells size and attributes")
def _(s):
    s.ok("put f.bin i; allinfo i", want="3000000 bytes")


@cases("server-side copy")
def _(s):
    s.ok("put f.bin a; scopy a b; get b back")
    s.same()


@cases("hard link")
def _(s):
    result = s.call("put f.bin a; hardlink a b; get b back")
    if "NOT_SUPPORTED" in result.text:
        raise Skipped("the store has no hard links and says so")
    expect(result.code == 0, result.tail())
    s.same()


@cases("du and volume")
def _(s):
    s.ok("put f.bin v; du *", want="Total number of bytes: 3000000")
    s.ok("volume", want="serial number")


@cases("a missing file, a missing folder, a folder that is not empty")
def _(s):
    s.refused("get nope x", want="OBJECT_NAME_NOT_FOUND")
    s.refused(r"get nopath\nope x", want="OBJECT_PATH_NOT_FOUND")
    s.ok(r"mkdir full; put f.bin full\f")
    result = s.call("rmdir full")
    expect("DIRECTORY_NOT_EMPTY" in result.text, result.tail())


@cases("nothing outside the share by ..")
def _(s):
    result = s.call(r"get ..\..\..\..\..\etc\passwd stolen")
    stolen = s.work.file("stolen")
    expect(not os.path.exists(stolen) or b"root:" not in s.read("stolen"), "it handed out /etc/passwd")
    expect(result.code != 0, result.tail())


# ---- dialects and protection ----------------------------------------------------------------------------------------

def _protection(dialect, protection):
    @cases("%s, %s" % (dialect, protection))
    def _(s):
        options = ("-m", dialect, "--client-protection=" + protection)
        if protection == "encrypt" and not dialect.startswith("SMB3"):
            s.refused("ls", *options, want="ncryption")
        else:
            s.round_trip(*options)


for _dialect in DIALECTS:
    for _level in ("off", "sign", "encrypt"):
        _protection(_dialect, _level)


def _algorithm(title, protection, option, value):
    @cases("%s %s" % (title, value))
    def _(s):
        s.round_trip("--client-protection=" + protection, "--option=%s=%s" % (option, value))


for _cipher in CIPHERS:
    _algorithm("cipher", "encrypt", "client smb3 encryption algorithms", _cipher)
for _signing in SIGNING:
    _algorithm("signing by", "sign", "client smb3 signing algorithms", _signing)


@cases("SMB1 alone is refused")
def _(s):
    result = s.call("ls", "-m", "NT1", "--option=client min protocol=NT1", folder=False)
    expect(result.code != 0, result.tail())


@cases("a multi-protocol negotiate ends in SMB 2 or 3")
def _(s):
    s.ok("ls", "--option=client min protocol=NT1")


# ---- many entries ---------------------------------------------------------------------------------------------------

@cases("10,000 files are listed by every way of asking")
def _(s):
    if not os.path.exists(s.work.file("many")):
        for number in range(MANY):
            s.write("many/file-%d.txt" % number, b"")
    s.ok("recurse on; prompt off; mput many", timeout=300)
    for options in ((), ("-m", "SMB2_02"), ("--client-protection=encrypt",)):
        found = s.call(r"ls many\*", *options).text.count("file-")
        expect(found == MANY, "%d of %d entries with %s" % (found, MANY, " ".join(options) or "the defaults"))
    found = s.call(r"ls many\file-99*.txt").text.count("file-")
    expect(found == 111, "%d of 111 entries match a pattern" % found)
    s.ok("deltree many", timeout=300)


# ---- shares and users -----------------------------------------------------------------------------------------------

@cases("the list of shares")
def _(s):
    result = run(["smbclient", "-g", "-L", s.target.host, "-s", s.work.config, "-p", str(s.target.port),
                  "-U", s.target.credentials], port=s.target.port)
    expect("Disk|%s|" % s.target.share in result.text and "IPC|IPC$|" in result.text, result.tail())


@cases("an unknown share")
def _(s):
    s.refused("ls", share="nosuchshare", want="BAD_NETWORK_NAME")


@cases("a read-only share is read and not written")
def _(s):
    share = s.target.shares.get("readonly")
    if not share:
        raise Skipped("this server has no read-only share")
    s.ok("get note.txt note; ls", share=share, want="note.txt")
    s.refused("put f.bin w", share=share, want="NT_STATUS_")
    s.refused("del note.txt; get nothing", share=share, want="NT_STATUS_")
    s.ok("ls", share=share, want="note.txt", lacks="  w ")


@cases("a share that must be encrypted")
def _(s):
    share = s.target.shares.get("encrypt")
    if not share:
        raise Skipped("this server has no encrypted share")
    s.ok("put f.bin e; get e back; del e", share=share)
    s.same()
    s.refused("ls", "-m", "SMB2_10", share=share, want="ACCESS_DENIED")


@cases("a guest share without a password")
def _(s):
    share = s.target.shares.get("guest")
    if not share:
        raise Skipped("this server has no guest share")
    s.ok("put f.bin g; get g back; del g", "-N", share=share, user="%")
    s.same()


@cases("without a password nobody gets in elsewhere")
def _(s):
    result = s.call("ls", "-N", user="%", folder=False)
    expect(result.code != 0 and ("ACCESS_DENIED" in result.text or "LOGON_FAILURE" in result.text), result.tail())


@cases("the second user")
def _(s):
    if not s.target.user2:
        raise Skipped("no second user was named")
    s.ok("volume", user="%s%%%s" % (s.target.user2, s.target.password2), folder=False)


@cases("a wrong password and an unknown user")
def _(s):
    s.refused("ls", user=s.target.user + "%wrong", folder=False, want="LOGON_FAILURE")
    # A server with a guest share takes strangers for guests, and then keeps them out of this share.
    s.refused("ls", user="nosuch%wrong", folder=False, want=("LOGON_FAILURE", "ACCESS_DENIED"))
    s.ok("ls")


# ---- several at once ------------------------------------------------------------------------------------------------

@cases("eight clients at once")
def _(s):
    started = [children.start(s.arguments() + ["-c", "put f.bin p%d; get p%d at-once%d; del p%d" % (n, n, n, n)],
                              cwd=s.work.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for n in range(8)]
    end = time.monotonic() + 60
    try:
        while time.monotonic() < end and any(process.poll() is None for process in started):
            time.sleep(0.1)
        expect([process.poll() for process in started] == [0] * 8,
               lambda: "exit codes " + str([process.poll() for process in started]))
    finally:
        for process in started:
            children.end(process)
            process.wait()
            children.forget(process)
    for number in range(8):
        s.same("at-once%d" % number)
