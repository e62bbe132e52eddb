using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>A store whose reads and writes let others go on before and after.</summary>
internal sealed class SlowStore(IFileStore inner) : LayeredStore(inner)
{
    protected override IFileStore Over(IFileStore inner) => new SlowStore(inner);

    protected override ValueTask<NtResult<IStoreFile>> CoverAsync(IStoreFile handle, CancellationToken cancellationToken) =>
        new(new NtResult<IStoreFile>(new SlowFile(this, handle)));

    private sealed class SlowFile(SlowStore store, IStoreFile inner) : LayeredFile(inner)
    {
        public override async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            await Task.Yield();
            var read = await base.ReadAsync(offset, buffer, cancellationToken);
            await Task.Yield();
            return read;
        }

        /// <summary>In two pieces, as a medium may.</summary>
        public override async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
        {
            await Task.Yield();
            var half = data.Length / 2;
            var status = await base.WriteAsync(offset, data.Slice(0, half), cancellationToken);
            await Task.Yield();
            return status == NtStatus.Success ? await base.WriteAsync(offset + half, data.Slice(half), cancellationToken) : status;
        }

        protected override IStoreStream Cover(IStoreStream stream) => stream;

        protected override ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken) =>
            store.GetVolumeAsync(cancellationToken);
    }
}
