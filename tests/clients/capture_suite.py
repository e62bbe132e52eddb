"""tshark: what goes over the wire, read by a dissector that knows the specifications and has no reason to be kind."""
import os
import signal
import struct
import subprocess
import time

from harness import Cases, Skipped, WorkFolder, children, expect, find_program, run

NEEDS = {"tshark": "tshark", "smbclient": "smbclient", "rpcclient": "smbclient samba-common-bin"}
PER_SHARE = False
cases = Cases()

SESSION = (r"mkdir cap; cd cap; put f.bin f; get f back; allinfo f; ls *; rename f g; mkdir d; put f.bin d\x; ls d\*; "
           r"setmode g +r; setmode g -r; utimes g 2020:01:02-03:04:05 -1 2021:01:02-03:04:05 -1; scopy g h; "
           r"volume; du; get nope; del g; del h; deltree d; cd ..; rmdir cap; ls *")


def run_suite(tally, target, prefix):
    for name, case in cases:
        tally.run("%s/%s" % (prefix, name), case, target)


class Capture:
    """Records the server's port on the loopback device while a client works."""

    def __init__(self, target):
        self.target = target
        self.work = WorkFolder()
        self.file = self.work.file("session.pcap")

    def __enter__(self):
        self.process = children.start(["tshark", "-i", "lo", "-f", "tcp port %d" % self.target.port, "-F", "pcap",
                                       "-w", self.file, "-q"],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        seen = b""
        for line in self.process.stdout:        # it says so when it records
            seen += line
            if b"Capturing on" in line:
                break
        else:
            text = seen.decode("utf-8", "replace").strip()
            if "permission" in text.lower() or "not permitted" in text.lower():
                raise Skipped("tshark may not record here: " + text[-200:])
            expect(False, "tshark does not record: " + text[-300:])
        end = time.monotonic() + 10             # the first packets prove that it really does
        while time.monotonic() < end and not (os.path.exists(self.file) and os.path.getsize(self.file) > 0):
            time.sleep(0.1)
        time.sleep(1)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            time.sleep(1)
            children.end(self.process, signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            children.end(self.process)
            self.process.wait()
        children.forget(self.process)
        self.process.stdout.close()
        self.on_port_445()

    def on_port_445(self):
        """Rewrites the server's port: on any other the dissector takes the length for NetBIOS's, which has only 17 bits."""
        with open(self.file, "rb") as source:
            data = bytearray(source.read())
        order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        position = 24
        while position + 16 <= len(data):
            length = struct.unpack_from(order + "I", data, position + 8)[0]
            packet = position + 16
            if data[packet + 12:packet + 14] == b"\x08\x00" and data[packet + 23] == 6:     # IPv4, TCP
                tcp = packet + 14 + (data[packet + 14] & 15) * 4
                for offset in (tcp, tcp + 2):
                    if struct.unpack_from(">H", data, offset)[0] == self.target.port:
                        struct.pack_into(">H", data, offset, 445)
            position = packet + length
        with open(self.file, "wb") as out:
            out.write(data)

    def read(self, display_filter, *fields):
        argv = ["tshark", "-r", self.file, "-o", "ntlmssp.nt_password:" + self.target.password, "-Y", display_filter,
                "-T", "fields"]
        for name in fields:
            argv += ["-e", name]
        result = run(argv, timeout=180)
        expect(result.code == 0, result.tail())
        return [line for line in result.text.splitlines() if line.strip() and not line.startswith("Running as user")]

    def must_be_clean(self, requests, but="smb"):
        seen = self.read("smb2", "frame.number", "smb2.cmd")
        expect(len(seen) >= requests, "only %d SMB2 frames were recorded" % len(seen))
        bad = self.read("!(%s) && (_ws.malformed || (_ws.expert.severity == \"Error\" && (smb2 || ntlmssp || spnego || dcerpc)))" % but,
                        "frame.number", "smb2.cmd", "smb2.flags.response", "_ws.expert.message")
        # Not an error: the negHints of MS-SPNG 2.2.1 stand where RFC 4178 has the mechListMIC that the dissector expects.
        bad = [line for line in bad if not line.split("\t", 1)[1].startswith("0\t1\tBER Error: OctetString expected but class")]
        expect(not bad, lambda: "%d frames: %s" % (len(bad), "; ".join(line.replace("\t", " ") for line in bad[:6])[:900]))
        strays = self.read("nbss.continuation_data", "frame.number")
        expect(not strays, lambda: "frames that are no SMB2: " + " ".join(strays[:10]))


def _session(target, *options):
    capture = Capture(target)
    try:
        with open(capture.work.file("f.bin"), "wb") as out:
            out.write(os.urandom(300_000))
        login = ["-s", capture.work.config, "-p", str(target.port), "-U", target.credentials, *options]
        with capture:
            run(["smbclient", "//%s/%s" % (target.host, target.share), *login, "-c", SESSION], port=target.port,
                cwd=capture.work.path)
            run(["rpcclient", target.host, *login, "-c", "srvinfo; netshareenumall; lsaquery"], port=target.port)
        capture.must_be_clean(100)
    finally:
        capture.work.remove()


def _protected(title, *options):
    @cases("nothing malformed in a session, " + title)
    def _(target):
        _session(target, *options)


def _compressed(title, options, tunnelled, sealed=False):
    """Our own load client, because the distribution's smbclient does not compress; tshark decompresses what MS-XCA describes, and unseals it before."""
    @cases("nothing malformed in what is compressed, " + title)
    def _(target):
        program = find_program("benchmarks/Smb3.Embedded.Benchmarks", "Smb3.Embedded.Benchmarks")
        if program is None:
            raise Skipped("benchmarks/Smb3.Embedded.Benchmarks is not built")
        share = target.shares.get("encrypt") if sealed else target.share
        if share is None:
            raise Skipped("the server has no share that is sealed")
        user, _, password = target.credentials.partition("%")
        capture = Capture(target)
        try:
            with capture:
                result = run([os.environ.get("DOTNET_HOST_PATH") or "dotnet", program, "compression-link",
                              "%s:%d,%s,%s,%s" % (target.host, target.port, share, user, password), "1", *options], timeout=120)
            expect(result.code == 0, result.tail())
            # tshark before 4.4 does not know LZ4, and dissects what is in front of such a payload as if that were all.
            capture.must_be_clean(100, but="smb2.header.comp_transform.comp_alg == 5")
            within = " && smb2.header.transform.signature" if sealed else ""
            seen = set(capture.read("smb2.header.comp_transform.comp_alg && tcp.srcport == 445" + within, "smb2.header.comp_transform.comp_alg"))
            found = {number for line in seen for number in line.split(",")}
            missing = {"0x%04x" % number for number in tunnelled} - found
            expect(not missing, lambda: "never compressed by %s, only by %s" % (sorted(missing), sorted(found)))
        finally:
            capture.work.remove()


_compressed("chained", ["chained", "text", "disk", "office"], (0, 1, 2, 3, 4, 5))
_compressed("unchained", ["unchained", "text", "disk"], (1, 2, 3, 5))
_compressed("sealed", ["chained", "text"], (0, 1, 2, 3, 5), sealed=True)
_protected("3.1.1 as the client likes it")
_protected("3.1.1 signed", "--client-protection=sign")
_protected("3.1.1 encrypted", "--client-protection=encrypt")
_protected("3.0.2", "-m", "SMB3_02")
_protected("2.1", "-m", "SMB2_10")
_protected("2.0.2", "-m", "SMB2_02")
