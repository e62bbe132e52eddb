"""The witness service and its endpoint mapper, asked by smbtorture, rpcclient, Samba's Python bindings and impacket.

The clients look for the mapper on port 135, so the server has an address of its own on the loopback, which takes root.
"""
import os
import re
import signal
import subprocess

from harness import Cases, Failed, Skipped, WorkFolder, children, expect, run
from server import PASSWORD, PASSWORD2, USER, USER2, ConsoleHost

NEEDS = {"smbtorture": "samba-testsuite", "rpcclient": "smbclient samba-common-bin", "python:samba": "python3-samba",
         "python:impacket": "python3-impacket"}
PER_SHARE = False
cases = Cases()

NAME, PORT = "WITNESS", 4450
SECOND = "127.0.0.2"            # the other node of the cluster that tests/Smb3.Embedded.TortureHost tells of
UUID = ("ccd8c074-d0e5-4a40-92b4-d074faa6ba28", "1.1")
V1, V2 = 0x00010001, 0x00020000


class Witness:
    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        self.address = "127.%d.%d.135" % (1 + os.getpid() // 250 % 250, 1 + os.getpid() % 250)
        self.host = None

    def start(self):
        if os.geteuid() != 0:
            raise Skipped("port 135 takes root")
        if self.dll is None:
            raise Skipped("tests/Smb3.Embedded.TortureHost is not built")
        self.host = ConsoleHost(
            self.dll, ["%s:%d" % (self.address, PORT), "%s:%s" % (USER, PASSWORD), "%s:%s" % (USER2, PASSWORD2)],
            {"Smb__Witness__Enabled": "true", "Smb__Witness__Addresses": self.address, "Smb__ServerName": NAME}).wait_until_listening()
        if "cannot listen" in self.host.log:
            raise Failed("port 135 of %s is taken: %s" % (self.address, self.host.log[-400:]))

    def happens(self):
        """Something happens to the cluster in a moment."""
        children.start(["sh", "-c", "sleep 1; kill -HUP %d" % self.host.process.pid], stdout=subprocess.DEVNULL)

    def torture(self, *tests):
        result = run(["smbtorture", "ncacn_ip_tcp:%s[sign]" % self.address, "-s", self.work.config, "-U", "%s%%%s" % (USER, PASSWORD),
                      "--option=smb ports=%d" % PORT, "--option=torture:net_name=" + NAME, "--basedir=" + self.work.path, *tests],
                     cwd=self.work.path)
        passed = re.findall(r"^success: (\S+)", result.text, re.M)
        expect(result.code == 0 and len(passed) == len(tests), result.tail())

    def rpc(self, command, level="sign"):
        return run(["rpcclient", "ncacn_ip_tcp:%s[%s]" % (self.address, level), "-s", self.work.config,
                    "-U", "%s%%%s" % (USER, PASSWORD), "-c", command])

    def samba(self, level="sign"):
        from samba.credentials import DONT_USE_KERBEROS, Credentials
        from samba.dcerpc import witness
        from samba.param import LoadParm
        lp = LoadParm(filename_for_non_global_lp=self.work.config)
        credentials = Credentials()
        credentials.guess(lp)
        credentials.set_username(USER)
        credentials.set_password(PASSWORD)
        credentials.set_kerberos_state(DONT_USE_KERBEROS)
        return witness.witness("ncacn_ip_tcp:%s[%s]" % (self.address, level), lp, credentials)

    def end(self):
        if self.host is not None and self.host.process.poll() is None:
            self.host.kill()
        self.work.remove()


def run_suite(tally, dll, prefix):
    witness, why = Witness(dll), None
    try:
        witness.start()
    except Skipped as reason:
        why = reason
    try:
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case if why is None else lambda _, why=why: _skip(why), witness)
        if why is None and not tally.only:
            tally.run("%s/the server is still there, stops with exit code 0, and logged no bug" % prefix, _stops_cleanly, witness)
    finally:
        witness.end()


def _skip(why):
    raise why


def _stops_cleanly(witness):
    code, _ = witness.host.stop(signal.SIGTERM)
    bugs = [line for line in witness.host.lines if "Unhandled exception" in line or line.startswith(("crit:", "fail:"))]
    expect(code == 0 and not bugs, "exit code %s: %s" % (code, witness.host.log[-1500:]))


@cases("smbtorture: rpc.witness without what asks a Windows cluster")
def _(witness):
    witness.torture(*["rpc.witness.witness." + test for test in ("GetInterfaceList", "Register", "UnRegister", "RegisterEx")])


@cases("smbtorture: rpc.epmapper without what changes it")
def _(witness):
    # The tests of ept_lookup are not for a mapper with one entry: they want a handle, or a status, that says whether there are more.
    witness.torture("rpc.epmapper.epmapper.Map_simple")


@cases("rpcclient: the list of interfaces, signed and sealed")
def _(witness):
    for level in ("sign", "seal"):
        result = witness.rpc("GetInterfaceList", level)
        expect(result.code == 0 and "NODE1" in result.text and "NODE2" in result.text and SECOND in result.text, result.tail())


@cases("rpcclient: an unsigned call is denied")
def _(witness):
    result = witness.rpc("GetInterfaceList", "connect")
    expect(result.code != 0 and "ACCESS_DENIED" in result.text.upper().replace(" ", "_"), result.tail())


@cases("rpcclient: a registration that another process has no right to")
def _(witness):
    result = witness.rpc("Register -n %s -i %s -c CLIENT" % (NAME, SECOND))
    handle = re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", result.text)
    expect(result.code == 0 and handle, result.tail())
    result = witness.rpc("UnRegister " + handle.group())
    expect("WERR_INVALID_PARAMETER" in result.text, result.tail())


@cases("Samba's bindings: registered for everything, told of everything")
def _(witness):
    connection = witness.samba()
    listed = connection.GetInterfaceList()
    expect([one.group_name for one in listed.interfaces] == ["NODE1", "NODE2"], str([one.group_name for one in listed.interfaces]))
    expect(listed.interfaces[1].ipv4 == SECOND and listed.interfaces[1].flags == 5, str(listed.interfaces[1].ipv4))
    handle = connection.RegisterEx(V2, NAME, "ca", SECOND, "CLIENT", 1, 30)
    witness.happens()
    told = sorted((connection.AsyncNotify(handle) for _ in range(4)), key=lambda one: one.type)
    expect([one.type for one in told] == [1, 2, 3, 4], str([one.type for one in told]))
    change = told[0].messages[0]
    expect((change.type, change.name) == (0xFF, "NODE2"), "%#x %s" % (change.type, change.name))
    for move, flags in zip(told[1:], (9, 9, 0x11)):
        addresses = move.messages[0].addr
        expect([(one.ipv4, one.flags) for one in addresses] == [(SECOND, flags)], str([(one.ipv4, one.flags) for one in addresses]))
    connection.UnRegister(handle)
    _fails(lambda: connection.UnRegister(handle), 0x57)
    witness.host.process.send_signal(signal.SIGHUP)     # as it was


@cases("Samba's bindings: a call that nothing happens to ends in time")
def _(witness):
    connection = witness.samba("seal")
    deadline = connection.RegisterEx(V2, NAME, None, witness.address, "OTHER", 0, 1)
    _fails(lambda: connection.AsyncNotify(deadline), 0x5B4)


@cases("Samba's bindings: what is wrong with a registration")
def _(witness):
    connection = witness.samba()
    _fails(lambda: connection.Register(V2, NAME, SECOND, "CLIENT"), 0x51A)
    _fails(lambda: connection.Register(V1, "other", SECOND, "CLIENT"), 0x57)
    _fails(lambda: connection.Register(V1, NAME, "127.0.0.3", "CLIENT"), 0x139F)
    _fails(lambda: connection.RegisterEx(V2, NAME, "nothing", SECOND, "CLIENT", 0, 1), 0x139F)


@cases("impacket: found through the endpoint mapper, at integrity and at privacy level")
def _(witness):
    from impacket.dcerpc.v5 import epm, rpcrt, transport
    from impacket.uuid import uuidtup_to_bin
    interface = uuidtup_to_bin(UUID)
    binding = epm.hept_map(witness.address, interface, protocol="ncacn_ip_tcp")
    expect(binding.startswith("ncacn_ip_tcp:%s[" % witness.address), binding)
    for level in (rpcrt.RPC_C_AUTHN_LEVEL_PKT_INTEGRITY, rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY):
        for password, good in ((PASSWORD, True), ("wrong", False)):
            pipe = transport.DCERPCTransportFactory(binding)
            pipe.set_credentials(USER, password)
            client = pipe.get_dce_rpc()
            client.set_auth_level(level)
            client.connect()
            try:
                client.bind(interface)
                client.call(0, b"")
                answer = client.recv()
                expect(good and "NODE2".encode("utf-16-le") in answer, "with %s: %r" % (password, answer[:80]))
            except rpcrt.DCERPCException as error:
                expect(not good and "access_denied" in str(error).lower().replace(" ", "_"), "with %s: %s" % (password, error))
            finally:
                client.disconnect()


def _fails(call, expected):
    from samba import WERRORError
    try:
        call()
    except WERRORError as error:
        expect(error.args[0] == expected, "%#x: %s" % (error.args[0], error.args[1]))
        return
    expect(False, "it succeeded")
