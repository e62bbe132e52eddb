using System.Buffers;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Rpc;

/// <summary>
/// The server's end of one connection-oriented DCE/RPC connection (C706 chapters 9 and 12, MS-RPCE section 3.3): cuts what the client
/// writes into PDUs, binds presentation contexts, joins request fragments, runs calls one after the other, and cuts answers into fragments.
/// </summary>
/// <remarks>
/// Security is the SMB session's: a bind with an authentication trailer is refused, so nothing is taken for signed that is not.
/// Not thread-safe but for <see cref="Dispose"/>; the pipe gives it one write at a time.
/// </remarks>
internal sealed class RpcConnection : IDisposable
{
    /// <summary>The longest fragment taken: more than <see cref="OfferedFragment"/>, for clients that begin with longer ones.</summary>
    internal const int MaxFragment = 5840;

    /// <summary>The fragment length that Windows offers on named pipes.</summary>
    internal const ushort OfferedFragment = 4280;

    /// <summary>What every implementation can receive: MustRecvFragSize (C706 section 12.6.3.1).</summary>
    internal const ushort MinFragment = 1432;

    /// <summary>The longest stub of a request, all fragments together.</summary>
    internal const int MaxRequestStub = 1 << 20;

    /// <summary>The presentation contexts of a connection.</summary>
    internal const int MaxContexts = 32;

    private readonly string _secondaryAddress;
    private readonly IReadOnlyList<IRpcInterface> _interfaces;
    private readonly RpcAssociationTable _associations;
    private readonly RpcCaller _caller;
    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _partial = new();
    private readonly Dictionary<ushort, IRpcInterface> _contexts = [];
    private RpcAssociation? _association;
    private PendingCall? _pending;
    private ushort _maxTransmit;
    private bool _disposed;

    public RpcConnection(
        string secondaryAddress, IReadOnlyList<IRpcInterface> interfaces, RpcAssociationTable associations, RpcCaller caller)
    {
        _secondaryAddress = secondaryAddress;
        _interfaces = interfaces;
        _associations = associations;
        _caller = caller;
    }

    /// <summary>Takes bytes of the client and sends what they call for.</summary>
    /// <returns>Whether the connection stands; false after something that is no DCE/RPC or does not fit its state.</returns>
    public async ValueTask<bool> ReceiveAsync(ReadOnlyMemory<byte> data, IRpcOutput output, CancellationToken cancellation)
    {
        while (!data.IsEmpty)
        {
            if (_partial.WrittenCount == 0 && RpcHeader.TryParse(data.Span, out var whole) && whole.FragmentLength <= data.Length)
            {
                var pdu = data[..whole.FragmentLength];
                if (!Accept(whole, output) || !await HandleAsync(whole, pdu, output, cancellation).ConfigureAwait(false))
                {
                    return false;
                }

                data = data[pdu.Length..];
                continue;
            }

            Collect(ref data, RpcHeader.Length);
            if (_partial.WrittenCount < RpcHeader.Length)
            {
                return true;
            }

            if (!RpcHeader.TryParse(_partial.WrittenSpan, out var header) || !Accept(header, output))
            {
                return false;
            }

            Collect(ref data, header.FragmentLength);
            if (_partial.WrittenCount < header.FragmentLength)
            {
                return true;
            }

            if (!await HandleAsync(header, _partial.WrittenMemory, output, cancellation).ConfigureAwait(false))
            {
                return false;
            }

            _partial.ResetWrittenCount();
        }

        return true;
    }

    /// <summary>Leaves the association group; its last connection ends the context handles.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_association is not null)
            {
                _associations.Leave(_association);
            }
        }
    }

    private void Collect(ref ReadOnlyMemory<byte> data, int upTo)
    {
        var count = Math.Min(data.Length, upTo - _partial.WrittenCount);
        if (count <= 0)
        {
            return;
        }

        _partial.Write(data.Span[..count]);
        data = data[count..];
    }

    /// <summary>Refuses what cannot be understood before anything else of it is looked at.</summary>
    private static bool Accept(RpcHeader header, IRpcOutput output)
    {
        if (header.IsVersion5 && header.IsLittleEndianAscii && header.FragmentLength <= MaxFragment)
        {
            return true;
        }

        var answer = header.Type is not RpcPacketType.Bind
            ? RpcPdu.Fault(header, 0, RpcStatus.ProtocolError, executed: false)
            : RpcPdu.BindNak(
                header, header.IsVersion5 ? RpcBindRejection.NotSpecified : RpcBindRejection.ProtocolVersionNotSupported);
        output.TrySend(answer);
        return false;
    }

    private async ValueTask<bool> HandleAsync(
        RpcHeader header, ReadOnlyMemory<byte> pdu, IRpcOutput output, CancellationToken cancellation)
    {
        switch (header.Type)
        {
            case RpcPacketType.Bind:
                return Bind(header, pdu.Span[RpcHeader.Length..], output);
            case RpcPacketType.AlterContext:
                return AlterContext(header, pdu.Span[RpcHeader.Length..], output);
            case RpcPacketType.Request:
                return await RequestAsync(header, pdu, output, cancellation).ConfigureAwait(false);
            case RpcPacketType.Cancel:
                // Calls run one after the other: the call is over, or not yet complete and so not begun.
                return true;
            case RpcPacketType.Orphaned:
                if (_pending?.CallId == header.CallId)
                {
                    _pending = null;
                }

                return true;
            case RpcPacketType.Auth3:
                // No authentication was begun, and this PDU has no answer.
                return false;
            default:
                return Refuse(header, 0, RpcStatus.ProtocolError, output);
        }
    }

    private bool Bind(RpcHeader header, ReadOnlySpan<byte> body, IRpcOutput output)
    {
        if (_association is not null || !header.IsOnlyFragment)
        {
            output.TrySend(RpcPdu.BindNak(header, RpcBindRejection.NotSpecified));
            return false;
        }

        if (header.AuthLength != 0)
        {
            return output.TrySend(RpcPdu.BindNak(header, RpcBindRejection.AuthenticationTypeNotRecognized));
        }

        var reader = new NdrReader(body);
        reader.ReadUInt16();
        var clientReceives = reader.ReadUInt16();
        var groupId = reader.ReadUInt32();
        var contexts = new List<(ushort Id, IRpcInterface Interface)>();
        if (!TryReadContexts(ref reader, contexts, out var results))
        {
            return output.TrySend(RpcPdu.BindNak(header, RpcBindRejection.NotSpecified));
        }

        if (!TryAssociate(groupId))
        {
            return output.TrySend(RpcPdu.BindNak(header, RpcBindRejection.NotSpecified));
        }

        _maxTransmit = Math.Clamp(clientReceives, MinFragment, OfferedFragment);
        foreach (var (id, served) in contexts)
        {
            _contexts[id] = served;
        }

        return output.TrySend(RpcPdu.BindAck(header, _maxTransmit, OfferedFragment, _association!.Id, _secondaryAddress, results));
    }

    private bool AlterContext(RpcHeader header, ReadOnlySpan<byte> body, IRpcOutput output)
    {
        if (_association is null || !header.IsOnlyFragment)
        {
            return Refuse(header, 0, RpcStatus.ProtocolError, output);
        }

        if (header.AuthLength != 0)
        {
            return Refuse(header, 0, RpcStatus.AccessDenied, output);
        }

        // Fragment sizes and the group were settled by the bind.
        var reader = new NdrReader(body);
        reader.ReadBytes(8);
        var contexts = new List<(ushort Id, IRpcInterface Interface)>();
        if (!TryReadContexts(ref reader, contexts, out var results))
        {
            return Refuse(header, 0, RpcStatus.ProtocolError, output);
        }

        foreach (var (id, served) in contexts)
        {
            _contexts[id] = served;
        }

        return output.TrySend(RpcPdu.BindAck(header, _maxTransmit, OfferedFragment, _association.Id, "", results));
    }

    /// <summary>
    /// Reads a p_cont_list_t (C706 section 12.6.3.1): count (1 byte, 3 reserved); each context its id (2), number of transfer syntaxes
    /// (1, 1 reserved), abstract syntax, transfer syntaxes (UUID and version, 20 bytes each).
    /// </summary>
    private bool TryReadContexts(
        ref NdrReader reader, List<(ushort Id, IRpcInterface Interface)> accepted, out RpcContextResult[] results)
    {
        var count = reader.ReadByte();
        reader.ReadBytes(3);
        results = new RpcContextResult[count];
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var id = reader.ReadUInt16();
            var transferCount = reader.ReadByte();
            reader.ReadByte();
            var wanted = ReadSyntax(ref reader);
            var hasNdr = false;
            RpcBindTimeFeatures? features = null;
            for (var j = 0; j < transferCount && !reader.Failed; j++)
            {
                var transfer = ReadSyntax(ref reader);
                hasNdr |= transfer == RpcSyntax.Ndr;
                if (transfer.IsBindTimeFeatures(out var asked))
                {
                    features = asked;
                }
            }

            var served = _interfaces.FirstOrDefault(candidate => candidate.Syntax.Serves(wanted));
            results[i] = Answer(id, served, hasNdr, features, accepted);
        }

        // A result is as long as the shortest context, so the answer to any one PDU is one PDU.
        return !reader.Failed && count > 0;
    }

    private RpcContextResult Answer(
        ushort id, IRpcInterface? served, bool hasNdr, RpcBindTimeFeatures? features, List<(ushort Id, IRpcInterface Interface)> accepted)
    {
        // An orphaned call leaves the connection in use here; security contexts there are none of.
        if (features is { } asked && !hasNdr)
        {
            return RpcContextResult.Features(asked & RpcBindTimeFeatures.KeepConnectionOnOrphan);
        }

        if (served is null)
        {
            return RpcContextResult.UnknownInterface;
        }

        if (!hasNdr)
        {
            return RpcContextResult.UnknownTransferSyntax;
        }

        if (_contexts.Count + accepted.Count >= MaxContexts)
        {
            return RpcContextResult.LimitExceeded;
        }

        accepted.Add((id, served));
        return RpcContextResult.Accepted;
    }

    private static RpcSyntax ReadSyntax(ref NdrReader reader) => new(reader.ReadGuid(), reader.ReadUInt16(), reader.ReadUInt16());

    private bool TryAssociate(uint groupId)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return false;
            }

            _association = groupId == 0 ? _associations.Create(_caller) : _associations.Join(groupId, _caller);
            return _association is not null;
        }
    }

    /// <summary>
    /// A request: allocation hint (4 bytes), context id (2), opnum (2), object UUID (16, when flagged), stub. Its fragments follow one
    /// another; a call of which more is to come and another call do not mix (no concurrent multiplexing was offered).
    /// </summary>
    private async ValueTask<bool> RequestAsync(
        RpcHeader header, ReadOnlyMemory<byte> pdu, IRpcOutput output, CancellationToken cancellation)
    {
        var reader = new NdrReader(pdu.Span[RpcHeader.Length..]);
        reader.ReadUInt32();
        var contextId = reader.ReadUInt16();
        var opnum = reader.ReadUInt16();
        if (header.Flags.HasFlag(RpcPacketFlags.ObjectUuid))
        {
            reader.ReadGuid();
        }

        if (reader.Failed || _association is null)
        {
            return Refuse(header, contextId, RpcStatus.ProtocolError, output);
        }

        if (header.AuthLength != 0)
        {
            return Refuse(header, contextId, RpcStatus.AccessDenied, output);
        }

        var stub = pdu[^reader.Remaining..];
        var isFirst = header.Flags.HasFlag(RpcPacketFlags.FirstFragment);
        var isLast = header.Flags.HasFlag(RpcPacketFlags.LastFragment);
        if (isFirst ? _pending is not null : _pending?.Continues(header.CallId, contextId, opnum) != true)
        {
            return Refuse(header, contextId, RpcStatus.ProtocolError, output);
        }

        if (isFirst && isLast)
        {
            return await InvokeAsync(header, contextId, opnum, stub, output, cancellation).ConfigureAwait(false);
        }

        _pending ??= new PendingCall(header.CallId, contextId, opnum);
        if (stub.Length > MaxRequestStub - _pending.Stub.WrittenCount)
        {
            return Refuse(header, contextId, RpcStatus.RemoteNoMemory, output);
        }

        _pending.Stub.Write(stub.Span);
        if (!isLast)
        {
            return true;
        }

        var joined = _pending.Stub.WrittenMemory;
        _pending = null;
        return await InvokeAsync(header, contextId, opnum, joined, output, cancellation).ConfigureAwait(false);
    }

    private async ValueTask<bool> InvokeAsync(
        RpcHeader header, ushort contextId, ushort opnum, ReadOnlyMemory<byte> stub, IRpcOutput output, CancellationToken cancellation)
    {
        if (!_contexts.TryGetValue(contextId, out var served))
        {
            return output.TrySend(RpcPdu.Fault(header, contextId, RpcStatus.UnknownInterface, executed: false));
        }

        using var writer = new NdrWriter();
        var call = new RpcCall(opnum, stub, _caller, _association!.Handles);
        var status = await served.InvokeAsync(call, writer, cancellation).ConfigureAwait(false);
        if (status != RpcStatus.Ok)
        {
            var executed = status is not (RpcStatus.OperationRangeError or RpcStatus.BadStubData);
            return output.TrySend(RpcPdu.Fault(header, contextId, status, executed));
        }

        return Respond(header, contextId, writer.Written.Span, output);
    }

    private bool Respond(RpcHeader header, ushort contextId, ReadOnlySpan<byte> stub, IRpcOutput output)
    {
        // C706 section 12.6.2.1: the stub of every fragment but the last is a multiple of 8, so that NDR's alignment carries over.
        var room = (_maxTransmit - RpcPdu.CallHeaderLength) & ~7;
        var offset = 0;
        do
        {
            var count = Math.Min(room, stub.Length - offset);
            if (!output.TrySend(RpcPdu.Response(header, contextId, stub, offset, count)))
            {
                return false;
            }

            offset += count;
        }
        while (offset < stub.Length);
        return true;
    }

    private static bool Refuse(RpcHeader header, ushort contextId, RpcStatus status, IRpcOutput output)
    {
        output.TrySend(RpcPdu.Fault(header, contextId, status, executed: false));
        return false;
    }

    /// <summary>A request of which fragments are still to come.</summary>
    private sealed class PendingCall(uint callId, ushort contextId, ushort opnum)
    {
        public uint CallId => callId;

        public ArrayBufferWriter<byte> Stub { get; } = new(OfferedFragment);

        public bool Continues(uint nextCallId, ushort nextContextId, ushort nextOpnum) =>
            nextCallId == callId && nextContextId == contextId && nextOpnum == opnum;
    }
}
