using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>NEGOTIATE response as the client reads it (MS-SMB2 2.2.4).</summary>
internal sealed record NegotiateAnswer(
    Smb2Dialect Dialect,
    Smb2SecurityMode SecurityMode,
    Guid ServerGuid,
    Smb2Capabilities Capabilities,
    uint MaxTransactSize,
    uint MaxReadSize,
    uint MaxWriteSize,
    FileTime SystemTime,
    FileTime ServerStartTime,
    byte[] SecurityBuffer,
    IReadOnlyList<(NegotiateContextType Type, byte[] Data)> Contexts)
{
    public static NegotiateAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 65);
        var contexts = new List<(NegotiateContextType, byte[])>();
        if (body.UInt16(6) != 0)
        {
            var at = (int)body.UInt32(60);
            if ((at & 7) != 0 || at > message.Length
                || !NegotiateContextList.TryParse(message[at..], body.UInt16(6), out var list))
            {
                throw new InvalidDataException("Malformed negotiate contexts.");
            }

            foreach (var context in list)
            {
                contexts.Add((context.Type, context.Data.ToArray()));
            }
        }

        return new NegotiateAnswer(
            (Smb2Dialect)body.UInt16(4),
            (Smb2SecurityMode)body.UInt16(2),
            body.Guid(8),
            (Smb2Capabilities)body.UInt32(24),
            body.UInt32(28),
            body.UInt32(32),
            body.UInt32(36),
            new FileTime(body.Int64(40)),
            new FileTime(body.Int64(48)),
            ResponseReader.Buffer(message, body.UInt16(56), body.UInt16(58), 64),
            contexts);
    }

    /// <summary>The context of this type, or null.</summary>
    public byte[]? Find(NegotiateContextType type)
    {
        foreach (var context in Contexts)
        {
            if (context.Type == type)
            {
                return context.Data;
            }
        }

        return null;
    }
}

/// <summary>SESSION_SETUP response (MS-SMB2 2.2.6).</summary>
internal sealed record SessionSetupAnswer(Smb2SessionFlags Flags, byte[] SecurityBuffer)
{
    public static SessionSetupAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 9);
        return new((Smb2SessionFlags)body.UInt16(2), ResponseReader.Buffer(message, body.UInt16(4), body.UInt16(6), 8));
    }
}

/// <summary>TREE_CONNECT response (MS-SMB2 2.2.10).</summary>
internal sealed record TreeConnectAnswer(
    Smb2ShareType Type, Smb2ShareFlags Flags, Smb2ShareCapabilities Capabilities, FileAccessMask MaximalAccess)
{
    public static TreeConnectAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 16);
        return new(
            (Smb2ShareType)body[2],
            (Smb2ShareFlags)body.UInt32(4),
            (Smb2ShareCapabilities)body.UInt32(8),
            (FileAccessMask)body.UInt32(12));
    }
}

/// <summary>CREATE response (MS-SMB2 2.2.14).</summary>
internal sealed record CreateAnswer(
    Smb2FileId FileId,
    Smb2OplockLevel OplockLevel,
    CreateAction Action,
    byte Flags,
    FileNetworkOpenInformation File,
    IReadOnlyList<(CreateContextName Name, byte[] Data)> Contexts)
{
    public static CreateAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 89);
        var chain = ResponseReader.Buffer(message, body.UInt32(80), body.UInt32(84), 88);
        if (!CreateContextList.TryParse(chain, out var list))
        {
            throw new InvalidDataException("Malformed create contexts.");
        }

        var contexts = new List<(CreateContextName, byte[])>();
        foreach (var context in list)
        {
            contexts.Add((context.Name, context.Data.ToArray()));
        }

        return new CreateAnswer(
            Smb2FileId.Read(body, 64),
            (Smb2OplockLevel)body[2],
            (CreateAction)body.UInt32(4),
            body[3],
            FileNetworkOpenInformation.Read(body[8..]),
            contexts);
    }

    /// <summary>The data of the context of this name, or null.</summary>
    public byte[]? Find(CreateContextName name)
    {
        foreach (var context in Contexts)
        {
            if (context.Name == name)
            {
                return context.Data;
            }
        }

        return null;
    }

    /// <summary>The lease that was granted, or null.</summary>
    public LeaseContext? Lease =>
        Find(CreateContextName.RequestLease) is { } data && new CreateContext("RqLs"u8, data).TryGetLease(out var lease) ? lease : null;
}

/// <summary>CLOSE response (MS-SMB2 2.2.16).</summary>
internal sealed record CloseAnswer(CloseFlags Flags, FileNetworkOpenInformation File)
{
    public static CloseAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 60);
        return new((CloseFlags)body.UInt16(2), FileNetworkOpenInformation.Read(body[8..]));
    }
}

/// <summary>READ response (MS-SMB2 2.2.20).</summary>
internal sealed record ReadAnswer(byte[] Data, uint Remaining, bool IsTransformed)
{
    public static ReadAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 17);
        return new(ResponseReader.Buffer(message, body[2], body.UInt32(4), 16), body.UInt32(8), (body.UInt32(12) & 1) != 0);
    }
}

/// <summary>WRITE response (MS-SMB2 2.2.22).</summary>
internal sealed record WriteAnswer(uint Count)
{
    public static WriteAnswer Parse(ReadOnlySpan<byte> message) => new(ResponseReader.Body(message, 17).UInt32(4));
}

/// <summary>IOCTL response (MS-SMB2 2.2.32).</summary>
internal sealed record IoctlAnswer(FsControlCode Code, Smb2FileId FileId, byte[] Output)
{
    public static IoctlAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 49);
        return new(
            (FsControlCode)body.UInt32(4),
            Smb2FileId.Read(body, 8),
            ResponseReader.Buffer(message, body.UInt32(32), body.UInt32(36), 48));
    }
}

/// <summary>QUERY_DIRECTORY, CHANGE_NOTIFY and QUERY_INFO response (MS-SMB2 2.2.34, 2.2.36 and 2.2.38).</summary>
internal sealed record OutputBufferAnswer(byte[] Buffer)
{
    public static OutputBufferAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 9);
        return new(ResponseReader.Buffer(message, body.UInt16(2), body.UInt32(4), 8));
    }
}

/// <summary>ERROR response (MS-SMB2 2.2.2).</summary>
internal sealed record ErrorAnswer(NtStatus Status, int ContextCount, byte[] Data)
{
    public static ErrorAnswer Parse(ReadOnlySpan<byte> message)
    {
        var body = ResponseReader.Body(message, 9);
        return new(
            (NtStatus)message.UInt32(8), body[2], ResponseReader.Buffer(message, Smb2Header.Size + 8, body.UInt32(4), 8));
    }
}

/// <summary>OPLOCK_BREAK notification or response: of an oplock, or of a lease (MS-SMB2 2.2.23 and 2.2.25).</summary>
internal sealed record BreakAnswer(
    Smb2FileId FileId,
    Smb2OplockLevel OplockLevel,
    Guid LeaseKey,
    Smb2LeaseState CurrentState,
    Smb2LeaseState NewState,
    ushort Epoch,
    bool AcknowledgmentRequired)
{
    public bool IsLease => OplockLevel == Smb2OplockLevel.Lease;

    public static BreakAnswer Parse(ReadOnlySpan<byte> message)
    {
        if (MessageBuffer.HasBody(message, 24))
        {
            var oplock = message[Smb2Header.Size..];
            return new(Smb2FileId.Read(oplock, 8), (Smb2OplockLevel)oplock[2], default, default, default, 0, false);
        }

        if (MessageBuffer.HasBody(message, 36))
        {
            var response = message[Smb2Header.Size..];
            var state = (Smb2LeaseState)response.UInt32(24);
            return new(default, Smb2OplockLevel.Lease, response.Guid(8), state, state, 0, false);
        }

        var body = ResponseReader.Body(message, 44);
        return new(
            default,
            Smb2OplockLevel.Lease,
            body.Guid(8),
            (Smb2LeaseState)body.UInt32(24),
            (Smb2LeaseState)body.UInt32(28),
            body.UInt16(2),
            (body.UInt32(4) & 1) != 0);
    }
}
