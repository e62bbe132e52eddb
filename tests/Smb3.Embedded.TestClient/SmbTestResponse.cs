using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.TestClient;

/// <summary>One message from the server: its header, and all its bytes for the parsers of <c>Wire</c>.</summary>
internal sealed class SmbTestResponse
{
    public SmbTestResponse(byte[] message, bool wasEncrypted)
    {
        if (!Smb2Header.TryParse(message, out var header))
        {
            throw new InvalidDataException("Not an SMB2 message.");
        }

        Message = message;
        WasEncrypted = wasEncrypted;
        Status = header.Status;
        Command = header.Command;
        Credits = header.Credits;
        CreditCharge = header.CreditCharge;
        Flags = header.Flags;
        MessageId = header.MessageId;
        AsyncId = header.IsAsync ? header.AsyncId : 0;
        TreeId = header.IsAsync ? 0 : header.TreeId;
        SessionId = header.SessionId;
    }

    public byte[] Message { get; }

    public bool WasEncrypted { get; }

    /// <summary>Where it stands in the order in which the connection's messages came.</summary>
    public long Arrival { get; init; }

    public NtStatus Status { get; }

    public Smb2Command Command { get; }

    public ushort Credits { get; }

    public ushort CreditCharge { get; }

    public Smb2HeaderFlags Flags { get; }

    public ulong MessageId { get; }

    public ulong AsyncId { get; }

    public uint TreeId { get; }

    public ulong SessionId { get; }

    public bool IsSigned => (Flags & Smb2HeaderFlags.Signed) != 0;

    public bool IsAsync => (Flags & Smb2HeaderFlags.Async) != 0;

    public bool IsInterim => IsAsync && Status == NtStatus.Pending;

    public bool HasValidSignature(MessageSigner signer) => IsSigned && signer.Verify((byte[])Message.Clone());

    /// <summary>Itself, when the status is this one.</summary>
    public SmbTestResponse Expect(NtStatus status)
    {
        if (Status != status)
        {
            throw new SmbTestException($"{Command} was answered with {Status}, not {status}.") { Status = Status };
        }

        // An error carries an ERROR body, which must be well-formed like every other.
        if (!status.IsSuccess() && status is not (NtStatus.BufferOverflow or NtStatus.MoreProcessingRequired))
        {
            _ = ErrorAnswer.Parse(Message);
        }

        return this;
    }
}

/// <summary>The server did not do what the test expected.</summary>
internal sealed class SmbTestException(string message) : Exception(message)
{
    public NtStatus Status { get; init; }
}
