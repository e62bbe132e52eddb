using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Nt;
using Xunit;

namespace Smb3.Embedded.Tests.Files.Caching;

/// <summary>A client that caches: opens files with oplocks and leases, and notes the breaks that it is told of.</summary>
internal sealed class CachingClient(TestVolume volume, int leases = 1000) : IBreakSink, IBreakProgress
{
    public const CacheState R = CacheState.Read;
    public const CacheState RW = CacheState.Read | CacheState.Write;
    public const CacheState RH = CacheState.Read | CacheState.Handle;
    public const CacheState RWH = CacheState.Read | CacheState.Write | CacheState.Handle;

    private readonly List<CacheBreak> _breaks = [];

    public LeaseTable Leases { get; } = new(Guid.NewGuid(), leases);

    /// <summary>Whether breaks still reach it.</summary>
    public bool IsConnected { get; set; } = true;

    /// <summary>Whether its breaks are sent and arrive nowhere.</summary>
    public bool IsUnreachable { get; set; }

    /// <summary>How often it was asked to close an open because it cannot be reached.</summary>
    public int Closings { get; private set; }

    public bool TryClose()
    {
        Closings++;
        return false;
    }

    /// <summary>The version of the leases that it asks for.</summary>
    public byte LeaseVersion { get; set; } = 2;

    /// <summary>Called while a break is being sent.</summary>
    public Action? Sending { get; set; }

    public bool IsAnnounced { get; set; } = true;

    public bool IsAwaited { get; set; }

    public bool Send(in CacheBreak notice, CacheGrant grant)
    {
        grant.Progress = IsAnnounced ? this : grant.Progress;
        Sending?.Invoke();
        lock (_breaks)
        {
            _breaks.Add(notice);
        }

        return IsConnected;
    }

    public void Settled(LeaseIdentity? lease)
    {
    }

    /// <summary>The breaks since it was last asked.</summary>
    public IReadOnlyList<CacheBreak> TakeBreaks()
    {
        lock (_breaks)
        {
            var taken = _breaks.ToArray();
            _breaks.Clear();
            return taken;
        }
    }

    public CacheBreak TakeBreak() => Assert.Single(TakeBreaks());

    public static Guid Key(int number) => new(number, 0, 0, new byte[8]);

    public Task<CreateOutcome> TryOplockAsync(
        CacheState state, CreateDisposition disposition = CreateDisposition.OpenIf, ShareAccess share = ShareAccess.All,
        FileAccessMask access = TestVolume.All, CreateOptions options = 0, string path = "f", CancellationToken token = default) =>
        TryAsync(state == 0 ? null : new CachingRequest { State = state, Sink = this }, disposition, share, access, options, path, token);

    public async Task<FileOpen> OplockAsync(CacheState state, FileAccessMask access = TestVolume.All, string path = "f")
    {
        var outcome = await TryOplockAsync(state, access: access, path: path);
        Assert.Equal(NtStatus.Success, outcome.Status);
        return outcome.Open!;
    }

    public Task<CreateOutcome> TryLeaseAsync(
        int key, CacheState state, int parent = 0, CreateDisposition disposition = CreateDisposition.OpenIf,
        ShareAccess share = ShareAccess.All, FileAccessMask access = TestVolume.All, CreateOptions options = 0, string path = "f") =>
        TryAsync(
            new CachingRequest
            {
                State = state,
                Sink = this,
                Table = Leases,
                Lease = new LeaseIdentity(Leases.ClientGuid, Key(key), parent == 0 ? null : Key(parent), LeaseVersion),
                Epoch = 10,
                MayLeaseDirectories = true,
            },
            disposition, share, access, options, path, default);

    public async Task<FileOpen> LeaseAsync(int key, CacheState state, int parent = 0, CreateOptions options = 0, string path = "f")
    {
        var outcome = await TryLeaseAsync(key, state, parent, options: options, path: path);
        Assert.Equal(NtStatus.Success, outcome.Status);
        return outcome.Open!;
    }

    /// <summary>Answers the break of a lease, and sends what follows from it.</summary>
    public NtStatus Answer(int key, CacheState state)
    {
        Assert.True(Leases.TryFind(Key(key), out var lease));
        var status = lease.File.Caching.AcknowledgeLease(lease, state, out var next);
        next.Send();
        return status;
    }

    /// <summary>Answers the break of an oplock.</summary>
    public static NtStatus Answer(FileOpen open, CacheState state) => open.File.Caching.AcknowledgeOplock(open.Grant, state);

    private async Task<CreateOutcome> TryAsync(
        CachingRequest? wish, CreateDisposition disposition, ShareAccess share, FileAccessMask access, CreateOptions options, string path,
        CancellationToken token) =>
        await volume.Volume.CreateAsync(
            new CreateParameters
            {
                Path = path,
                Caller = TestVolume.Alice,
                DesiredAccess = access,
                ShareAccess = share,
                Disposition = disposition,
                Options = options,
                Caching = wish,
            },
            token);
}
