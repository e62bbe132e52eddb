namespace Smb3.Embedded.Files.Journaling;

/// <summary>The application instance that opened a file (MS-SMB2 2.2.13.2.13 and 2.2.13.2.15).</summary>
/// <param name="Id">Open.AppInstanceId.</param>
/// <param name="High">Open.ApplicationInstanceVersionHigh; <see langword="null"/>: no version was given.</param>
/// <param name="Low">Open.ApplicationInstanceVersionLow.</param>
internal sealed record AppInstance(Guid Id, ulong? High, ulong? Low)
{
    /// <summary>
    /// Whether this instance must leave the file to <paramref name="holder"/>, which has it open (MS-SMB2 3.3.5.9.13): one without a version
    /// is behind every one that has a version, and ahead of every one that has none.
    /// </summary>
    public bool IsBehind(AppInstance holder) =>
        holder.High is { } high && (High is not { } own || high > own || (high == own && holder.Low >= Low));
}
