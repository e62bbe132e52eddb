using System.Buffers;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>
/// The server's end of one connection-oriented DCE/RPC connection (C706 chapters 9 and 12, MS-RPCE 3.3), whatever carries it: whole
/// fragments come in, whole fragments go out. Binds presentation contexts and the security context, joins request fragments, runs calls.
/// </summary>
/// <remarks>
/// Fragments are given to it one at a time; everything else is thread-safe. A call that waits does not hold up what comes after it: where
/// concurrent multiplexing was agreed, other calls run beside it; where it was not, they run when it is their turn, and a cancel or an
/// orphaned PDU reaches the call meanwhile. The end of the connection cancels all of them.
/// </remarks>
internal sealed class RpcConnection : IDisposable
{
    private readonly RpcServer _server;
    private readonly RpcEndpoint _endpoint;
    private readonly RpcCaller _peer;
    private readonly RpcQuota _quota;
    private readonly IRpcOutput _output;
    private readonly RpcPresentation _presentation;
    private readonly IRpcSecurity? _providers;
    private readonly RpcConnectionSecurity _security;
    private readonly Lock _lock = new();
    private readonly Lock _sending = new();
    private readonly Dictionary<uint, RpcServerCall> _calls = [];
    private readonly Queue<RpcServerCall> _queue = new();
    private RpcAssociation? _association;
    private ushort _maxFragment;
    private bool _isMultiplexed;
    private bool _isBusy;
    private bool _ended;

    /// <param name="server">What all connections share.</param>
    /// <param name="endpoint">What is served here.</param>
    /// <param name="peer">Who the transport says it is.</param>
    /// <param name="quota">What the peer's connections hold together. The transport has entered and leaves it.</param>
    /// <param name="output">Takes the answers.</param>
    /// <param name="security">The security providers of this connection; null: those of the server.</param>
    public RpcConnection(
        RpcServer server, RpcEndpoint endpoint, RpcCaller peer, RpcQuota quota, IRpcOutput output, IRpcSecurity? security = null)
    {
        _server = server;
        _endpoint = endpoint;
        _peer = peer;
        _quota = quota;
        _output = output;
        _presentation = new RpcPresentation(endpoint.Interfaces, server.Limits.MaxContexts);
        _providers = security ?? server.Security;
        _security = new RpcConnectionSecurity(_providers, peer);
    }

    /// <summary>Whether a bind has been accepted.</summary>
    public bool IsBound => Volatile.Read(ref _association) is not null;

    /// <summary>Whether the client has proved inside this connection who it is.</summary>
    public bool IsAuthenticated => _security.Level != RpcAuthLevel.None;

    /// <summary>Whether a call has come whole and is not answered yet.</summary>
    public bool HasCalls
    {
        get
        {
            lock (_lock)
            {
                return _calls.Values.Any(static call => call.IsComplete);
            }
        }
    }

    /// <summary>Takes one fragment and begins what it asks for; waits for nothing but a security provider.</summary>
    /// <returns>Whether the connection goes on; false after something that is not allowed in its state.</returns>
    public async ValueTask<bool> ReceiveAsync(RpcHeader header, ReadOnlyMemory<byte> fragment, CancellationToken cancellation)
    {
        var stands = header.Type switch
        {
            RpcPacketType.Bind => await BindAsync(header, fragment, cancellation).ConfigureAwait(false),
            RpcPacketType.AlterContext => await AlterContextAsync(header, fragment, cancellation).ConfigureAwait(false),
            RpcPacketType.Auth3 => await Auth3Async(header, fragment, cancellation).ConfigureAwait(false),
            RpcPacketType.Request => Request(header, fragment),
            RpcPacketType.Cancel or RpcPacketType.Orphaned => GiveUp(header, fragment),
            _ => Refuse(header, 0, RpcStatus.ProtocolError),
        };
        return stands && !HasEnded();
    }

    /// <summary>Reports why a fragment was not accepted; the connection is over.</summary>
    public void Refuse(RpcHeader header)
    {
        if (header.Type == RpcPacketType.Bind)
        {
            Send(RpcPdu.BindNak(
                header, header.IsVersion5 ? RpcBindRejection.NotSpecified : RpcBindRejection.ProtocolVersionNotSupported));
        }
        else
        {
            Refuse(header, 0, RpcStatus.ProtocolError);
        }
    }

    /// <summary>Cancels every call and leaves the association group, whose last connection ends the context handles.</summary>
    public void Dispose()
    {
        RpcServerCall[] calls;
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            calls = [.. _calls.Values];
            _calls.Clear();
            _queue.Clear();
        }

        foreach (var call in calls)
        {
            // Whoever runs a call ends it.
            if (call.IsRunning)
            {
                call.Cancel();
            }
            else
            {
                call.Dispose();
            }
        }

        if (_association is not null)
        {
            _server.Associations.Leave(_association);
        }

        _security.Dispose();
    }

    private async ValueTask<bool> BindAsync(RpcHeader header, ReadOnlyMemory<byte> fragment, CancellationToken cancellation)
    {
        if (_association is not null || !header.IsOnlyFragment)
        {
            return Nak(header, RpcBindRejection.NotSpecified);
        }

        if (!TryReadBind(header, fragment.Span, out var proposal, out var clientReceives, out var groupId))
        {
            return Nak(header, RpcBindRejection.NotSpecified);
        }

        RpcSecurityStep? step = null;
        _security.SignsHeaders = header.Flags.HasFlag(RpcPacketFlags.HeaderSigning);
        if (header.AuthLength != 0)
        {
            if (_providers is null || _security.IsInUse)
            {
                return Nak(header, RpcBindRejection.AuthenticationTypeNotRecognized);
            }

            step = await StepAsync(header, fragment, cancellation).ConfigureAwait(false);
            if (step is not { Outcome: not RpcSecurityOutcome.Failed })
            {
                return Nak(header, step is null ? RpcBindRejection.AuthenticationTypeNotRecognized : RpcBindRejection.InvalidChecksum);
            }
        }

        if (!TryAssociate(groupId))
        {
            return Nak(header, RpcBindRejection.NotSpecified);
        }

        _maxFragment = Math.Clamp(clientReceives, RpcLimits.MinFragment, _server.Limits.OfferedFragment);
        _isMultiplexed = header.Flags.HasFlag(RpcPacketFlags.ConcurrentMultiplexing);
        return Acknowledge(header, proposal!, step);
    }

    private async ValueTask<bool> AlterContextAsync(RpcHeader header, ReadOnlyMemory<byte> fragment, CancellationToken cancellation)
    {
        // Fragment sizes and the group were settled by the bind.
        if (_association is null || !header.IsOnlyFragment || !TryReadBind(header, fragment.Span, out var proposal, out _, out _))
        {
            return Refuse(header, 0, RpcStatus.ProtocolError);
        }

        RpcSecurityStep? step = null;
        if (header.AuthLength != 0)
        {
            step = await StepAsync(header, fragment, cancellation).ConfigureAwait(false);
            if (step is not { Outcome: not RpcSecurityOutcome.Failed })
            {
                return Refuse(header, 0, RpcStatus.AccessDenied);
            }
        }

        return Acknowledge(header, proposal!, step);
    }

    /// <summary>rpc_auth_3 (MS-RPCE 2.2.2.10): the last token, which has no answer. If it was wrong, the next call is told so.</summary>
    private async ValueTask<bool> Auth3Async(RpcHeader header, ReadOnlyMemory<byte> fragment, CancellationToken cancellation) =>
        _association is not null && _security.IsInUse
        && await StepAsync(header, fragment, cancellation).ConfigureAwait(false) is not null;

    private ValueTask<RpcSecurityStep?> StepAsync(RpcHeader header, ReadOnlyMemory<byte> fragment, CancellationToken cancellation) =>
        RpcSecurityTrailer.TryRead(fragment.Span, header, RpcHeader.Length, out var trailer)
            ? _security.StepAsync(trailer, fragment[^header.AuthLength..], cancellation)
            : new(default(RpcSecurityStep?));

    /// <summary>Sizes (2 bytes each), group (4), contexts.</summary>
    private bool TryReadBind(
        in RpcHeader header, ReadOnlySpan<byte> fragment, out RpcProposal? proposal, out ushort clientReceives, out uint groupId)
    {
        proposal = null;
        clientReceives = 0;
        groupId = 0;
        var end = RpcSecurityTrailer.OffsetIn(header);
        if (end < RpcHeader.Length)
        {
            return false;
        }

        var reader = new NdrReader(fragment[RpcHeader.Length..end], header.IsBigEndian);
        reader.ReadUInt16();
        clientReceives = reader.ReadUInt16();
        groupId = reader.ReadUInt32();
        proposal = _presentation.Read(ref reader);
        return proposal is not null;
    }

    private bool TryAssociate(uint groupId)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return false;
            }

            _association = groupId == 0 ? _server.Associations.Create(_peer) : _server.Associations.Join(groupId, _peer);
            return _association is not null;
        }
    }

    private bool Acknowledge(RpcHeader header, RpcProposal proposal, RpcSecurityStep? step)
    {
        _presentation.Bind(proposal);
        return Send(RpcPdu.BindAck(header, new RpcAcknowledgement
        {
            Flags = (_isMultiplexed ? RpcPacketFlags.ConcurrentMultiplexing : RpcPacketFlags.None)
                | (_security.IsInUse && _security.SignsHeaders ? RpcPacketFlags.HeaderSigning : RpcPacketFlags.None),
            MaxFragment = _maxFragment,
            Group = _association!.Id,
            SecondaryAddress = _endpoint.SecondaryAddress,
            Results = proposal.Results,
            Trailer = _security.Trailer,
            Token = step?.Token ?? default,
        }));
    }

    /// <summary>A request: allocation hint (4 bytes), context id (2), opnum (2), object UUID (16, when flagged), stub.</summary>
    private bool Request(RpcHeader header, ReadOnlyMemory<byte> fragment)
    {
        var end = RpcSecurityTrailer.OffsetIn(header);
        var reader = new NdrReader(end < RpcHeader.Length ? default : fragment.Span[RpcHeader.Length..end], header.IsBigEndian);
        reader.ReadUInt32();
        var contextId = reader.ReadUInt16();
        var opnum = reader.ReadUInt16();
        if (header.Flags.HasFlag(RpcPacketFlags.ObjectUuid))
        {
            reader.ReadGuid();
        }

        if (reader.Failed || _association is null)
        {
            return Refuse(header, contextId, RpcStatus.ProtocolError);
        }

        var copy = ArrayPool<byte>.Shared.Rent(fragment.Length);
        try
        {
            // Decrypted in a copy, because the received bytes must not be changed.
            fragment.CopyTo(copy);
            var status = _security.Open(copy.AsMemory(0, fragment.Length), header, end - reader.Remaining, out var stub);
            return status == RpcStatus.Ok ? Take(header, contextId, opnum, stub.Span) : Refuse(header, contextId, status);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>Adds a fragment to its call, and begins the call when it was the last.</summary>
    private bool Take(RpcHeader header, ushort contextId, ushort opnum, ReadOnlySpan<byte> stub)
    {
        RpcServerCall? call;
        var refusal = RpcStatus.Ok;
        lock (_lock)
        {
            refusal = Find(header, contextId, opnum, out call);
            if (refusal == RpcStatus.Ok && !call!.TryAppend(stub, _server.Limits.MaxRequestStub))
            {
                // The fault gets the room that it held.
                refusal = RpcStatus.RemoteNoMemory;
                _calls.Remove(header.CallId);
                call.Dispose();
            }
        }

        if (refusal == RpcStatus.ServerTooBusy && header.IsOnlyFragment)
        {
            return Send(RpcPdu.Fault(header, contextId, refusal, executed: false));
        }

        return refusal != RpcStatus.Ok ? Refuse(header, contextId, refusal)
            : !header.Flags.HasFlag(RpcPacketFlags.LastFragment) || Complete(call!);
    }

    /// <summary>The call of a fragment, which is entered with its first. Under the lock.</summary>
    private RpcStatus Find(RpcHeader header, ushort contextId, ushort opnum, out RpcServerCall? call)
    {
        var isKnown = _calls.TryGetValue(header.CallId, out call);
        if (!header.Flags.HasFlag(RpcPacketFlags.FirstFragment))
        {
            return isKnown && call!.Continues(contextId, opnum) ? RpcStatus.Ok : RpcStatus.ProtocolError;
        }

        // Fragments of several calls mix only where concurrent multiplexing was agreed.
        if (isKnown || _ended || (!_isMultiplexed && _calls.Values.Any(other => !other.IsComplete)))
        {
            return RpcStatus.ProtocolError;
        }

        if (_calls.Count >= _server.Limits.MaxCalls)
        {
            return RpcStatus.ServerTooBusy;
        }

        call = new RpcServerCall(header, contextId, opnum, _quota);
        _calls.Add(call.CallId, call);
        return RpcStatus.Ok;
    }

    private bool Complete(RpcServerCall call)
    {
        lock (_lock)
        {
            call.IsComplete = true;
            if (_ended)
            {
                return false;
            }

            if (_isBusy && !_isMultiplexed)
            {
                _queue.Enqueue(call);
                return true;
            }

            _isBusy = true;
            call.IsRunning = true;
        }

        _ = RunAsync(call);
        return true;
    }

    /// <summary>Runs a call, and those that waited for their turn behind it.</summary>
    private async Task RunAsync(RpcServerCall? call)
    {
        try
        {
            while (call is not null)
            {
                using (call)
                {
                    using var output = new NdrWriter();
                    var status = await InvokeAsync(call, output).ConfigureAwait(false);
                    if (!Answer(call, status, output))
                    {
                        End();
                    }
                }

                call = Next();
            }
        }
        catch (Exception e)
        {
            _server.Fault(e);
            End();
        }
    }

    private async ValueTask<RpcStatus> InvokeAsync(RpcServerCall call, NdrWriter output)
    {
        if (_presentation.Find(call.ContextId) is not { } served)
        {
            return RpcStatus.UnknownInterface;
        }

        if (!RpcVerificationTrailer.Agrees(call.Stub.Span, call, served.Syntax, _security.SignsHeaders))
        {
            return RpcStatus.AccessDenied;
        }

        try
        {
            var caller = _security.Caller;
            return await served.InvokeAsync(
                new RpcCall(
                    call.Opnum, call.Stub, call.Header.IsBigEndian, caller, _security.Level,
                    new RpcHandleScope(_association!.Handles, served.Syntax, caller)),
                output,
                call.Cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.Cancellation.IsCancellationRequested)
        {
            return RpcStatus.Cancelled;
        }
        catch (Exception e)
        {
            _server.Fault(e);
            return RpcStatus.Unspecified;
        }
    }

    private bool Answer(RpcServerCall call, RpcStatus status, NdrWriter output)
    {
        lock (_lock)
        {
            // Before the answer leaves: the client may use the id again as soon as it has it.
            _calls.Remove(call.CallId);
            if (_ended || call.IsOrphaned)
            {
                return true;
            }
        }

        if (status == RpcStatus.Ok)
        {
            return Respond(call, output.Written.Span);
        }

        var executed = status is not (RpcStatus.OperationRangeError or RpcStatus.BadStubData or RpcStatus.UnknownInterface);
        return Send(RpcPdu.Fault(call.Header, call.ContextId, status, executed));
    }

    private RpcServerCall? Next()
    {
        lock (_lock)
        {
            if (_isMultiplexed || !_queue.TryDequeue(out var next))
            {
                _isBusy = false;
                return null;
            }

            next.IsRunning = true;
            return next;
        }
    }

    private bool Respond(RpcServerCall call, ReadOnlySpan<byte> stub)
    {
        // C706 12.6.2.1: the stub of every fragment but the last is a multiple of 8, so that NDR's alignment carries over. A protected one
        // is a multiple of its alignment, so that only the last needs padding.
        var unit = _security.IsProtecting ? RpcSecurityTrailer.Alignment : 8;
        var room = (_maxFragment - RpcPdu.CallHeaderLength - _security.Overhead) & -unit;

        // Fragments are protected in the order in which they are sent.
        lock (_sending)
        {
            var offset = 0;
            do
            {
                var count = Math.Min(room, stub.Length - offset);
                var fragment = RpcPdu.Response(call, stub, offset, count, _security);
                if (_security.IsProtecting)
                {
                    _security.Seal(fragment, RpcPdu.CallHeaderLength);
                }

                if (!_output.TrySend(fragment))
                {
                    return false;
                }

                offset += count;
            }
            while (offset < stub.Length);
        }

        return true;
    }

    /// <summary>
    /// co_cancel asks a call to end, which it then answers; orphaned says that nobody is waiting for the answer (C706 9.5.3).
    /// A call that is not complete is forgotten by the one and not touched by the other.
    /// </summary>
    private bool GiveUp(RpcHeader header, ReadOnlyMemory<byte> fragment)
    {
        if (_association is null)
        {
            return Refuse(header, 0, RpcStatus.ProtocolError);
        }

        var status = _security.Open(fragment.ToArray(), header, RpcHeader.Length, out _);
        if (status != RpcStatus.Ok)
        {
            return Refuse(header, 0, status);
        }

        RpcServerCall? running = null;
        lock (_lock)
        {
            if (_calls.TryGetValue(header.CallId, out var call) && call.IsComplete)
            {
                call.IsOrphaned |= header.Type == RpcPacketType.Orphaned;
                running = call;
            }
            else if (call is not null && header.Type == RpcPacketType.Orphaned)
            {
                _calls.Remove(header.CallId);
                call.Dispose();
            }
        }

        running?.Cancel();
        return true;
    }

    private bool Nak(RpcHeader header, RpcBindRejection reason)
    {
        // A bind that was refused may be tried again, in another way; not one that came second, nor after a security context was begun.
        var sent = Send(RpcPdu.BindNak(header, reason));
        return sent && _association is null && header.IsOnlyFragment && !_security.IsInUse;
    }

    /// <summary>A fault after which the connection cannot go on.</summary>
    private bool Refuse(RpcHeader header, ushort contextId, RpcStatus status)
    {
        Send(RpcPdu.Fault(header, contextId, status, executed: false));
        return false;
    }

    private bool Send(ReadOnlyMemory<byte> fragment)
    {
        lock (_sending)
        {
            return _output.TrySend(fragment);
        }
    }

    private void End()
    {
        Dispose();
        _output.End();
    }

    private bool HasEnded()
    {
        lock (_lock)
        {
            return _ended;
        }
    }
}
