"""A console host that runs as another account than the owner of what it shares: what the system refuses it, clients are told."""
import os
import shutil
import socket

from harness import Cases, Skipped, WorkFolder, children, expect, run
from server import ConsoleHost, another_account, free_port

NEEDS = {"smbclient": "smbclient", "setpriv": "util-linux", "python:impacket": "python3-impacket"}
NEEDS_HOST = True
cases = Cases()

ACCESS_DENIED, DIRECTORY_NOT_EMPTY = 0xC0000022, 0xC0000101
DELETE, LIST, LOOK = 0x110080, 0x100081, 0x100080      # each with SYNCHRONIZE and FILE_READ_ATTRIBUTES
DIRECTORY, FILE, ON_CLOSE = 1, 0x40, 0x1000


class Account:
    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        os.chmod(self.work.path, 0o711)
        self.folder = self.work.file("served")
        os.makedirs(self.folder)
        self.host = None

    def start(self):
        self.port = free_port()
        self.host = ConsoleHost(
            self.dll, ["--listen", "127.0.0.1:%d" % self.port, "--share", "s=" + self.folder, "--user", "u:pw-1"],
            folder="/", **another_account(self.dll))
        self.host.wait_until_listening()

    def end(self):
        if self.host is not None and self.host.process.poll() is None:
            self.host.kill()
        self.work.remove()

    def make(self, name, mode=0o755):
        """A directory of the folder's owner with a file and an empty directory in it."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.join(path, "sub"))
        with open(os.path.join(path, "file"), "w", encoding="utf-8") as out:
            out.write("x")
        os.chmod(path, mode)
        return path

    def connect(self):
        from impacket.smbconnection import SMBConnection
        for attempt in range(2):
            try:
                connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=self.port, timeout=30)
                break
            except (socket.timeout, OSError) as error:
                if attempt or "timed out" not in str(error):
                    raise
        connection.login("u", "pw-1")
        return connection

    def open(self, name, access, options=0):
        """The status of opening a name and closing it again."""
        from impacket.smbconnection import SessionError
        connection = self.connect()
        try:
            tree = connection.connectTree("s")
            handle = connection.openFile(tree, name, desiredAccess=access, creationOption=options, creationDisposition=1)
            connection.closeFile(tree, handle)
            return 0
        except SessionError as error:
            return error.getErrorCode() & 0xFFFFFFFF
        finally:
            connection.close()

    def client(self, commands):
        return run(["smbclient", "//127.0.0.1/s", "-s", self.work.config, "-p", str(self.port), "-U", "u%pw-1", "-c", commands],
                   port=self.port, cwd=self.work.path)


def run_suite(tally, dll, prefix):
    account = Account(dll)
    try:
        account.start()
        why = None
    except Skipped as reason:
        why = reason
    try:
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case if why is None else lambda _, why=why: _skip(why), account)
        if why is None:
            tally.run("%s/the host is still there and ends" % prefix, lambda one: expect(one.host.stop()[0] == 0, one.host.log), account)
    finally:
        account.end()


def _skip(why):
    raise why


def _stays(account, path, status, wanted=ACCESS_DENIED):
    expect(status == wanted, "status %08x and not %08x" % (status, wanted))
    expect(os.path.lexists(path), "%s is gone" % path)


def _refuses_removal(account, name):
    path = os.path.join(account.folder, name)
    for entry, kind in (("file", FILE), ("sub", DIRECTORY)):
        _stays(account, os.path.join(path, entry), account.open("%s\\%s" % (name, entry), DELETE, kind | ON_CLOSE))
    for command in ("del", "rmdir"):
        entry = "file" if command == "del" else "sub"
        result = account.client(r"%s %s\%s" % (command, name, entry))
        expect("NT_STATUS_ACCESS_DENIED" in result.text, lambda: "%s: %s" % (command, result.tail()))
        expect(os.path.lexists(os.path.join(path, entry)), "%s took %s" % (command, entry))


@cases("nothing is deleted from a directory that this account may not write")
def _(account):
    account.make("theirs")
    _refuses_removal(account, "theirs")


@cases("nor what others own in a directory with the sticky bit")
def _(account):
    account.make("sticky", 0o1777)
    _refuses_removal(account, "sticky")
    expect(account.client(r"put client.conf sticky\own; del sticky\own").code == 0, "the account's own file stayed")
    expect(not os.path.exists(os.path.join(account.folder, "sticky", "own")), "the account's own file is still there")


@cases("a directory whose content only the owner may see is not said to be deleted")
def _(account):
    os.makedirs(os.path.join(account.folder, "open"), exist_ok=True)
    os.chmod(os.path.join(account.folder, "open"), 0o777)
    path = account.make("open/closed", 0o700)
    _stays(account, path, account.open("open\\closed", DELETE, DIRECTORY | ON_CLOSE))
    os.makedirs(os.path.join(account.folder, "open", "hidden"))
    os.chmod(os.path.join(account.folder, "open", "hidden"), 0o777)
    os.symlink("/etc", os.path.join(account.folder, "open", "hidden", "out"))
    _stays(account, os.path.join(account.folder, "open", "hidden"),
           account.open("open\\hidden", DELETE, DIRECTORY | ON_CLOSE), DIRECTORY_NOT_EMPTY)


def _unlisted(mode):
    @cases("a directory of mode %o is refused to who wants to list it, at any time, and shown to who does not" % mode)
    def _(account):
        import time
        name = "mode%o" % mode
        account.make(name, mode)
        for wait in (0, 0.2, 1):
            time.sleep(wait)
            expect(account.open(name, LIST, DIRECTORY) == ACCESS_DENIED, "opened for listing after %.1f s" % wait)
            expect(account.open(name, LOOK, DIRECTORY) == 0, "not opened to be looked at after %.1f s" % wait)
            result = account.client(r"ls %s\*" % name)
            expect("NT_STATUS_ACCESS_DENIED" in result.text, lambda: result.tail())
            expect(result.code != 0, "the listing ended well")
        expect(name in account.client("ls").text, "the directory itself is not shown")


for _mode in (0o700, 0o711, 0o744, 0o000):
    _unlisted(_mode)
