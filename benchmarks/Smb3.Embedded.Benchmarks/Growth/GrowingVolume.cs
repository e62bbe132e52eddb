using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage.Memory;

namespace Smb3.Embedded.Benchmarks.Growth;

/// <summary>A volume over memory, without a wire, on which files are opened by the thousand.</summary>
internal sealed class GrowingVolume
{
    private static readonly FileCaller Caller = new(
        AuthorizationContext.ForAccount(new Sid(5, 21, 1, 2, 3, 1000), WellKnownSids.Users));

    private readonly List<FileOpen> _held = [];

    public Volume Volume { get; } = new(
        new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1L << 32 }), new VolumeOptions { MaxLocksPerFile = 1 << 20 });

    /// <summary>Breaks that were sent.</summary>
    public int Breaks { get; set; }

    /// <summary>Opens a file, asking for <paramref name="caching"/> under a lease of a client of its own.</summary>
    public async Task<FileOpen> OpenAsync(string path = "file", CacheState caching = CacheState.None, CreateOptions options = 0)
    {
        var table = caching == CacheState.None ? null : new LeaseTable(Guid.NewGuid(), 1 << 20);
        var outcome = await Volume.CreateAsync(
            new CreateParameters
            {
                Path = path,
                Caller = Caller,
                DesiredAccess = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericWrite,
                ShareAccess = ShareAccess.All,
                Disposition = CreateDisposition.OpenIf,
                Options = options,
                ShareMaximalAccess = FileAccessMask.FileAllAccess,
                Caching = table is null ? null : new CachingRequest
                {
                    State = caching,
                    Sink = new CountingSink(this),
                    Table = table,
                    Lease = new LeaseIdentity(table.ClientGuid, table.ClientGuid, null, 2),
                },
            },
            CancellationToken.None);
        return outcome.Open ?? throw new InvalidOperationException($"The open failed with {outcome.Status}.");
    }

    /// <summary>Opens that stay.</summary>
    public async Task HoldAsync(int count, Func<int, Task<FileOpen>> open)
    {
        for (var i = 0; i < count; i++)
        {
            _held.Add(await open(i));
        }
    }

    public IReadOnlyList<FileOpen> Held => _held;

    public async Task CloseAsync()
    {
        foreach (var open in _held)
        {
            await open.CloseAsync();
        }

        _held.Clear();
    }

    private sealed class CountingSink(GrowingVolume volume) : IBreakSink
    {
        public bool IsAnnounced => true;

        public bool IsAwaited => false;

        public bool Send(in CacheBreak notice, CacheGrant grant)
        {
            volume.Breaks++;
            return true;
        }

        public bool TryClose() => false;

        public void Settled(LeaseIdentity? lease)
        {
        }
    }
}
