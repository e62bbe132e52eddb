using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>A listing in name order that continues after the last name it returned, whatever has changed meanwhile.</summary>
internal sealed class MemoryListing(MemoryDirectory directory) : IStoreListing
{
    private MemoryLink? _last;

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken) =>
        new(directory.Read(ref _last, entries.Span));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
