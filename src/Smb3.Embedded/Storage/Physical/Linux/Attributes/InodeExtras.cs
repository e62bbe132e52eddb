using System.Buffers.Binary;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>What the extended attributes of an inode say about it.</summary>
/// <param name="Record">DOS attributes and times; null when there is no record.</param>
/// <param name="EaSize">Size of the attributes that clients see, counted as for <see cref="FileMetadata.EaSize"/>.</param>
/// <param name="HasAny">Whether there is any attribute.</param>
/// <param name="HasStreams">Whether there is any named stream.</param>
/// <param name="HasDescriptor">Whether there is a security descriptor.</param>
internal readonly record struct InodeExtras(DosRecord? Record, uint EaSize, bool HasAny, bool HasStreams, bool HasDescriptor)
{
    private const int UsualListSize = 512;
    private const int ReparseHeaderSize = 8;
    private const int GuidSize = 16;
    private const int MaxReparseSize = 16 * 1024; // MAXIMUM_REPARSE_DATA_BUFFER_SIZE
    private const uint MicrosoftBit = 0x80000000;

    /// <summary>Whether there is a malformed record, which is ignored.</summary>
    public bool IsRecordMalformed { get; init; }

    /// <summary>Whether the record announces a reparse point whose data is missing or malformed, so that it is ignored.</summary>
    public bool IsReparsePointMalformed { get; init; }

    /// <summary>The attribute that holds the data of a reparse point, as a REPARSE_DATA_BUFFER.</summary>
    public static ReadOnlySpan<byte> ReparseName => "user.smb3.reparse\0"u8;

    /// <summary>The attribute that holds the security descriptor.</summary>
    public static ReadOnlySpan<byte> DescriptorName => "user.smb3.sd\0"u8;

    /// <summary>What the names of the attributes that are named streams begin with.</summary>
    public static ReadOnlySpan<byte> StreamPrefix => "user.smb3.stream."u8;

    /// <summary>Reads what is known about an open file.</summary>
    public static unsafe InodeExtras Of(FileDescriptor file)
    {
        if (!file.IsPlace)
        {
            var extras = Read(new AttributeSource(file));
            if (!file.IsPlace)
            {
                return extras;
            }
        }

        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        {
            return Read(new AttributeSource(text, follow: true));
        }
    }

    /// <summary>Reads what is known about a directory entry; a symbolic link is not followed.</summary>
    public static unsafe InodeExtras OfEntry(FileDescriptor directory, ReadOnlySpan<byte> nameWithZero)
    {
        if (Native.HasAttributesAt)
        {
            fixed (byte* name = nameWithZero)
            {
                return Read(new AttributeSource(directory, name));
            }
        }

        using var handle = new HandlePath(directory);
        Span<byte> path = stackalloc byte[HandlePath.MaxLength + 1 + 256];
        handle.Text.CopyTo(path);
        path[handle.Length] = (byte)'/';
        nameWithZero.CopyTo(path[(handle.Length + 1)..]);
        fixed (byte* text = path)
        {
            return Read(new AttributeSource(text, follow: false));
        }
    }

    /// <summary>Only the record of an open file.</summary>
    public static unsafe DosRecord? RecordOf(FileDescriptor file)
    {
        using var handle = new HandlePath(file);
        fixed (byte* text = handle.Text)
        {
            return ReadRecord(new AttributeSource(text, follow: true), out _);
        }
    }

    private static unsafe InodeExtras Read(AttributeSource source)
    {
        var usual = stackalloc byte[UsualListSize];
        var size = source.List(usual, UsualListSize);
        if (size > 0)
        {
            return Read(source, new ReadOnlySpan<byte>(usual, (int)size));
        }

        if (size == 0 || Native.LastError != Errno.Range)
        {
            return default;
        }

        size = source.List(null, 0);
        if (size <= 0)
        {
            return default;
        }

        var names = new byte[size];
        fixed (byte* list = names)
        {
            size = source.List(list, names.Length);
        }

        return size <= 0 ? default : Read(source, names.AsSpan(0, (int)size));
    }

    private static unsafe InodeExtras Read(AttributeSource source, ReadOnlySpan<byte> names)
    {
        DosRecord? record = null;
        var eaSize = 0u;
        var hasStreams = false;
        var hasDescriptor = false;
        var isRecordMalformed = false;
        var isReparsePointMalformed = false;
        foreach (var name in new AttributeNames(names))
        {
            if (name.SequenceEqual(DosRecord.Name))
            {
                record = ReadRecord(source, out isReparsePointMalformed);
                isRecordMalformed = record is null;
            }
            else if (name.SequenceEqual(DescriptorName))
            {
                hasDescriptor = true;
            }
            else if (name.StartsWith(StreamPrefix))
            {
                hasStreams = true;
            }
            else if (ExtendedAttributes.IsVisible(name))
            {
                eaSize += SizeOf(source, name);
            }
        }

        return new InodeExtras(record, eaSize == 0 ? 0 : eaSize + 4, true, hasStreams, hasDescriptor)
        {
            IsRecordMalformed = isRecordMalformed,
            IsReparsePointMalformed = isReparsePointMalformed,
        };
    }

    private static unsafe uint SizeOf(AttributeSource source, ReadOnlySpan<byte> nameWithZero)
    {
        fixed (byte* name = nameWithZero)
        {
            var size = source.Get(name, null, 0);
            return size <= 0 ? 0 : (uint)(5 + nameWithZero.Length - 1 - AttributeCalls.UserPrefix.Length + size);
        }
    }

    private static unsafe DosRecord? ReadRecord(AttributeSource source, out bool isReparsePointMalformed)
    {
        isReparsePointMalformed = false;
        var value = stackalloc byte[DosRecord.Size];
        fixed (byte* name = DosRecord.Name)
        {
            var size = source.Get(name, value, DosRecord.Size);
            if (size <= 0 || !DosRecord.TryParse(new ReadOnlySpan<byte>(value, (int)size), out var record))
            {
                return null;
            }

            if (record.ReparseTag == 0 || HasReparsePoint(source, record.ReparseTag))
            {
                return record;
            }

            // A tag without data would make the file inaccessible to everyone.
            isReparsePointMalformed = true;
            return record with { ReparseTag = 0, Attributes = record.Attributes & ~FileAttributes.ReparsePoint };
        }
    }

    /// <summary>Whether the data of a reparse point exists, matches the tag, and has the length that it states.</summary>
    private static unsafe bool HasReparsePoint(AttributeSource source, uint tag)
    {
        fixed (byte* name = ReparseName)
        {
            var size = source.Get(name, null, 0);
            if (size is < ReparseHeaderSize or > MaxReparseSize)
            {
                return false;
            }

            var value = new byte[size];
            fixed (byte* bytes = value)
            {
                return source.Get(name, bytes, size) == size && IsReparsePoint(value, tag);
            }
        }
    }

    /// <summary>REPARSE_DATA_BUFFER and REPARSE_GUID_DATA_BUFFER (MS-FSCC 2.1.2.2 and 2.1.2.3): tag, length of the data, GUID.</summary>
    private static bool IsReparsePoint(ReadOnlySpan<byte> value, uint tag)
    {
        var header = (tag & MicrosoftBit) != 0 ? ReparseHeaderSize : ReparseHeaderSize + GuidSize;
        return BinaryPrimitives.ReadUInt32LittleEndian(value) == tag
            && header + BinaryPrimitives.ReadUInt16LittleEndian(value[4..]) == value.Length;
    }
}
