using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>A listing of a folder under way. What is open is shown as it is, uploaded or not.</summary>
internal sealed class ObjectListing(ObjectFileStore store, string folder) : IStoreListing
{
    private readonly FolderWalk _walk = new(store, folder, keysOnly: false);
    private NtStatus _broken = NtStatus.Success;

    /// <inheritdoc/>
    public async ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
    {
        var count = 0;
        while (_broken == NtStatus.Success && count < entries.Length)
        {
            var next = await _walk.NextAsync(cancellationToken).ConfigureAwait(false);
            if (!next.Succeeded)
            {
                _broken = next.Status;
                break;
            }

            if (next.Value is not { } entry)
            {
                return count;
            }

            var isFolder = ObjectKeys.IsFolder(entry.Key);
            var state = store.Nodes.Find(entry.Key)?.State ?? ObjectState.Of(entry, store.KeepsProperties);
            entries.Span[count++] = new StoreEntry(LastCharacters.Map(ObjectKeys.NameOf(entry.Key)), state.ToMetadata(isFolder));
        }

        return count > 0 || entries.IsEmpty ? count : _broken;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
