"""Logons with tickets: of MIT's KDC, and of a domain controller of Samba, in a network of their own."""
import json
import os
import re
import shutil
import subprocess
import time

from harness import Cases, Skipped, WorkFolder, children, expect, run
from server import ConsoleHost, PrivateNetwork

NEEDS = {"smbclient": "smbclient", "smbcacls": "smbclient", "rpcclient": "samba-common-bin", "smbtorture": "samba-testsuite",
         "kinit": "krb5-user", "krb5kdc": "krb5-kdc", "kadmin.local": "krb5-admin-server",
         "python:impacket": "python3-impacket", "samba": "samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind", "python:samba": "python3-samba", "ip": "iproute2"}
PER_SHARE = False
cases = Cases()

DIALECTS = ("SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11")
KDC, DC, SERVER = "127.0.0.88", "127.0.0.53", "127.0.0.2"
MIT, AD, SHORT = "MIT.EXAMPLE", "AD.EXAMPLE", "ADDOM"
NAME = "files.%s"
PASSWORD = "Secret-pw-1"
USERS = ("alice", "bob", "carol")

# alice is in the group team, which is in staff; bob is in the group deny.
DIRECTORY = """
import sys
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
settings = LoadParm()
settings.load(sys.argv[1])
directory = SamDB(url=sys.argv[2], session_info=system_session(), lp=settings)
for user in ("alice", "bob", "carol", "files"):
    directory.newuser(user, sys.argv[3])
for group, members in (("team", ["alice"]), ("staff", ["team"]), ("deny", ["bob"])):
    directory.newgroup(group)
    directory.add_remove_group_members(group, members)
found = directory.search(expression="(sAMAccountName=files)", attrs=[])
directory.modify_ldif("dn: %s\\nchangetype: modify\\nreplace: msDS-SupportedEncryptionTypes\\nmsDS-SupportedEncryptionTypes: 24\\n-\\n"
                      "replace: servicePrincipalName\\nservicePrincipalName: cifs/files.ad.example\\nservicePrincipalName: cifs/files\\n"
                      "servicePrincipalName: host/files.ad.example\\n" % found[0].dn)
directory.setpassword("(sAMAccountName=files)", sys.argv[3])
# What a domain controller adds to its own account by itself, a while after it has started.
itself = directory.search(expression="(sAMAccountName=DC$)", attrs=[])
directory.modify_ldif("dn: %s\\nchangetype: modify\\nadd: servicePrincipalName\\nservicePrincipalName: ldap/dc.ad.example\\n" % itself[0].dn)
for name in ("alice", "staff", "deny"):
    sid = directory.search(expression="(sAMAccountName=%s)" % name, attrs=["objectSid"])[0]
    print(name, directory.schema_format_value("objectSid", sid["objectSid"][0]).decode())
"""


IMPACKET = """
import io, os, sys
from impacket.dcerpc.v5 import lsad, lsat, rpcrt, srvs, transport
from impacket.dcerpc.v5.dtypes import MAXIMUM_ALLOWED
from impacket.smbconnection import SMBConnection
server, kdc, realm = sys.argv[1:]
def log_on(dialect=None):
    connection = SMBConnection(server, server, preferredDialect=dialect)
    connection.kerberosLogin("alice", "", realm, kdcHost=kdc, useCache=True)
    return connection
def call(interface, pipe, level):
    binding = transport.DCERPCTransportFactory(r"ncacn_np:%s[\\pipe\\%s]" % (server, pipe))
    binding.set_kerberos(True, kdcHost=kdc)
    binding.set_credentials("alice", "", realm, "", "")
    rpc = binding.get_dce_rpc()
    rpc.set_auth_type(rpcrt.RPC_C_AUTHN_GSS_NEGOTIATE)
    rpc.set_auth_level(level)
    rpc.connect()
    rpc.bind(interface)
    return rpc
"""


class Realms:
    """Both realms, and one server with a key in each."""

    SERVICES = "rpc ldap cldap kdc dns"     # of the domain controller
    DC_PREFIX = ()                          # what it is started under

    def __init__(self, dll):
        self.dll = dll
        self.work = WorkFolder()
        self.network = None
        self.host = None
        self.sids = {}
        self.etc = None
        self.started = []

    def start(self):
        if os.geteuid() != 0 or not shutil.which("ip") or run(["unshare", "-n", "true"]).code != 0:
            raise Skipped("clients ask KDCs and domain controllers on their own ports: network namespaces need root and iproute2")
        self.network = PrivateNetwork()
        self.etc = "/etc/netns/" + self.network.name
        os.makedirs(self.etc)
        self.write(os.path.join(self.etc, "hosts"), "127.0.0.1 localhost\n%s dc.ad.example dc\n%s files.ad.example files.mit.example files\n" % (DC, SERVER))
        self.write(os.path.join(self.etc, "resolv.conf"), "nameserver %s\nsearch ad.example\noptions timeout:1 attempts:1\n" % DC)
        self.write(self.work.file("krb5.conf"), """[libdefaults]
 default_realm = %(AD)s
 dns_lookup_realm = false
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 %(AD)s = {
  kdc = %(DC)s:88
 }
 %(MIT)s = {
  kdc = %(KDC)s:88
 }
[domain_realm]
 .ad.example = %(AD)s
 .mit.example = %(MIT)s
""" % globals())
        self.start_mit()
        self.start_ad()
        folder = self.work.file("files")
        os.makedirs(folder)
        self.write(self.work.file("appsettings.json"), json.dumps({"Smb": {"Shares": [
            {"Name": "all", "Folder": folder},
            {"Name": "staff", "Folder": folder, "Groups": {self.sids["staff"]: "full"}, "Others": "none"},
            {"Name": "notbob", "Folder": folder, "Groups": {self.sids["deny"]: "none"}, "Others": "full"}]}}))
        self.host = ConsoleHost(self.dll, ["--listen", SERVER + ":445", "--keytab", self.work.file("keytab"), "--user", "local:pw-1"],
                                {"Smb__Witness__Enabled": "true", "Smb__Witness__Addresses": SERVER},
                                folder=self.work.path, prefix=self.network.prefix).wait_until_listening()
        return self

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def inside(self, argv, code=0, timeout=90, who=""):
        """Runs a program in the network, with the realms' configuration and the tickets that kinit got for a user."""
        result = run([*self.network.prefix, *argv], timeout=timeout, cwd=self.work.path, env={**os.environ, **self.environment(who)})
        expect(code is None or (result.code == 0) == (code == 0), lambda: "%s: %s" % (" ".join(argv[:6]), result.tail(900)))
        return result.text

    def environment(self, who=""):
        return {"KRB5_CONFIG": self.work.file("krb5.conf"), "KRB5_KDC_PROFILE": self.work.file("kdc.conf"),
                "KRB5CCNAME": "FILE:" + self.work.file("tickets-" + who)}

    def background(self, argv, log):
        with open(self.work.file(log), "wb") as output:
            self.started.append(children.start([*self.network.prefix, *argv], stdout=output, stderr=subprocess.STDOUT, cwd=self.work.path,
                                               env={**os.environ, **self.environment()}))

    def start_mit(self):
        self.write(self.work.file("kdc.conf"), """[realms]
 %s = {
  database_name = %s
  key_stash_file = %s
  acl_file = %s
  kdc_listen = %s:88
  kdc_tcp_listen = %s:88
  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes256-cts-hmac-sha384-192:normal
 }
[logging]
 kdc = FILE:%s
""" % (MIT, self.work.file("principal"), self.work.file("stash"), self.work.file("acl"), KDC, KDC, self.work.file("kdc.log")))
        self.inside(["kdb5_util", "-r", MIT, "create", "-s", "-P", PASSWORD])
        for user in USERS:
            self.admin("addprinc -pw %s %s" % (PASSWORD, user))
        self.new_key()
        self.admin("addprinc -randkey host/" + NAME % "mit.example")        # what RPC asks for
        self.admin("ktadd -k %s host/%s" % (self.work.file("keytab"), NAME % "mit.example"))
        self.background(["krb5kdc", "-r", MIT, "-n"], "krb5kdc.out")
        self.await_(lambda: self.kinit("alice", MIT, code=None), "MIT's KDC")

    def admin(self, query):
        return self.inside(["kadmin.local", "-r", MIT, "-q", query])

    def new_key(self, types="aes256-cts-hmac-sha1-96:normal"):
        """Gives the service another key, and writes it to the keytab."""
        service = "cifs/" + NAME % "mit.example"
        self.inside(["kadmin.local", "-r", MIT, "-q", "addprinc -randkey " + service], code=None)
        self.admin("ktadd -e %s -k %s %s" % (types, self.work.file("keytab"), service))

    def start_ad(self):
        folder = self.work.file("dc")
        os.makedirs(folder)
        settings = self.work.file("dc.conf")
        self.inside(["samba-tool", "domain", "provision", "--targetdir=" + folder, "--realm=" + AD, "--domain=" + SHORT, "--server-role=dc",
                     "--dns-backend=SAMBA_INTERNAL", "--adminpass=" + PASSWORD, "--host-name=dc", "--host-ip=" + DC,
                     "--option=interfaces=%s/8" % DC, "--option=bind interfaces only=yes", "--option=vfs objects=dfs_samba4 acl_xattr",
                     "--configfile=" + self.provisioning()], timeout=120)
        self.write(settings, """[global]
 netbios name = DC
 realm = %s
 workgroup = %s
 server role = active directory domain controller
 server services = %s
 prefork children = 1
 interfaces = %s/8
 bind interfaces only = yes
 disable netbios = yes
 private dir = %s/private
 cache directory = %s/cache
 state directory = %s/state
 lock directory = %s
 pid directory = %s
 ncalrpc dir = %s/ncalrpc
 log file = %s/log
 vfs objects = dfs_samba4 acl_xattr
""" % (AD, SHORT, self.SERVICES, DC, *[folder] * 7))
        os.makedirs(folder + "/ncalrpc", exist_ok=True)
        os.makedirs(folder + "/cache", exist_ok=True)
        made = self.inside(["/usr/bin/python3", "-c", DIRECTORY, settings, folder + "/private/sam.ldb", PASSWORD], timeout=60)
        self.sids = dict(re.findall(r"^(\S+) (S-1-5-21-\S+)$", made, re.M))
        for principal in ("cifs/files.ad.example", "cifs/files", "host/files.ad.example"):
            self.inside(["samba-tool", "domain", "exportkeytab", "-s", settings, "--principal=" + principal, self.work.file("keytab")])
        self.background([*self.DC_PREFIX, "samba", "-s", settings, "-F", "--no-process-group"], "samba.out")
        self.await_(lambda: self.kinit("alice", AD, code=None), "the domain controller")

    def provisioning(self):
        path = self.work.file("provision.conf")
        self.write(path, "[global]\n netbios name = DC\n realm = %s\n workgroup = %s\n server role = active directory domain controller\n" % (AD, SHORT))
        return path

    @staticmethod
    def await_(works, what):
        until = time.monotonic() + 40
        while not works():
            expect(time.monotonic() < until, "%s does not answer" % what)
            time.sleep(0.2)

    def kinit(self, user, realm, *options, code=0):
        """Gets a ticket for the user; there is room for one of each realm."""
        with open(self.work.file("password"), "w", encoding="ascii") as out:
            out.write(PASSWORD + "\n")
        argv = ["sh", "-c", 'kinit "$@" <' + self.work.file("password"), "kinit", *options, "%s@%s" % (user, realm)]
        result = run([*self.network.prefix, *argv], timeout=20, env={**os.environ, **self.environment(user + realm)})
        expect(code is None or result.code == code, lambda: "kinit: " + result.tail())
        return result.code == 0

    def samba(self, user, realm, program, place, *options, code=0, timeout=60):
        """Runs one of Samba's clients with a user's ticket."""
        return self.inside([program, "//%s/%s" % (NAME % realm.lower(), place), "--use-kerberos=required", "-s", self.work.config, *options],
                           code=code, timeout=timeout, who=user + realm)

    def smbclient(self, user, realm, commands, *options, share="all", code=0, timeout=60):
        return self.samba(user, realm, "smbclient", share, *options, "-c", commands, code=code, timeout=timeout)

    def rpcclient(self, user, realm, protocol, protection, command, code=0):
        """Calls an interface with a user's ticket, over a pipe or over TCP, where the name of the binding says how the calls are protected."""
        return self.inside(["rpcclient", "%s:%s[%s]" % (protocol, NAME % realm.lower(), protection), "--use-kerberos=required",
                            "-s", self.work.config, "-c", command], code=code, who=user + realm)

    def impacket(self, user, realm, script):
        """Runs a script that has `connection`, logged on with a user's ticket."""
        server, tickets = NAME % realm.lower(), self.environment(user + realm)["KRB5CCNAME"].removeprefix("FILE:")

        # KDCs that are up to date refuse what impacket 0.10 asks them with: it finds the tickets there.
        self.inside(["kvno", *["%s/%s@%s" % (service, server, realm) for service in ("cifs", "host")]], who=user + realm)
        return self.inside(["env", "KRB5CCNAME=" + tickets, "/usr/bin/python3", "-c", IMPACKET + script, server, DC, realm])

    def stop_cleanly(self):
        code, _ = self.host.stop()
        expect(code == 0, "exit code %s: %s" % (code, self.host.log[-600:]))
        expect("crit:" not in self.host.log and "fail:" not in self.host.log, lambda: self.host.log[-1500:])

    def remove(self):
        if self.host is not None:
            self.host.kill()
        for process in self.started:
            children.end(process)
            process.wait()
            children.forget(process)
        if self.network is not None:
            self.network.remove()
        if self.etc is not None:
            shutil.rmtree(self.etc, ignore_errors=True)
            if not os.listdir(os.path.dirname(self.etc)):
                os.rmdir(os.path.dirname(self.etc))
        self.work.remove()


def _moves_data(realms, user, realm, *options):
    source, back = realms.work.file("up"), realms.work.file("down")
    with open(source, "wb") as out:
        out.write(os.urandom(300_000))
    realms.smbclient(user, realm, "put up there; get there down; del there", *options)
    with open(source, "rb") as one, open(back, "rb") as other:
        expect(one.read() == other.read(), "what came back is something else")


def _dialect(realm, dialect):
    @cases("a ticket of %s logs its user on with %s, and data comes back as it was" % (realm, dialect))
    def _(realms):
        realms.kinit("alice", realm)
        before = len(realms.host.lines)
        _moves_data(realms, "alice", realm, "-m", dialect, "--option=client min protocol=SMB2_02")
        realms.await_(lambda: any("alice logged on" in line and "with Kerberos" in line for line in realms.host.lines[before:]), "the log")


for _realm in (MIT, AD):
    for _name in DIALECTS:
        _dialect(_realm, _name)


@cases("what follows is sealed with the ticket's key where the client wants it")
def _(realms):
    realms.kinit("alice", AD)
    _moves_data(realms, "alice", AD, "--client-protection=encrypt")


@cases("groups of the domain, nested ones too, open and close shares")
def _(realms):
    for user, share, may in (("alice", "staff", True), ("bob", "staff", False), ("carol", "staff", False),
                             ("alice", "notbob", True), ("bob", "notbob", False), ("carol", "notbob", True)):
        realms.kinit(user, AD)
        text = realms.smbclient(user, AD, "ls", share=share, code=0 if may else 1)
        expect(may or "NT_STATUS_ACCESS_DENIED" in text, lambda: "%s at %s: %s" % (user, share, text[-300:]))


@cases("a new file belongs to the user's SID, which has the user's name in the access list")
def _(realms):
    realms.kinit("alice", AD)
    realms.smbclient("alice", AD, "put up owned")
    for options, owner in ((["--numeric"], realms.sids["alice"]), ([], "%s\\alice" % SHORT)):
        text = realms.samba("alice", AD, "smbcacls", "all", "owned", *options)
        expect("OWNER:" + owner in text, text)


@cases("users of one name in two realms are two users")
def _(realms):
    for realm in (MIT, AD):
        realms.kinit("carol", realm)
    realms.smbclient("carol", MIT, "put up carols")
    text = realms.samba("carol", MIT, "smbcacls", "all", "carols", "--numeric")
    owner = re.search(r"OWNER:(S-\S+)", text).group(1)
    realms.smbclient("carol", AD, "put up carols2")
    text = realms.samba("carol", AD, "smbcacls", "all", "carols2", "--numeric")
    expect(owner not in text, text)


@cases("a session ends with its ticket, and a new ticket begins another")
def _(realms):
    realms.kinit("bob", MIT, "-l", "12s")
    text = realms.inside(["sh", "-c", "(echo ls; sleep 14; echo ls) | smbclient //files.mit.example/all -N --use-kerberos=required -s " + realms.work.config],
                         code=None, who="bob" + MIT)
    expect("blocks available" in text and "NETWORK_SESSION_EXPIRED" in text, text[-400:])
    realms.smbclient("bob", MIT, "ls", "-N", code=1)
    realms.kinit("bob", MIT)
    realms.smbclient("bob", MIT, "ls")


def _rpc(realm, protocol, command, answer, code=0):
    @cases("calls of a user of %s are signed and sealed with the ticket, by Kerberos alone and in SPNEGO, over %s" % (realm, protocol))
    def _(realms):
        realms.kinit("alice", realm)
        for mechanism in ("krb5", "spnego,krb5"):
            for level in ("sign", "seal", "connect"):
                if level == "connect" and protocol != "ncacn_np":
                    continue                    # the witness wants more
                text = realms.rpcclient("alice", realm, protocol, "%s,%s" % (mechanism, level), command, code)
                expect(answer in text, lambda: "%s %s: %s" % (mechanism, level, text[-600:]))


for _realm in (MIT, AD):
    _rpc(_realm, "ncacn_np", "netshareenumall", "notbob")
_rpc(AD, "ncacn_ip_tcp", "GetInterfaceList", "WERR_NO_MORE_ITEMS", code=1)       # there is no cluster


@cases("impacket logs on with a ticket, and its calls are sealed with it")
def _(realms):
    for realm in (MIT, AD):
        realms.kinit("alice", realm)
        text = realms.impacket("alice", realm, """
for dialect in (0x0202, 0x0210, 0x0300):
    connection = log_on(dialect)
    data = os.urandom(100_000)
    connection.putFile("all", "imp", io.BytesIO(data).read)
    back = io.BytesIO()
    connection.getFile("all", "imp", back.write)
    connection.deleteFile("all", "imp")
    print("same" if back.getvalue() == data else "differs", hex(dialect))
for level in (rpcrt.RPC_C_AUTHN_LEVEL_CONNECT, rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY):    # impacket 0.10 fails when it is to sign only
    rpc = call(srvs.MSRPC_UUID_SRVS, "srvsvc", level)
    for _ in range(3):
        shares = srvs.hNetrShareEnum(rpc, 1)["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"]
    print("shares", level, sorted(share["shi1_netname"] for share in shares))
    rpc = call(lsat.MSRPC_UUID_LSAT, "lsarpc", level)
    policy = lsad.hLsarOpenPolicy2(rpc, MAXIMUM_ALLOWED | lsat.POLICY_LOOKUP_NAMES)["PolicyHandle"]
    names = lsat.hLsarLookupSids(rpc, policy, ["S-1-5-32-544"], lsat.LSAP_LOOKUP_LEVEL.LsapLookupWksta)["TranslatedNames"]["Names"]
    print("name", level, names[0]["Name"])
""")
        expect(text.count("same ") == 3 and "differs" not in text, text[-900:])
        expect(text.count("notbob") == 2 and text.count(" Administrators") == 2, text[-900:])


def _torture(test):
    @cases("smbtorture's " + test)
    def _(realms):
        realms.kinit("alice", AD)
        text = realms.samba("alice", AD, "smbtorture", "all", "-U", "alice@%s%%%s" % (AD, PASSWORD), "--basedir=" + realms.work.path, test, timeout=120)
        expect("success: " in text, text[-600:])


for _test in ("expire1s", "expire_disconnect"):
    _torture("smb2.session." + _test)


@cases("a new key in the keytab counts at once, and old tickets stay good while the old key is there")
def _(realms):
    realms.kinit("alice", MIT)
    realms.smbclient("alice", MIT, "ls")
    realms.new_key("aes256-cts-hmac-sha384-192:normal")
    time.sleep(1.2)
    realms.smbclient("alice", MIT, "ls")
    realms.kinit("alice", MIT)
    realms.smbclient("alice", MIT, "ls")


@cases("a ticket for a key that the keytab does not have is refused, and the log says so")
def _(realms):
    service = "cifs/" + NAME % "mit.example"
    realms.admin("ktadd -e aes256-cts-hmac-sha1-96:normal -k %s %s" % (realms.work.file("elsewhere"), service))
    realms.kinit("alice", MIT)
    text = realms.smbclient("alice", MIT, "ls", code=1)
    expect("NT_STATUS_LOGON_FAILURE" in text, text)
    expect("the keytab has no key of that version or type: %s@%s" % (service, MIT) in realms.host.log, realms.host.log[-600:])
    realms.new_key()
    time.sleep(1.2)
    realms.kinit("alice", MIT)
    realms.smbclient("alice", MIT, "ls")


@cases("a name that the keytab does not have is refused, and the log says which")
def _(realms):
    realms.admin("addprinc -randkey cifs/other.mit.example")
    realms.kinit("alice", MIT)
    text = realms.inside(["smbclient", "//other.mit.example/all", "-I", SERVER, "--use-kerberos=required", "-s", realms.work.config, "-c", "ls"],
                         code=1, who="alice" + MIT)
    expect("NT_STATUS_LOGON_FAILURE" in text, text)
    expect("cifs/other.mit.example@" + MIT in realms.host.log, realms.host.log[-600:])


@cases("NTLM is there beside it")
def _(realms):
    realms.inside(["smbclient", "//%s/all" % SERVER, "-s", realms.work.config, "-U", "local%pw-1", "--use-kerberos=off", "-c", "ls"])


@cases("where NTLM is off only tickets are let in")
def _(realms):
    address = "127.0.0.3"
    host = ConsoleHost(realms.dll, ["--listen", address + ":445", "--keytab", realms.work.file("keytab"), "--user", "local:pw-1", "--share", "all=memory:"],
                       {"Smb__AllowNtlm": "false"}, prefix=realms.network.prefix).wait_until_listening()
    try:
        text = realms.inside(["smbclient", "//%s/all" % address, "-s", realms.work.config, "-U", "local%pw-1", "--use-kerberos=off", "-c", "ls"], code=1)
        expect("NT_STATUS" in text, text)
        realms.kinit("alice", MIT)
        realms.smbclient("alice", MIT, "ls", "-I", address)
    finally:
        host.kill()


def run_suite(tally, dll, prefix):
    realms = Realms(dll)
    try:
        try:
            realms.start()
        except Skipped as reason:
            tally.add(prefix, "FAIL" if os.environ.get("CI") else "skip", "left out: %s" % reason)
            return
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, realms)
        if not tally.only:
            tally.run(prefix + "/the server is still there, stops with exit code 0, and logged no bug", realms.stop_cleanly)
    finally:
        realms.remove()
