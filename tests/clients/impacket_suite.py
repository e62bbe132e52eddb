"""impacket: a client that shares no code with Samba, through every dialect that it speaks."""
import io
import os
import socket

from harness import Cases, expect

NEEDS = {"python:impacket": "python3-impacket"}
PER_SHARE = True
cases = Cases()


def connect(target, dialect=None):
    """A logged-on connection; a TCP connect that is never answered is tried once more."""
    from impacket.smbconnection import SMBConnection
    for attempt in range(2):
        try:
            connection = SMBConnection(target.host, target.host, sess_port=target.port, preferredDialect=dialect, timeout=30)
            break
        except (socket.timeout, OSError) as error:
            if attempt or "timed out" not in str(error):
                raise
    connection.login(target.user, target.password)
    return connection


def run_suite(tally, target, prefix):
    for name, case in cases:
        tally.run("%s/%s" % (prefix, name), case, target)


def _round_trip(target, dialect, expected):
    connection = connect(target, dialect)
    try:
        expect(expected is None or connection.getDialect() == expected, "dialect %#x was agreed" % connection.getDialect())
        data, share = os.urandom(2_500_000), target.share
        connection.createDirectory(share, "imp")
        connection.putFile(share, "imp\\a.bin", io.BytesIO(data).read)
        back = io.BytesIO()
        connection.getFile(share, "imp\\a.bin", back.write)
        expect(back.getvalue() == data, "%d bytes came back and differ" % len(back.getvalue()))
        connection.rename(share, "imp\\a.bin", "imp\\b.bin")
        names = {entry.get_longname(): entry for entry in connection.listPath(share, "imp\\*")}
        expect("b.bin" in names and "a.bin" not in names, "after the rename: %s" % sorted(names))
        expect(names["b.bin"].get_filesize() == len(data), "listed with %d bytes" % names["b.bin"].get_filesize())
        connection.deleteFile(share, "imp\\b.bin")
        connection.deleteDirectory(share, "imp")
    finally:
        connection.close()


def _dialect(title, value, expected):
    @cases("files over " + title)
    def _(target):
        _round_trip(target, value, expected)


_dialect("2.0.2", 0x0202, 0x0202)
_dialect("2.1", 0x0210, 0x0210)
_dialect("3.0", 0x0300, 0x0300)
_dialect("what both agree on", None, None)


@cases("the list of shares")
def _(target):
    connection = connect(target)
    names = [entry["shi1_netname"][:-1] for entry in connection.listShares()]
    connection.close()
    expect(target.share in names and "IPC$" in names, str(names))


@cases("a wrong password is a logon failure")
def _(target):
    from dataclasses import replace
    try:
        connect(replace(target, password="wrong"))
    except Exception as error:
        expect("STATUS_LOGON_FAILURE" in str(error), str(error))
        return
    expect(False, "it was let in")


@cases("a handle that shares nothing keeps others out")
def _(target):
    first, second = connect(target), connect(target)
    tree, other = first.connectTree(target.share), second.connectTree(target.share)
    handle = first.createFile(tree, "alone.bin", shareMode=0)
    try:
        second.openFile(other, "alone.bin")
        seen = "it opened"
    except Exception as error:
        seen = str(error)
    first.closeFile(tree, handle)
    second.closeFile(other, second.openFile(other, "alone.bin"))
    first.deleteFile(target.share, "alone.bin")
    first.close()
    second.close()
    expect("STATUS_SHARING_VIOLATION" in seen, seen)


@cases("Finder info of macOS is well-formed, or refused, or not there")
def _(target):
    connection = connect(target)
    tree = connection.connectTree(target.share)
    connection.closeFile(tree, connection.createFile(tree, "mac.txt"))
    right = b"AFP\0\0\0\1\0" + bytes(8) + b"TEXTttxt" + bytes(36)
    handle = connection.createFile(tree, "mac.txt:AFP_AfpInfo")
    try:
        connection.writeFile(tree, handle, b"XFP" + right[3:])
        seen = "it was taken"
    except Exception as error:
        seen = str(error)
    connection.writeFile(tree, handle, right)
    connection.closeFile(tree, handle)
    handle = connection.openFile(tree, "mac.txt:AFP_AfpInfo")
    back = connection.readFile(tree, handle, 0, 100, singleCall=True)
    connection.writeFile(tree, handle, right[:16] + bytes(44))
    connection.closeFile(tree, handle)
    try:
        connection.openFile(tree, "mac.txt:AFP_AfpInfo")
        gone = "it is there"
    except Exception as error:
        gone = str(error)
    connection.deleteFile(target.share, "mac.txt")
    connection.close()
    expect("STATUS_INVALID_PARAMETER" in seen, seen)
    expect(back == right, repr(back))
    expect("STATUS_OBJECT_NAME_NOT_FOUND" in gone, gone)


@cases("the data of a file becomes a stream, and comes back")
def _(target):
    from impacket.smb3structs import FILE_RENAME_INFORMATION_TYPE_2, SMB2_FILE_RENAME_INFO
    connection = connect(target)
    tree = connection.connectTree(target.share)
    data = bytes(range(256)) * 20

    def rename(handle, name, replace):
        request = FILE_RENAME_INFORMATION_TYPE_2()
        request["ReplaceIfExists"] = replace
        request["RootDirectory"] = "\0" * 8
        request["FileNameLength"] = len(name) * 2
        request["FileName"] = name.encode("utf-16le")
        connection.getSMBServer().setInfo(tree, handle, request, fileInfoClass=SMB2_FILE_RENAME_INFO)

    def content(name):
        handle = connection.openFile(tree, name)
        seen = connection.readFile(tree, handle, 0, len(data) + 1, singleCall=True) if handle else None
        connection.closeFile(tree, handle)
        return seen

    handle = connection.createFile(tree, "away.bin::$DATA")
    connection.writeFile(tree, handle, data)
    rename(handle, ":kept:$DATA", 0)
    connection.writeFile(tree, handle, b"!", offset=len(data))
    connection.closeFile(tree, handle)
    named = content("away.bin:kept")
    left = [entry.get_filesize() for entry in connection.listPath(target.share, "away.bin")]
    handle = connection.createFile(tree, "away.bin:kept", creationDisposition=1)
    rename(handle, "::$DATA", 1)
    connection.closeFile(tree, handle)
    back = content("away.bin")
    connection.deleteFile(target.share, "away.bin")
    connection.close()
    expect(named[:len(data)] == data, "the stream has %r" % named[:20])
    expect(left == [0], "the file has %s bytes" % left)
    expect(back[:len(data)] == data, "the file has %r" % back[:20])


@cases("reads and writes at offsets")
def _(target):
    connection = connect(target)
    tree = connection.connectTree(target.share)
    handle = connection.createFile(tree, "offsets.bin")
    connection.writeFile(tree, handle, b"world", offset=100_006)
    connection.writeFile(tree, handle, b"hello ", offset=100_000)
    seen = connection.readFile(tree, handle, offset=99_998, bytesToRead=13, singleCall=True)
    connection.closeFile(tree, handle)
    connection.deleteFile(target.share, "offsets.bin")
    connection.close()
    expect(seen == b"\0\0hello world", repr(seen))


@cases("an echo, and two sessions one after the other on one server")
def _(target):
    for _ in range(2):
        connection = connect(target)
        connection.getSMBServer().echo()
        connection.logoff()
        connection.close()


def _pipe(target, name, interface, level=None):
    from impacket.dcerpc.v5 import transport
    rpc = transport.SMBTransport(target.host, target.port, "\\" + name, target.user, target.password).get_dce_rpc()
    if level is not None:
        rpc.set_auth_level(level)
    rpc.connect()
    rpc.bind(interface)
    return rpc


@cases("srvsvc: server information and time of day")
def _(target):
    from impacket.dcerpc.v5 import srvs
    rpc = _pipe(target, "srvsvc", srvs.MSRPC_UUID_SRVS)
    name = srvs.hNetrServerGetInfo(rpc, 101)["InfoStruct"]["ServerInfo101"]["sv101_name"]
    year = srvs.hNetrRemoteTOD(rpc)["BufferPtr"]["tod_year"]
    shares = srvs.hNetrShareEnum(rpc, 1)["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"]
    rpc.disconnect()
    expect(len(name) > 1 and year >= 2024 and len(shares) >= 2, "%r, %d, %d shares" % (name, year, len(shares)))


def _protected(title, level):
    @cases("srvsvc: calls with " + title)
    def _(target):
        from impacket.dcerpc.v5 import srvs
        rpc = _pipe(target, "srvsvc", srvs.MSRPC_UUID_SRVS, level)
        for _ in range(3):
            name = srvs.hNetrServerGetInfo(rpc, 101)["InfoStruct"]["ServerInfo101"]["sv101_name"]
            shares = srvs.hNetrShareEnum(rpc, 1)["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"]
            expect(len(name) > 1 and len(shares) >= 2, "%r, %d shares" % (name, len(shares)))
        rpc.disconnect()


_protected("a known caller", 2)
_protected("integrity", 5)
_protected("privacy", 6)


@cases("srvsvc and wkssvc: levels that are not told are an error that can be read")
def _(target):
    from impacket.dcerpc.v5 import srvs, wkst
    rpc = _pipe(target, "srvsvc", srvs.MSRPC_UUID_SRVS)
    other = _pipe(target, "wkssvc", wkst.MSRPC_UUID_WKST)
    for ask in (lambda: srvs.hNetrServerGetInfo(rpc, 502), lambda: srvs.hNetrShareGetInfo(rpc, target.share + "\0", 1501),
                lambda: wkst.hNetrWkstaGetInfo(other, 502)):
        try:
            ask()
            seen = "it was answered"
        except Exception as error:
            seen = str(error)
        expect("ERROR_INVALID_LEVEL" in seen, seen)
    expect(len(srvs.hNetrServerGetInfo(rpc, 101)["InfoStruct"]["ServerInfo101"]["sv101_name"]) > 1, "the pipe is broken")
    rpc.disconnect()
    other.disconnect()


@cases("wkssvc: workstation information")
def _(target):
    from impacket.dcerpc.v5 import wkst
    rpc = _pipe(target, "wkssvc", wkst.MSRPC_UUID_WKST)
    name = wkst.hNetrWkstaGetInfo(rpc, 100)["WkstaInfo"]["WkstaInfo100"]["wki100_computername"]
    rpc.disconnect()
    expect(len(name) > 1, repr(name))


@cases("lsarpc: a policy handle")
def _(target):
    from impacket.dcerpc.v5 import lsad
    rpc = _pipe(target, "lsarpc", lsad.MSRPC_UUID_LSAD)
    handle = lsad.hLsarOpenPolicy2(rpc, 0x02000000)["PolicyHandle"]
    lsad.hLsarClose(rpc, handle)
    rpc.disconnect()


@cases("an unknown pipe")
def _(target):
    from impacket.dcerpc.v5 import srvs
    try:
        _pipe(target, "nosuchpipe", srvs.MSRPC_UUID_SRVS)
    except Exception as error:
        expect("STATUS_OBJECT_NAME_NOT_FOUND" in str(error), str(error))
        return
    expect(False, "it was opened")


@cases("samr: the users of the domain, as samrdump lists them")
def _(target):
    from impacket.dcerpc.v5 import samr
    pipe = _pipe(target, "samr", samr.MSRPC_UUID_SAMR)
    server = samr.hSamrConnect(pipe)["ServerHandle"]
    domains = [one["Name"] for one in samr.hSamrEnumerateDomainsInSamServer(pipe, server)["Buffer"]["Buffer"]]
    sid = samr.hSamrLookupDomainInSamServer(pipe, server, domains[0])["DomainId"]
    domain = samr.hSamrOpenDomain(pipe, serverHandle=server, domainId=sid)["DomainHandle"]
    found = {one["Name"]: one["RelativeId"] for one in samr.hSamrEnumerateUsersInDomain(pipe, domain)["Buffer"]["Buffer"]}
    expect(target.user in found, "the users are %s" % sorted(found))
    user = samr.hSamrOpenUser(pipe, domain, samr.MAXIMUM_ALLOWED, found[target.user])["UserHandle"]
    info = samr.hSamrQueryInformationUser2(pipe, user, samr.USER_INFORMATION_CLASS.UserAllInformation)["Buffer"]["All"]
    expect(info["UserName"] == target.user and info["PrimaryGroupId"] == 513, "described as %s" % info["UserName"])
    groups = samr.hSamrGetGroupsForUser(pipe, user)["Groups"]["Groups"]
    expect(513 in [group["RelativeId"] for group in groups], "not in the group that everybody is in")
    samr.hSamrCloseHandle(pipe, user)
    pipe.disconnect()
