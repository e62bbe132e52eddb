using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A folder as it was.</summary>
/// <param name="view">What it belongs to.</param>
/// <param name="inner">The folder as it is, or that of its versions.</param>
/// <param name="path">The path that it is opened by.</param>
/// <param name="place">Where it is.</param>
internal sealed class PastFolder(VersionView view, IStoreFile inner, StorePath path, StorePath place) : PastFile(view, inner, path)
{
    /// <inheritdoc/>
    public override ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
        new(new Listing(View.ListAsync(place, CancellationToken.None).GetAsyncEnumerator(CancellationToken.None)));

    private sealed class Listing(IAsyncEnumerator<NtResult<StoreEntry>?> entries) : IStoreListing
    {
        private NtStatus _failed = NtStatus.Success;

        public async ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> to, CancellationToken cancellationToken)
        {
            var read = 0;
            while (read < to.Length && _failed == NtStatus.Success && await entries.MoveNextAsync().ConfigureAwait(false))
            {
                if (entries.Current is { Succeeded: true } entry)
                {
                    to.Span[read++] = entry.Value;
                }
                else if (entries.Current is { } failure)
                {
                    _failed = failure.Status;
                }
                else if (cancellationToken.IsCancellationRequested)
                {
                    // A folder may have many files that were not there; what was found is told.
                    return read > 0 ? read : throw new OperationCanceledException(cancellationToken);
                }
            }

            return read > 0 || _failed == NtStatus.Success ? read : _failed;
        }

        public ValueTask DisposeAsync() => entries.DisposeAsync();
    }
}
