using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient.Wire;

/// <summary>The header of a request (MS-SMB2 2.2.1.2) and the way to put a body behind it.</summary>
internal sealed record RequestHeader
{
    public required Smb2Command Command { get; init; }

    public ulong MessageId { get; init; }

    public ushort CreditCharge { get; init; } = 1;

    public ushort Credits { get; init; } = 1;

    public ushort ChannelSequence { get; init; }

    public Smb2HeaderFlags Flags { get; init; }

    public uint NextCommand { get; init; }

    public uint ProcessId { get; init; } = 0xFEFF;

    public uint TreeId { get; init; }

    /// <summary>With <see cref="Smb2HeaderFlags.Async"/>, in place of process and tree: what a CANCEL cancels.</summary>
    public ulong AsyncId { get; init; }

    public ulong SessionId { get; init; }

    /// <summary>The whole message, not signed.</summary>
    public byte[] Compose(ReadOnlySpan<byte> body)
    {
        var message = new byte[Smb2Header.Size + body.Length];
        Write(message);
        body.CopyTo(message.AsSpan(Smb2Header.Size));
        return message;
    }

    public void Write(Span<byte> header)
    {
        header[..Smb2Header.Size].Clear();
        header.Put(0, Smb2Header.ProtocolId);
        header.Put(4, (ushort)Smb2Header.Size);
        header.Put(6, CreditCharge);
        header.Put(8, ChannelSequence);
        header.Put(12, (ushort)Command);
        header.Put(14, Credits);
        header.Put(16, (uint)Flags);
        header.Put(20, NextCommand);
        header.Put(24, MessageId);
        if ((Flags & Smb2HeaderFlags.Async) != 0)
        {
            header.Put(32, AsyncId);
        }
        else
        {
            header.Put(32, ProcessId);
            header.Put(36, TreeId);
        }

        header.Put(40, SessionId);
    }
}
