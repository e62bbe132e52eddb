using System.Security.Cryptography;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>A session as its client knows it. It keeps its keys when it has ended: answers may still be under way.</summary>
internal sealed class FuzzSession(int number, ulong sessionId, Smb2SessionFlags flags) : IDisposable
{
    private readonly Dictionary<FuzzClient, MessageSigner> _signers = [];

    public int Number { get; } = number;

    public ulong SessionId { get; } = sessionId;

    public Smb2SessionFlags Flags { get; } = flags;

    public SessionKeys? Keys { get; private set; }

    public MessageSealer? Sealer { get; private set; }

    public bool EncryptsAll => (Flags & Smb2SessionFlags.EncryptData) != 0;

    public bool HasEnded { get; set; }

    public Smb2Dialect Dialect { get; private set; }

    /// <summary>The connections that it can be used on.</summary>
    public IEnumerable<FuzzClient> Channels => _signers.Count > 0 ? _signers.Keys : Home is null ? [] : [Home];

    /// <summary>The connection of a session without keys.</summary>
    public FuzzClient? Home { get; set; }

    public MessageSigner? SignerOn(FuzzClient client) => _signers.GetValueOrDefault(client);

    public void SetKeys(SessionKeys keys, FuzzClient client)
    {
        Keys = keys;
        Dialect = client.Dialect;
        if (client.Cipher != Smb2Cipher.None)
        {
            Sealer = keys.CreateClientSealer(client.Cipher, RandomNumberGenerator.Create());
        }

        AddChannel(client, keys);
    }

    public void AddChannel(FuzzClient client, SessionKeys keys)
    {
        RemoveChannel(client);
        _signers[client] = keys.CreateSigner(client.SigningAlgorithm);
    }

    public void RemoveChannel(FuzzClient client)
    {
        if (_signers.Remove(client, out var signer))
        {
            signer.Dispose();
            HasEnded |= _signers.Count == 0;
        }

        HasEnded |= client == Home;
    }

    public byte[] Seal(ReadOnlySpan<byte> messages)
    {
        var frame = new byte[Smb2TransformHeader.Size + messages.Length];
        messages.CopyTo(frame.AsSpan(Smb2TransformHeader.Size));
        Sealer!.Seal(frame, SessionId);
        return frame;
    }

    public void Dispose()
    {
        foreach (var signer in _signers.Values)
        {
            signer.Dispose();
        }

        _signers.Clear();
        Sealer?.Dispose();
        Keys?.Dispose();
    }
}
