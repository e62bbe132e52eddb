using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Compression;

/// <summary>Puts the payloads of a chain one behind the other (MS-SMB2 2.2.42.2.1); what does not fit is not written.</summary>
/// <param name="target">Where they go.</param>
/// <param name="at">Where the first one begins.</param>
internal ref struct PayloadWriter(Span<byte> target, int at)
{
    private readonly Span<byte> _target = target;
    private readonly int _first = at;

    /// <summary>Bytes in front of the data of a payload that is compressed.</summary>
    public const int LongestHeader = CompressionPayloadHeader.Size + CompressionPayloadHeader.OriginalSizeSize;

    /// <summary>Where the next one begins.</summary>
    public int Written { get; private set; } = at;

    private readonly Span<byte> Rest => _target[Written..];

    /// <summary>Adds bytes as they are.</summary>
    public bool TryAdd(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return true;
        }

        if (Rest.Length < CompressionPayloadHeader.Size + bytes.Length)
        {
            return false;
        }

        bytes.CopyTo(Rest[CompressionPayloadHeader.Size..]);
        Add(Smb2CompressionAlgorithm.None, bytes.Length, (uint)bytes.Length);
        return true;
    }

    /// <summary>Adds a byte that is repeated (MS-SMB2 2.2.42.2.2).</summary>
    public bool TryAddRun(byte value, int length)
    {
        if (length == 0)
        {
            return true;
        }

        if (Rest.Length < CompressionPayloadHeader.Size + CompressionPayloadHeader.PatternSize)
        {
            return false;
        }

        var pattern = Rest.Slice(CompressionPayloadHeader.Size, CompressionPayloadHeader.PatternSize);
        pattern.Clear();
        pattern[0] = value;
        pattern.Put(4, (uint)length);
        Add(Smb2CompressionAlgorithm.PatternV1, pattern.Length, (uint)length);
        return true;
    }

    /// <summary>Adds the compressed form of bytes; false, too, where it is not shorter.</summary>
    public bool TryAddCompressed(CodecPool codecs, Smb2CompressionAlgorithm algorithm, ReadOnlySpan<byte> bytes)
    {
        if (Rest.Length <= LongestHeader)
        {
            return false;
        }

        var room = Rest[LongestHeader..];
        var written = codecs.Compress(algorithm, bytes, room[..Math.Min(room.Length, bytes.Length)]);
        if (written == 0)
        {
            return false;
        }

        Add(algorithm, written, (uint)bytes.Length);
        return true;
    }

    /// <summary>Adds data that was compressed elsewhere, perhaps in this target behind this place.</summary>
    public void Move(Smb2CompressionAlgorithm algorithm, ReadOnlySpan<byte> compressed, int original)
    {
        var header = algorithm == Smb2CompressionAlgorithm.None ? CompressionPayloadHeader.Size : LongestHeader;
        compressed.CopyTo(Rest[header..]);
        Add(algorithm, compressed.Length, (uint)original);
    }

    private void Add(Smb2CompressionAlgorithm algorithm, int payload, uint original) =>
        Written += CompressionPayloadHeader.Write(Rest, algorithm, Written == _first, payload, original) + payload;
}
