namespace Smb3.Embedded.Files;

/// <summary>What a CREATE waits for before it tries again.</summary>
/// <param name="Changed">Completes when trying again is worthwhile.</param>
/// <param name="IsForLeaving">
/// Whether the wait is for the close of opens whose holder has gone: that may take time, and is only waited for briefly.
/// </param>
internal sealed record OpenWait(Task Changed, bool IsForLeaving = false);
