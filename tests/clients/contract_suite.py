"""The console host's contract: what scripts rely on (arguments, exit codes, the `listening on` line, draining)."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

from harness import Cases, Failed, Skipped, WorkFolder, children, expect, run
from server import ConsoleHost, another_account, free_port

NEEDS = {"smbclient": "smbclient"}
NEEDS_HOST = True           # it starts its own; it is not run against another server
cases = Cases()

# The settings of the command line under the section that appsettings.json and the environment use.
SECTION = "Smb"


class Contract:
    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        self.folder = self.work.file("served")
        os.makedirs(self.folder)
        self.started = []

    def start(self, *arguments, environment=None, folder=None, prefix=()):
        host = ConsoleHost(self.dll, list(arguments), environment, folder or self.work.path, prefix)
        self.started.append(host)
        return host

    def serving(self, *arguments, count=1, **where):
        return self.start(*arguments, **where).wait_until_listening(count)

    def stop_all(self):
        for host in self.started:
            if host.process.poll() is None:
                host.kill()
        self.started.clear()

    def ends(self, expected, *arguments, says=(), **where):
        host = self.start(*arguments, **where)
        code = host.exit_code_unless_listening()
        expect(code == expected, "exit code %d and not %d with %s: %s" % (code, expected, arguments, host.log[-400:]))
        expect(host.log.strip(), "no message with %s" % (arguments,))
        expect("Unhandled exception" not in host.log and "   at " not in host.log,
               "a stack trace is not a message: " + host.log[-400:])
        for word in says:
            expect(word.lower() in host.log.lower(), "the message does not name `%s`: %s" % (word, host.log[-400:]))
        expect(not host.listening(), "it said that it listens")

    def client(self, port, share, commands, *options, user="u%pw-1", host="127.0.0.1"):
        return run(["smbclient", "//%s/%s" % (host, share), "-s", self.work.config, "-p", str(port), "-U", user, *options,
                    "-c", commands], port=port, cwd=self.work.path)

    def works(self, port, share, commands="ls", *options, **who):
        result = self.client(port, share, commands, *options, **who)
        expect(result.code == 0, lambda: "%s: %s" % (commands, result.tail()))
        return result


def run_suite(tally, dll, prefix):
    contract = Contract(dll)
    try:
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, contract)
            contract.stop_all()
    finally:
        contract.stop_all()
        contract.work.remove()


def _listen(port, host="127.0.0.1"):
    return "--listen", "%s:%d" % ("[%s]" % host if ":" in host else host, port)


# ---- starting -------------------------------------------------------------------------------------------------------

@cases("without shares and users it makes its own, says how to connect, and that works")
def _(c):
    port = free_port()
    home = tempfile.mkdtemp(dir=c.work.path)
    host = c.serving(*_listen(port), folder=home)
    expect(str(port) in host.listening()[0], host.listening()[0])
    time.sleep(0.5)
    words = host.log.replace("'", " ").replace('"', " ").replace(",", " ").split()
    expect("demo" in host.log, "the demo user is not named: " + host.log[-400:])
    # Its password is printed: one of the words (or what follows `demo:` or `demo%`) is the one that opens the share.
    guesses = [part for word in words for part in (word, word.partition(":")[2], word.partition("%")[2])]
    guesses = [word for word in dict.fromkeys(guesses) if 6 <= len(word) <= 40 and not word.startswith(("//", "\\", "smb:", "/"))]
    good = [word for word in guesses if word.isascii() and any(ch.isdigit() for ch in word)] + guesses
    for word in list(dict.fromkeys(good))[:6]:
        if c.client(port, "demo", "mkdir a; ls", user="demo%" + word).code == 0:
            return
    raise Failed("no printed word opens the share: " + host.log[-600:])


@cases("one `listening on` line for each end point, and each accepts")
def _(c):
    first, second = free_port(), free_port()
    host = c.serving(*_listen(first), *_listen(second), "--share", "s=" + c.folder, "--user", "u:pw-1", count=2)
    expect(len(host.listening()) == 2, str(host.listening()))
    for port in (first, second):
        expect(any(line.endswith(":%d" % port) or ":%d " % port in line for line in host.listening()), str(host.listening()))
        c.works(port, "s")


@cases("it listens on IPv6")
def _(c):
    try:
        port = free_port("::1")
    except OSError:
        raise Skipped("this machine has no IPv6 loopback") from None
    host = c.serving(*_listen(port, "::1"), "--share", "s=" + c.folder, "--user", "u:pw-1")
    expect("[::1]:%d" % port in host.listening()[0], host.listening()[0])
    c.works(port, "s", host="::1")


# What systemd does for a .socket unit (sd_listen_fds(3)): binds, and hands the socket over as descriptor 3.
ACTIVATE = """
import os, socket, sys
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("127.0.0.1", int(sys.argv[1])))
listening.listen()
listening.set_inheritable(True)
if listening.fileno() != 3: os.dup2(listening.fileno(), 3)
os.environ.update(LISTEN_PID=str(os.getpid()) if sys.argv[2] == "own" else "1", LISTEN_FDS="1")
os.execvp(sys.argv[3], sys.argv[3:])
"""


@cases("a socket that systemd has bound is served; one that is meant for another process is not touched")
def _(c):
    port = free_port()
    host = c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1", prefix=[sys.executable, "-c", ACTIVATE, str(port), "own"])
    c.works(port, "s")
    code, _ = host.stop()
    expect(code == 0, "exit code %d: %s" % (code, host.log[-300:]))
    port = free_port()
    c.ends(1, *_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1", says=["already in use"],
           prefix=[sys.executable, "-c", ACTIVATE, str(port), "another"])


@cases("several shares and users; read-only is read-only")
def _(c):
    port = free_port()
    c.serving(*_listen(port), "--share", "a=" + c.folder, "--share", "b=memory:", "--share", "r=%s,readonly" % c.folder,
              "--user", "u:pw-1", "--user", "v:pw:2")
    data = os.urandom(100_000)
    with open(c.work.file("local"), "wb") as out:
        out.write(data)
    c.works(port, "a", r"mkdir made; put local made\file")
    with open(os.path.join(c.folder, "made", "file"), "rb") as source:
        expect(source.read() == data, "the file in the served folder is not what was put")
    c.works(port, "b", "mkdir made", user="v%pw:2")
    expect(c.client(port, "r", "mkdir other").text.count("NT_STATUS_") > 0, "a folder was made on a read-only share")
    c.works(port, "r", r"get made\file back")
    expect(os.listdir(c.folder) == ["made"], str(os.listdir(c.folder)))
    c.works(port, "a", "deltree made")


# ---- settings -------------------------------------------------------------------------------------------------------

@cases("users in a file, made out of a password on standard input; who is taken out is gone within seconds, and a wrong line changes nothing")
def _(c):
    path = c.work.file("users")

    def entry(name, password):
        made = subprocess.run([os.environ.get("DOTNET_HOST_PATH") or "dotnet", c.dll, "--make-user-entry", name], input=password + "\n",
                              capture_output=True, text=True, timeout=60)
        expect(made.returncode == (0 if password else 2), made.stdout + made.stderr)
        expect(not password or password not in made.stdout + made.stderr, "the password is repeated")
        return made.stdout

    def write(text):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, 0o600)

    entry("nobody", "")
    first, second = entry("first:staff", "pw-1"), entry("second", "pw-2")
    write(first + second)
    port = free_port()
    host = c.serving(*_listen(port), "--share", "s=" + c.folder, "--users-file", path)
    c.works(port, "s", user="FIRST%pw-1")
    c.works(port, "s", user="second%pw-2")
    write(first)
    until = time.monotonic() + 20
    while c.client(port, "s", "ls", user="second%pw-2").code == 0:
        expect(time.monotonic() < until, "who was taken out is still let in")
        time.sleep(0.3)
    write(first + "wrong\n")
    while "line 2" not in host.log:
        expect(time.monotonic() < until + 20, "the log says nothing: " + host.log[-400:])
        time.sleep(0.3)
    c.works(port, "s", user="first%pw-1")
    c.ends(2, "--users-file", path, says=["--users-file", "line 2"])


@cases("the dialects are bounded as told")
def _(c):
    port = free_port()
    c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1", "--min-dialect", "3.0", "--max-dialect", "3.0.2")
    c.works(port, "s")
    c.works(port, "s", "ls", "-m", "SMB3_00")
    expect(c.client(port, "s", "ls", "-m", "SMB2_10").code != 0, "2.1 was accepted below a minimum of 3.0")
    expect(c.client(port, "s", "ls", "--option=client min protocol=SMB3_11").code != 0, "3.1.1 was accepted above 3.0.2")


@cases("required encryption keeps out who cannot encrypt")
def _(c):
    port = free_port()
    c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1", "--encryption", "required")
    c.works(port, "s")
    expect(c.client(port, "s", "ls", "-m", "SMB2_10").code != 0, "an unencrypted client was let in")


@cases("encryption off means off")
def _(c):
    port = free_port()
    c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1", "--encryption", "off")
    c.works(port, "s")
    expect(c.client(port, "s", "ls", "--client-protection=encrypt").code != 0, "it encrypted")


@cases("required signing, and the ordered lists of algorithms")
def _(c):
    port = free_port()
    c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1", "--signing", "required",
              "--ciphers", "AES-256-GCM,AES-128-CCM", "--signing-algorithms", "AES-CMAC")
    c.works(port, "s", "ls", "--client-protection=sign")
    c.works(port, "s", "ls", "--client-protection=encrypt")
    alone = "--option=client smb3 encryption algorithms="
    c.works(port, "s", "ls", "--client-protection=encrypt", alone + "AES-128-CCM")
    expect(c.client(port, "s", "ls", "--client-protection=encrypt", alone + "AES-128-GCM").code != 0,
           "a cipher that is not in the list was used")


@cases("the same settings from the environment")
def _(c):
    port = free_port()
    host = c.serving(environment={
        SECTION + "__Listen__0": "127.0.0.1:%d" % port, SECTION + "__Shares__0": "env=" + c.folder,
        SECTION + "__Users__0": "u:pw-1"})
    expect(str(port) in host.listening()[0], host.listening()[0])
    c.works(port, "env")


@cases("the same settings from appsettings.json")
def _(c):
    port = free_port()
    home = tempfile.mkdtemp(dir=c.work.path)
    with open(os.path.join(home, "appsettings.json"), "w", encoding="utf-8") as out:
        json.dump({SECTION: {"Listen": ["127.0.0.1:%d" % port], "Shares": ["json=" + c.folder], "Users": ["u:pw-1"],
                             "MaxDialect": "3.0.2"}}, out)
    c.serving(folder=home)
    c.works(port, "json")
    expect(c.client(port, "json", "ls", "--option=client min protocol=SMB3_11").code != 0, "MaxDialect was not read")


@cases("the command line wins over the environment")
def _(c):
    port, other = free_port(), free_port()
    host = c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1",
                     environment={SECTION + "__Listen__0": "127.0.0.1:%d" % other})
    expect(len(host.listening()) == 1 and str(port) in host.listening()[0], str(host.listening()))


# ---- refusing -------------------------------------------------------------------------------------------------------

def _bad(says, *arguments):
    @cases("exit code 2 and a message that names it: " + " ".join(arguments))
    def _(c):
        c.ends(2, *[argument.replace("FOLDER", c.folder) for argument in arguments], says=[says])


_bad("--nonsense", "--nonsense")
_bad("stray", "stray")
_bad("--listen", "--listen")
_bad("nowhere", "--listen", "nowhere")
_bad("99999", "--listen", "127.0.0.1:99999")
_bad("noequals", "--share", "noequals")
_bad("strange", "--share", "s=FOLDER,strange")
_bad("IPC$", "--share", "IPC$=FOLDER")
_bad("twice", "--share", "twice=FOLDER", "--share", "TWICE=FOLDER")
_bad("nopassword", "--user", "nopassword")
_bad("1.0", "--min-dialect", "1.0")
_bad("dialect", "--min-dialect", "3.1.1", "--max-dialect", "2.1")
_bad("maybe", "--signing", "maybe")
_bad("perhaps", "--encryption", "perhaps")
_bad("ROT13", "--ciphers", "ROT13")
_bad("CRC", "--signing-algorithms", "CRC")
_bad("Loud", "--log-level", "Loud")


@cases("a password is never repeated in a message")
def _(c):
    host = c.start("--user", "u:Very-Secret-9", "--nonsense")
    expect(host.exit_code() == 2, "not refused")
    expect("Very-Secret-9" not in host.log, "the password is in the message")


@cases("a taken port: a message that says what to do and exit code 1")
def _(c):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        c.ends(1, *_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1", says=[str(port), "--listen"])


@cases("a folder that is not there, or is a file: exit code 1")
def _(c):
    plain = c.work.file("plain")
    with open(plain, "w", encoding="utf-8") as out:
        out.write("x")
    for folder in (c.work.file("missing"), plain):
        c.ends(1, *_listen(free_port()), "--share", "s=" + folder, "--user", "u:pw-1", says=[folder])


@cases("a folder that may not be read: exit code 1")
def _(c):
    closed = c.work.file("closed")
    os.makedirs(closed, mode=0)

    # Root may read every folder: then it is another account that may not.
    who = another_account(c.dll) if os.geteuid() == 0 else {}
    os.chmod(c.work.path, 0o711)
    try:
        c.ends(1, *_listen(free_port()), "--share", "s=" + closed, "--user", "u:pw-1", says=[closed], folder="/", **who)
    finally:
        os.chmod(closed, 0o700)


# ---- stopping -------------------------------------------------------------------------------------------------------

def _stops(c, how):
    port = free_port()
    host = c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1")
    c.works(port, "s")
    code, seconds = host.stop(how)
    expect(code == 0, "exit code %d: %s" % (code, host.log[-300:]))
    expect(seconds < 10, "it took %.1f s with nothing to do" % seconds)
    with socket.socket() as probe:
        probe.settimeout(3)
        expect(probe.connect_ex(("127.0.0.1", port)) != 0, "the port still accepts")


@cases("SIGTERM ends it with exit code 0")
def _(c):
    _stops(c, signal.SIGTERM)


@cases("Ctrl-C ends it with exit code 0")
def _(c):
    _stops(c, signal.SIGINT)


@cases("an idle client does not hold up the end")
def _(c):
    port = free_port()
    host = c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1")
    client = children.start(["smbclient", "//127.0.0.1/s", "-s", c.work.config, "-p", str(port), "-U", "u%pw-1"],
                            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1.5)
        code, seconds = host.stop()
        expect(code == 0 and seconds < 15, "exit code %d after %.1f s" % (code, seconds))
    finally:
        client.stdin.close()
        children.end(client)
        client.wait()
        children.forget(client)


@cases("draining in the middle of a transfer: bounded, exit code 0, and finished writes are in the file")
def _(c):
    port = free_port()
    host = c.serving(*_listen(port), "--share", "s=" + c.folder, "--user", "u:pw-1")
    block = os.urandom(1 << 20)
    with open(c.work.file("large"), "wb") as out:
        for _ in range(256):
            out.write(block)
    client = children.start(["smbclient", "//127.0.0.1/s", "-s", c.work.config, "-p", str(port), "-U", "u%pw-1",
                             "-c", "put large drained"], cwd=c.work.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    target = os.path.join(c.folder, "drained")
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end and not (os.path.exists(target) and os.path.getsize(target) > 8 << 20):
            time.sleep(0.02)
        expect(os.path.exists(target), "the transfer did not begin")
        code, seconds = host.stop(seconds=60)
        expect(code == 0, "exit code %d: %s" % (code, host.log[-400:]))
        expect(seconds < 45, "%.1f s" % seconds)
        with open(target, "rb") as source:
            expect(source.read(1 << 20) == block, "the first MiB of the file is not what was sent")
    finally:
        children.end(client)
        client.wait()
        children.forget(client)
        os.unlink(c.work.file("large"))
        if os.path.exists(target):
            os.unlink(target)


@cases("quotas of a folder: smbcquotas sets and lists them, a put beyond the limit is refused, and they outlive the server")
def _(c):
    folder = c.work.file("quotas")
    os.makedirs(folder)
    if os.geteuid() != 0:
        raise Skipped("smbcquotas knows no other port than 445, which takes root")
    host_address, port = "127.77.%d.%d" % (os.getpid() >> 8 & 255, os.getpid() & 255), 445
    listen = ("--listen", "%s:%d" % (host_address, port))
    environment = {
        "Smb__Users__0__Name": "admin", "Smb__Users__0__Password": "pw-1", "Smb__Users__0__Groups__0": "Administrators",
        "Smb__Users__1__Name": "u", "Smb__Users__1__Password": "pw-1",
    }

    def quotas(*options, user="admin%pw-1"):
        return run(["smbcquotas", "//%s/s" % host_address, "-s", c.work.config, "-U", user, *options], port=port, cwd=c.work.path)

    def client(commands, user="u%pw-1"):
        return c.client(port, "s", commands, user=user, host=host_address)

    def told(result, *wanted):
        expect(result.code == 0, result.tail)
        for text in wanted:
            expect(text in " ".join(result.text.split()), lambda: "`%s` is missing: %s" % (text, result.tail()))

    for name, size in (("small", 600_000), ("large", 3_000_000)):
        with open(c.work.file(name), "wb") as out:
            out.write(os.urandom(size))
    host = c.serving(*listen, "--share", "s=%s,quotas" % folder, environment=environment)
    told(quotas("-S", "FSQFLAGS:QUOTA_ENABLED/DENY_DISK"))
    told(quotas("-S", "UQLIM:u:500000/1000000"))
    told(quotas("-F"), "Quotas Enabled: On", "Deny Disk: On")
    told(client("put small a"))
    told(quotas("-L"), "600000/ 500000/ 1000000")
    refused = client("put large b")
    expect("NT_STATUS_DISK_FULL" in refused.text, refused.tail)
    expect(not os.path.exists(os.path.join(folder, "b")) or os.path.getsize(os.path.join(folder, "b")) <= 400_000,
           "more than the limit is in the folder")
    expect(quotas("-S", "UQLIM:u:0/0", user="u%pw-1").code != 0, "a user sets limits")
    told(client("put large other", user="admin%pw-1"))
    client("del b")
    code, _ = host.stop()
    expect(code == 0, "exit code %d" % code)

    host = c.serving(*listen, "--share", "s=%s,quotas" % folder, environment=environment)
    told(quotas("-u", "u"), "600000/ 500000/ 1000000")
    kept = os.path.join(folder, ".smb3-streams", "quotas.json")
    code, _ = host.stop()
    expect(code == 0, "exit code %d" % code)
    with open(kept, "w") as out:
        out.write("{")
    c.ends(1, *listen, "--share", "s=%s,quotas" % folder, "--user", "u:pw-1", says=("quotas.json", "backup"))
