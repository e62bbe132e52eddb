using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Rpc;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

public class NamedPipeTests
{
    [Theory]
    [InlineData("srvsvc")]
    [InlineData("\\SRVSVC")]
    [InlineData("WksSvc")]
    [InlineData("lsarpc")]
    [InlineData("\\lsass")]
    public void KnownNamesOpenWhateverTheirCase(string name)
    {
        using var client = new PipeClient(name);
        Assert.Equal(name.TrimStart('\\').ToLowerInvariant(), client.Pipe.Name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\\")]
    [InlineData("\\\\srvsvc")]
    [InlineData("srvsvc2")]
    [InlineData("samr")]
    public void OtherNamesAreNotFound(string name)
    {
        Assert.Equal(NtStatus.ObjectNameNotFound, new PipeRegistry(new FakePipeHost()).Open(name, PipeClient.User, out var pipe));
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
        var never = new TaskCompletionSource();
        var client = await new PipeClient("srvsvc", host: new FakePipeHost { SharesReady = never.Task }).BindAsync();
        var call = client.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1))).AsTask();
        var next = client.Pipe.WriteAsync(PipeClient.RequestPdu(15, SrvSvcTests.ShareEnumStub(1))).AsTask();
        Assert.False(call.IsCompleted || next.IsCompleted);
        client.Dispose();
        Assert.Equal(NtStatus.FileClosed, await call);
        Assert.Equal(NtStatus.FileClosed, await next);
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
        Assert.InRange(client.Pipe.BytesAvailable, 1, NamedPipe.MaxUnreadBytes);
    }
}
