using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Physical.Portable;

/// <summary>A listing in the order of System.IO. Links, devices and names that the store does not serve are left out.</summary>
internal sealed class PortableListing(string directory) : IStoreListing
{
    private const int LargestBatch = 256;

    private readonly Lock _sync = new();
    private IEnumerator<FileSystemInfo>? _entries;

    /// <summary>Everything but <c>.</c> and <c>..</c>.</summary>
    public static EnumerationOptions Everything => new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        MatchType = MatchType.Simple,
        ReturnSpecialDirectories = false,
    };

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            lock (_sync)
            {
                return new(Read(entries.Span));
            }
        }
        catch (DirectoryNotFoundException)
        {
            return new(0); // removed while it was open
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(PortableErrors.ToStatus(exception));
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _entries?.Dispose();
        return ValueTask.CompletedTask;
    }

    private int Read(Span<StoreEntry> entries)
    {
        _entries ??= new DirectoryInfo(directory).EnumerateFileSystemInfos("*", Everything).GetEnumerator();
        var count = 0;
        while (count < Math.Min(entries.Length, LargestBatch) && _entries.MoveNext())
        {
            var info = _entries.Current;
            if (!PortableNames.IsAllowed(info.Name)
                || !FileIdentity.TryGet(info.FullName, out var identity)
                || identity.Kind == FileKind.Other)
            {
                continue;
            }

            try
            {
                entries[count] = new StoreEntry(info.Name, PortableFile.ToMetadata(identity, info, (info as FileInfo)?.Length ?? 0));
                count++;
            }
            catch (FileNotFoundException)
            {
                // no longer exists
            }
        }

        return count;
    }
}
