using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>A listing that tells the lengths of the data, and not those of the files that it is encrypted in.</summary>
internal sealed class EncryptedListing(IStoreListing inner) : IStoreListing
{
    /// <inheritdoc/>
    public async ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(entries, cancellationToken).ConfigureAwait(false);
        if (read.Succeeded)
        {
            foreach (ref var entry in entries.Span[..read.Value])
            {
                entry = entry with { Metadata = EncryptedLayout.Show(entry.Metadata) };
            }
        }

        return read;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
