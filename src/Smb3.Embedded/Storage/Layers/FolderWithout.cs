using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers;

/// <summary>The root of a store that does not list one of its folders.</summary>
internal sealed class FolderWithout(string hidden, StringComparison comparison, IFileStore store, IStoreFile inner) : LayeredFile(inner)
{
    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken)
    {
        var started = await Inner.ListAsync(cancellationToken).ConfigureAwait(false);
        return started.Succeeded ? new Listing(started.Value, hidden, comparison) : started;
    }

    /// <inheritdoc/>
    protected override IStoreStream Cover(IStoreStream stream) => stream;

    /// <inheritdoc/>
    protected override ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken) =>
        store.GetVolumeAsync(cancellationToken);

    private sealed class Listing(IStoreListing inner, string hidden, StringComparison comparison) : IStoreListing
    {
        public async ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
        {
            while (true)
            {
                var read = await inner.ReadAsync(entries, cancellationToken).ConfigureAwait(false);
                if (!read.Succeeded || read.Value == 0)
                {
                    return read;
                }

                var left = Drop(entries.Span[..read.Value]);
                if (left > 0)
                {
                    return left;
                }
            }
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private int Drop(Span<StoreEntry> entries)
        {
            for (var i = 0; i < entries.Length; i++)
            {
                if (entries[i].Name.Equals(hidden, comparison))
                {
                    entries[(i + 1)..].CopyTo(entries[i..]);
                    return entries.Length - 1;
                }
            }

            return entries.Length;
        }
    }
}
