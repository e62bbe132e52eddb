"""samples/AspNetIdentity: users who register on a web page by ASP.NET Core Identity log on over SMB, and are out when they have changed there."""
import http.cookiejar
import json
import os
import socket
import time
import urllib.error
import urllib.request

from harness import Cases, WorkFolder, expect
from server import ConsoleHost, free_port

NEEDS = {"python:impacket": "python3-impacket"}
NEEDS_HOST = True
cases = Cases()

PASSWORD, OTHER = "Correct-Horse-1", "Battery-Staple-2"
LOGON_FAILURE, ACCOUNT_DISABLED = 0xC000006D, 0xC0000072


class Page:
    """The web page as one browser sees it."""

    def __init__(self, port):
        self.base = "http://127.0.0.1:%d" % port
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def call(self, method, path, body=None):
        """The status of a request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method, headers={"Content-Type": "application/json"})
        try:
            with self.opener.open(request, timeout=30) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def register(self, user, password=PASSWORD):
        expect(self.call("POST", "/register", {"email": user, "password": password}) == 200, "not registered")

    def log_on(self, user, password=PASSWORD):
        return self.call("POST", "/login?useCookies=true", {"email": user, "password": password})


class Site:
    def __init__(self, dll):
        self.work = WorkFolder()
        self.http, self.smb = free_port(), free_port()
        self.names = 0
        self.host = ConsoleHost(dll, [
            "--Urls=http://127.0.0.1:%d" % self.http, "--Smb:Listen=127.0.0.1:%d" % self.smb, "--Database=" + self.work.file("users.db"),
            "--Keys=" + self.work.file("keys"), "--Folder=" + self.work.file("share")], folder=os.path.dirname(dll))
        deadline = time.monotonic() + 60
        while "Application started" not in self.host.log:
            expect(time.monotonic() < deadline and self.host.process.poll() is None, lambda: "it does not start: " + self.host.log[-2000:])
            time.sleep(0.1)

    def user(self):
        """A page, and somebody who has registered there."""
        self.names += 1
        page, name = Page(self.http), "user%d@example.com" % self.names
        page.register(name)
        return page, name

    def connect(self, user, password=PASSWORD):
        from impacket.smbconnection import SMBConnection
        for attempt in range(2):
            try:
                connection = SMBConnection("127.0.0.1", "127.0.0.1", sess_port=self.smb, timeout=30)
                break
            except (socket.timeout, OSError) as error:
                if attempt or "timed out" not in str(error):
                    raise
        connection.login(user, password)
        connection.listPath("files", "*")
        return connection

    def refused(self, user, password=PASSWORD):
        """The status with which a logon is refused; 0 when it is not."""
        from impacket.smbconnection import SessionError
        try:
            self.connect(user, password).close()
            return 0
        except SessionError as error:
            return error.getErrorCode() & 0xFFFFFFFF

    @staticmethod
    def ends(connection, looks=50):
        """Whether a session is ended within some seconds."""
        for _ in range(looks):
            try:
                connection.listPath("files", "*")
            except Exception:
                return True
            time.sleep(0.1)
        return False


def run_suite(tally, dll, prefix):
    site = Site(dll)
    try:
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, site)
    finally:
        site.host.kill()
        site.work.remove()


@cases("who has registered logs on, and nobody else")
def _(site):
    _, user = site.user()
    expect(site.refused(user) == 0, "refused")
    expect(site.refused(user.upper()) == 0, "refused in capitals")
    expect(site.refused(user, OTHER) == LOGON_FAILURE, "another password was taken")
    expect(site.refused("nobody@example.com") == LOGON_FAILURE, "an unknown user was let in")


@cases("another password ends the sessions of the old one")
def _(site):
    page, user = site.user()
    connection, other = site.connect(user), site.connect(site.user()[1])
    expect(page.log_on(user) == 200, "not logged on to the page")
    expect(not site.ends(connection, looks=10), "a logon to the page has ended the session")
    expect(page.call("POST", "/manage/info", {"oldPassword": PASSWORD, "newPassword": OTHER}) == 200, "the password was not changed")
    expect(site.ends(connection), "the session goes on")
    expect(site.refused(user) == LOGON_FAILURE, "the old password is still taken")
    expect(site.refused(user, OTHER) == 0, "the new password is refused")
    other.listPath("files", "*")


@cases("who is locked out is out")
def _(site):
    page, user = site.user()
    connection = site.connect(user)
    for _ in range(3):
        page.log_on(user, "wrong")
    expect(page.log_on(user) == 401, "not locked out of the page")
    expect(site.ends(connection), "the session goes on")
    expect(site.refused(user) == ACCOUNT_DISABLED, "let in")
    expect(site.refused(user, OTHER) == LOGON_FAILURE, "a wrong password is told apart")


@cases("who has left is gone")
def _(site):
    page, user = site.user()
    connection = site.connect(user)
    expect(page.call("DELETE", "/account") in (401, 404), "deleted by nobody")
    expect(page.log_on(user) == 200 and page.call("DELETE", "/account") == 204, "not deleted")
    expect(site.ends(connection), "the session goes on")
    expect(site.refused(user) == LOGON_FAILURE, "let in")


@cases("the database does not hold the NT hash")
def _(site):
    _, user = site.user()
    expect(site.refused(user) == 0, "refused")
    from impacket.ntlm import compute_nthash
    found = b"".join(open(os.path.join(site.work.path, name), "rb").read()
                     for name in os.listdir(site.work.path) if name.startswith("users.db"))
    expect(user.encode() in found, "the user is not in the files that were read")
    expect(bytes(compute_nthash(PASSWORD)) not in found and compute_nthash(PASSWORD).hex().encode() not in found, "the hash is there")
