using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class ContentionTests
{
    private static readonly string[] Names = ["a", "b", "d\\a", "d\\b", "d", "e", "e\\a", "A"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Random_work_on_the_same_few_files_leaves_nothing_behind(int seed)
    {
        var volume = new TestVolume(store => new YieldingStore(store));
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(() => WorkAsync(volume, new Random((seed * 100) + worker))));
        await Task.WhenAll(workers).WaitAsync(TimeSpan.FromSeconds(60));
        volume.AssertEmpty();

        // No name is left pending, and every file can be opened alone.
        var fine = new[] { NtStatus.Success, NtStatus.ObjectNameNotFound, NtStatus.ObjectPathNotFound };
        foreach (var name in Names)
        {
            Assert.Contains(await volume.StatusAsync(name), fine);
        }

        volume.AssertEmpty();
    }

    private static async Task WorkAsync(TestVolume volume, Random random)
    {
        var opens = new List<FileOpen>();
        for (var step = 0; step < 400; step++)
        {
            if (opens.Count == 0 || random.Next(3) == 0)
            {
                var options = random.Next(4) switch
                {
                    0 => CreateOptions.DeleteOnClose,
                    1 => CreateOptions.DirectoryFile,
                    _ => CreateOptions.None,
                };
                var outcome = await volume.CreateAsync(
                    Names[random.Next(Names.Length)],
                    (CreateDisposition)random.Next(6),
                    share: random.Next(5) == 0 ? ShareAccess.Read : ShareAccess.All,
                    options: options);
                if (outcome.Open is { } opened)
                {
                    opens.Add(opened);
                }

                continue;
            }

            var open = opens[random.Next(opens.Count)];
            switch (random.Next(8))
            {
                case 0 or 1:
                    opens.Remove(open);
                    await open.CloseAsync(query: true);
                    break;
                case 2:
                    await open.RenameAsync(Names[random.Next(Names.Length)], random.Next(2) == 0, random.Next(2) == 0, null, default);
                    break;
                case 3:
                    await DeleteAsync(open, posix: random.Next(2) == 0);
                    break;
                case 4:
                    await WriteAsync(open, random.Next(100), 1, 2, 3);
                    break;
                case 5:
                    await open.LockAsync(new LockRequest[] { new(new((ulong)random.Next(50), 10), true) }, true, default);
                    break;
                case 6:
                    using (var cancel = new CancellationTokenSource(1))
                    {
                        await open.LockAsync(new LockRequest[] { new(new((ulong)random.Next(50), 10), true) }, false, cancel.Token);
                    }

                    break;
                default:
                    await ReadAsync(open, 0, 10);
                    break;
            }
        }

        foreach (var open in opens)
        {
            await open.CloseAsync();
        }
    }

    /// <summary>Lets others in between, where a store in memory would not.</summary>
    private sealed class YieldingStore(IFileStore inner) : IFileStore
    {
        public StoreTraits Traits => inner.Traits;

        public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.OpenAsync(path, access, cancellationToken);
        }

        public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.CreateAsync(path, parameters, cancellationToken);
        }

        public async ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.RenameAsync(from, to, replace, cancellationToken);
        }

        public async ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.LinkAsync(existing, link, replace, cancellationToken);
        }

        public async ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.DeleteAsync(path, cancellationToken);
        }

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
            inner.GetVolumeAsync(cancellationToken);
    }
}
