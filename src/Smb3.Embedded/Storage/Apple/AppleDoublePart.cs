using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Apple;

/// <summary>What goes from an AppleDouble file into one stream: bytes at hand, or a part of that file.</summary>
internal sealed class AppleDoublePart
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly IStoreFile? _file;
    private readonly long _offset;

    private AppleDoublePart(string stream, long length, ReadOnlyMemory<byte> bytes, IStoreFile? file, long offset)
    {
        Stream = stream;
        Length = length;
        _bytes = bytes;
        _file = file;
        _offset = offset;
    }

    /// <summary>The name of the stream.</summary>
    public string Stream { get; }

    public long Length { get; }

    public static AppleDoublePart Of(string stream, ReadOnlyMemory<byte> bytes) => new(stream, bytes.Length, bytes, null, 0);

    public static AppleDoublePart Of(string stream, IStoreFile file, AppleDoubleRange range) =>
        new(stream, range.Length, default, file, range.Offset);

    /// <summary>Fills the buffer, which ends within the part.</summary>
    public ValueTask<NtResult<int>> ReadAsync(long at, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_file is not null)
        {
            return _file.ReadAsync(_offset + at, buffer, cancellationToken);
        }

        _bytes.Slice((int)at, buffer.Length).CopyTo(buffer);
        return new(buffer.Length);
    }
}
