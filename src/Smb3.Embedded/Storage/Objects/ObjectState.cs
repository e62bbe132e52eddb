using System.Globalization;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>What is known of a file or a folder beyond its data. What keys do not have is kept in the properties of the object.</summary>
internal readonly record struct ObjectState(
    ulong Id, FileAttributes Attributes, long Length, FileTime Created, FileTime Accessed, FileTime Written, FileTime Changed)
{
    private const FileAttributes Settable = FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System
        | FileAttributes.Archive | FileAttributes.Temporary | FileAttributes.Offline | FileAttributes.NotContentIndexed;

    private const int Unit = 4096;

    /// <summary>Of a folder that no object stands for.</summary>
    private static readonly FileTime Unknown = FileTime.From(new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public static ObjectState New(NewFile parameters, FileTime now) => new(
        (ulong)Random.Shared.NextInt64(1, long.MaxValue), parameters.Attributes & Settable, 0, now, now, now, now);

    public static ObjectState Of(ObjectEntry entry, bool keepsProperties)
    {
        var isFolder = ObjectKeys.IsFolder(entry.Key);
        if (keepsProperties && TryParse(entry.Properties, out var kept))
        {
            return kept with { Length = isFolder ? 0 : entry.Length };
        }

        var time = isFolder ? Unknown : FileTime.From(entry.LastWritten);
        return new(ObjectKeys.NumberOf(entry.Key), 0, isFolder ? 0 : entry.Length, time, time, time, time);
    }

    /// <summary>A folder of which nothing but keys below it is known.</summary>
    public static ObjectState OfFolder(string key) => Of(new ObjectEntry(key, 0, default), keepsProperties: false);

    /// <summary>The same after its data was changed.</summary>
    public ObjectState WrittenAt(FileTime now, long length) => this with { Length = length, Written = now, Changed = now };

    public ObjectState With(FileMetadataChange change, FileTime now) => this with
    {
        Attributes = change.Attributes is { } attributes ? attributes & Settable : Attributes,
        Created = change.CreationTime ?? Created,
        Accessed = change.LastAccessTime ?? Accessed,
        Written = change.LastWriteTime ?? Written,
        Changed = change.ChangeTime ?? now,
    };

    public FileMetadata ToMetadata(bool isFolder) => new()
    {
        FileId = Id,
        Attributes = isFolder ? Attributes | FileAttributes.Directory : Attributes,
        Length = Length,
        AllocationSize = (Length + Unit - 1) / Unit * Unit,
        CreationTime = Created,
        LastAccessTime = Accessed,
        LastWriteTime = Written,
        ChangeTime = Changed,
        LinkCount = 1,
    };

    /// <summary>As the store keeps it: ASCII without quotes, at most 120 characters.</summary>
    public string Format() => string.Create(
        CultureInfo.InvariantCulture,
        $"1 {Id:x} {(uint)Attributes:x} {Created.Ticks:x} {Accessed.Ticks:x} {Written.Ticks:x} {Changed.Ticks:x}");

    private static bool TryParse(string? text, out ObjectState state)
    {
        state = default;
        Span<ulong> values = stackalloc ulong[6];
        var parts = text?.Split(' ') ?? [];
        if (parts.Length != values.Length + 1 || parts[0] != "1")
        {
            return false;
        }

        for (var i = 0; i < values.Length; i++)
        {
            if (!ulong.TryParse(parts[i + 1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out values[i])
                || (i > 1 && values[i] > long.MaxValue))
            {
                return false;
            }
        }

        state = new(
            values[0], (FileAttributes)values[1] & Settable, 0,
            new((long)values[2]), new((long)values[3]), new((long)values[4]), new((long)values[5]));
        return values[0] != 0;
    }
}
