using Smb3.Embedded.Commands.Quotas;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Parts;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>Clients are told when what is used is not all known (MS-FSCC 2.5.2), also through a part of a share.</summary>
public sealed class QuotaStateTests
{
    [Theory]
    [InlineData(QuotaState.Complete, 0x001)]
    [InlineData(QuotaState.Incomplete, 0x101)]
    [InlineData(QuotaState.Rebuilding, 0x301)]
    public async Task What_is_told_of_the_volume_has_the_state_of_the_count(QuotaState state, int flags)
    {
        var whole = new CountingStore(state);
        var part = PartStore.Of(whole, new Territory(new StorePath(string.Empty), [new StorePath("other")], StringComparison.OrdinalIgnoreCase));
        foreach (var store in (IFileStore[])[whole, part])
        {
            var told = await QuotaCommands.DescribeAsync(new Volume(store, new VolumeOptions()), CancellationToken.None);
            Assert.Equal((FsControlFlags)flags, told.Flags);
        }
    }

    private sealed class CountingStore(QuotaState state) : IFileStore, IQuotaStore
    {
        private readonly MemoryFileStore _store = new();

        public StoreTraits Traits => _store.Traits with { Abilities = _store.Traits.Abilities & ~StoreAbilities.Snapshots };

        public QuotaState QuotaState => state;

        public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
            _store.OpenAsync(path, access, cancellationToken);

        public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
            _store.CreateAsync(path, parameters, cancellationToken);

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            _store.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            _store.LinkAsync(existing, link, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
            _store.DeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
            _store.GetVolumeAsync(cancellationToken);

        public ValueTask<NtResult<QuotaSettings>> GetQuotaSettingsAsync(CancellationToken cancellationToken) =>
            _store.GetQuotaSettingsAsync(cancellationToken);

        public ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken) =>
            _store.SetQuotaSettingsAsync(settings, cancellationToken);

        public ValueTask<NtResult<IReadOnlyList<QuotaEntry>>> ListQuotasAsync(CancellationToken cancellationToken) =>
            _store.ListQuotasAsync(cancellationToken);

        public ValueTask<NtResult<QuotaEntry>> GetQuotaAsync(Sid owner, CancellationToken cancellationToken) =>
            _store.GetQuotaAsync(owner, cancellationToken);

        public ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken) =>
            _store.SetQuotaAsync(owner, limits, cancellationToken);
    }
}
