namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>What the extended attributes of an inode say of it.</summary>
/// <param name="Record">DOS attributes and times; null when there is no record.</param>
/// <param name="EaSize">Size of the attributes that clients see, as <see cref="FileMetadata.EaSize"/> counts.</param>
/// <param name="HasAny">Whether there is any attribute.</param>
/// <param name="HasStreams">Whether there is any named stream.</param>
internal readonly record struct InodeExtras(DosRecord? Record, uint EaSize, bool HasAny, bool HasStreams)
{
    private const int UsualListSize = 512;

    /// <summary>Reads what is known of an open file.</summary>
    public static unsafe InodeExtras Of(FileDescriptor file)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
            return Read(text, follow: true);
    }

    /// <summary>Reads what is known of an entry of a directory; a symbolic link is not followed.</summary>
    public static unsafe InodeExtras OfEntry(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero)
    {
        using var handle = new HandlePath(directory);
        Span<byte> path = stackalloc byte[HandlePath.MaxLength + 1 + 256];
        handle.Text.CopyTo(path);
        path[handle.Length] = (byte)'/';
        nameWithZero.CopyTo(path[(handle.Length + 1)..]);
        fixed (byte* text = path)
            return Read(text, follow: false);
    }

    /// <summary>The record of an open file alone.</summary>
    public static unsafe DosRecord? RecordOf(FileDescriptor file)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
            return ReadRecord(text, follow: true);
    }

    private static unsafe InodeExtras Read(byte* path, bool follow)
    {
        var usual = stackalloc byte[UsualListSize];
        var size = List(path, usual, UsualListSize, follow);
        if (size > 0)
            return Read(path, new ReadOnlySpan<byte>(usual, (int)size), follow);
        if (size == 0 || Native.LastError != Errno.Range)
            return default;
        size = List(path, null, 0, follow);
        if (size <= 0)
            return default;
        var names = new byte[size];
        fixed (byte* list = names)
            size = List(path, list, names.Length, follow);
        return size <= 0 ? default : Read(path, names.AsSpan(0, (int)size), follow);
    }

    private static unsafe InodeExtras Read(byte* path, ReadOnlySpan<byte> names, bool follow)
    {
        DosRecord? record = null;
        var eaSize = 0u;
        var hasStreams = false;
        foreach (var name in new AttributeNames(names))
        {
            if (name.SequenceEqual(DosRecord.Name))
                record = ReadRecord(path, follow);
            else if (name.StartsWith(Streams.StreamAttribute.Prefix))
                hasStreams = true;
            else if (ExtendedAttributes.IsVisible(name))
                eaSize += SizeOf(path, name, follow);
        }

        return new InodeExtras(record, eaSize == 0 ? 0 : eaSize + 4, true, hasStreams);
    }

    private static unsafe uint SizeOf(byte* path, ReadOnlySpan<byte> nameWithZero, bool follow)
    {
        fixed (byte* name = nameWithZero)
        {
            var size = Get(path, name, null, 0, follow);
            return size <= 0 ? 0 : (uint)(5 + nameWithZero.Length - 1 - AttributeCalls.UserPrefix.Length + size);
        }
    }

    private static unsafe DosRecord? ReadRecord(byte* path, bool follow)
    {
        var value = stackalloc byte[DosRecord.Size];
        fixed (byte* name = DosRecord.Name)
        {
            var size = Get(path, name, value, DosRecord.Size, follow);
            return size > 0 && DosRecord.TryParse(new ReadOnlySpan<byte>(value, (int)size), out var record) ? record : null;
        }
    }

    private static unsafe nint List(byte* path, byte* names, nint size, bool follow) =>
        follow ? Native.ListAttributes(path, names, size) : Native.ListAttributesNoFollow(path, names, size);

    private static unsafe nint Get(byte* path, byte* name, byte* value, nint size, bool follow) => follow
        ? Native.GetAttribute(path, name, value, size)
        : Native.GetAttributeNoFollow(path, name, value, size);
}
