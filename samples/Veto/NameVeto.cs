namespace Smb3.Embedded.Samples.Veto;

/// <summary>
/// Lets nobody have files with certain endings on the share. Each way in which a file can get a name or its data is asked about: opening
/// and creating (8.3 names, streams, links and another case all come here as the file that they lead to), renaming, linking.
/// </summary>
/// <param name="endings">Endings with their dot: <c>.exe</c>.</param>
public sealed class NameVeto(params IReadOnlyCollection<string> endings) : SmbServerHooks
{
    // Windows drops last dots and spaces from a name when it runs a file. U+F028 and U+F029 are how such characters travel.
    private static readonly char[] Dropped = [' ', '.', '\uF028', '\uF029'];

    public override ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken) =>
        new(IsAllowed(open.File));

    public override ValueTask<bool> OnRenameAsync(SmbSessionInfo session, SmbRenameInfo rename, CancellationToken cancellationToken) =>
        new(IsAllowed(rename.Target));

    public override ValueTask<bool> OnLinkAsync(SmbSessionInfo session, SmbLinkInfo link, CancellationToken cancellationToken) =>
        new(IsAllowed(link.Link));

    /// <summary>A stream can be run as well as a file, so its name counts; a directory is none.</summary>
    private bool IsAllowed(SmbFileName file) => (file.IsDirectory || IsAllowed(file.Name)) && IsAllowed(file.Stream);

    private bool IsAllowed(string name)
    {
        name = name.TrimEnd(Dropped);
        return !endings.Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }
}
