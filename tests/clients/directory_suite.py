"""Who somebody is by a directory: a domain asked through winbind and through LDAP, and OpenLDAP."""
import json
import os
import re
import shutil
import signal
import subprocess

from harness import Cases, Skipped, children, expect, run
from kerberos_suite import AD, DC, KDC, MIT, NEEDS as KERBEROS_NEEDS, PASSWORD, Realms, SERVER, SHORT
from server import ConsoleHost, PrivateNetwork

NEEDS = {**KERBEROS_NEEDS, "wbinfo": "winbind", "winbindd": "winbind", "slapd": "slapd", "ldapsearch": "ldap-utils", "openssl": "openssl", "unshare": "util-linux",
         "/usr/lib/*/sasl2/libgssapiv2.so": "libsasl2-modules-gssapi-mit"}
PER_SHARE = False
cases = Cases()

OTHER, SILENT = "127.0.0.3", "127.0.0.4"        # servers that ask OpenLDAP, and a directory that does not answer
LDAP, HANGS = "ldap://127.0.0.90", "127.0.0.91"
SUFFIX = "dc=mit,dc=example"     # of the realm whose tickets say a name and nothing more
UNIX_SID = "S-1-5-21-11-22-33"

ENTRIES = """
dn: dc=mit,dc=example
objectClass: domain
dc: mit

dn: uid=dora,dc=mit,dc=example
objectClass: account
objectClass: posixAccount
cn: dora
uid: dora
uidNumber: 2001
gidNumber: 3001
homeDirectory: /

dn: cn=makers,dc=mit,dc=example
objectClass: posixGroup
cn: makers
gidNumber: 3001

dn: cn=painters,dc=mit,dc=example
objectClass: posixGroup
cn: painters
gidNumber: 3002
memberUid: dora
"""


class Directories(Realms):
    """The domain, winbind on a member of it, OpenLDAP; a server that asks the domain, one that asks OpenLDAP, and one that asks nobody who answers."""

    SERVICES = "s3fs rpc ldap cldap kdc winbindd dns"       # members join by SMB
    OWN_RUN = "mount -t tmpfs -o mode=755 run /run && mkdir -p /run/samba/winbindd && "     # winbind's socket has a place that is the machine's
    DC_PREFIX = ("unshare", "-m", "sh", "-c", OWN_RUN + 'exec "$@"', "sh")

    def start(self):
        if os.geteuid() != 0 or run(["unshare", "-n", "true"]).code != 0:
            raise Skipped("domain controllers are asked on their own ports: network namespaces need root and iproute2")
        self.network = PrivateNetwork()
        self.hosts = []
        self.etc = "/etc/netns/" + self.network.name
        os.makedirs(self.etc)
        self.write(os.path.join(self.etc, "hosts"), "127.0.0.1 localhost\n%s dc.ad.example dc\n%s files.ad.example files\n%s files.mit.example\n" % (DC, SERVER, OTHER))
        self.write(os.path.join(self.etc, "resolv.conf"), "nameserver %s\nsearch ad.example\noptions timeout:1 attempts:1\n" % DC)
        self.write(self.work.file("krb5.conf"), "[libdefaults]\n default_realm = %s\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n rdns = false\n[realms]\n %s = {\n  kdc = %s:88\n }\n %s = {\n  kdc = %s:88\n }\n"
                   "[domain_realm]\n .ad.example = %s\n .mit.example = %s\n" % (AD, AD, DC, MIT, KDC, AD, MIT))
        self.start_mit()
        self.admin("addprinc -pw %s dora" % PASSWORD)
        self.start_ad()
        self.join()
        self.start_openldap()
        folder = self.work.file("files")
        os.makedirs(folder)
        shares = [{"Name": "all", "Folder": folder},
                  {"Name": "staff", "Folder": folder, "Groups": {SHORT + "\\staff": "full"}, "Others": "none"},
                  {"Name": "notbob", "Folder": folder, "Groups": {"deny@ad.example": "none"}, "Others": "full"}]
        self.write(self.work.file("password-of-files"), PASSWORD + "\n")
        domain = {"Winbind": {"NtlmAuth": self.work.file("ntlm_auth"), "Wbinfo": self.work.file("wbinfo")},
                  "Ldap": {"Servers": ["ldap://dc.ad.example"], "StartTls": True, "CaDirectory": self.authorities(), "BindName": "files@" + AD.lower(), "PasswordFile": self.work.file("password-of-files")}}
        self.host = self.serve("domain", SERVER, shares, domain, "--keytab", self.work.file("keytab"))
        unix = [{"Name": "painters", "Folder": folder, "Groups": {"UNIX\\painters": "full"}, "Others": "none"},
                {"Name": "nomakers", "Folder": folder, "Groups": {"UNIX\\makers": "none"}, "Others": "full"}]
        self.serve("openldap", OTHER, [*shares[:1], *unix], {"Ldap": {"Servers": [LDAP], "DomainName": "UNIX", "DomainSid": UNIX_SID}},
                   "--keytab", self.work.file("keytab"))
        self.serve("silent", SILENT, shares, {"Ldap": {"Servers": ["ldap://%s:389" % HANGS]}}, "--keytab", self.work.file("keytab"))
        return self

    def authorities(self):
        """The folder of the authority that the domain controller has made itself."""
        folder = self.work.file("authorities")
        os.makedirs(folder)
        shutil.copy(self.work.file("dc") + "/private/tls/ca.pem", folder)
        self.inside(["openssl", "rehash", folder])
        return folder

    def serve(self, name, address, shares, settings, *arguments, environment=None):
        folder = self.work.file(name)
        os.makedirs(folder)
        names = {"ServerName": "MEMBER", "DomainName": SHORT} if "Winbind" in settings else {}
        self.write(os.path.join(folder, "appsettings.json"), json.dumps({"Smb": {"Shares": shares, **names}, **settings}))
        host = ConsoleHost(self.dll, ["--listen", address + ":445", "--user", "local:pw-1", *arguments], environment, folder=folder, prefix=self.network.prefix)
        self.hosts.append(host)
        return host.wait_until_listening()

    def join(self):
        """Makes a member of the domain."""
        folder = self.work.file("member")
        os.makedirs(folder)
        conf = os.path.join(folder, "smb.conf")
        self.write(conf, """[global]
 netbios name = MEMBER
 realm = %s
 workgroup = %s
 security = ads
 interfaces = %s/8
 bind interfaces only = yes
 disable netbios = yes
 idmap config * : backend = tdb
 idmap config * : range = 900000-999999
""" % (AD, SHORT, DC) + "".join(" %s = %s\n" % (what, folder) for what in (
            "private dir", "cache directory", "state directory", "lock directory", "pid directory", "ncalrpc dir")) + " log file = %s/log\n" % folder)
        join = "exec net ads join -s %s --no-dns-updates -U 'Administrator%%%s' -S dc.ad.example" % (conf, PASSWORD)
        self.await_(lambda: "Joined" in self.inside(["unshare", "-m", "sh", "-c", self.OWN_RUN + join], code=None), "SMB of the domain controller")
        self.background(["unshare", "-m", "sh", "-c", self.OWN_RUN + "echo $$ >%s/pid; exec winbindd -F --no-process-group -s %s" % (folder, conf)], "winbindd.out")
        for program, option in (("ntlm_auth", "--configfile=" + conf), ("wbinfo", "")):
            path = self.work.file(program)
            self.write(path, '#!/bin/sh\nexec nsenter --mount --target "$(cat %s/pid)" -- %s %s "$@"\n' % (folder, program, option))
            os.chmod(path, 0o755)
        self.await_(lambda: "succeeded" in self.inside([self.work.file("wbinfo"), "-t"], code=None, timeout=20), "winbind")

    def start_openldap(self):
        folder = self.work.file("slapd")
        os.makedirs(folder)
        schemas = "".join("include /etc/ldap/schema/%s.schema\n" % name for name in ("core", "cosine", "nis"))
        self.write(folder + "/slapd.conf", schemas + "modulepath /usr/lib/ldap\nmoduleload back_mdb\ndatabase mdb\nsuffix %s\nrootdn cn=admin,%s\ndirectory %s\n"
                   % (SUFFIX, SUFFIX, folder))
        self.write(folder + "/entries", ENTRIES)
        self.inside(["slapadd", "-f", folder + "/slapd.conf", "-l", folder + "/entries"])
        self.background(["slapd", "-d", "0", "-f", folder + "/slapd.conf", "-h", LDAP], "slapd.out")
        self.await_(lambda: "dora" in self.inside(["ldapsearch", "-x", "-H", LDAP, "-b", SUFFIX, "(uid=dora)"], code=None), "OpenLDAP")

    def by_address(self, user, share, commands, password=PASSWORD, code=0, address=SERVER, options=()):
        return self.inside(["smbclient", "//%s/%s" % (address, share), "-U", "%s\\%s%%%s" % (SHORT, user, password), "--use-kerberos=off", "-s", self.work.config,
                            "-c", commands, *options], code=code)

    def rpc(self, address, commands, who="local%pw-1", code=None):
        return self.inside(["rpcclient", address, "-U", who, "--use-kerberos=off", "-s", self.work.config, "-c", commands], code=code)

    def stop_cleanly(self):
        for host in self.hosts:
            code, _ = host.stop()
            expect(code == 0, "exit code %s: %s" % (code, host.log[-600:]))
            expect("crit:" not in host.log and "fail:" not in host.log, lambda: host.log[-1500:])

    def remove(self):
        for host in getattr(self, "hosts", []):
            host.kill()
        try:
            # winbind starts it, and does not end it.
            with open(os.path.join(self.work.file("member"), "samba-dcerpcd.pid"), encoding="ascii") as pid:
                os.kill(int(pid.read()), signal.SIGTERM)
        except (OSError, ValueError):
            pass    # it was not started, or has ended
        super().remove()


@cases("a user of the domain logs on with a password at an address, signed and sealed")
def _(found):
    found.by_address("alice", "all", "put krb5.conf by-address; ls; del by-address")
    found.by_address("alice", "all", "ls", options=("--client-protection=encrypt",))
    found.await_(lambda: "alice logged on" in found.host.log and "with NTLM" in found.host.log, "the log")


@cases("wrong passwords and unknown users of the domain are refused, and the server's own users are still there")
def _(found):
    for user, password in (("alice", "wrong"), ("nobody", PASSWORD)):
        text = found.by_address(user, "all", "ls", password=password, code=1)
        expect("NT_STATUS_LOGON_FAILURE" in text, text)
    found.inside(["smbclient", "//%s/all" % SERVER, "-U", "local%pw-1", "--use-kerberos=off", "-s", found.work.config, "-c", "ls"])
    found.await_(lambda: "wrong password" in found.host.log and "no such user" in found.host.log, "the log")


@cases("groups of the domain, nested ones too, open and close shares that name them, for passwords and for tickets")
def _(found):
    for user, share, may in (("alice", "staff", True), ("bob", "staff", False), ("carol", "staff", False),
                             ("alice", "notbob", True), ("bob", "notbob", False), ("carol", "notbob", True)):
        text = found.by_address(user, share, "ls", code=0 if may else 1)
        expect(may or "NT_STATUS_ACCESS_DENIED" in text, lambda: "%s at %s: %s" % (user, share, text[-300:]))
        found.kinit(user, AD)
        text = found.smbclient(user, AD, "ls", share=share, code=0 if may else 1)
        expect(may or "NT_STATUS_ACCESS_DENIED" in text, lambda: "%s at %s with a ticket: %s" % (user, share, text[-300:]))


@cases("a new file belongs to the user's SID, and an access list can name who has never logged on")
def _(found):
    found.by_address("alice", "all", "put krb5.conf owned")
    acl = ["smbcacls", "//%s/all" % SERVER, "owned", "-U", "%s\\alice%%%s" % (SHORT, PASSWORD), "--use-kerberos=off", "-s", found.work.config]
    expect("OWNER:" + found.sids["alice"] in found.inside([*acl, "--numeric"]), "the owner is somebody else")
    found.inside([*acl, "-a", "ACL:%s\\staff:ALLOWED/0/READ" % SHORT])
    expect("ACL:%s\\staff:ALLOWED" % SHORT in found.inside(acl), "the group has no name")
    expect(found.sids["staff"] in found.inside([*acl, "--numeric"]), "the group has another SID")


@cases("names and SIDs of Active Directory, by LDAP")
def _(found):
    for name in (SHORT + "\\\\staff", "staff@ad.example"):
        expect(found.sids["staff"] in found.rpc(SERVER, "lookupnames " + name), name)
    expect(SHORT + "\\staff (2)" in found.rpc(SERVER, "lookupsids " + found.sids["staff"]), "the group's name")
    text = found.rpc(SERVER, "lookupsids %s S-1-5-21-1-2-3-4" % found.sids["alice"])
    expect(SHORT + "\\alice (1)" in text and "unknown" in text.lower(), text)
    for odd in ("*", "x)(objectClass=*", "a\\\\b"):
        expect("NONE_MAPPED" in found.rpc(SERVER, "lookupnames '%s'" % odd), odd)


@cases("names and SIDs of OpenLDAP, out of the numbers of Unix")
def _(found):
    for name, sid, use in (("dora", UNIX_SID + "-5002", 1), ("painters", UNIX_SID + "-7005", 2)):
        expect(sid in found.rpc(OTHER, "lookupnames UNIX\\\\" + name), name)
        expect("UNIX\\%s (%d)" % (name, use) in found.rpc(OTHER, "lookupsids " + sid), sid)


@cases("a ticket that says only a name has the SID and the groups that the directory knows")
def _(found):
    found.kinit("dora", MIT)
    text = found.smbclient("dora", MIT, "put krb5.conf of-dora; ls", share="painters")
    text = found.smbclient("dora", MIT, "ls", share="nomakers", code=1)
    expect("NT_STATUS_ACCESS_DENIED" in text, text)
    owner = found.samba("dora", MIT, "smbcacls", "all", "of-dora", "--numeric")
    expect("OWNER:%s-5002" % UNIX_SID in owner, owner)
    found.kinit("alice", MIT)                   # whom this directory does not know
    found.smbclient("alice", MIT, "ls")
    text = found.smbclient("alice", MIT, "ls", share="painters", code=1)
    expect("NT_STATUS_ACCESS_DENIED" in text, text)


@cases("a directory is read with a ticket, signed and sealed by SASL")
def _(found):
    found.kinit("files", AD)
    host = found.serve("sasl", "127.0.0.8", [{"Name": "all", "Folder": found.work.file("files")}],
                       {"Ldap": {"Servers": ["ldap://dc.ad.example"], "Kerberos": True}}, environment=found.environment("files" + AD))
    expect(found.sids["staff"] in found.rpc("127.0.0.8", "lookupnames %s\\\\staff" % SHORT), lambda: "not found: " + host.log[-1500:])
    host = found.serve("no ticket", "127.0.0.9", [{"Name": "all", "Folder": found.work.file("files")}],
                       {"Ldap": {"Servers": ["ldap://dc.ad.example"], "Kerberos": True}}, environment=found.environment("nobody"))
    expect("NONE_MAPPED" in found.rpc("127.0.0.9", "lookupnames %s\\\\staff" % SHORT), "it was asked")
    found.await_(lambda: "The directory cannot be asked" in host.log, "the log")


@cases("a directory whose certificate is not trusted, or has another name, is told nothing")
def _(found):
    reader = {"BindName": "files@" + AD.lower(), "PasswordFile": found.work.file("password-of-files")}
    for number, settings in enumerate(({"Servers": ["ldap://dc.ad.example"], "StartTls": True},
                                       {"Servers": ["ldaps://" + DC], "CaDirectory": found.work.file("authorities")})):
        host = found.serve("untrusted%d" % number, "127.0.0.%d" % (5 + number), [{"Name": "all", "Folder": found.work.file("files")}],
                           {"Ldap": {**settings, **reader}})
        expect("NONE_MAPPED" in found.rpc("127.0.0.%d" % (5 + number), "lookupnames %s\\\\staff" % SHORT), "it was asked")
        found.await_(lambda: "The directory cannot be asked" in host.log, "the log")


@cases("a directory that hangs holds up nobody but who asks it, for as long as may be")
def _(found):
    child = children.start([*found.network.prefix, "/usr/bin/python3", "-c",
                            "import socket,time\ns=socket.socket();s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1);s.bind(('%s',389));s.listen(50);time.sleep(600)" % HANGS],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found.started.append(child)
    text = found.rpc(SILENT, "lookupsids " + found.sids["staff"])
    expect("NT_STATUS_NONE_MAPPED" in text or "unknown" in text.lower(), text)
    found.inside(["smbclient", "//%s/all" % SILENT, "-U", "local%pw-1", "--use-kerberos=off", "-s", found.work.config, "-c", "ls"])
    expect(re.search("The directory cannot be asked", found.hosts[2].log), "the log says nothing: " + found.hosts[2].log[-500:])


def run_suite(tally, dll, prefix):
    found = Directories(dll)
    try:
        try:
            found.start()
        except Skipped as reason:
            tally.add(prefix, "FAIL" if os.environ.get("CI") else "skip", "left out: %s" % reason)
            return
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, found)
        if not tally.only:
            tally.run(prefix + "/the servers are still there, stop with exit code 0, and logged no bug", found.stop_cleanly)
    finally:
        found.remove()
