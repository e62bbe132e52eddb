using System.Buffers.Binary;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>Calls beside each other: one that waits must hold up nothing that it need not.</summary>
public class RpcMultiplexTests
{
    [Fact]
    public async Task ACallThatWaitsDoesNotHoldUpTheNext()
    {
        using var peer = await new RpcPeer().BindAsync(multiplexed: true);
        Assert.True(await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(10), callId: 10)));
        Assert.True(await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(11), callId: 11)));
        Assert.Equal((12u, 12u), Parse(await peer.AskAsync(PipeClient.RequestPdu(0, RpcPeer.Number(12), callId: 12))));
        Assert.False(peer.HasAnswer);
        Assert.Equal(2, peer.Served.Waiting);

        peer.Served.Released.SetResult();
        (uint, uint)[] answers = [Parse(await peer.NextAsync()), Parse(await peer.NextAsync())];
        Assert.Equal([(10u, 10u), (11u, 11u)], answers.Order().ToArray());
    }

    [Fact]
    public async Task FragmentsOfSeveralCallsMayMix()
    {
        using var peer = await new RpcPeer().BindAsync(multiplexed: true);
        await peer.SendAsync(PipeClient.RequestPdu(0, RpcPeer.Number(1).AsSpan(0, 2), callId: 1, flags: RpcPacketFlags.FirstFragment));
        await peer.SendAsync(PipeClient.RequestPdu(0, RpcPeer.Number(2).AsSpan(0, 2), callId: 2, flags: RpcPacketFlags.FirstFragment));
        var first = await peer.AskAsync(PipeClient.RequestPdu(0, new byte[2], callId: 1, flags: RpcPacketFlags.LastFragment));
        var second = await peer.AskAsync(PipeClient.RequestPdu(0, new byte[2], callId: 2, flags: RpcPacketFlags.LastFragment));
        Assert.Equal((1u, 1u), Parse(first));
        Assert.Equal((2u, 2u), Parse(second));
    }

    [Fact]
    public async Task WithoutMultiplexingCallsRunInTheirOrder()
    {
        using var peer = await new RpcPeer().BindAsync();
        await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(10), callId: 10));
        await peer.SendAsync(PipeClient.RequestPdu(0, RpcPeer.Number(11), callId: 11));
        await peer.SendAsync(PipeClient.RequestPdu(0, RpcPeer.Number(12), callId: 12));
        Assert.False(peer.HasAnswer);
        peer.Served.Released.SetResult();
        for (var id = 10u; id <= 12; id++)
        {
            Assert.Equal((id, id), Parse(await peer.NextAsync()));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ACancelledCallAnswersThatItWas(bool multiplexed)
    {
        using var peer = await new RpcPeer().BindAsync(multiplexed);
        await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(10), callId: 10));
        Assert.Equal(RpcStatus.Cancelled, PipeClient.FaultStatus(await peer.AskAsync(PipeClient.Pdu(RpcPacketType.Cancel, 10, []))));
        Assert.Equal((11u, 11u), Parse(await peer.AskAsync(PipeClient.RequestPdu(0, RpcPeer.Number(11), callId: 11))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnOrphanedCallEndsWithoutAnAnswer(bool multiplexed)
    {
        using var peer = await new RpcPeer().BindAsync(multiplexed);
        await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(10), callId: 10));
        Assert.True(await peer.SendAsync(PipeClient.Pdu(RpcPacketType.Orphaned, 10, [])));
        Assert.Equal((11u, 11u), Parse(await peer.AskAsync(PipeClient.RequestPdu(0, RpcPeer.Number(11), callId: 11))));
        Assert.True(SpinWait.SpinUntil(() => peer.Quota.Bytes == 0, TimeSpan.FromSeconds(20)));
        Assert.Equal((0, 1, false), (peer.Served.Waiting, peer.Served.Cancelled, peer.HasAnswer));
    }

    [Fact]
    public async Task TheEndOfTheConnectionCancelsEveryCallAndGivesEverythingBack()
    {
        var peer = await new RpcPeer().BindAsync(multiplexed: true);
        await peer.AskAsync(PipeClient.RequestPdu(3, [], callId: 1));
        await peer.SendAsync(PipeClient.RequestPdu(0, new byte[2], callId: 2, flags: RpcPacketFlags.FirstFragment));
        for (var id = 10u; id < 20; id++)
        {
            await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(id), callId: id));
        }

        Assert.Equal((10, 42), (peer.Served.Waiting, peer.Quota.Bytes));
        peer.Dispose();
        Assert.True(SpinWait.SpinUntil(() => peer.Served.Waiting == 0 && peer.Quota.Bytes == 0, TimeSpan.FromSeconds(20)));
        Assert.Equal((10, false, 0), (peer.Served.Cancelled, peer.HasAnswer, peer.Server.Quotas.Count));
        Assert.True(peer.Served.LastState!.IsDisposed);
        Assert.False(await peer.SendAsync(PipeClient.RequestPdu(0, RpcPeer.Number(1))));
    }

    [Fact]
    public async Task TooManyCallsAreRefusedOneByOne()
    {
        var limits = new RpcLimits { MaxCalls = 4 };
        using var peer = await new RpcPeer(new RpcServer(limits, null, _ => { })).BindAsync(multiplexed: true);
        for (var id = 10u; id < 14; id++)
        {
            await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(id), callId: id));
        }

        Assert.Equal(
            RpcStatus.ServerTooBusy, PipeClient.FaultStatus(await peer.AskAsync(PipeClient.RequestPdu(0, RpcPeer.Number(1), callId: 20))));
        await peer.AskAsync(PipeClient.Pdu(RpcPacketType.Cancel, 10, []));
        Assert.Equal((21u, 1u), Parse(await peer.AskAsync(PipeClient.RequestPdu(0, RpcPeer.Number(1), callId: 21))));
    }

    [Fact]
    public async Task TheIdOfACallThatRunsCannotBeUsedAgain()
    {
        using var peer = await new RpcPeer().BindAsync(multiplexed: true);
        await peer.SendAsync(PipeClient.RequestPdu(1, RpcPeer.Number(10), callId: 10));
        Assert.False(await peer.SendAsync(PipeClient.RequestPdu(0, RpcPeer.Number(10), callId: 10)));
        Assert.Equal(RpcStatus.ProtocolError, PipeClient.FaultStatus(await peer.NextAsync()));
    }

    [Fact]
    public async Task AnInterfaceThatThrowsIsAFaultAndNoMore()
    {
        using var peer = await new RpcPeer().BindAsync();
        Assert.Equal(RpcStatus.Unspecified, PipeClient.FaultStatus(await peer.AskAsync(PipeClient.RequestPdu(2, []))));
        Assert.Equal("scripted", Assert.Single(peer.Faults).Message);
        Assert.Equal((2u, 5u), Parse(await peer.AskAsync(PipeClient.RequestPdu(0, RpcPeer.Number(5)))));
    }

    [Fact]
    public async Task HandlesAreBoundedAndOfOneCallerAndInterface()
    {
        var server = new RpcServer(new RpcLimits { MaxHandles = 2 }, null, _ => { });
        using var peer = await new RpcPeer(server).BindAsync();
        var handle = (await peer.AskAsync(PipeClient.RequestPdu(3, [])))[24..];
        await peer.AskAsync(PipeClient.RequestPdu(3, []));
        Assert.All((await peer.AskAsync(PipeClient.RequestPdu(3, [])))[24..], value => Assert.Equal(0, value));

        var handles = new RpcContextHandles(10);
        var id = handles.Open("state", peer.Served.Syntax, PipeClient.User)!.Value;
        Assert.Null(handles.Find(id, peer.Served.Syntax, PipeClient.Administrator));
        Assert.Null(handles.Find(id, new RpcSyntax(PipeClient.LsaRpc, 0, 0), PipeClient.User));
        Assert.False(handles.Close(id, peer.Served.Syntax, PipeClient.Administrator));
        Assert.Equal("state", handles.Find(id, peer.Served.Syntax, PipeClient.User));

        Assert.Equal(RpcPacketType.Response, PipeClient.Type(await peer.AskAsync(PipeClient.RequestPdu(4, handle))));
        Assert.Equal(RpcStatus.ContextMismatch, PipeClient.FaultStatus(await peer.AskAsync(PipeClient.RequestPdu(4, handle))));
    }

    [Fact]
    public async Task PresentationContextsAreBounded()
    {
        using var peer = await new RpcPeer(new RpcServer(new RpcLimits { MaxContexts = 3 }, null, _ => { })).BindAsync();
        var contexts = Enumerable.Repeat((ScriptedInterface.Uuid, (ushort)1, RpcSyntax.Ndr), 10).ToArray();
        var answer = await peer.AskAsync(PipeClient.BindPdu(RpcPacketType.AlterContext, 0, 4280, contexts));
        var results = Enumerable.Range(0, 10).Select(i => (int)BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(32 + (24 * i))));
        Assert.Equal([0, 0, 2, 2, 2, 2, 2, 2, 2, 2], results);
    }

    [Fact]
    public async Task WhatTheHintSaysIsNotAllocated()
    {
        using var peer = await new RpcPeer().BindAsync();
        var part = PipeClient.RequestPdu(0, new byte[2], flags: RpcPacketFlags.FirstFragment);
        part.AsSpan(16, 4).Fill(0xFF);
        await peer.SendAsync(part);
        Assert.Equal(2, peer.Quota.Bytes);
    }

    private static (uint CallId, uint Number) Parse(byte[] response)
    {
        Assert.Equal(RpcPacketType.Response, PipeClient.Type(response));
        return (RpcHeader.Parse(response).CallId, BinaryPrimitives.ReadUInt32LittleEndian(response.AsSpan(24)));
    }
}
