using Smb3.Embedded.Files.Safety;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Data;

/// <summary>What an answer waits for on a volume whose acknowledged changes survive a loss of power.</summary>
internal static class Settlement
{
    /// <summary>Makes the data that was written safe, together with others who wait for the same file.</summary>
    public static ValueTask<NtStatus> FlushSharedAsync(this FileOpen open, CancellationToken cancellationToken) =>
        open.File.Flush.FlushAsync(open.Handle, cancellationToken);

    /// <summary>
    /// Completes when what a request has changed of an open and its file is safe: the data and metadata where the volume writes through, and
    /// what the journal keeps.
    /// </summary>
    /// <returns>
    /// Success; or the status with which the store or the journal failed: then the change may be lost with the power, or with the process.
    /// </returns>
    public static async ValueTask<NtStatus> SettleAsync(this FileOpen open)
    {
        // Both at once: nothing is answered before both are done, and a record whose file is not safe yet is dropped with it.
        var flushed = open.Volume.Names is { } names ? open.FlushAsync(names) : new(NtStatus.Success);

        await (open.File.WhenRemade() ?? Task.CompletedTask).ConfigureAwait(false);

        // A new name, or none, may concern what others have open.
        var kept = await open.Volume.CommitAsync().ConfigureAwait(false);
        var status = await flushed.ConfigureAwait(false);
        return status == NtStatus.Success ? kept : status;
    }

    /// <summary>
    /// The same for a CREATE whose open was recorded before its file was made (<see cref="Creating.CreateIntent"/>): should the commit of what
    /// it has become be lost, the next process makes the same of the file.
    /// </summary>
    public static ValueTask<NtStatus> SettleMadeAsync(this FileOpen open) => open.FlushNamesAsync();

    /// <summary>Completes when the file and what became of its names is on the disk, whatever the journal keeps.</summary>
    public static ValueTask<NtStatus> FlushNamesAsync(this FileOpen open) =>
        open.Volume.Names is { } names ? open.FlushAsync(names) : new(NtStatus.Success);

    private static async ValueTask<NtStatus> FlushAsync(this FileOpen open, SafeNames names)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.Success; // closed meanwhile, which settles on its own
        }

        try
        {
            var status = await open.FlushSharedAsync(CancellationToken.None).ConfigureAwait(false);
            return status == NtStatus.Success ? await names.SettleAsync().ConfigureAwait(false) : status;
        }
        finally
        {
            open.Exit();
        }
    }
}
