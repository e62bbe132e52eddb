"""A server that lets itself be found, and Avahi and wsdd, which find it: two machines on one link, each a network namespace."""
import os
import re
import time

from harness import Cases, Failed, Skipped, WorkFolder, children, expect, run
from server import ConsoleHost

NEEDS = {"ip": "iproute2", "avahi-daemon": "avahi-daemon", "avahi-browse": "avahi-utils", "dbus-daemon": "dbus-daemon", "wsdd": "wsdd"}
PER_SHARE = False
cases = Cases()

SERVER, CLIENT = "10.77.0.1", "10.77.0.2"

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>
"""


class Neighbours:
    """The server's machine and the client's, with a cable between them."""

    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        self.names = ["smb3-%s-%d" % (who, os.getpid()) for who in ("found", "finder")]
        self.made = []
        self.programs = []
        self.host = None

    def start(self):
        if os.geteuid() != 0:
            raise Skipped("network namespaces need root")
        for name in self.names:
            result = run(["ip", "netns", "add", name])
            if result.code != 0:
                raise Skipped("no network namespace: " + result.tail())
            self.made.append(name)
        found, finder = self.names
        self.ip("link", "add", "lan0", "netns", found, "type", "veth", "peer", "name", "lan0", "netns", finder)
        for name, address, six in ((found, SERVER, "fd77::1"), (finder, CLIENT, "fd77::2")):
            self.ip("-n", name, "link", "set", "lo", "up")
            self.ip("-n", name, "link", "set", "lan0", "up")
            self.ip("-n", name, "addr", "add", address + "/24", "dev", "lan0")
            self.ip("-n", name, "addr", "add", six + "/64", "dev", "lan0", "nodad")
        self.bus = self.work.file("bus")
        self.write("bus.conf", BUS % self.bus)
        self.write("avahi.conf", "[server]\nhost-name=finder\nuse-ipv4=yes\nuse-ipv6=yes\n")
        # An address of the link is not to be used before nobody else is known to have it.
        self.await_(lambda: "tentative" not in run(["ip", "-n", finder, "addr"]).text + run(["ip", "-n", found, "addr"]).text, "the addresses")
        self.background("dbus", ["dbus-daemon", "--config-file=" + self.work.file("bus.conf"), "--nofork"])
        self.await_(lambda: os.path.exists(self.bus), "the bus")
        self.background("avahi", ["avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits", "-f", self.work.file("avahi.conf")])
        self.await_(lambda: "startup complete" in self.log("avahi"), "Avahi")
        self.background("wsdd", ["wsdd", "-D", "-o", "-v", "-i", "lan0"])
        for share in ("docs", "backup"):
            os.makedirs(self.work.file(share))
        self.serve()
        return self

    def serve(self):
        self.write("appsettings.json", '{ "Smb": { "ServerName": "FILES" }, "Discovery": { "Name": "Our files", "Workgroup": "HOME" } }')
        self.host = ConsoleHost(
            self.dll, ["--listen", "[::]:4450", "--share", "docs=" + self.work.file("docs"), "--share", "backup=%s,timemachine" % self.work.file("backup"),
                       "--user", "u:pw-1", "--discovery"], folder=os.path.dirname(self.bus), prefix=("ip", "netns", "exec", self.names[0]))
        self.host.wait_until_listening()

    def ip(self, *arguments):
        result = run(["ip", *arguments], timeout=20)
        expect(result.code == 0, lambda: "ip %s: %s" % (" ".join(arguments), result.tail()))

    def write(self, name, text):
        with open(self.work.file(name), "w", encoding="utf-8") as out:
            out.write(text)

    def background(self, name, argv):
        # /run has one place for a daemon's process id and socket, which is the machine's own.
        own = "mount -t tmpfs -o mode=755 run /run && mkdir -p /run/avahi-daemon && " if name == "avahi" else ""
        with open(self.work.file(name + ".out"), "wb") as out:
            self.programs.append(children.start(
                ["ip", "netns", "exec", self.names[1], "unshare", "-m", "sh", "-c", own + 'exec "$@"', "sh", *argv],
                stdout=out, stderr=out, env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS="unix:path=" + self.bus, PATH="/usr/bin:/bin:/usr/sbin:/sbin")))

    def log(self, name):
        with open(self.work.file(name + ".out"), encoding="utf-8", errors="replace") as text:
            return text.read()

    def browse(self):
        result = run(["ip", "netns", "exec", self.names[1], "avahi-browse", "-artp"], timeout=30,
                     env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS="unix:path=" + self.bus))
        return [line.split(";") for line in result.text.splitlines() if line.startswith("=")]

    def await_(self, condition, what, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failed("not within %d s: %s; %s" % (seconds, what, self.host.log[-800:] if self.host else ""))
            time.sleep(0.2)

    def found(self, kind):
        return [line for line in self.browse() if len(line) > 9 and line[4] == kind]

    def stop_cleanly(self):
        code, _ = self.host.stop()
        expect(code == 0, "exit code %s: %s" % (code, self.host.log[-600:]))
        expect("crit:" not in self.host.log and "fail:" not in self.host.log, lambda: self.host.log[-1500:])

    def remove(self):
        if self.host:
            self.host.kill()
        for program in self.programs:
            children.end(program)
            program.wait()
            children.forget(program)
        for name in self.made:
            run(["ip", "netns", "delete", name])
        self.work.remove()


def run_suite(tally, dll, prefix):
    link = Neighbours(dll)
    try:
        try:
            link.start()
        except Skipped as reason:
            tally.add(prefix, "FAIL" if os.environ.get("CI") else "skip", "left out: %s" % reason)
            return
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, link)
    finally:
        link.remove()


@cases("Avahi finds the server with its name, its host and its port, by IPv4 and IPv6")
def _(link):
    link.await_(lambda: {line[2] for line in link.found("_smb._tcp") + link.found("Microsoft Windows Network")} == {"IPv4", "IPv6"}, "the server")
    for line in link.found("_smb._tcp") + link.found("Microsoft Windows Network"):
        expect(line[3] == "Our\\032files" or line[3] == "Our files", "the name: %s" % line)
        expect((line[6], line[8]) == ("FILES.local", "4450") and line[7] in (SERVER, "fd77::1"), "where it is: %s" % line)


@cases("and its share for Time Machine, and its model")
def _(link):
    disks = link.found("_adisk._tcp") + link.found("Apple TimeMachine")
    expect(disks and all('"sys=waMa=0,adVF=0x100"' in line[9] and '"dk0=adVN=backup,adVF=0x82"' in line[9] for line in disks), "the disks: %s" % disks)
    device = link.found("_device-info._tcp") + link.found("Device Info")
    expect(device and '"model=Xserve"' in device[0][9], "the model: %s" % device)


@cases("wsdd finds the computer in its workgroup")
def _(link):
    link.await_(lambda: re.search(r"discovered FILES in Workgroup:HOME", link.log("wsdd")), "the computer: " + link.log("wsdd")[-500:])


@cases("SMB is reached where it is said to be")
def _(link):
    line = (link.found("_smb._tcp") + link.found("Microsoft Windows Network"))[0]
    result = run(["ip", "netns", "exec", link.names[1], "bash", "-c", "exec 3<>/dev/tcp/%s/%s" % (SERVER, line[8])])
    expect(result.code == 0, "nobody is at port %s: %s" % (line[8], result.tail()))


@cases("an address that takes the place of another is told, and the other no more")
def _(link):
    def told():
        return run(["ip", "netns", "exec", link.names[1], "avahi-resolve", "-4", "-n", "FILES.local"],
                   env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS="unix:path=" + link.bus)).text.split()[-1:]
    link.await_(lambda: told() == [SERVER], "the address")
    link.ip("-n", link.names[0], "addr", "del", SERVER + "/24", "dev", "lan0")
    link.ip("-n", link.names[0], "addr", "add", "10.77.0.7/24", "dev", "lan0")
    link.await_(lambda: told() == ["10.77.0.7"], "the other address")


@cases("when the server stops, with exit code 0 and no bug in its log, both forget it")
def _(link):
    link.stop_cleanly()
    link.await_(lambda: not link.browse(), "Avahi still knows it")
    link.await_(lambda: "Bye" in link.log("wsdd"), "wsdd was told nothing: " + link.log("wsdd")[-300:])
