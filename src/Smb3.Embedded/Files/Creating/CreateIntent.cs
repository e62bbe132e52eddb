using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Creating;

/// <summary>
/// The intent of a CREATE whose open is to outlive the process. Between the moment at which the store has made a file and the commit of its
/// open, a crash would leave a file that nobody made, and the CREATE that is sent again would find it in its way. So what it is about to do
/// is recorded first, under the id that its open gets; the open's own record takes its place.
/// </summary>
/// <param name="volume">The volume, which has a journal.</param>
/// <param name="facts">What will be known of the open beyond its session, but for what CREATE did.</param>
internal sealed class CreateIntent(Volume volume, DurableFacts facts) : IJournaledOpen
{
    private readonly IOpenJournal _journal = volume.Options.Journal!;
    private volatile OpenRecord? _record;
    private OpenState? _open;
    private Remakings.One? _making;

    /// <inheritdoc/>
    public ulong PersistentId => facts.PersistentId;

    /// <summary>Whether it is recorded: the open is kept from its beginning.</summary>
    public bool IsDeclared => _record is not null;

    /// <inheritdoc/>
    public OpenRecord? Capture() => _record;

    /// <summary>Records what the CREATE is about to do, and completes when that is safe.</summary>
    /// <param name="record">The open as it will be; its file has no id yet.</param>
    /// <param name="action">What CREATE will have done.</param>
    /// <returns>Success; otherwise nothing must be done.</returns>
    public async ValueTask<NtStatus> DeclareAsync(OpenRecord record, CreateAction action)
    {
        _record = record with { Durable = facts with { Action = action } };
        _journal.Note(this);
        var status = await volume.SettleAsync().ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            Withdraw();
        }

        return status;
    }

    /// <summary>The open is kept by itself from its next change on, which is that others can see it, or that its file changes.</summary>
    /// <param name="open">The open.</param>
    /// <param name="action">What CREATE has done, or does next.</param>
    public void HandOver(OpenState open, CreateAction action)
    {
        _open = open;
        open.SetDurable(facts with { Action = action });
        open.Resume(_journal);
    }

    /// <summary>
    /// The same for a file that was made. Where a loss of power could leave its name without what it is, the plan stays in the record until
    /// <see cref="EndMaking"/>; until then no change of the file by others is answered, which would be lost when the plan is carried out again.
    /// </summary>
    public void HandOverMade(OpenState open, CreateAction action)
    {
        HandOver(open, action);
        if (_record!.Plan is { MakesFile: true } plan && volume.Names is not null)
        {
            _making = open.Open.File.Whole.Remakings.Begin();
            open.BeginPlanned(plan);
        }
    }

    /// <summary>What was made is safe, or its open is over.</summary>
    public void EndMaking()
    {
        if (_making is { } making)
        {
            _making = null;
            _open?.PlanCreate(null);
            making.Dispose();
        }
    }

    /// <summary>
    /// The CREATE has come to nothing. Completes when that is safe, so that what others make under the name is not taken for its work.
    /// </summary>
    public async ValueTask WithdrawAsync()
    {
        if (IsDeclared)
        {
            Withdraw();
            _ = await volume.SettleAsync().ConfigureAwait(false); // tried again if it fails
        }
    }

    private void Withdraw()
    {
        _record = null;
        _journal.Note(this);
        _open?.End();
        _open = null;
    }
}
