"""rpcclient: the interfaces behind IPC$ that browsers and administrators ask."""
import time

from harness import Cases, WorkFolder, expect, run

NEEDS = {"rpcclient": "smbclient samba-common-bin"}
PER_SHARE = False
cases = Cases()


class Rpc:
    def __init__(self, target):
        self.target = target
        self.work = WorkFolder()

    def __call__(self, commands, *wants, options=()):
        result = run(["rpcclient", self.target.host, "-s", self.work.config, "-p", str(self.target.port),
                      "-U", self.target.credentials, *options, "-c", commands], port=self.target.port)
        expect(result.code == 0, lambda: "%s: %s" % (commands, result.tail()))
        for want in wants:
            expect(want in result.text, lambda: "%s: `%s` is missing: %s" % (commands, want, result.tail()))
        return result.text


def run_suite(tally, target, prefix):
    rpc = Rpc(target)
    try:
        for name, case in cases:
            tally.run("%s/%s" % (prefix, name), case, rpc)
    finally:
        rpc.work.remove()


@cases("srvsvc: server information")
def _(rpc):
    rpc("srvinfo", "platform_id", "os version")


@cases("srvsvc: every level of share enumeration that is asked for")
def _(rpc):
    rpc("netshareenum 1", "netname: " + rpc.target.share)
    for command in ("netshareenumall 1", "netshareenumall 2", "netshareenumall 502"):
        rpc(command, "netname: " + rpc.target.share, "netname: IPC$")


@cases("srvsvc: one share")
def _(rpc):
    for level in (1, 2, 502):
        rpc("netsharegetinfo %s %d" % (rpc.target.share, level), "netname: " + rpc.target.share)


@cases("srvsvc: an unknown share is an error and nothing worse")
def _(rpc):
    result = run(["rpcclient", rpc.target.host, "-s", rpc.work.config, "-p", str(rpc.target.port),
                  "-U", rpc.target.credentials, "-c", "netsharegetinfo nosuchshare 1; srvinfo"], port=rpc.target.port)
    expect("result was " in result.text and "WERR_OK" not in result.text and "NT_STATUS" not in result.text, result.tail())


@cases("srvsvc: time of day")
def _(rpc):
    rpc("netremotetod")


@cases("wkssvc: workstation information")
def _(rpc):
    rpc("wkssvc_wkstagetinfo 100")


@cases("lsarpc: the domain")
def _(rpc):
    rpc("lsaquery", "Domain Name", "Domain Sid")


@cases("lsarpc: a user's name to a SID and back")
def _(rpc):
    text = rpc("lookupnames " + rpc.target.user, "S-1-")
    sid = next(word for word in text.split() if word.startswith("S-1-"))
    rpc("lookupsids " + sid, rpc.target.user)


@cases("lsarpc: well-known SIDs")
def _(rpc):
    rpc("lookupsids S-1-1-0", "Everyone")


def _binding(flags):
    @cases("signed, sealed and foreign binds: " + flags)
    def _(rpc):
        for commands, want in (("srvinfo", "platform_id"), ("netshareenumall 2", "netname: IPC$"),
                               ("lookupsids S-1-1-0", "Everyone"), ("wkssvc_wkstagetinfo 100", "")):
            result = run(["rpcclient", "ncacn_np:%s[%s]" % (rpc.target.host, flags), "-s", rpc.work.config, "-p",
                          str(rpc.target.port), "-U", rpc.target.credentials, "-c", commands], port=rpc.target.port)
            expect(result.code == 0 and want in result.text, lambda: "%s: %s" % (commands, result.tail()))


for flags in ("connect", "ntlm,sign", "ntlm,seal", "spnego,sign", "spnego,seal", "bigendian", "bigendian,spnego,seal"):
    _binding(flags)


@cases("a call that is for domain controllers alone")
def _(rpc):
    result = run(["rpcclient", rpc.target.host, "-s", rpc.work.config, "-p", str(rpc.target.port),
                  "-U", rpc.target.credentials, "-c", "lookupsids3 S-1-1-0"], port=rpc.target.port)
    expect("NT_STATUS_ACCESS_DENIED" in result.text, result.tail())


@cases("several calls on one pipe, encrypted too")
def _(rpc):
    rpc("srvinfo; netshareenumall; srvinfo; netshareenumall", rpc.target.share, options=("--client-protection=encrypt",))


def _rid(rpc):
    sid = next(word for word in rpc("lookupnames " + rpc.target.user, "S-1-").split() if word.startswith("S-1-"))
    return sid.rsplit("-", 1)[1]


@cases("samr: users and groups, listed, looked up and described")
def _(rpc):
    user = rpc.target.user
    rpc("enumdomains", "name:[Builtin]")
    for level in (1, 2, 3, 4, 5, 7, 8, 9, 12, 13):
        rpc("querydominfo %d" % level)
    rpc("querydominfo 1", "Minimum password length:\t\t\t1")
    rpc("enumdomusers", "user:[%s]" % user)
    rpc("enumdomgroups", "group:[None] rid:[0x201]")
    rpc("enumalsgroups builtin", "group:[Administrators] rid:[0x220]")
    for display in ("querydispinfo", "querydispinfo2", "querydispinfo3"):
        rpc(display, "Account: " + user)
    rid = _rid(rpc)
    rpc("samlookupnames domain %s; samlookuprids domain %s" % (user, rid), "(1)")
    rpc("queryuser %s 21" % rid, "User Name   :\t" + user, "group_rid:\t0x201")
    rpc("queryuser %s 16" % rid, "Acct Flags")
    rpc("queryusergroups %s" % rid, "group rid:[0x201] attr:[0x7]")
    rpc("querygroup 0x201 1; querygroupmem 0x201", "Group Name:\tNone", "rid:[")
    rpc("queryaliasmem builtin 0x221", "sid:[S-1-5-11]")
    rpc("queryuseraliases builtin S-1-5-11", "group rid:[0x221]")
    rpc("samquerysecobj %s" % rid, "SEC_DESC_DACL_PRESENT")
    rpc("getdompwinfo; getusrdompwinfo %s" % rid, "min_password_length")


@cases("samr: nothing is changed")
def _(rpc):
    for command in ("createdomuser mallory", "createdomgroup thieves", "deletedomuser " + rpc.target.user,
                    "setuserinfo2 %s 23 xyz" % rpc.target.user, "chgpasswd2 %s x y" % rpc.target.user):
        result = run(["rpcclient", rpc.target.host, "-s", rpc.work.config, "-p", str(rpc.target.port),
                      "-U", rpc.target.credentials, "-c", command], port=rpc.target.port)
        expect("NT_STATUS_ACCESS_DENIED" in result.text, lambda: "%s: %s" % (command, result.tail()))
    expect("mallory" not in rpc("enumdomusers"), "a user was made")


@cases("pipes that are not there are refused at once")
def _(rpc):
    """netlogon is for domain controllers, netdfs and spoolss for what this server is not."""
    begin = time.monotonic()
    rpc("srvinfo", "platform_id")
    usual = time.monotonic() - begin
    for command in ("dsr_getdcname x", "getanydcname x", "dfsversion", "enumprinters"):
        begin = time.monotonic()
        result = run(["rpcclient", rpc.target.host, "-s", rpc.work.config, "-p", str(rpc.target.port),
                      "-U", rpc.target.credentials, "-c", command], port=rpc.target.port)
        took = time.monotonic() - begin
        expect("NT_STATUS_OBJECT_NAME_NOT_FOUND" in result.text, lambda: "%s: %s" % (command, result.tail()))
        expect(took < usual + 3, "%s took %.1f s, a call that is answered %.1f s" % (command, took, usual))
