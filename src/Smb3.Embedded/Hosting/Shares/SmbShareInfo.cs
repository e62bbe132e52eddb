namespace Smb3.Embedded;

/// <summary>A share as it is now.</summary>
/// <param name="Name">The name.</param>
/// <param name="Comment">The comment.</param>
/// <param name="Folder">The shared folder, <c>memory:</c>, or <see langword="null"/> for a store of the host.</param>
/// <param name="ReadOnly">Whether nothing can be changed through it.</param>
/// <param name="Encrypt">Whether everything on it is encrypted.</param>
/// <param name="AllowGuest">Whether guests and anonymous clients may use it.</param>
/// <param name="Hidden">Whether it is left out of the list of shares.</param>
/// <param name="CurrentUses">The number of tree connects to it now; 0 while the server is stopped.</param>
public sealed record SmbShareInfo(
    string Name, string Comment, string? Folder, bool ReadOnly, bool Encrypt, bool AllowGuest, bool Hidden, int CurrentUses)
{
    /// <summary>
    /// Whether it is being served, which it is not while its folder is missing or its disk is not mounted: clients are then refused, and
    /// the health check reports it.
    /// </summary>
    public bool IsAvailable { get; init; } = true;

    /// <summary>
    /// What is wrong with what its store depends on (<see cref="Storage.IReportingStore"/>), which the health check reports too;
    /// <see langword="null"/>: nothing that it knows of.
    /// </summary>
    public string? Problem { get; init; }

    /// <summary>Whether Macs may keep Time Machine backups on it.</summary>
    public bool IsTimeMachine { get; init; }

    /// <summary>Whether clients are asked to compress what they write to it, and to have compressed what they read.</summary>
    public bool Compress { get; init; }

    /// <summary>Whether it is a DFS namespace; <see cref="SmbServer.Namespaces"/> has its links.</summary>
    public bool IsNamespace { get; init; }

    /// <summary>Files and directories that are open on it, those included that wait for their client.</summary>
    public int OpenCount { get; init; }

    /// <summary>Bytes that clients have read from it since it was opened.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes that clients have written to it since it was opened.</summary>
    public long BytesWritten { get; init; }
}
