using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Driving;

/// <summary>One connection, driven by hand: nothing is received unless somebody looks.</summary>
internal sealed class FuzzClient(int slot, IByteStream transport, Guid clientGuid)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public int Slot { get; } = slot;

    public Guid ClientGuid { get; } = clientGuid;

    public bool IsClosed { get; private set; }

    /// <summary>
    /// Whether something was sent that the client cannot know the consequences of: which of its message ids are used up, which answers come.
    /// </summary>
    public bool IsLoose { get; set; }

    /// <summary>Whether the server may be in the middle of a frame.</summary>
    public bool IsMidFrame { get; set; }

    /// <summary>Logons that were tried here.</summary>
    public int LogOns { get; set; }

    /// <summary>The ECHO that shows whether a loose client's connection is still served.</summary>
    public ulong? ProbeId { get; set; }

    public NegotiateAnswer? Negotiated { get; private set; }

    public Smb2Dialect Dialect { get; private set; }

    public Smb2Cipher Cipher { get; private set; }

    public Smb2SigningAlgorithm SigningAlgorithm { get; private set; }

    public PreauthTranscript Preauth { get; } = new();

    public int Credits { get; set; } = 1;

    public ulong NextMessageId { get; set; }

    /// <summary>Requests that have not been answered for good, by message id.</summary>
    public Dictionary<ulong, Call> Calls { get; } = [];

    /// <summary>Whether directory entries have Apple's form.</summary>
    public bool IsApple { get; set; }

    public bool MultiCredit => Negotiated is { } answer && (answer.Capabilities & Smb2Capabilities.LargeMtu) != 0;

    public void Accept(NegotiateAnswer answer, ReadOnlySpan<byte> request, ReadOnlySpan<byte> response)
    {
        Negotiated = answer;
        Dialect = answer.Dialect;
        SigningAlgorithm = SessionKeys.DefaultSigning(Dialect);
        Cipher = (answer.Capabilities & Smb2Capabilities.Encryption) != 0 ? Smb2Cipher.Aes128Ccm : Smb2Cipher.None;
        if (Dialect != Smb2Dialect.Smb311)
        {
            return;
        }

        Preauth.Update(request);
        Preauth.Update(response);
        Cipher = answer.Find(NegotiateContextType.Encryption) is { } cipher
            ? (Smb2Cipher)BinaryPrimitives.ReadUInt16LittleEndian(cipher.AsSpan(2))
            : Smb2Cipher.None;
        if (answer.Find(NegotiateContextType.Signing) is { } signing)
        {
            SigningAlgorithm = (Smb2SigningAlgorithm)BinaryPrimitives.ReadUInt16LittleEndian(signing.AsSpan(2));
        }
    }

    /// <summary>Takes message ids for a request of this charge.</summary>
    public ulong TakeMessageId(int charge)
    {
        Credits -= charge;
        var id = NextMessageId;
        NextMessageId += (ulong)charge;
        return id;
    }

    /// <summary>Sends a frame; while the server does not take it, receives.</summary>
    public void Send(ReadOnlySpan<byte> frame, uint? length, Action receive)
    {
        if (IsClosed)
        {
            return;
        }

        try
        {
            var target = transport.Output.GetSpan(sizeof(uint) + frame.Length);
            BinaryPrimitives.WriteUInt32BigEndian(target, length ?? (uint)frame.Length);
            frame.CopyTo(target[sizeof(uint)..]);
            transport.Output.Advance(sizeof(uint) + frame.Length);
            var flush = transport.Output.FlushAsync();
            if (flush.IsCompleted)
            {
                flush.GetAwaiter().GetResult();
                return;
            }

            var sending = flush.AsTask();
            var watch = Stopwatch.StartNew();
            while (!sending.Wait(1))
            {
                receive();
                if (watch.Elapsed > Patience)
                {
                    throw new FuzzFailure("hang", $"client {Slot}: the server does not read");
                }
            }
        }
        catch (InvalidOperationException)
        {
            IsClosed = true; // the pipe was completed
        }
    }

    /// <summary>The next frame that has come, if any.</summary>
    public bool TryReceive(out byte[] frame)
    {
        frame = [];
        if (IsClosed || !transport.Input.TryRead(out var result))
        {
            return false;
        }

        var buffer = result.Buffer;
        if (buffer.Length >= sizeof(uint))
        {
            Span<byte> header = stackalloc byte[sizeof(uint)];
            buffer.Slice(0, sizeof(uint)).CopyTo(header);
            var length = BinaryPrimitives.ReadUInt32BigEndian(header);
            if (length is 0 or > 0xFFFFFF)
            {
                throw new FuzzFailure("malformed frame", $"client {Slot}: a frame of {length:x}");
            }

            if (buffer.Length >= sizeof(uint) + length)
            {
                frame = buffer.Slice(sizeof(uint), length).ToArray();
                transport.Input.AdvanceTo(buffer.GetPosition(sizeof(uint) + length));
                return true;
            }
        }

        transport.Input.AdvanceTo(buffer.Start, buffer.End);
        if (result.IsCompleted)
        {
            if (!buffer.IsEmpty)
            {
                throw new FuzzFailure("malformed frame", $"client {Slot}: {buffer.Length} bytes and no more");
            }

            IsClosed = true;
        }

        return false;
    }

    public void Close()
    {
        IsClosed = true;
        transport.DisposeAsync().AsTask().GetAwaiter().GetResult();
        transport.Output.Complete();
    }
}
