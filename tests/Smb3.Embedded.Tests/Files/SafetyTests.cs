using System.Buffers;
using System.Collections.Concurrent;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Safety;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>Changes that survive a loss of power before they are answered.</summary>
public sealed class SafetyTests
{
    private readonly FlushedStore.Log _log = new();

    [Fact]
    public async Task A_write_is_answered_when_it_is_safe()
    {
        var volume = NewVolume();
        var open = await volume.OpenAsync("f");
        _log.Take();
        await TestVolume.WriteAsync(open, 0, 1);
        Assert.Equal(["write f", "flush f"], _log.Take());
        await open.WriteAsync(1, new ReadOnlySequence<byte>([2]), writeThrough: true, CancellationToken.None);
        Assert.Equal(["write f", "flush f"], _log.Take());
    }

    [Fact]
    public async Task Without_the_promise_nothing_is_flushed()
    {
        var volume = NewVolume(writesThrough: false);
        var open = await volume.OpenAsync("f");
        await TestVolume.WriteAsync(open, 0, 1);
        Assert.Equal(NtStatus.Success, await open.SettleAsync());
        Assert.Equal(NtStatus.Success, await RenameAsync(open, "g"));
        Assert.Equal(["create f", "write f", "rename f"], _log.Take());
    }

    [Fact]
    public async Task Writes_that_come_together_share_a_flush_that_began_after_them()
    {
        var volume = NewVolume();
        var opens = new List<Smb3.Embedded.Files.FileOpen>();
        for (var i = 0; i < 10; i++)
        {
            opens.Add(await volume.OpenAsync("f"));
        }

        _log.Take();
        _log.Hold();
        var writes = new List<Task<NtStatus>> { TestVolume.WriteAsync(opens[0], 0, 1) };
        await _log.WaitForAsync("flush f");
        writes.AddRange(opens.Skip(1).Select((open, i) => TestVolume.WriteAsync(open, i + 1, 1)));
        _log.Let();
        await writes[0];
        Assert.All(writes.Skip(1), static write => Assert.False(write.IsCompleted));
        _log.LetAll();
        Assert.All(await Task.WhenAll(writes), static status => Assert.Equal(NtStatus.Success, status));
        Assert.Equal(2, _log.Take().Count(static line => line == "flush f"));
    }

    [Fact]
    public async Task A_flush_that_fails_fails_every_write_that_shares_it_and_no_other()
    {
        var volume = NewVolume();
        var first = await volume.OpenAsync("f");
        var second = await volume.OpenAsync("f");
        _log.Failure = NtStatus.DiskFull;
        Assert.Equal(NtStatus.DiskFull, await TestVolume.WriteAsync(first, 0, 1));
        _log.Failure = NtStatus.Success;
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(second, 0, 1));
    }

    [Fact]
    public async Task Who_is_cancelled_takes_no_one_else_along()
    {
        var volume = NewVolume();
        var open = await volume.OpenAsync("f");
        var flush = new SharedFlush();
        _log.Hold();
        using var cancel = new CancellationTokenSource();
        var running = flush.FlushAsync(open.Handle, cancel.Token).AsTask();
        await _log.WaitForAsync("flush f");
        var leader = flush.FlushAsync(open.Handle, cancel.Token).AsTask();
        var shares = flush.FlushAsync(open.Handle, CancellationToken.None).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        _log.LetAll();
        Assert.Equal(NtStatus.Success, await shares);
        Assert.Equal(NtStatus.Success, await flush.FlushAsync(open.Handle, CancellationToken.None));
    }

    [Fact]
    public async Task Names_are_safe_before_their_change_is_answered()
    {
        var volume = NewVolume();
        await volume.MakeAsync("d", directory: true);
        var open = await volume.OpenAsync("f");
        _log.Take();
        Assert.Equal(NtStatus.Success, await RenameAsync(open, "d\\g"));
        Assert.Equal(["rename f", "flush d", "flush "], _log.Take());
        Assert.Equal(NtStatus.Success, await open.LinkAsync("h", false, false, null, null, CancellationToken.None));
        Assert.Equal(["link h", "flush "], _log.Take());
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(open));
        await open.CloseAsync();
        Assert.Equal(["delete d\\g", "flush d"], _log.Take());
        volume.AssertEmpty();
    }

    [Fact]
    public async Task A_stream_that_goes_with_its_last_close_has_gone_for_good_when_that_is_answered()
    {
        var volume = NewVolume();
        var open = await volume.OpenAsync("f:s");
        _log.Take();
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(open));
        await open.CloseAsync();
        Assert.Equal(["delete s of f", "flush f:s"], _log.Take());
        volume.AssertEmpty();
    }

    [Fact]
    public async Task What_could_not_be_made_safe_is_not_answered_with_success_until_it_is()
    {
        var volume = NewVolume();
        var open = await volume.OpenAsync("f");
        _log.FailsFor = "";
        _log.Failure = NtStatus.UnexpectedIoError;
        Assert.Equal(NtStatus.Success, await RenameAsync(open, "g")); // it has the name now; what is answered is what follows
        Assert.Equal(NtStatus.UnexpectedIoError, await open.SettleAsync());
        Assert.Equal(NtStatus.UnexpectedIoError, await open.SettleAsync());
        _log.Failure = NtStatus.Success;
        _log.Take();
        Assert.Equal(NtStatus.Success, await open.SettleAsync());
        Assert.Equal(["flush f", "flush "], _log.Take());
        Assert.Equal(NtStatus.Success, await open.SettleAsync());
        Assert.Equal(["flush f"], _log.Take());
    }

    private TestVolume NewVolume(bool writesThrough = true) =>
        new(store => new FlushedStore(store, _log), configure: options => options with { WritesThrough = writesThrough });

    private static async Task<NtStatus> RenameAsync(Smb3.Embedded.Files.FileOpen open, string name) =>
        await open.RenameAsync(name, false, false, false, null, null, CancellationToken.None);

    /// <summary>A store that tells what is changed and flushed, in order, and can hold and fail flushes.</summary>
    private sealed class FlushedStore(IFileStore inner, FlushedStore.Log log) : IFileStore
    {
        public StoreTraits Traits => inner.Traits;

        public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
            Wrap(await inner.OpenAsync(path, access, cancellationToken));

        public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
        {
            log.Add("create " + path.Text);
            return Wrap(await inner.CreateAsync(path, parameters, cancellationToken));
        }

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
        {
            log.Add("rename " + from.Text);
            return inner.RenameAsync(from, to, replace, cancellationToken);
        }

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken)
        {
            log.Add("link " + link.Text);
            return inner.LinkAsync(existing, link, replace, cancellationToken);
        }

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
        {
            log.Add("delete " + path.Text);
            return inner.DeleteAsync(path, cancellationToken);
        }

        public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
            inner.CanDeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
            inner.GetVolumeAsync(cancellationToken);

        private NtResult<IStoreFile> Wrap(NtResult<IStoreFile> opened) =>
            opened.Succeeded ? new NtResult<IStoreFile>(new FlushedFile(opened.Value, log)) : opened;

        /// <summary>What has happened, and what is to happen to flushes.</summary>
        internal sealed class Log
        {
            private readonly ConcurrentQueue<string> _lines = new();
            private TaskCompletionSource[] _held = [];
            private int _next;

            public NtStatus Failure { get; set; } = NtStatus.Success;

            /// <summary>The only path whose flushes fail; null: all.</summary>
            public string? FailsFor { get; set; }

            public void Add(string line) => _lines.Enqueue(line);

            public string[] Take()
            {
                var lines = _lines.ToArray();
                _lines.Clear();
                return lines;
            }

            public void Hold() => _held = [.. Enumerable.Range(0, 100).Select(static _ => new TaskCompletionSource())];

            public void Let() => _held[0].SetResult();

            public void LetAll()
            {
                foreach (var held in _held)
                {
                    held.TrySetResult();
                }
            }

            public async Task WaitForAsync(string line)
            {
                while (!_lines.Contains(line))
                {
                    await Task.Delay(5);
                }
            }

            public async ValueTask<NtStatus> FlushAsync(string path, CancellationToken cancellationToken)
            {
                Add("flush " + path);
                if (_held.Length > 0)
                {
                    await _held[Interlocked.Increment(ref _next) - 1].Task.WaitAsync(cancellationToken);
                }

                return FailsFor is null || FailsFor == path ? Failure : NtStatus.Success;
            }
        }

        private sealed class FlushedStream(IStoreStream stream, Log log) : FlushedFile(stream, log), IStoreStream
        {
            public string StreamName { get; } = stream.StreamName;

            protected override string FullName => $"{Path.Text}:{StreamName}";
        }

        private class FlushedFile(IStoreFile file, Log log) : IStreamedFile, IStoreFile
        {
            protected virtual string FullName => file.Path.Text;

            private IStreamedFile Streams => (IStreamedFile)file;

            public async ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken) =>
                Wrap(await Streams.OpenStreamAsync(name, access, cancellationToken));

            public async ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken) =>
                Wrap(await Streams.CreateStreamAsync(name, cancellationToken));

            public ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken) =>
                Streams.ListStreamsAsync(cancellationToken);

            public ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken) =>
                Streams.RenameStreamAsync(name, newName, replace, cancellationToken);

            public ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken)
            {
                log.Add($"delete {name} of {file.Path.Text}");
                return Streams.DeleteStreamAsync(name, cancellationToken);
            }

            public StorePath Path => file.Path;

            public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) =>
                file.GetMetadataAsync(cancellationToken);

            public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
                file.SetMetadataAsync(change, cancellationToken);

            public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
                file.ReadAsync(offset, buffer, cancellationToken);

            public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
            {
                log.Add("write " + file.Path.Text);
                return file.WriteAsync(offset, data, cancellationToken);
            }

            public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
                file.SetLengthAsync(length, cancellationToken);

            public async ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) =>
                await log.FlushAsync(FullName, cancellationToken);

            public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => file.ListAsync(cancellationToken);

            public ValueTask DisposeAsync() => file.DisposeAsync();

            private NtResult<IStoreStream> Wrap(NtResult<IStoreStream> opened) =>
                opened.Succeeded ? new NtResult<IStoreStream>(new FlushedStream(opened.Value, log)) : opened;
        }
    }
}
