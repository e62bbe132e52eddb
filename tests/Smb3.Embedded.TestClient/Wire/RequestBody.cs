using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>Fills the negotiate contexts of a request.</summary>
internal delegate void WriteNegotiateContexts(ref NegotiateContextWriter writer);

/// <summary>Fills the create contexts of a request.</summary>
internal delegate void WriteCreateContexts(ref CreateContextWriter writer);

/// <summary>
/// The bodies of requests as a correct client sends them; they go behind a <see cref="RequestHeader"/>. A malformed one is a correct one
/// with a byte changed by the caller: see <see cref="Patched"/>.
/// </summary>
internal static class RequestBody
{
    private const int Header = Smb2Header.Size;

    /// <summary>NEGOTIATE (MS-SMB2 2.2.3).</summary>
    public static byte[] Negotiate(
        ReadOnlySpan<Smb2Dialect> dialects,
        Guid clientGuid,
        Smb2SecurityMode securityMode = Smb2SecurityMode.SigningEnabled,
        Smb2Capabilities capabilities = Smb2Capabilities.None,
        WriteNegotiateContexts? contexts = null)
    {
        var dialectsEnd = 36 + (dialects.Length * sizeof(ushort));
        var contextsAt = LittleEndian.Align8(dialectsEnd);
        var body = new byte[contextsAt + 4096];
        body.AsSpan().Put(0, (ushort)36);
        body.AsSpan().Put(2, (ushort)dialects.Length);
        body.AsSpan().Put(4, (ushort)securityMode);
        body.AsSpan().Put(8, (uint)capabilities);
        body.AsSpan().Put(12, clientGuid);
        for (var i = 0; i < dialects.Length; i++)
        {
            body.AsSpan().Put(36 + (i * sizeof(ushort)), (ushort)dialects[i]);
        }

        if (contexts is null)
        {
            return body[..dialectsEnd];
        }

        var writer = new NegotiateContextWriter(body.AsSpan(contextsAt));
        contexts(ref writer);
        body.AsSpan().Put(28, (uint)(Header + contextsAt));
        body.AsSpan().Put(32, writer.Count);
        return body[..(contextsAt + writer.Length)];
    }

    /// <summary>SESSION_SETUP (MS-SMB2 2.2.5).</summary>
    public static byte[] SessionSetup(
        ReadOnlySpan<byte> token,
        SessionSetupRequestFlags flags = SessionSetupRequestFlags.None,
        Smb2SecurityMode securityMode = Smb2SecurityMode.SigningEnabled,
        Smb2Capabilities capabilities = Smb2Capabilities.None,
        ulong previousSessionId = 0)
    {
        var body = new byte[24 + token.Length];
        body.AsSpan().Put(0, (ushort)25);
        body[2] = (byte)flags;
        body[3] = (byte)securityMode;
        body.AsSpan().Put(4, (uint)capabilities);
        body.AsSpan().Put(12, (ushort)(Header + 24));
        body.AsSpan().Put(14, (ushort)token.Length);
        body.AsSpan().Put(16, previousSessionId);
        token.CopyTo(body.AsSpan(24));
        return body;
    }

    /// <summary>LOGOFF, TREE_DISCONNECT, ECHO and CANCEL.</summary>
    public static byte[] Empty() => [4, 0, 0, 0];

    /// <summary>TREE_CONNECT (MS-SMB2 2.2.9).</summary>
    public static byte[] TreeConnect(string path, TreeConnectRequestFlags flags = TreeConnectRequestFlags.None)
    {
        var body = new byte[8 + (path.Length * sizeof(char))];
        body.AsSpan().Put(0, (ushort)9);
        body.AsSpan().Put(2, (ushort)flags);
        body.AsSpan().Put(4, (ushort)(Header + 8));
        body.AsSpan().Put(6, (ushort)(path.Length * sizeof(char)));
        body.AsSpan().PutUtf16(8, path);
        return body;
    }

    /// <summary>CREATE (MS-SMB2 2.2.13).</summary>
    public static byte[] Create(
        string name,
        FileAccessMask access = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite,
        CreateDisposition disposition = CreateDisposition.OpenIf,
        ShareAccess share = ShareAccess.All,
        CreateOptions options = CreateOptions.None,
        FileAttributes attributes = 0,
        Smb2OplockLevel oplock = Smb2OplockLevel.None,
        Smb2ImpersonationLevel impersonation = Smb2ImpersonationLevel.Impersonation,
        WriteCreateContexts? contexts = null)
    {
        var nameSize = name.Length * sizeof(char);
        var contextsAt = LittleEndian.Align8(56 + nameSize);
        var body = new byte[contextsAt + 8192];
        body.AsSpan().Put(0, (ushort)57);
        body[3] = (byte)oplock;
        body.AsSpan().Put(4, (uint)impersonation);
        body.AsSpan().Put(24, (uint)access);
        body.AsSpan().Put(28, (uint)attributes);
        body.AsSpan().Put(32, (uint)share);
        body.AsSpan().Put(36, (uint)disposition);
        body.AsSpan().Put(40, (uint)options);
        body.AsSpan().Put(44, (ushort)(Header + 56));
        body.AsSpan().Put(46, (ushort)nameSize);
        body.AsSpan().PutUtf16(56, name);
        if (contexts is null)
        {
            // The odd structure size stands for one byte of buffer, which Windows sends even without a name.
            return body[..(56 + Math.Max(1, nameSize))];
        }

        var writer = new CreateContextWriter(body.AsSpan(contextsAt));
        contexts(ref writer);
        body.AsSpan().Put(48, (uint)(Header + contextsAt));
        body.AsSpan().Put(52, (uint)writer.Length);
        return body[..(contextsAt + writer.Length)];
    }

    /// <summary>CLOSE (MS-SMB2 2.2.15).</summary>
    public static byte[] Close(Smb2FileId fileId, CloseFlags flags = CloseFlags.None)
    {
        var body = FileIdBody(24, fileId);
        body.AsSpan().Put(2, (ushort)flags);
        return body;
    }

    /// <summary>FLUSH (MS-SMB2 2.2.17).</summary>
    public static byte[] Flush(Smb2FileId fileId) => FileIdBody(24, fileId);

    /// <summary>READ (MS-SMB2 2.2.19).</summary>
    public static byte[] Read(
        Smb2FileId fileId,
        ulong offset,
        uint length,
        uint minimumCount = 0,
        ReadFlags flags = ReadFlags.None,
        Smb2Channel channel = Smb2Channel.None,
        ReadOnlySpan<byte> channelInfo = default)
    {
        var body = new byte[48 + Math.Max(1, channelInfo.Length)];
        body.AsSpan().Put(0, (ushort)49);
        body[2] = Header + ReadResponse.FixedSize;
        body[3] = (byte)flags;
        body.AsSpan().Put(4, length);
        body.AsSpan().Put(8, offset);
        fileId.Write(body, 16);
        body.AsSpan().Put(32, minimumCount);
        body.AsSpan().Put(36, (uint)channel);
        if (!channelInfo.IsEmpty)
        {
            body.AsSpan().Put(44, (ushort)(Header + 48));
            body.AsSpan().Put(46, (ushort)channelInfo.Length);
            channelInfo.CopyTo(body.AsSpan(48));
        }

        return body;
    }

    /// <summary>WRITE (MS-SMB2 2.2.21).</summary>
    public static byte[] Write(Smb2FileId fileId, ulong offset, ReadOnlySpan<byte> data, WriteFlags flags = WriteFlags.None)
    {
        var body = new byte[48 + data.Length];
        body.AsSpan().Put(0, (ushort)49);
        body.AsSpan().Put(2, (ushort)(Header + 48));
        body.AsSpan().Put(4, (uint)data.Length);
        body.AsSpan().Put(8, offset);
        fileId.Write(body, 16);
        body.AsSpan().Put(44, (uint)flags);
        data.CopyTo(body.AsSpan(48));
        return body;
    }

    /// <summary>LOCK (MS-SMB2 2.2.26).</summary>
    public static byte[] Lock(
        Smb2FileId fileId, ReadOnlySpan<LockElement> locks, uint sequenceIndex = 0, byte sequenceNumber = 0)
    {
        var body = new byte[24 + (locks.Length * LockElement.Size)];
        body.AsSpan().Put(0, (ushort)48);
        body.AsSpan().Put(2, (ushort)locks.Length);
        body.AsSpan().Put(4, (sequenceIndex << 4) | sequenceNumber);
        fileId.Write(body, 8);
        for (var i = 0; i < locks.Length; i++)
        {
            var element = body.AsSpan(24 + (i * LockElement.Size));
            element.Put(0, locks[i].Offset);
            element.Put(8, locks[i].Length);
            element.Put(16, (uint)locks[i].Flags);
        }

        return body;
    }

    /// <summary>IOCTL with an FSCTL (MS-SMB2 2.2.31).</summary>
    public static byte[] Ioctl(
        FsControlCode code, Smb2FileId fileId, ReadOnlySpan<byte> input, uint maxOutput = 65536, bool isFsctl = true)
    {
        var body = new byte[56 + Math.Max(1, input.Length)];
        body.AsSpan().Put(0, (ushort)57);
        body.AsSpan().Put(4, (uint)code);
        fileId.Write(body, 8);
        body.AsSpan().Put(24, (uint)(input.IsEmpty ? 0 : Header + 56));
        body.AsSpan().Put(28, (uint)input.Length);
        body.AsSpan().Put(44, maxOutput);
        body.AsSpan().Put(48, isFsctl ? 1u : 0u);
        input.CopyTo(body.AsSpan(56));
        return body;
    }

    /// <summary>QUERY_DIRECTORY (MS-SMB2 2.2.33).</summary>
    public static byte[] QueryDirectory(
        Smb2FileId fileId,
        string pattern = "*",
        FileInformationClass informationClass = FileInformationClass.FileIdBothDirectoryInformation,
        QueryDirectoryFlags flags = QueryDirectoryFlags.None,
        uint outputLength = 65536,
        uint fileIndex = 0)
    {
        var body = new byte[32 + Math.Max(1, pattern.Length * sizeof(char))];
        body.AsSpan().Put(0, (ushort)33);
        body[2] = (byte)informationClass;
        body[3] = (byte)flags;
        body.AsSpan().Put(4, fileIndex);
        fileId.Write(body, 8);
        body.AsSpan().Put(24, (ushort)(Header + 32));
        body.AsSpan().Put(26, (ushort)(pattern.Length * sizeof(char)));
        body.AsSpan().Put(28, outputLength);
        body.AsSpan().PutUtf16(32, pattern);
        return body;
    }

    /// <summary>QUERY_INFO (MS-SMB2 2.2.37).</summary>
    public static byte[] QueryInfo(
        Smb2FileId fileId,
        Smb2InfoType type,
        byte informationClass,
        uint outputLength = 65536,
        uint additionalInformation = 0,
        ReadOnlySpan<byte> input = default,
        QueryInfoFlags flags = QueryInfoFlags.None)
    {
        var body = new byte[40 + Math.Max(1, input.Length)];
        body.AsSpan().Put(0, (ushort)41);
        body[2] = (byte)type;
        body[3] = informationClass;
        body.AsSpan().Put(4, outputLength);
        body.AsSpan().Put(8, (ushort)(Header + 40));
        body.AsSpan().Put(12, (uint)input.Length);
        body.AsSpan().Put(16, additionalInformation);
        body.AsSpan().Put(20, (uint)flags);
        fileId.Write(body, 24);
        input.CopyTo(body.AsSpan(40));
        return body;
    }

    /// <summary>QUERY_INFO of a file.</summary>
    public static byte[] QueryFile(Smb2FileId fileId, FileInformationClass informationClass, uint outputLength = 65536) =>
        QueryInfo(fileId, Smb2InfoType.File, (byte)informationClass, outputLength);

    /// <summary>QUERY_INFO of a volume.</summary>
    public static byte[] QueryFileSystem(Smb2FileId fileId, FsInformationClass informationClass, uint outputLength = 65536) =>
        QueryInfo(fileId, Smb2InfoType.FileSystem, (byte)informationClass, outputLength);

    /// <summary>SET_INFO (MS-SMB2 2.2.39).</summary>
    public static byte[] SetInfo(
        Smb2FileId fileId,
        Smb2InfoType type,
        byte informationClass,
        ReadOnlySpan<byte> buffer,
        SecurityInformation additionalInformation = SecurityInformation.None)
    {
        var body = new byte[32 + Math.Max(1, buffer.Length)];
        body.AsSpan().Put(0, (ushort)33);
        body[2] = (byte)type;
        body[3] = informationClass;
        body.AsSpan().Put(4, (uint)buffer.Length);
        body.AsSpan().Put(8, (ushort)(Header + 32));
        body.AsSpan().Put(12, (uint)additionalInformation);
        fileId.Write(body, 16);
        buffer.CopyTo(body.AsSpan(32));
        return body;
    }

    /// <summary>SET_INFO of a file.</summary>
    public static byte[] SetFile(Smb2FileId fileId, FileInformationClass informationClass, ReadOnlySpan<byte> buffer) =>
        SetInfo(fileId, Smb2InfoType.File, (byte)informationClass, buffer);

    /// <summary>CHANGE_NOTIFY (MS-SMB2 2.2.35).</summary>
    public static byte[] ChangeNotify(
        Smb2FileId fileId, ChangeFilter filter = ChangeFilter.All, bool watchTree = false, uint outputLength = 4096)
    {
        var body = FileIdBody(32, fileId);
        body.AsSpan().Put(2, (ushort)(watchTree ? 1 : 0));
        body.AsSpan().Put(4, outputLength);
        body.AsSpan().Put(24, (uint)filter);
        return body;
    }

    /// <summary>OPLOCK_BREAK acknowledgment (MS-SMB2 2.2.24.1).</summary>
    public static byte[] OplockBreakAcknowledgment(Smb2FileId fileId, Smb2OplockLevel level)
    {
        var body = FileIdBody(24, fileId);
        body[2] = (byte)level;
        return body;
    }

    /// <summary>Lease break acknowledgment (MS-SMB2 2.2.24.2).</summary>
    public static byte[] LeaseBreakAcknowledgment(Guid leaseKey, Smb2LeaseState state)
    {
        var body = new byte[36];
        body.AsSpan().Put(0, (ushort)36);
        body.AsSpan().Put(8, leaseKey);
        body.AsSpan().Put(24, (uint)state);
        return body;
    }

    /// <summary>An SMB1 NEGOTIATE with these dialects: a whole message (MS-CIFS 2.2.4.52).</summary>
    public static byte[] Smb1Negotiate(params ReadOnlySpan<string> dialects)
    {
        var names = new List<byte>();
        foreach (var dialect in dialects)
        {
            names.Add(2);
            names.AddRange(Encoding.ASCII.GetBytes(dialect));
            names.Add(0);
        }

        var message = new byte[35 + names.Count];
        message.AsSpan().Put(0, 0x424D53FFu);
        message[4] = 0x72;
        message.AsSpan().Put(33, (ushort)names.Count);
        names.CopyTo(message, 35);
        return message;
    }

    /// <summary>The same bytes with some overwritten: how a malformed request is made.</summary>
    public static byte[] Patched(this byte[] body, int at, params ReadOnlySpan<byte> bytes)
    {
        var copy = (byte[])body.Clone();
        bytes.CopyTo(copy.AsSpan(at));
        return copy;
    }

    private static byte[] FileIdBody(int size, Smb2FileId fileId)
    {
        var body = new byte[size];
        body.AsSpan().Put(0, (ushort)size);
        fileId.Write(body, 8);
        return body;
    }
}
