using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>Finds the attributes of a file that are named streams.</summary>
/// <param name="faults">Told about malformed ones, which are left out.</param>
internal sealed class StreamAttributes(AttributeFaults faults)
{
    /// <summary>Finds a stream by its name, first as written and then in any other case.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The stream's name.</param>
    /// <param name="caseSensitive">Whether the name must match as written.</param>
    /// <param name="diskName">The attribute's name, with a terminating zero.</param>
    /// <param name="attribute">The content of the attribute.</param>
    /// <returns>Success; or OBJECT_NAME_NOT_FOUND.</returns>
    public NtStatus Find(
        FileDescriptor file, string name, bool caseSensitive, out byte[] diskName, out StreamAttribute attribute)
    {
        diskName = StreamAttribute.DiskName(name, caseSensitive);
        var error = AttributeCalls.Get(file, diskName, out var value);
        if (error == 0 && StreamAttribute.TryParse(diskName, value, out attribute))
        {
            return NtStatus.Success;
        }

        attribute = default;
        if (error is not (0 or Errno.NoData))
        {
            return error.ToStatus();
        }

        if (error == 0)
        {
            faults.Report(file, diskName);
        }

        if (caseSensitive)
        {
            return NtStatus.ObjectNameNotFound;
        }

        foreach (var (other, found) in List(file, out _))
        {
            if (!found.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            diskName = other;
            attribute = found;
            return NtStatus.Success;
        }

        return NtStatus.ObjectNameNotFound;
    }

    /// <summary>All streams of a file, with their disk names.</summary>
    /// <param name="file">The file.</param>
    /// <param name="error">Why some, or all, are missing.</param>
    public List<(byte[] DiskName, StreamAttribute Attribute)> List(FileDescriptor file, out Errno error)
    {
        var all = new List<(byte[], StreamAttribute)>();
        error = AttributeCalls.List(file, out var names);
        if (error != 0)
        {
            error = error == Errno.NotSupported ? 0 : error; // another file system, mounted below the root, without attributes
            return all;
        }

        foreach (var name in new AttributeNames(names))
        {
            if (!name.StartsWith(InodeExtras.StreamPrefix))
            {
                continue;
            }

            var unread = AttributeCalls.Get(file, name, out var value);
            if (unread is not (0 or Errno.NoData))
            {
                error = unread;
            }
            else if (unread == 0 && StreamAttribute.TryParse(name, value, out var attribute))
            {
                all.Add((name.ToArray(), attribute));
            }
            else if (unread == 0)
            {
                faults.Report(file, name);
            }
        }

        return all;
    }
}
