using System.Buffers;

namespace Smb3.Embedded.Rpc;

/// <summary>What the bytes received so far are.</summary>
internal enum RpcFragmentState
{
    /// <summary>Not a whole fragment yet.</summary>
    Incomplete,

    /// <summary>A whole fragment.</summary>
    Complete,

    /// <summary>An unacceptable header: another version, a data representation that does not exist, or too long a fragment.</summary>
    Unacceptable,
}

/// <summary>
/// Splits what arrives into fragments, however the transport has split it: pieces are collected, and a whole fragment is not copied. Of an
/// unacceptable fragment nothing is kept beyond its header.
/// </summary>
internal sealed class RpcFragmentReader(int maxFragment)
{
    private readonly ArrayBufferWriter<byte> _partial = new();
    private bool _isTaken;

    /// <summary>Takes the next fragment off <paramref name="data"/>; it is valid until the next call.</summary>
    public RpcFragmentState Take(ref ReadOnlyMemory<byte> data, out RpcHeader header, out ReadOnlyMemory<byte> fragment)
    {
        if (_isTaken)
        {
            _partial.ResetWrittenCount();
            _isTaken = false;
        }

        fragment = default;
        var isInPlace = _partial.WrittenCount == 0 && data.Length >= RpcHeader.Length;
        if (!isInPlace)
        {
            Collect(ref data, RpcHeader.Length);
        }

        var start = isInPlace ? data.Span : _partial.WrittenSpan;
        if (start.Length < RpcHeader.Length)
        {
            header = default;
            return RpcFragmentState.Incomplete;
        }

        header = RpcHeader.Parse(start);
        if (!header.IsVersion5 || !header.IsKnownRepresentation || header.FragmentLength < RpcHeader.Length
            || header.FragmentLength > maxFragment)
        {
            return RpcFragmentState.Unacceptable;
        }

        if (isInPlace && header.FragmentLength <= data.Length)
        {
            fragment = data[..header.FragmentLength];
            data = data[header.FragmentLength..];
            return RpcFragmentState.Complete;
        }

        Collect(ref data, header.FragmentLength);
        if (_partial.WrittenCount < header.FragmentLength)
        {
            return RpcFragmentState.Incomplete;
        }

        fragment = _partial.WrittenMemory;
        _isTaken = true;
        return RpcFragmentState.Complete;
    }

    private void Collect(ref ReadOnlyMemory<byte> data, int upTo)
    {
        var count = Math.Max(0, Math.Min(data.Length, upTo - _partial.WrittenCount));
        _partial.Write(data.Span[..count]);
        data = data[count..];
    }
}
