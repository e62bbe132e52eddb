using System.Collections.Concurrent;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Files.Caching;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Tests.Storage;
using Xunit;
using static Smb3.Embedded.Tests.Files.Caching.CachingClient;

namespace Smb3.Embedded.Tests.Files;

/// <summary>The data of a file becomes one of its streams, with all that belongs to it, and back (MS-FSA 2.1.5.15.11.1).</summary>
public sealed class DataRenameTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>How the stream is that has the new name already.</summary>
    public enum Target
    {
        Missing,
        Empty,
        EmptyAndOpen,
        Full,
    }

    /// <summary>What else there is on the data.</summary>
    public enum Other
    {
        None,
        Open,
        Lock,
        HandleLease,
        OwnLease,
    }

    public static TheoryData<bool, Other, Target, bool, int> Cases()
    {
        var cases = new TheoryData<bool, Other, Target, bool, int>();
        foreach (var inFolder in OperatingSystem.IsLinux() ? new[] { false, true } : [false])
        {
            foreach (var other in Enum.GetValues<Other>())
            {
                foreach (var target in Enum.GetValues<Target>())
                {
                    cases.Add(inFolder, other, target, false, 5000);
                    cases.Add(inFolder, other, target, true, 7);
                }
            }
        }

        return cases;
    }

    public void Dispose() => _folder.Delete();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_data_of_a_file_gets_a_name_when_it_is_free(bool inFolder, Other other, Target target, bool replace, int length)
    {
        var volume = NewVolume(inFolder);
        var holder = new CachingClient(volume);
        var content = Pattern(length);
        var open = other == Other.OwnLease ? await holder.LeaseAsync(1, RH) : await volume.OpenAsync("f");
        await TestVolume.WriteAsync(open, 0, content);
        var others = await PrepareAsync(volume, holder, other, open);
        var held = await PrepareTargetAsync(volume, target);
        var expected = target == Target.Missing ? NtStatus.Success
            : !replace ? NtStatus.ObjectNameCollision
            : target == Target.Full ? NtStatus.InvalidParameter
            : target == Target.EmptyAndOpen ? NtStatus.AccessDenied
            : NtStatus.Success;

        var renaming = open.RenameAsync(":new", replace, false, null, default).AsTask();
        if (other == Other.HandleLease && expected == NtStatus.Success)
        {
            Assert.Equal((RH, R), holder.TakeBreak() is var asked ? (asked.From, asked.To) : default);
            Assert.False(renaming.IsCompleted);
            Assert.Equal(NtStatus.Success, holder.Answer(2, R));
        }

        Assert.Equal(expected, await renaming);
        Assert.Empty(holder.TakeBreaks());
        if (expected == NtStatus.Success)
        {
            await ExpectMovedAsync(volume, holder, other, open, others, content);
        }
        else
        {
            Assert.Equal("f", open.FullName);
            Assert.Equal(content, await ReadAsync(open, length + 1));
            Assert.Equal(target == Target.Full ? 1 : 0, (await StreamsAsync(open))["new"]);
        }

        foreach (var one in others.Concat(held).Append(open))
        {
            await one.CloseAsync();
        }

        volume.AssertEmpty();
        Assert.Equal(0, holder.Leases.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_write_is_lost_while_the_data_gets_a_name_and_loses_it(bool inFolder)
    {
        if (inFolder && !OperatingSystem.IsLinux())
        {
            return; // only there folders have streams
        }

        const int Writers = 3;
        const int Piece = 512;
        var volume = NewVolume(inFolder);
        var open = await volume.OpenAsync("f");
        await TestVolume.WriteAsync(open, 0, new byte[Writers * Piece * 200]);
        var written = new int[Writers];
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, Writers).Select(number => Task.Run(async () =>
        {
            var own = await volume.OpenAsync("f");
            for (var i = 0; i < 200 && !stop.IsCancellationRequested; i++)
            {
                var offset = ((number * 200) + i) * Piece;
                Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(own, offset, Pattern(Piece, number + i)));
                Assert.Equal(Pattern(Piece, number + i), await ReadAsync(own, Piece, offset));
                Volatile.Write(ref written[number], i + 1);
                await Task.Yield();
            }

            return own;
        })).ToArray();

        // Each round: away and back. Opens by the name of the file are of the data in between, and keep it from coming back.
        await Task.WhenAll(writers.Select((_, number) => TestUntil(() => Volatile.Read(ref written[number]) > 3)));
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal(NtStatus.Success, await open.RenameAsync($":s{round}", false, false, null, default));
            Assert.Equal(0, (await TestVolume.MetadataAsync(open)).Length - (Writers * Piece * 200));
            Assert.Equal(NtStatus.Success, await open.RenameAsync("::$DATA", true, false, null, default));
        }

        Assert.Equal(NtStatus.Success, await open.RenameAsync(":last", false, false, null, default));
        var owns = await Task.WhenAll(writers);
        for (var number = 0; number < Writers; number++)
        {
            for (var i = 0; i < written[number]; i++)
            {
                Assert.Equal(Pattern(Piece, number + i), await ReadAsync(open, Piece, ((number * 200) + i) * Piece));
            }

            Assert.Equal("f:last", owns[number].FullName);
            await owns[number].CloseAsync();
        }

        await open.CloseAsync();
        volume.AssertEmpty();
    }

    [Fact]
    public async Task Watchers_hear_of_both_names_and_of_the_size()
    {
        var volume = NewVolume(inFolder: false);
        var open = await volume.OpenAsync("f");
        await TestVolume.WriteAsync(open, 0, 1, 2, 3);
        var heard = new ConcurrentQueue<string>();
        volume.Volume.Changed += change => heard.Enqueue($"{change.Action} {change.Path.Text}");
        Assert.Equal(NtStatus.Success, await open.RenameAsync(":s", false, false, null, default));
        Assert.Equal(["RemovedStream f::$DATA", "AddedStream f:s", "Modified f"], heard);
        heard.Clear();
        Assert.Equal(NtStatus.Success, await open.RenameAsync("::$DATA", true, false, null, default));
        Assert.Equal(["RemovedStream f:s", "AddedStream f::$DATA", "Modified f"], heard);
        await open.CloseAsync();
    }

    [Fact]
    public async Task Data_needs_the_right_to_delete_and_to_write_and_no_read_only_file()
    {
        var volume = NewVolume(inFolder: false);
        var open = await volume.OpenAsync("f", access: FileAccessMask.ReadData | FileAccessMask.WriteData);
        Assert.Equal(NtStatus.AccessDenied, await open.RenameAsync(":s", false, false, null, default));
        await open.CloseAsync();
        open = await volume.OpenAsync("f", access: FileAccessMask.Delete | FileAccessMask.WriteAttributes | FileAccessMask.ReadAttributes);
        Assert.Equal(NtStatus.Success, await open.SetBasicAsync(default, FileAttributes.ReadOnly, default));
        Assert.Equal(NtStatus.AccessDenied, await open.RenameAsync(":s", false, false, null, default));
        Assert.Equal(NtStatus.Success, await open.RenameAsync(":s", false, false, ignoreReadOnly: true, null, null, default));
        await open.CloseAsync();
        volume.AssertEmpty();
    }

    [Fact]
    public async Task A_store_that_cannot_move_data_says_so_and_nothing_changes()
    {
        var volume = new TestVolume(static store => new CountedStore(store, new StoreCalls()));
        var open = await volume.OpenAsync("f");
        await TestVolume.WriteAsync(open, 0, 1, 2, 3);
        Assert.Equal(NtStatus.InvalidParameter, await open.RenameAsync(":s", false, false, null, default));
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(open, 3, 4));
        Assert.Equal([1, 2, 3, 4], await ReadAsync(open, 9));
        await open.CloseAsync();
        volume.AssertEmpty();
    }

    private static async Task<List<FileOpen>> PrepareAsync(TestVolume volume, CachingClient holder, Other other, FileOpen open)
    {
        switch (other)
        {
            case Other.Open:
                return [await volume.OpenAsync("F", share: ShareAccess.Read | ShareAccess.Write | ShareAccess.Delete)];
            case Other.Lock:
                Assert.Equal(NtStatus.Success, await open.LockAsync(new[] { new LockRequest(new ByteRange(0, 2), true) }, true, default));
                return [];
            case Other.HandleLease:
                return [await holder.LeaseAsync(2, RH)];
            default:
                return [];
        }
    }

    private static async Task<List<FileOpen>> PrepareTargetAsync(TestVolume volume, Target target)
    {
        if (target == Target.Missing)
        {
            return [];
        }

        var stream = await volume.OpenAsync("f:new");
        if (target == Target.Full)
        {
            await TestVolume.WriteAsync(stream, 0, 1);
        }

        if (target == Target.EmptyAndOpen)
        {
            return [stream];
        }

        await stream.CloseAsync();
        return [];
    }

    private static async Task ExpectMovedAsync(
        TestVolume volume, CachingClient holder, Other other, FileOpen open, List<FileOpen> others, byte[] content)
    {
        foreach (var one in others.Append(open))
        {
            Assert.Equal("f:new", one.FullName);
            Assert.True(one.File.IsStream);
            Assert.Equal(content.Length, (await TestVolume.MetadataAsync(one)).Length);
        }

        // The file has data of its own, which nobody has open, is locked by nobody, and is cached by nobody.
        var file = await volume.OpenAsync("f", CreateDisposition.Open, access: FileAccessMask.ReadData | FileAccessMask.WriteData, share: ShareAccess.None | ShareAccess.Delete);
        Assert.Equal(0, (await TestVolume.MetadataAsync(file)).Length);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(file, 0, 42));
        Assert.Empty(holder.TakeBreaks());
        Assert.Equal(content.Length, (await StreamsAsync(file))["new"]);

        // All else went with the data: what it locks, what is cached of it, and what its opens share.
        var stream = await volume.CreateAsync("f:new", CreateDisposition.Open, share: ShareAccess.All);
        Assert.Equal(NtStatus.Success, stream.Status);
        if (other == Other.Lock)
        {
            Assert.Equal(NtStatus.FileLockConflict, await TestVolume.WriteAsync(stream.Open!, 0, 9));
            Assert.Equal(NtStatus.Success, open.Unlock([new ByteRange(0, 2)]));
        }

        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(stream.Open!, content.Length, 9));
        Assert.Equal(other is Other.HandleLease or Other.OwnLease, holder.TakeBreaks().Count > 0);
        foreach (var one in others.Append(open))
        {
            Assert.Equal([.. content, 9], await ReadAsync(one, content.Length + 10));
        }

        // And back, once the file's own data is empty and nobody has it open.
        await stream.Open!.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameCollision, await open.RenameAsync("::$DATA", false, false, null, default));
        Assert.Equal(NtStatus.InvalidParameter, await open.RenameAsync("::$DATA", true, false, null, default));
        Assert.Equal(NtStatus.Success, await file.SetEndOfFileAsync(0, default));
        Assert.Equal(NtStatus.AccessDenied, await open.RenameAsync("::$DATA", true, false, null, default));
        await file.CloseAsync();
        Assert.Equal(NtStatus.Success, await open.RenameAsync("::$DATA", true, false, null, default));
        file = await volume.OpenAsync("f", CreateDisposition.Open);
        foreach (var one in others.Append(open).Append(file))
        {
            Assert.Equal("f", one.FullName);
            Assert.Same(open.File, one.File);
            Assert.Equal([.. content, 9], await ReadAsync(one, content.Length + 10));
        }

        Assert.Empty(await StreamsAsync(file));
        await file.CloseAsync();
    }

    private static async Task<Dictionary<string, long>> StreamsAsync(FileOpen open)
    {
        var listed = await open.ListStreamsAsync(default);
        return listed.Value.ToDictionary(static stream => stream.Name, static stream => stream.Length);
    }

    private static async Task<byte[]> ReadAsync(FileOpen open, int length, long offset = 0)
    {
        var buffer = new byte[length];
        var read = await open.ReadAsync(offset, buffer, 0, default);
        Assert.Equal(NtStatus.Success, read.Status);
        return buffer[..read.Value];
    }

    private static byte[] Pattern(int length, int seed = 1) => [.. Enumerable.Range(0, length).Select(i => (byte)((i * 7) + seed))];

    private static async Task TestUntil(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(1);
        }
    }

    private TestVolume NewVolume(bool inFolder) =>
        inFolder ? new TestVolume(new PhysicalFileStore(_folder.Path), new VolumeOptions()) : new TestVolume();
}
