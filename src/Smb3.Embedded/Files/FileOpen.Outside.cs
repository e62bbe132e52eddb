using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files;

// What other programs of the machine do with the file.
internal sealed partial class FileOpen
{
    /// <summary>Whether an operation is under way.</summary>
    internal bool IsBusy => (Volatile.Read(ref _users) & ~Closing) != 0;

    /// <summary>When the file changed last; null when that cannot be learned from this open.</summary>
    internal async ValueTask<FileTime?> ReadChangeTimeAsync()
    {
        if (!TryEnter())
        {
            return null;
        }

        try
        {
            var metadata = await _file.GetMetadataAsync(CancellationToken.None).ConfigureAwait(false);
            return metadata.Succeeded ? metadata.Value.ChangeTime : null;
        }
        finally
        {
            Exit();
        }
    }
}
