using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.NetApi;

/// <summary>One member of an information level: a DWORD, a string behind a pointer, or bytes behind a pointer.</summary>
internal readonly record struct NetField<T>
{
    private readonly Func<T, uint>? _number;
    private readonly Func<T, string?>? _text;
    private readonly Func<T, ReadOnlyMemory<byte>>? _bytes;

    private NetField(Func<T, uint>? number, Func<T, string?>? text, Func<T, ReadOnlyMemory<byte>>? bytes)
    {
        _number = number;
        _text = text;
        _bytes = bytes;
    }

    /// <summary>A DWORD.</summary>
    public static NetField<T> Number(Func<T, uint> value) => new(value, null, null);

    /// <summary>[string] wchar_t*; null is a null pointer.</summary>
    public static NetField<T> Text(Func<T, string?> value) => new(null, value, null);

    /// <summary>[size_is] unsigned char*; empty is a null pointer. Its size is a member of its own.</summary>
    public static NetField<T> Bytes(Func<T, ReadOnlyMemory<byte>> value) => new(null, null, value);

    /// <summary>Writes what is in the structure itself: the number or the pointer.</summary>
    public void WriteInPlace(NdrWriter writer, T item)
    {
        if (_number is not null)
        {
            writer.WriteUInt32(_number(item));
        }
        else
        {
            writer.WritePointer(_text is not null ? _text(item) is not null : _bytes is not null && !_bytes(item).IsEmpty);
        }
    }

    /// <summary>Writes what follows the structure: the pointee.</summary>
    public void WritePointee(NdrWriter writer, T item)
    {
        if (_text?.Invoke(item) is { } text)
        {
            writer.WriteString(text);
        }
        else if (_bytes?.Invoke(item) is { IsEmpty: false } bytes)
        {
            writer.WriteUInt32((uint)bytes.Length);
            writer.WriteBytes(bytes.Span);
        }
    }

    /// <summary>The space that it takes in the client's memory.</summary>
    public long Size(T item) =>
        4 + (_text?.Invoke(item) is { } text ? 2 * (text.Length + 1L) : 0) + (_bytes?.Invoke(item).Length ?? 0);
}
