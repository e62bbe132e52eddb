namespace Smb3.Embedded.Files;

/// <summary>What a CREATE waits for before it tries again.</summary>
/// <param name="Changed">Completes when that is worthwhile.</param>
/// <param name="IsForLeaving">
/// Whether it is for opens to be closed whose holder has gone: they may take their time, and are not waited for longer than a moment.
/// </param>
internal sealed record OpenWait(Task Changed, bool IsForLeaving = false);
