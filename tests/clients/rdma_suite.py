"""
SMB Direct: the Linux kernel's client over soft devices, RoCE (rdma_rxe) and iWARP (siw), where this kernel has them and a cifs.ko with
SMB Direct (CONFIG_CIFS_SMB_DIRECT). Changes nothing of the machine but what it makes and removes: a dummy interface and a soft device on it.
"""
import hashlib
import os
import time

from harness import Cases, Skipped, WorkFolder, expect, run
from server import ConsoleHost

NEEDS = {"mount.cifs": "cifs-utils", "ip": "iproute2", "rdma": "iproute2"}
PER_SHARE = False
cases = Cases()

USER, PASSWORD = "tester", "Correct-Horse-1"
ADDRESS, LINK = "10.73.54.45", "smb3rdma0"
DEVICES = {"rxe": "rdma_rxe", "siw": "siw"}
MIB = int(os.environ.get("SMB3_RDMA_MIB", "256"))
SLOW = 900    # seconds: emulated machines copy at a few MiB/s


def run_suite(tally, dll, prefix):
    for name, case in cases:
        tally.run("%s/%s" % (prefix, name), case, dll)


class SoftDevice:
    """A soft device on an interface of its own, and a server that listens on both of its addresses' doors, TCP and RDMA."""

    def __init__(self, kind, dll, *arguments):
        if os.geteuid() != 0:
            raise Skipped("only root makes devices and mounts")
        for module in ("rdma_ucm", DEVICES[kind], "cifs", "dummy"):
            if run(["modprobe", module]).code != 0:
                raise Skipped("this kernel has no module %s" % module)
        self.kind, self.work, self.host = kind, WorkFolder(), None
        self.name = kind + "smb3"
        try:
            self._do("ip", "link", "add", LINK, "type", "dummy")
            self._do("ip", "addr", "add", ADDRESS + "/24", "dev", LINK)
            self._do("ip", "link", "set", LINK, "up")
            self._do("rdma", "link", "add", self.name, "type", kind, "netdev", LINK)
            time.sleep(2)   # its addresses come after it
            self.folder, self.mount = self.work.file("share"), self.work.file("mount")
            os.makedirs(self.folder)
            os.makedirs(self.mount)
            # Over iWARP the ports are those of TCP, so only one of the two can have port 445.
            self.host = ConsoleHost(dll, ["--listen", "rdma://%s:5445" % ADDRESS, "--listen", ADDRESS + ":445", "--share", "s=" + self.folder,
                                          "--user", "%s:%s" % (USER, PASSWORD), *arguments]).wait_until_listening(2, 180)
            expect("listening on rdma://%s:5445" % ADDRESS in self.host.lines, self.host.log)
        except BaseException:
            self.remove()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.host is not None and kind is None:
                code, _ = self.host.stop(seconds=60)
                expect(code == 0, "exit code %d: %s" % (code, self.host.log[-800:]))
                expect("fail:" not in self.host.log and "crit:" not in self.host.log, self.host.log[-800:])
                self.host = None
                left = run(["rdma", "resource", "show", "mr", "dev", self.name]).text
                expect("ConsoleHost" not in left and "dotnet" not in left, "memory is still registered: " + left)
        finally:
            self.remove()

    def mounted(self, options):
        result = run(["mount.cifs", "//%s/s" % ADDRESS, self.mount, "-o", "username=%s,password=%s,%s" % (USER, PASSWORD, options)], timeout=180)
        if "rdma" in options and result.code != 0 and "SMBDirect" in result.text + run(["dmesg"]).text[-2000:]:
            raise Skipped("this kernel's cifs.ko has no SMB Direct")
        expect(result.code == 0, lambda: result.tail() + run(["dmesg"]).text[-800:] + self.host.log[-800:])

    def unmount(self):
        run(["umount", self.mount], timeout=120)

    def remove(self):
        if self.host is not None:
            self.host.kill()
        if os.path.ismount(getattr(self, "mount", "/nowhere")):
            run(["umount", "-l", self.mount], timeout=30)
        run(["rdma", "link", "delete", self.name])
        run(["ip", "link", "delete", LINK])
        self.work.remove()

    @staticmethod
    def _do(*argv):
        result = run(list(argv), timeout=30)
        expect(result.code == 0, lambda: "%s: %s" % (" ".join(argv), result.tail()))


def digest(path):
    found = hashlib.sha256()
    with open(path, "rb") as source:
        while block := source.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def forget_caches():
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as out:
        out.write("3\n")


def write_random(path, mib):
    """Writes random bytes through to the server; returns their digest."""
    found = hashlib.sha256()
    with open(path, "wb") as out:
        for _ in range(mib):
            block = os.urandom(1 << 20)
            found.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return found.hexdigest()


def transport():
    with open("/proc/fs/cifs/DebugData", encoding="utf-8") as source:
        return source.read()


def copy(kind, dll, options):
    with SoftDevice(kind, dll) as device:
        device.mounted(options)
        try:
            expect("SMBDirect" in transport(), "not mounted by RDMA: " + transport()[:600])
            begun = time.monotonic()
            written = write_random(os.path.join(device.mount, "big"), MIB)
            wrote = time.monotonic() - begun
            expect(digest(os.path.join(device.folder, "big")) == written, "what was written is not what lies on the server")
            device.unmount()
            device.mounted(options)
            begun = time.monotonic()
            expect(digest(os.path.join(device.mount, "big")) == written, "what was read is not what was written")
            print("   %s %s: written at %.1f, read at %.1f MiB/s" % (kind, options, MIB / wrote, MIB / (time.monotonic() - begun)), flush=True)
            script = ("set -e; cd '%s'; mkdir -p k/sub; cd k; for i in $(seq 300); do echo $i >n$i; done; [ $(ls | grep -c '^n') = 300 ]; "
                      "head -c 100000 ../big >f; cmp -n 100000 f ../big; mv f sub/g; truncate -s 10 sub/g; [ $(stat -c %%s sub/g) = 10 ]; "
                      "echo more >>sub/g; [ $(stat -c %%s sub/g) = 15 ]; cd ..; rm -r k; [ ! -e k ]" % device.mount)
            result = run(["sh", "-c", script], timeout=SLOW)
            expect(result.code == 0, result.tail())
        finally:
            device.unmount()


def _copy(kind, options):
    @cases("%s, mounted with %s" % (kind, options))
    def _(dll):
        copy(kind, dll, options)


for _kind in DEVICES:
    for _options in ("vers=3.1.1,rdma", "vers=3.1.1,rdma,sign", "vers=3.1.1,rdma,seal,rsize=131072,wsize=524288", "vers=3.0,rdma",
                     "vers=3.1.1,rdma,multichannel,max_channels=3"):
        _copy(_kind, _options)


@cases("an end point without a device is refused with what to do")
def _(dll):
    host = ConsoleHost(dll, ["--listen", "rdma://192.0.2.1:5445", "--share", "s=memory:"])
    expect(host.exit_code_unless_listening() == 1, host.log)
    expect("rdma link add" in host.log or "install rdma-core" in host.log, host.log)
