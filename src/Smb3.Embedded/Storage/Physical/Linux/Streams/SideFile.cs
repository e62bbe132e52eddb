using System.Buffers;
using System.Text;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;

namespace Smb3.Embedded.Storage.Physical.Linux.Streams;

/// <summary>A file of the side store that has a name of its own, rather than the id of a stream.</summary>
/// <param name="side">The side store.</param>
/// <param name="folder">The shared folder.</param>
/// <param name="name">The name.</param>
internal sealed class SideFile(SideStore side, string folder, string name) : IKeptFile
{
    private const long Largest = 1 << 28;

    private readonly byte[] _name = Encoding.ASCII.GetBytes(name + "\0");
    private readonly byte[] _passing = Encoding.ASCII.GetBytes(name + ".new\0");

    /// <inheritdoc/>
    public string Path { get; } = System.IO.Path.Join(folder, Encoding.ASCII.GetString(SideStore.DiskName[..^1]), name);

    /// <inheritdoc/>
    public Errno Stamp(out FileStamp stamp)
    {
        stamp = default;
        if (side.Directory is not { } directory)
        {
            return 0;
        }

        var error = InodeCalls.StatEntry(directory, _name, out var stat);
        if (error == 0)
        {
            stamp = new FileStamp(stat.Inode, stat.Change.Seconds, stat.Change.Nanoseconds, stat.Size);
        }

        return error == Errno.NoEntry ? 0 : error;
    }

    /// <inheritdoc/>
    public Errno Read(out byte[] content)
    {
        content = [];
        if (side.Directory is not { } directory)
        {
            return Errno.NoEntry;
        }

        using var file = SideStore.Open(directory, _name, make: false, out var error);
        if (file is null)
        {
            return error;
        }

        error = InodeCalls.Stat(file, out var stat);
        if (error == 0 && (!stat.IsRegular || stat.Size > Largest))
        {
            error = Errno.TooBig;
        }

        if (error != 0)
        {
            return error;
        }

        content = new byte[stat.Size];
        var done = 0;
        error = DataCalls.Read(file, 0, content, flags: 0, ref done);
        content = content[..done];
        return error;
    }

    /// <inheritdoc/>
    public Errno Replace(ReadOnlySpan<byte> content)
    {
        if (side.Make(out var error) is not { } directory)
        {
            return error;
        }

        // What a server that was killed has left half done.
        _ = EntryCalls.Unlink(directory, _passing, 0);
        using var file = SideStore.Open(directory, _passing, make: true, out error);
        if (file is null)
        {
            return error;
        }

        long done = 0;
        error = DataCalls.Write(file, 0, new ReadOnlySequence<byte>(content.ToArray()), flags: 0, ref done);
        error = error == 0 ? DataCalls.Flush(file) : error;
        error = error == 0 ? EntryCalls.Move(directory, _passing, directory, _name, 0) : error;
        if (error != 0)
        {
            _ = EntryCalls.Unlink(directory, _passing, 0);
            return error;
        }

        return side.Flush();
    }
}
