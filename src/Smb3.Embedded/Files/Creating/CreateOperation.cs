using Smb3.Embedded.Files.Versions;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Creating;

/// <summary>
/// Opens or makes a file (MS-FSA 2.1.5.1): takes a turn on the name, checks whether the file exists, and waits for opens that are in the
/// way.
/// </summary>
internal static class CreateOperation
{
    private static readonly TimeSpan LocalProgramRetry = TimeSpan.FromMilliseconds(50);

    /// <summary>CREATE (MS-FSA 2.1.5.1), including in a snapshot.</summary>
    public static ValueTask<CreateOutcome> CreateAsync(this Volume volume, CreateParameters parameters, CancellationToken cancellationToken)
    {
        if (volume.Store.Traits.Has(StoreAbilities.Snapshots) && VersionTime.TryTake(parameters.Path, out var time, out var path))
        {
            return volume.CreateInSnapshotAsync(time, parameters with { Path = path }, cancellationToken);
        }

        return parameters.AsOf is { } asOf
            ? volume.CreateInSnapshotAsync(asOf, parameters, cancellationToken)
            : new OngoingCreate(volume, parameters).RunAsync(cancellationToken);
    }

    private static async ValueTask<CreateOutcome> CreateInSnapshotAsync(
        this Volume volume, FileTime time, CreateParameters parameters, CancellationToken cancellationToken)
    {
        var snapshot = await volume.Versions.OpenAsync(time, cancellationToken).ConfigureAwait(false);
        return snapshot.Succeeded
            ? await new OngoingCreate(snapshot.Value, parameters).RunAsync(cancellationToken).ConfigureAwait(false)
            : snapshot.Status;
    }

    private static async ValueTask<CreateOutcome> RunAsync(this OngoingCreate create, CancellationToken cancellationToken)
    {
        var status = create.CheckRequest();
        if (status != NtStatus.Success)
        {
            return status;
        }

        create.Path = create.Path.At(await create.Volume.ShortNames.ResolveAsync(create.Path.Path, cancellationToken).ConfigureAwait(false));
        while (true)
        {
            CreateOutcome outcome;
            try
            {
                outcome = await create.RunInTurnAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // Closing may delete the name, which takes a turn of its own.
                if (create.Abandoned is { } open)
                {
                    await open.CloseAsync(cancellationToken: CancellationToken.None).ConfigureAwait(false);
                }
            }

            if (create.Wait is not { } wait)
            {
                return outcome;
            }

            // Another client gives up its cache, or its time runs out. This keeps no other request waiting: the turn is over.
            create.Wait = null;
            if (!create.HasWaited && create.Parameters.OnWait is { } onWait)
            {
                cancellationToken = onWait();
            }

            create.HasWaited = true;
            await create.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task WaitAsync(this OngoingCreate create, OpenWait wait, CancellationToken cancellationToken)
    {
        if (!wait.IsForLeaving)
        {
            await wait.Changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await wait.Changed.WaitAsync(create.Volume.Options.LeavePatience, create.Volume.Options.Time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // They are not being closed after all, so they are in the way.
            create.IsPatient = false;
        }
    }

    private static async ValueTask<CreateOutcome> RunInTurnAsync(this OngoingCreate create, CancellationToken cancellationToken)
    {
        using var turn = await create.Volume.PathLocks.LockAsync(create.Path.Path, cancellationToken).ConfigureAwait(false);
        for (var attempt = 0; ; attempt++)
        {
            var found = await create.OpenStoreAsync(cancellationToken).ConfigureAwait(false);
            if (found.Succeeded)
            {
                return create.NamesStream
                    ? await create.OpenStreamAsync(found.Value, cancellationToken).ConfigureAwait(false)
                    : await create.OpenExistingAsync(found.Value, cancellationToken).ConfigureAwait(false);
            }

            if (found.Status == NtStatus.OplockBreakInProgress)
            {
                return create.WaitForLocalProgram();
            }

            if (found.Status == NtStatus.ReparsePointEncountered)
            {
                return await create.StopOnTheWayAsync(cancellationToken).ConfigureAwait(false);
            }

            if (found.Status != NtStatus.ObjectNameNotFound)
            {
                return found.Status;
            }

            var outcome = await create.CreateNewAsync(cancellationToken).ConfigureAwait(false);

            // Something outside the server made the name in between: then it exists, unless it keeps appearing and disappearing.
            if (outcome.Status != NtStatus.ObjectNameCollision || create.Parameters.Disposition == CreateDisposition.Create || attempt == 3)
            {
                return outcome;
            }
        }
    }

    /// <summary>
    /// Another program on the machine has the file and was asked to let go. Nothing reports when it has, so the create is retried.
    /// </summary>
    private static NtStatus WaitForLocalProgram(this OngoingCreate create)
    {
        var time = create.Volume.Options.Time;
        create.HeldSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(create.HeldSince.Value) > create.Volume.Options.LocalLeasePatience)
        {
            return NtStatus.SharingViolation;
        }

        create.Wait = new OpenWait(Task.Delay(LocalProgramRetry, time));
        return NtStatus.Pending;
    }

    private static async ValueTask<NtResult<IStoreFile>> OpenStoreAsync(this OngoingCreate create, CancellationToken cancellationToken)
    {
        if (create.NamesStream)
        {
            return await create.Store.OpenAsync(create.Path.Path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        }

        // What exists refuses a CREATE that is to make it: its data is not touched, and no program that has a lease on it is asked to let go.
        var access = create.Parameters.Disposition == CreateDisposition.Create ? StoreAccess.Metadata : create.NeededAccess();
        var found = await create.Store.OpenAsync(create.Path.Path, access, cancellationToken).ConfigureAwait(false);

        // The most that is allowed is whatever the medium allows.
        while (create.Maximum && !create.Overwrites && found.Status == NtStatus.AccessDenied && access > StoreAccess.Metadata)
        {
            found = await create.Store.OpenAsync(create.Path.Path, --access, cancellationToken).ConfigureAwait(false);
            create.OutOfReach = access == StoreAccess.Read ? AccessRules.Writing : AccessRules.Writing | AccessRules.Reading;
        }

        // A directory that may not be listed can still be passed through, and new files can be made in it.
        const FileAccessMask List = FileAccessMask.ListDirectory;
        return found.Status == NtStatus.AccessDenied && !create.Maximum && !create.Overwrites && access > StoreAccess.Metadata && (create.Desired & List) == 0
            ? await create.OpenUnlistedAsync(cancellationToken).ConfigureAwait(false)
            : found;
    }

    private static async ValueTask<NtResult<IStoreFile>> OpenUnlistedAsync(this OngoingCreate create, CancellationToken cancellationToken)
    {
        var found = await create.Store.OpenAsync(create.Path.Path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded)
        {
            return found;
        }

        IStoreFile? unused = found.Value;
        try
        {
            var known = await OngoingCreate.LearnAsync(found.Value, cancellationToken).ConfigureAwait(false);
            if (known is { Succeeded: true, Value.IsDirectory: true })
            {
                unused = null;
                return found;
            }
        }
        finally
        {
            if (unused is not null)
            {
                await create.Volume.Fence.ReleaseAsync(unused).ConfigureAwait(false);
            }
        }

        return NtStatus.AccessDenied;
    }
}
