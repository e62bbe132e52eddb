using System.Buffers;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>
/// The extended attributes that clients see: NAME is <c>user.NAME</c> on disk, so they are shared with setfattr(1) and other programs. A
/// name in another case refers to the existing attribute. The store's own, <c>user.smb3.*</c>, are not among them.
/// </summary>
internal static class ExtendedAttributes
{
    private const uint MaxSize = 65_535; // as NTFS

    private static readonly SearchValues<byte> Forbidden = SearchValues.Create("\"*+,/:;<=>?[\\]|"u8);

    /// <summary>Whether a disk name is visible to clients: those are the names that clients can write.</summary>
    public static bool IsVisible(ReadOnlySpan<byte> nameWithZero)
    {
        if (!nameWithZero.StartsWith(AttributeCalls.UserPrefix) || IsOwn(nameWithZero))
        {
            return false;
        }

        var name = nameWithZero[AttributeCalls.UserPrefix.Length..^1];
        return !name.IsEmpty && !name.ContainsAnyExceptInRange((byte)0x20, (byte)0x7F) && !name.ContainsAny(Forbidden);
    }

    /// <summary>Whether a disk name is one of the store's own, in any case: not every file system distinguishes case.</summary>
    private static bool IsOwn(ReadOnlySpan<byte> name) =>
        name.Length >= AttributeCalls.OwnPrefix.Length
        && Ascii.EqualsIgnoreCase(name[..AttributeCalls.OwnPrefix.Length], AttributeCalls.OwnPrefix);

    /// <summary>All extended attributes of a file.</summary>
    public static NtResult<IReadOnlyList<ExtendedAttribute>> Get(FileDescriptor file)
    {
        var error = AttributeCalls.List(file, out var names);
        if (error != 0)
        {
            return error.ToStatus();
        }

        var all = new List<ExtendedAttribute>();
        foreach (var name in new AttributeNames(names))
        {
            if (!IsVisible(name) || AttributeCalls.Get(file, name, out var value) != 0 || value.Length == 0)
            {
                continue;
            }

            var shown = Shown(name);
            if (!all.Exists(other => other.Name.Equals(shown, StringComparison.OrdinalIgnoreCase)))
            {
                all.Add(new ExtendedAttribute(shown, value));
            }
        }

        all.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return all;
    }

    /// <summary>Sets and removes attributes, all or none. The file's lock must be held.</summary>
    public static NtStatus Set(FileDescriptor file, IReadOnlyList<ExtendedAttribute> changes)
    {
        foreach (var change in changes)
        {
            // The server has already refused such a name; but the host app can call the store too, and these attributes decide who may do
            // what.
            if (IsOwn([.. AttributeCalls.UserPrefix, .. Encoding.Latin1.GetBytes(change.Name)]))
            {
                return NtStatus.InvalidEaName;
            }
        }

        var old = Get(file);
        if (!old.Succeeded)
        {
            return old.Status;
        }

        if (SizeAfter(old.Value, changes) > MaxSize)
        {
            return NtStatus.EaTooLarge;
        }

        var error = AttributeCalls.List(file, out var names);
        for (var i = 0; i < changes.Count && error == 0; i++)
        {
            error = Apply(file, names, changes[i]);
            if (error != 0)
            {
                Restore(file, names, old.Value, changes, i);
            }
        }

        // ext4 has room for about 4 KiB in all, other file systems for 64 KiB.
        return error switch
        {
            0 => NtStatus.Success,
            Errno.NoSpace or Errno.TooLong or Errno.Range or Errno.NameTooLong => NtStatus.EaTooLarge,
            _ => error.ToStatus(),
        };
    }

    private static uint SizeAfter(IReadOnlyList<ExtendedAttribute> old, IReadOnlyList<ExtendedAttribute> changes)
    {
        var all = new Dictionary<string, ExtendedAttribute>(StringComparer.OrdinalIgnoreCase);
        foreach (var attribute in old)
        {
            all[attribute.Name] = attribute;
        }

        foreach (var change in changes)
        {
            all.Remove(change.Name);
            if (!change.Value.IsEmpty)
            {
                all.Add(change.Name, change);
            }
        }

        return ExtendedAttribute.SizeOf([.. all.Values]);
    }

    private static Errno Apply(FileDescriptor file, ReadOnlySpan<byte> names, ExtendedAttribute change)
    {
        if (!change.Value.IsEmpty)
        {
            return AttributeCalls.Set(file, OnDisk(names, change.Name), change.Value.Span);
        }

        var error = AttributeCalls.Remove(file, OnDisk(names, change.Name));
        return error == Errno.NoData ? 0 : error;
    }

    private static void Restore(
        FileDescriptor file, ReadOnlySpan<byte> names, IReadOnlyList<ExtendedAttribute> old,
        IReadOnlyList<ExtendedAttribute> changes, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var value = default(ReadOnlyMemory<byte>);
            foreach (var attribute in old)
            {
                if (attribute.Name.Equals(changes[i].Name, StringComparison.OrdinalIgnoreCase))
                {
                    value = attribute.Value;
                }
            }

            _ = Apply(file, names, new ExtendedAttribute(changes[i].Name, value));
        }
    }

    private static byte[] OnDisk(ReadOnlySpan<byte> names, string wanted)
    {
        foreach (var name in new AttributeNames(names))
        {
            if (IsVisible(name) && Shown(name).Equals(wanted, StringComparison.OrdinalIgnoreCase))
            {
                return name.ToArray();
            }
        }

        return [.. AttributeCalls.UserPrefix, .. Encoding.ASCII.GetBytes(wanted), 0];
    }

    private static string Shown(ReadOnlySpan<byte> nameWithZero) =>
        Encoding.ASCII.GetString(nameWithZero[AttributeCalls.UserPrefix.Length..^1]);
}
