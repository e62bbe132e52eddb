using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>
/// The path <c>/proc/self/fd/N</c> of an open descriptor, for calls that refuse one that is a place only (O_PATH). It leads to exactly that
/// inode, whatever its name is now; the descriptor stays open as long as this object exists.
/// </summary>
internal ref struct HandlePath
{
    /// <summary>The most bytes of the text, including its terminating zero.</summary>
    public const int MaxLength = 32;

    private readonly FileDescriptor _file;
    private readonly bool _isHeld;
    private Bytes _text;

    public HandlePath(FileDescriptor file)
    {
        _file = file;
        file.DangerousAddRef(ref _isHeld);
        Span<byte> text = _text;
        "/proc/self/fd/"u8.CopyTo(text);
        Utf8Formatter.TryFormat(file.Number, text[14..], out var written);
        Length = 14 + written;
    }

    /// <summary>The number of bytes of the text without its terminating zero.</summary>
    public int Length { get; }

    /// <summary>The text, with a terminating zero.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Text => _text;

    /// <summary>Releases the descriptor.</summary>
    public readonly void Dispose()
    {
        if (_isHeld)
        {
            _file.DangerousRelease();
        }
    }

    [InlineArray(MaxLength)]
    private struct Bytes
    {
        private byte _first;
    }
}
