using Smb3.Embedded.Security.Cryptography;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// The preauthentication integrity hash of a connection or of one authentication, shared by the receiving and the sending side: messages
/// are folded into it in the order in which they cross the wire (MS-SMB2 3.1.4.4.1).
/// </summary>
internal sealed class PreauthTranscript
{
    private readonly Lock _gate = new();
    private PreauthIntegrityHash _hash;

    public void Update(ReadOnlySpan<byte> message)
    {
        lock (_gate)
        {
            _hash.Update(message);
        }
    }

    /// <summary>A transcript that continues separately from here: each authentication of a connection has its own.</summary>
    public PreauthTranscript Fork()
    {
        lock (_gate)
        {
            return new PreauthTranscript { _hash = _hash };
        }
    }

    public byte[] ToArray()
    {
        lock (_gate)
        {
            return _hash.Bytes.ToArray();
        }
    }
}
