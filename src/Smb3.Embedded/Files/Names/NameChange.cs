using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Names;

/// <summary>What a rename, a link and a deletion have in common.</summary>
internal static class NameChange
{
    /// <summary>
    /// Attempts a change of names as an operation on the open. While handles that other clients cache are in its way, the attempt is
    /// repeated when they have been closed.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="wait">What an attempt adds the handles in its way to; then its status does not matter.</param>
    /// <param name="attempt">Carries out the change, or finds what is in its way; it waits for its turn on the names itself.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> ChangeNameAsync(
        this FileOpen open, HandleWait wait, Func<ValueTask<NtStatus>> attempt, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!await open.EnterAsync().ConfigureAwait(false))
            {
                return NtStatus.FileClosed;
            }

            try
            {
                var status = await attempt().ConfigureAwait(false);
                if (!wait.IsNeeded)
                {
                    return status;
                }
            }
            finally
            {
                open.Exit();
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for a turn on the open's own name, wherever renames have moved it by then, and on another.</summary>
    /// <param name="open">The open.</param>
    /// <param name="target">The other name.</param>
    /// <param name="withTrees">Whether everything below the two is included.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<PathLocks.Turn> LockPathsAsync(
        this FileOpen open, StorePath target, bool withTrees, CancellationToken cancellationToken)
    {
        while (true)
        {
            var source = open.Path;
            var turn = withTrees
                ? await open.Volume.PathLocks.LockTreesAsync(source, target, cancellationToken).ConfigureAwait(false)
                : await open.Volume.PathLocks.LockAsync(source, target, cancellationToken).ConfigureAwait(false);
            if (source == open.Path)
            {
                return turn;
            }

            turn.Dispose();
        }
    }
}
