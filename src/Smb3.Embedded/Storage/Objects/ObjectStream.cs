using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects.Spooling;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>Reads one version of an object from its store.</summary>
internal sealed class ObjectStream(ObjectFileStore store, ObjectEntry entry) : RangeStream(entry.Length)
{
    protected override async ValueTask<int> ReadAtAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await store.ReadObjectAsync(entry.Key, entry.Version, offset, buffer, cancellationToken).ConfigureAwait(false);
        return read is { Succeeded: true, Value: > 0 } ? read.Value
            : throw new IOException($"'{entry.Key}' could not be read to the end: {(read.Succeeded ? NtStatus.FileInvalid : read.Status)}.");
    }
}
