using System.Buffers;

namespace Smb3.Embedded.Rpc;

/// <summary>One call of a connection, from its first fragment to its answer. Owns its stub; whoever ends the call disposes it.</summary>
internal sealed class RpcServerCall(RpcHeader header, ushort contextId, ushort opnum, RpcQuota quota) : IDisposable
{
    // Nothing of it needs to be disposed, so that it can be cancelled at any time.
    private readonly CancellationTokenSource _cancellation = new();
    private byte[] _stub = [];
    private int _length;

    /// <summary>The header of its first fragment.</summary>
    public RpcHeader Header => header;

    public uint CallId => header.CallId;

    public ushort ContextId => contextId;

    public ushort Opnum => opnum;

    /// <summary>The parameters so far.</summary>
    public ReadOnlyMemory<byte> Stub => _stub.AsMemory(0, _length);

    /// <summary>Whether its last fragment has come. Guarded by the connection, as are the next two.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Whether it has been handed to the interface.</summary>
    public bool IsRunning { get; set; }

    /// <summary>Whether nobody wants its answer any more.</summary>
    public bool IsOrphaned { get; set; }

    public CancellationToken Cancellation => _cancellation.Token;

    /// <summary>Whether a fragment belongs to this call.</summary>
    public bool Continues(ushort nextContextId, ushort nextOpnum) => !IsComplete && nextContextId == contextId && nextOpnum == opnum;

    /// <summary>
    /// Adds the stub of a fragment; false when it becomes longer than <paramref name="max"/> or the caller holds too much.
    /// </summary>
    public bool TryAppend(ReadOnlySpan<byte> part, int max)
    {
        if (part.Length > max - _length || !quota.TryHold(part.Length))
        {
            return false;
        }

        if (_length + part.Length > _stub.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + part.Length, 2 * _length));
            Stub.Span.CopyTo(larger);
            Return();
            _stub = larger;
        }

        part.CopyTo(_stub.AsSpan(_length));
        _length += part.Length;
        return true;
    }

    public void Cancel() => _cancellation.Cancel();

    public void Dispose()
    {
        Return();
        quota.Release(_length);
        _stub = [];
        _length = 0;
    }

    private void Return()
    {
        if (_stub.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_stub);
        }
    }
}
