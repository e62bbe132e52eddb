using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Transport.Rdma.Messages;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma;

/// <summary>The SMB Direct protocol (MS-SMBD) between its two sides, and between ours and a peer that keeps no rule.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit calls DisposeAsync.")]
public sealed class SmbDirectTests : IAsyncLifetime
{
    private readonly InProcessFabric _fabric = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<IAsyncDisposable> _ends = [];
    private SmbDirectSettings _settings = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var end in _ends)
        {
            await end.DisposeAsync();
        }

        await _fabric.DisposeAsync();
        Assert.Equal(0, _fabric.Buffers.Rented);
    }

    [Theory]
    [InlineData(8192, 8192, 255, 255)]
    [InlineData(128, 128, 255, 2)]
    [InlineData(1364, 8192, 2, 255)]
    [InlineData(8192, 1364, 1, 1)]
    [InlineData(4096, 131, 3, 1)]
    public async Task Messages_of_every_length_arrive_whole_and_in_order(int clientSize, int serverSize, int clientCredits, int serverCredits)
    {
        var client = new SmbDirectSettings
        {
            MaxSendSize = clientSize, MaxReceiveSize = clientSize, ReceiveCredits = clientCredits, SendCredits = clientCredits,
        };
        _settings = new SmbDirectSettings
        {
            MaxSendSize = serverSize, MaxReceiveSize = serverSize, ReceiveCredits = serverCredits, SendCredits = serverCredits,
        };
        var (one, other) = await ConnectAsync(client);

        // Both directions at once: each needs the credits that the other grants on the way.
        int[] lengths = [1, 7, 8, 103, 104, 105, 1340, 1341, 8168, 8169, Math.Min(clientSize, serverSize) * 16, 3];
        await Task.WhenAll(
            SendAllAsync(one, lengths), ReceiveAllAsync(other, lengths), SendAllAsync(other, lengths), ReceiveAllAsync(one, lengths))
            .WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_message_is_never_longer_than_the_peer_takes()
    {
        var (one, other) = await ConnectAsync(new SmbDirectSettings { MaxFragmentedSize = 131_072 });
        await Task.WhenAll(SendAllAsync(one, [1]), ReceiveAllAsync(other, [1]));
        Assert.Equal(131_072, other.LargestMessage);
        Assert.True(await other.SendAsync([new OutboundFrame(new byte[131_072])]));
        Assert.False(await other.SendAsync([new OutboundFrame(new byte[131_073])]));
    }

    public static TheoryData<string, byte[]> WrongRequests => new()
    {
        { "short", Request()[..19] },
        { "empty", [] },
        { "no credits", Request(credits: 0) },
        { "small receives", Request(receive: 127) },
        { "small messages", Request(fragmented: 131_071) },
    };

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public async Task A_wrong_negotiate_request_ends_the_connection_without_an_answer(string what, byte[] request)
    {
        Assert.NotNull(what);
        var (pair, transport) = await ConnectRawAsync();
        var received = ReceiveAsync(transport);
        await SendAsync(pair, request);
        Assert.Null(await pair.ReceiveAsync());
        Assert.Equal(ReceiveOutcome.Ended, (await received).Outcome);
    }

    [Theory]
    [InlineData(0x0101, 0x0200)]
    [InlineData(0x0000, 0x00FF)]
    [InlineData(0x0200, 0x0100)]
    public async Task Another_version_is_told_which_one_there_is(ushort min, ushort max)
    {
        var (pair, transport) = await ConnectRawAsync();
        var received = ReceiveAsync(transport);
        await SendAsync(pair, Request(min: min, max: max));
        var answer = await ReceiveAsync(pair);
        Assert.True(NegotiateResponse.TryRead(answer, out var response));
        Assert.Equal(
            new NegotiateResponse { MinVersion = 0x0100, MaxVersion = 0x0100, Status = NtStatus.NotSupported }, response);
        Assert.Null(await pair.ReceiveAsync());
        Assert.Equal(ReceiveOutcome.Ended, (await received).Outcome);
    }

    [Theory]
    [InlineData(1364u, 1364u, 1364u, 1364u)]
    [InlineData(100u, 128u, 128u, 128u)]
    [InlineData(1u << 20, 1u << 20, 8192u, 8192u)]
    public async Task Sizes_are_what_both_sides_can_do(uint preferredSend, uint maxReceive, uint receives, uint sends)
    {
        var (pair, transport) = await ConnectRawAsync();
        _ = ReceiveAsync(transport);
        await SendAsync(pair, Request(preferred: preferredSend, receive: maxReceive));
        Assert.True(NegotiateResponse.TryRead(await ReceiveAsync(pair), out var response));
        Assert.Equal(NtStatus.Success, response.Status);
        Assert.Equal((receives, sends), (response.MaxReceiveSize, response.PreferredSendSize));
        Assert.InRange(response.CreditsGranted, (ushort)1, (ushort)255);
        Assert.Equal((255, 8u << 20, (8u << 20) + 65_536), (response.CreditsRequested, response.MaxReadWriteSize, response.MaxFragmentedSize));
    }

    [Fact]
    public async Task No_more_is_granted_than_was_asked_for()
    {
        var (pair, transport) = await ConnectRawAsync();
        _ = ReceiveAsync(transport);
        await SendAsync(pair, Request(credits: 3));
        Assert.True(NegotiateResponse.TryRead(await ReceiveAsync(pair), out var response));
        Assert.Equal(3, response.CreditsGranted);
    }

    public static TheoryData<string, byte[]> WrongTransfers => new()
    {
        { "empty", [] },
        { "short", Transfer(1, 1, 0, 0, 0, 0)[..19] },
        { "no credits requested", Transfer(0, 1, 0, 0, 0, 0) },
        { "offset not on a boundary of eight", Transfer(1, 1, 0, 0, 25, 8, 40) },
        { "offset not on a boundary of eight, no data", Transfer(1, 1, 0, 0, 4, 0) },
        { "data beyond the end", Transfer(1, 1, 0, 0, 24, 17, 40) },
        { "offset beyond the end", Transfer(1, 1, 0, 0, 48, 0, 40) },
        { "sum that wraps", Transfer(1, 1, 0, 0, 0xFFFF_FFF8, 24, 40) },
        { "data over the header", Transfer(1, 1, 0, 0, 16, 8, 40) },
        { "more than a message may be", Transfer(1, 1, 0, (8u << 20) + 65_536 - 15, 24, 16, 40) },
        { "remaining that wraps", Transfer(1, 1, 0, 0xFFFF_FFFF, 24, 16, 40) },
    };

    [Theory]
    [MemberData(nameof(WrongTransfers))]
    public async Task A_wrong_data_transfer_ends_the_connection(string what, byte[] transfer)
    {
        Assert.NotNull(what);
        var (pair, transport) = await NegotiateRawAsync();
        var received = ReceiveAsync(transport);
        await SendAsync(pair, transfer);
        await UntilEndedAsync(pair);
        Assert.Equal(ReceiveOutcome.Malformed, (await received).Outcome);
    }

    [Theory]
    [InlineData(16u, 16u)]
    [InlineData(16u, 0u)]
    [InlineData(8u, 24u)]
    public async Task A_fragment_that_does_not_go_on_where_the_last_one_ended_ends_the_connection(uint length, uint remaining)
    {
        var (pair, transport) = await NegotiateRawAsync();
        var received = ReceiveAsync(transport);
        await SendAsync(pair, Transfer(1, 1, 0, 24, 24, 16, 40));
        await SendAsync(pair, Transfer(1, 1, 0, remaining, 24, length, 40));
        await UntilEndedAsync(pair);
        Assert.Equal(ReceiveOutcome.Malformed, (await received).Outcome);
    }

    [Fact]
    public async Task A_message_without_a_payload_may_come_between_fragments()
    {
        var (pair, transport) = await NegotiateRawAsync();
        var received = ReceiveAsync(transport);
        await SendAsync(pair, Transfer(1, 1, 0, 16, 24, 16, 40));
        await SendAsync(pair, Transfer(1, 1, 0, 0, 0, 0));
        await SendAsync(pair, Transfer(1, 1, 0, 0, 24, 16, 40));
        using var message = (await received).Message;
        Assert.Equal(32, message!.Length);
    }

    [Fact]
    public async Task A_message_longer_than_is_accepted_now_is_not_kept()
    {
        var (pair, transport) = await NegotiateRawAsync(longest: 65_536);
        await SendAsync(pair, Transfer(255, 1, 0, 65_536 - 16, 24, 16, 40));
        var received = transport.ReceiveAsync(() => 65_536, default);
        await SendAsync(pair, Transfer(255, 1, 0, 65_536 - 16 - 16, 24, 16, 40));
        Assert.False(received.IsCompleted);

        var (other, second) = await NegotiateRawAsync(longest: 65_536);
        await SendAsync(other, Transfer(255, 1, 0, 65_537 - 16, 24, 16, 40));
        Assert.Equal(ReceiveOutcome.TooLong, (await second.ReceiveAsync(() => 65_536, default)).Outcome);
        await UntilEndedAsync(other);
    }

    [Fact]
    public async Task A_peer_that_sends_without_a_credit_is_not_listened_to()
    {
        var (pair, transport) = await NegotiateRawAsync(credits: 2, answered: false);
        var received = ReceiveAsync(transport);

        // The listener's receives: two were granted. It grants no more while our side has given it nothing to send with.
        var sent = 0;
        while (sent < 16 && await pair.SendAsync(Filled(pair, Transfer(2, 0, 0, 0, 0, 0)), 20, null))
        {
            sent++;
        }

        await UntilEndedAsync(pair);
        Assert.Equal(2, sent);
        Assert.Equal(ReceiveOutcome.Ended, (await received).Outcome);
    }

    [Fact]
    public async Task What_a_peer_sends_that_nobody_takes_is_bounded()
    {
        var (pair, transport) = await NegotiateRawAsync(longest: 65_536);
        var most = 0L;
        var payload = Transfer(255, 2, 0, 0, 24, 8000, 8024);
        for (var i = 0; i < 10_000; i++)
        {
            if (!await pair.SendAsync(Filled(pair, payload), payload.Length, null))
            {
                break;
            }

            most = Math.Max(most, _fabric.Buffers.Rented + transport.Buffers.Rented);
            if (i % 4 == 0)
            {
                await Task.Delay(1);
            }
        }

        // Nothing was taken: the window of 64 KiB, what was granted before, and no more; then it had no credit left.
        await UntilEndedAsync(pair);
        Assert.InRange(most, 0, 2 << 20);
    }

    [Fact]
    public async Task A_silent_peer_is_asked_and_then_given_up()
    {
        _settings = new SmbDirectSettings { Time = _time };
        var (pair, transport) = await NegotiateRawAsync();
        await SendAsync(pair, Transfer(255, 10, 0, 0, 0, 0));
        var received = ReceiveAsync(transport);
        await WaitUntilAsync(() => transport.HasHeard);

        _time.Advance(TimeSpan.FromSeconds(120)); // it was heard of in the meantime
        Assert.False(received.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(120));
        Assert.True(DataTransfer.TryRead(await ReceiveAsync(pair), out var question));
        Assert.Equal(DataTransferFlags.ResponseRequested, question.Flags);

        // An answer of any kind will do.
        await SendAsync(pair, Transfer(255, 1, 0, 0, 0, 0));
        await WaitUntilAsync(() => transport.HasHeard);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(received.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(120));
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(received.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ReceiveOutcome.Ended, (await received).Outcome);
        await UntilEndedAsync(pair);
    }

    [Fact]
    public async Task A_peer_that_asks_is_answered_at_once()
    {
        var (pair, transport) = await NegotiateRawAsync();
        _ = ReceiveAsync(transport);
        await SendAsync(pair, Transfer(255, 10, 1, 0, 0, 0));
        Assert.True(DataTransfer.TryRead(await ReceiveAsync(pair), out var answer));

        // Without the flag, or both would go on asking for ever.
        Assert.Equal((DataTransferFlags.None, 0u), (answer.Flags, answer.DataLength));
    }

    [Fact]
    public async Task A_connection_that_does_not_negotiate_ends_soon()
    {
        _settings = new SmbDirectSettings { Time = _time };
        var (pair, transport) = await ConnectRawAsync();
        var received = ReceiveAsync(transport);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(received.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ReceiveOutcome.Ended, (await received).Outcome);
        Assert.Null(await pair.ReceiveAsync());
    }

    [Fact]
    public async Task The_last_credit_goes_only_to_a_message_that_grants_one()
    {
        var credits = new SmbDirectCredits(mostReceives: 4, mostSends: 4);
        credits.Begin(requested: 4, granted: 2);
        Assert.True(credits.TryTake(out var grant));
        Assert.Equal(0, grant);
        Assert.False(credits.TryTake(out _));

        var waiting = credits.TakeAsync();
        Assert.False(waiting.IsCompleted);
        Assert.True(credits.TryReserve(1));
        credits.Posted();
        Assert.Equal(1, await waiting);
        Assert.False(credits.TryTake(out _));

        var last = credits.TakeAsync();
        credits.End();
        Assert.Null(await last);
    }

    private static byte[] Request(
        ushort min = 0x0100, ushort max = 0x0100, ushort credits = 255, uint preferred = 8192, uint receive = 8192, uint fragmented = 1 << 20)
    {
        var bytes = new byte[NegotiateRequest.Size];
        new NegotiateRequest(min, max, credits, preferred, receive, fragmented).Write(bytes);
        return bytes;
    }

    private static byte[] Transfer(
        ushort requested, ushort granted, ushort flags, uint remaining, uint offset, uint length, int size = DataTransfer.Size)
    {
        var bytes = new byte[size];
        RandomNumberGenerator.Fill(bytes);
        var header = new byte[DataTransfer.PayloadOffset];
        new DataTransfer(requested, granted, (DataTransferFlags)flags, remaining, offset, length).Write(header);
        header.AsSpan(0, Math.Min(size, header.Length)).CopyTo(bytes);
        return bytes;
    }

    private static RegisteredBuffer Filled(InProcessQueuePair pair, byte[] bytes)
    {
        var buffer = pair.Rent(Math.Max(1, bytes.Length));
        bytes.CopyTo(buffer.Memory);
        return buffer;
    }

    private static async Task SendAsync(InProcessQueuePair pair, byte[] bytes) =>
        Assert.True(await pair.SendAsync(Filled(pair, bytes), bytes.Length, null));

    private static async Task<byte[]> ReceiveAsync(InProcessQueuePair pair)
    {
        pair.TryPostReceive(pair.Rent(8192));
        var received = (await pair.ReceiveAsync())!.Value;
        using (received.Buffer)
        {
            return received.Buffer.Memory[..received.Length].ToArray();
        }
    }

    private static async Task UntilEndedAsync(InProcessQueuePair pair)
    {
        while (await pair.ReceiveAsync() is { } received)
        {
            received.Buffer.Dispose();
        }
    }

    private static Task<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(SmbDirectTransport transport) =>
        transport.ReceiveAsync(() => 1 << 20, default).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 3000 && !condition(); i++)
        {
            await Task.Delay(5);
        }

        Assert.True(condition());
    }

    private static byte[] Content(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task SendAllAsync(SmbDirectTransport from, int[] lengths)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            Assert.True(await from.SendAsync([new OutboundFrame(Content(lengths[i], i)), new OutboundFrame(Content(i + 1, i))]));
        }
    }

    private static async Task ReceiveAllAsync(SmbDirectTransport to, int[] lengths)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            foreach (var length in new[] { lengths[i], i + 1 })
            {
                var (outcome, message) = await ReceiveAsync(to);
                Assert.Equal(ReceiveOutcome.Message, outcome);
                using (message)
                {
                    Assert.Equal(Content(length, i), message!.Memory.ToArray());
                }
            }
        }
    }

    private async Task<(SmbDirectTransport Client, SmbDirectTransport Server)> ConnectAsync(SmbDirectSettings client)
    {
        var pair = _fabric.Connect(firstReceive: client.MaxReceiveSize);
        var server = await AcceptAsync();
        var transport = SmbDirectTransport.Connect(pair, client, new BufferPool());
        _ends.Add(transport);
        return (transport, server);
    }

    private async Task<SmbDirectTransport> AcceptAsync()
    {
        var accepted = (await _fabric.AcceptAsync(_settings.MaxReceiveSize, default))!;
        var server = SmbDirectTransport.Accept(accepted, _settings, new BufferPool());
        _ends.Add(server);
        return server;
    }

    private async Task<(InProcessQueuePair Client, SmbDirectTransport Server)> ConnectRawAsync()
    {
        var pair = _fabric.Connect();
        _ends.Add(pair);
        return (pair, await AcceptAsync());
    }

    /// <summary>A peer without rules that has negotiated; it has posted more receives than it grants.</summary>
    private async Task<(InProcessQueuePair Client, SmbDirectTransport Server)> NegotiateRawAsync(
        int longest = 1 << 20, ushort credits = 255, bool answered = true)
    {
        var (pair, transport) = await ConnectRawAsync();
        var received = transport.ReceiveAsync(() => longest, new CancellationTokenSource(TimeSpan.FromMilliseconds(1)).Token);
        await SendAsync(pair, Request(credits: credits));
        Assert.True(NegotiateResponse.TryRead(await ReceiveAsync(pair), out var response));
        Assert.Equal(NtStatus.Success, response.Status);
        await received;
        for (var i = 0; answered && i < 300; i++)
        {
            pair.TryPostReceive(pair.Rent(8192));
        }

        return (pair, transport);
    }
}
