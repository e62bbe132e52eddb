using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Rpc;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

public class NamedPipeTests
{
    [Theory]
    [InlineData("srvsvc")]
    [InlineData("WksSvc")]
    [InlineData("lsarpc")]
    [InlineData("LSASS")]
    public void KnownNamesOpenWhateverTheirCase(string name)
    {
        using var client = new PipeClient(name);
        Assert.Equal(name.ToLowerInvariant(), client.Pipe.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\\")]
    [InlineData("\\srvsvc")]
    [InlineData("\\\\srvsvc")]
    [InlineData("srvsvc\\")]
    [InlineData("srvsvc2")]
    [InlineData("netlogon")]
    [InlineData("netdfs")]
    [InlineData("spoolss")]
    public void OtherNamesAreNotFound(string name)
    {
        Assert.Equal(NtStatus.ObjectNameNotFound, PipeClient.Registry().Open(name, PipeClient.User, out var pipe));
        Assert.Null(pipe);
    }

    [Fact]
    public async Task AMessageIsReadInPiecesThatSayThatThereIsMore()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        Assert.Equal(NtStatus.PipeEmpty, client.Pipe.TryRead(new byte[100], out _));
        await client.Pipe.WriteAsync(PipeClient.RequestPdu(999, []));
        await client.Pipe.WriteAsync(PipeClient.RequestPdu(999, []));
        Assert.Equal(64, client.Pipe.BytesAvailable);
        Assert.Equal((2, 32), client.Pipe.Peek());

        Assert.Equal(NtStatus.BufferOverflow, client.Pipe.TryRead(new byte[20], out var count));
        Assert.Equal((20, 44, (2, 12)), (count, client.Pipe.BytesAvailable, client.Pipe.Peek()));
        Assert.Equal(NtStatus.Success, client.Pipe.TryRead(new byte[100], out count));
        Assert.Equal((12, 32, (1, 32)), (count, client.Pipe.BytesAvailable, client.Pipe.Peek()));
    }

    [Fact]
    public async Task TransceiveGivesWhatFitsAndKeepsTheRest()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        var output = new byte[10];
        var request = PipeClient.RequestPdu(999, []);
        Assert.Equal(new PipeRead(NtStatus.BufferOverflow, 10), await client.Pipe.TransceiveAsync(request, output));
        Assert.Equal(new PipeRead(NtStatus.PipeBusy, 0), await client.Pipe.TransceiveAsync(request, output));
        Assert.Equal(new PipeRead(NtStatus.Success, 22), await client.Pipe.ReadAsync(new byte[100]));
    }

    [Fact]
    public async Task AReadWaitsForItsMessage()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        var read = client.Pipe.ReadAsync(new byte[100]).AsTask();
        Assert.False(read.IsCompleted);
        await client.Pipe.WriteAsync(PipeClient.RequestPdu(999, []));
        Assert.Equal(new PipeRead(NtStatus.Success, 32), await read);
    }

    [Fact]
    public async Task AWaitingReadEndsWithCancelAndWithClose()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        using var cancel = new CancellationTokenSource();
        var cancelled = client.Pipe.ReadAsync(new byte[100], cancel.Token).AsTask();
        var waiting = client.Pipe.ReadAsync(new byte[100]).AsTask();
        cancel.Cancel();
        Assert.Equal(NtStatus.Cancelled, (await cancelled).Status);
        client.Dispose();
        Assert.Equal(NtStatus.PipeBroken, (await waiting).Status);
        Assert.Equal(NtStatus.FileClosed, await client.Pipe.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task ClosingEndsACallThatRuns()
    {
        var host = new FakePipeHost { SharesReady = new TaskCompletionSource().Task };
        var client = await new PipeClient("srvsvc", host: host).BindAsync();
        var call = client.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1))).AsTask();
        var next = client.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1), callId: 3)).AsTask();
        Assert.Equal(NtStatus.Success, await call);
        Assert.Equal(NtStatus.Success, await next);
        var answer = client.Pipe.ReadAsync(new byte[100]).AsTask();
        Assert.False(answer.IsCompleted || host.Asked.IsCompleted);
        client.Dispose();
        Assert.Equal(NtStatus.PipeBroken, (await answer).Status);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Asked);
    }

    [Fact]
    public async Task AClientThatNeverReadsIsCutOff()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        byte[] many = [.. Enumerable.Repeat(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(2)), 1000).SelectMany(pdu => pdu)];
        var writes = 0;
        while (await client.Pipe.WriteAsync(many) == NtStatus.Success && writes < 100)
        {
            writes++;
        }

        Assert.InRange(writes, 1, 99);
        Assert.InRange(client.Pipe.BytesAvailable, 1, new RpcLimits().MaxUnreadBytes);
    }

    [Fact]
    public async Task WhatAllPipesOfASessionHoldTogetherIsBounded()
    {
        var limits = new RpcLimits { MaxBytesPerCaller = 100_000, MaxConnectionsPerCaller = 3 };
        var registry = PipeClient.Registry(limits: limits);
        var pipes = new List<PipeClient>();
        for (var i = 0; i < limits.MaxConnectionsPerCaller; i++)
        {
            pipes.Add(await new PipeClient("srvsvc", registry: registry).BindAsync());
        }

        Assert.Equal(NtStatus.InsufficientResources, registry.Open("srvsvc", PipeClient.User, out _));
        using var other = new PipeClient("srvsvc", PipeClient.Administrator, registry: registry);

        // Fragments without a last, on every pipe.
        foreach (var client in pipes)
        {
            var part = PipeClient.RequestPdu(15, new byte[4000], flags: RpcPacketFlags.FirstFragment);
            while (client.Pipe.BytesAvailable == 0 && await client.Pipe.WriteAsync(part) == NtStatus.Success)
            {
                part[3] = 0;
            }
        }

        // All end the same way; what they held is given back, and what the faults hold when the pipes close.
        Assert.All(pipes, client => Assert.Equal(RpcStatus.RemoteNoMemory, PipeClient.FaultStatus(client.Read())));
        pipes.ForEach(client => client.Dispose());
        using var again = await new PipeClient("srvsvc", registry: registry).BindAsync();
        Assert.NotEmpty(await again.CallAsync(15, SrvSvcTests.ShareEnumStub(1)));
    }

    [Fact]
    public async Task UnreadAnswersOfAllPipesAreCountedTogetherAndGivenBackWhenRead()
    {
        var limits = new RpcLimits { MaxBytesPerCaller = 20_000 };
        var registry = PipeClient.Registry(limits: limits);
        using var first = await new PipeClient("srvsvc", registry: registry).BindAsync();
        using var second = await new PipeClient("srvsvc", registry: registry).BindAsync();
        while (first.Pipe.BytesAvailable < 19_000)
        {
            Assert.Equal(NtStatus.Success, await first.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1))));
        }

        while (first.Pipe.BytesAvailable > 0)
        {
            first.Read();
        }

        while (second.Pipe.BytesAvailable < 19_000)
        {
            Assert.Equal(NtStatus.Success, await second.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1))));
        }

        var status = NtStatus.Success;
        for (var i = 0; i < 100 && status == NtStatus.Success; i++)
        {
            status = await first.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1)));
        }

        Assert.Equal(NtStatus.PipeDisconnected, await first.Pipe.WriteAsync(new byte[1]));
        Assert.InRange(first.Pipe.BytesAvailable + second.Pipe.BytesAvailable, 1, limits.MaxBytesPerCaller);
    }

    [Fact]
    public async Task ATinyTransceiveHoldsNoMoreThanItsOneAnswer()
    {
        using var client = await new PipeClient("srvsvc").BindAsync();
        var request = PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(2));
        Assert.Equal(new PipeRead(NtStatus.BufferOverflow, 0), await client.Pipe.TransceiveAsync(request, Memory<byte>.Empty));
        var held = client.Pipe.BytesAvailable;
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(NtStatus.PipeBusy, (await client.Pipe.TransceiveAsync(request, new byte[1])).Status);
        }

        Assert.Equal(held, client.Pipe.BytesAvailable);
    }
}
