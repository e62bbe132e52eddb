namespace Smb3.Embedded.Storage;

/// <summary>
/// A store that depends on something which can fail for all its files at once: a bucket, a database. What is wrong shows in
/// <see cref="SmbShareInfo.Problem"/> and in the health check. Nothing of the share ends by it.
/// </summary>
public interface IReportingStore
{
    /// <summary>
    /// What is wrong at present, as a sentence for an administrator; <see langword="null"/>: nothing that the store knows of. Quick: it tells what has
    /// been seen, and asks nobody.
    /// </summary>
    string? Problem { get; }
}
