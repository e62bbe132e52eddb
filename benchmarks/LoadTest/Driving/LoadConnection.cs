using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.LoadTest.Driving;

/// <summary>
/// One connection that generates load: set up by the test client, then driven by the calling thread through a blocking socket, with a
/// number of requests always under way. Every response is opened, verified and checked for its status, unless it is to stay
/// <see cref="LeavesUnread"/>.
/// </summary>
internal sealed class LoadConnection : IAsyncDisposable
{
    private const int SentSlots = 8192;

    /// <summary>The message id of a break, which answers nothing (MS-SMB2 2.2.23).</summary>
    private const ulong Unasked = ulong.MaxValue;

    private readonly ClientSocket _transport;
    private readonly SmbTestConnection _client;
    private readonly Guard _guard;
    private readonly long[] _sentAt = new long[SentSlots];
    private byte[] _received = new byte[1 << 18];
    private byte[] _sealed = [];
    private int _start;
    private int _end;
    private ulong _nextMessageId;
    private MessageSigner? _signer;

    private LoadConnection(ClientSocket transport, SmbTestConnection client, SmbTestSession session, SmbTestTree tree, Guard guard)
    {
        _transport = transport;
        _client = client;
        _guard = guard;
        Session = session;
        Tree = tree;
    }

    public SmbTestSession Session { get; }

    public SmbTestTree Tree { get; }

    /// <summary>
    /// Whether responses are only counted, and their bytes dropped by the kernel: the client then takes next to nothing of the machine, and
    /// what limits the rate is the server. They are to be large ones: an error is told by its length.
    /// </summary>
    public bool LeavesUnread { get; set; }

    public int MaxReadSize => (int)_client.Negotiated!.MaxReadSize;

    public int MaxWriteSize => (int)_client.Negotiated!.MaxWriteSize;

    /// <summary>
    /// Connects, logs on and connects to the share, signed at least, as SMB 3.1.1 demands it of a tree connect; as one more channel of
    /// <paramref name="first"/> when that is given.
    /// </summary>
    public static async Task<LoadConnection> OpenAsync(Target target, Guard guard, LoadConnection? first = null)
    {
        var transport = ClientSocket.Connect(target.EndPoint);
        var client = new SmbTestConnection(transport, guard.Options(first?._client.Options.ClientGuid ?? Guid.NewGuid()));
        if (first is not null)
        {
            await client.NegotiateAsync();
            await first.Session.BindAsync(client, target.User, target.Password);
            return new LoadConnection(transport, client, first.Session, first.Tree, guard);
        }

        var session = await client.LogOnAsync(target.User, target.Password);
        session.EncryptsAll = guard.Seals;
        return new LoadConnection(transport, client, session, await session.ConnectAsync(target.Share), guard);
    }

    public RequestTemplate Template(params SmbTestRequest[] requests) => new(_guard, requests);

    /// <summary>Ends the set-up: from here on only <see cref="Pump"/> sends.</summary>
    public async Task DetachAsync(int credits = 0)
    {
        await _client.EnsureCreditsAsync(Math.Max(credits, 1));
        _nextMessageId = _client.NextMessageId;
        _signer = _guard.Signs ? Session.SignerOn(_client) : null;
        await _client.DetachAsync();
    }

    /// <summary>
    /// Sends as often as <paramref name="limit"/> allows, <paramref name="depth"/> at once, and returns how often that was.
    /// </summary>
    public long Pump(RequestTemplate template, int depth, Limit limit, Latencies latencies)
    {
        var sent = 0L;
        while (sent < depth && limit.Allows(sent))
        {
            Send(template, sent++);
        }

        for (var done = 0L; done < sent;)
        {
            if (LeavesUnread)
            {
                Drop();
            }
            else if (!Receive(template, latencies))
            {
                continue;
            }

            done++;
            if (limit.Allows(sent))
            {
                Send(template, sent++);
            }
        }

        return sent;
    }

    /// <summary>Sends one request and returns its response, valid until the next call.</summary>
    public ReadOnlySpan<byte> Call(RequestTemplate template)
    {
        Send(template, 0);
        while (true)
        {
            var message = NextFrame();
            if (StatusOf(message) != NtStatus.Pending)
            {
                return message;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync();
        await _client.DisposeAsync();
    }

    internal static NtStatus StatusOf(ReadOnlySpan<byte> message) => (NtStatus)BinaryPrimitives.ReadUInt32LittleEndian(message[8..]);

    private void Send(RequestTemplate template, long number)
    {
        var id = template.Renew(number, ref _nextMessageId);
        var frame = template.Frame;
        var start = RequestTemplate.Prefix - sizeof(uint);
        if (_guard.Seals)
        {
            // Sealed in place would leave nothing to send again.
            if (_sealed.Length < frame.Length)
            {
                _sealed = new byte[frame.Length];
            }

            frame.CopyTo(_sealed, 0);
            Session.Sealer!.Seal(_sealed.AsSpan(sizeof(uint), frame.Length - sizeof(uint)), Session.SessionId);
            (frame, start) = (_sealed, 0);
        }
        else if (_signer is { } signer)
        {
            for (var i = 0; i < template.Parts; i++)
            {
                signer.Sign(template.Message(i));
            }
        }

        var length = template.Frame.Length - start;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(start), (uint)(length - sizeof(uint)));
        _sentAt[id % SentSlots] = Stopwatch.GetTimestamp();
        _transport.Socket.Send(frame.AsSpan(start, length));
    }

    /// <summary>Takes one frame; true when it held the last response of a request.</summary>
    private bool Receive(RequestTemplate template, Latencies latencies)
    {
        var last = false;
        var messages = NextFrame();
        while (true)
        {
            var next = (int)BinaryPrimitives.ReadUInt32LittleEndian(messages[20..]);
            var message = next == 0 ? messages : messages[..next];
            var status = StatusOf(message);
            var id = BinaryPrimitives.ReadUInt64LittleEndian(message[24..]);
            if (status != NtStatus.Pending && id != Unasked)
            {
                if (status != template.Expected && status != template.AlsoExpected)
                {
                    throw new SmbTestException($"The server answers {status}.");
                }

                if (_signer is { } signer && !signer.Verify(message))
                {
                    throw new SmbTestException("A response has a wrong signature.");
                }

                ref var sentAt = ref _sentAt[id % SentSlots];
                if (sentAt != 0)
                {
                    latencies.Add(Stopwatch.GetElapsedTime(sentAt));
                    sentAt = 0;
                    last = true;
                }
            }

            if (next == 0)
            {
                return last;
            }

            messages = messages[next..];
        }
    }

    /// <summary>Takes one frame off the socket without looking at it.</summary>
    private void Drop()
    {
        const int LongestError = 512;

        _start = _end = 0;
        while (_end < sizeof(uint))
        {
            _end += Received(_transport.Socket.Receive(_received.AsSpan(_end, sizeof(uint) - _end)));
        }

        var left = (int)BinaryPrimitives.ReadUInt32BigEndian(_received);
        if (left < LongestError)
        {
            throw new SmbTestException("The server answers with too little.");
        }

        while (left > 0)
        {
            left -= Received(_transport.Socket.Receive(_received.AsSpan(0, Math.Min(left, _received.Length)), SocketFlags.Truncated));
        }
    }

    /// <summary>The messages of the next frame, opened.</summary>
    private Span<byte> NextFrame()
    {
        Fill(sizeof(uint));
        var length = (int)BinaryPrimitives.ReadUInt32BigEndian(_received.AsSpan(_start));
        Fill(sizeof(uint) + length);
        var frame = _received.AsSpan(_start + sizeof(uint), length);
        _start += sizeof(uint) + length;
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != Smb2TransformHeader.ProtocolId)
        {
            return frame;
        }

        return Session.Sealer!.TryOpen(frame)
            ? frame[Smb2TransformHeader.Size..]
            : throw new SmbTestException("A response does not decrypt.");
    }

    private void Fill(int wanted)
    {
        if (_end - _start >= wanted)
        {
            return;
        }

        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_received.Length - _start < wanted)
        {
            _received.AsSpan(_start, _end - _start).CopyTo(_received);
            _end -= _start;
            _start = 0;
        }

        if (_received.Length < wanted)
        {
            Array.Resize(ref _received, wanted * 2);
        }

        while (_end - _start < wanted)
        {
            _end += Received(_transport.Socket.Receive(_received.AsSpan(_end)));
        }
    }

    private static int Received(int count) =>
        count > 0 ? count : throw new EndOfStreamException("The server has closed the connection.");
}
