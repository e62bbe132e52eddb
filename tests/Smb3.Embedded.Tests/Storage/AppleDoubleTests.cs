using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Apple;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

public sealed class AppleDoubleTests : IDisposable
{
    private const int FinderInfoAt = 50;
    private static readonly byte[] FinderInfo = [.. "TEXTttxt"u8, .. new byte[24]];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Everything_becomes_streams_and_the_file_goes(bool onDisk)
    {
        var store = Store(onDisk);
        var fork = Enumerable.Range(0, 700_000).Select(i => (byte)(i * 7)).ToArray();
        await PutAsync(store, "photo.jpg", "data"u8.ToArray());
        await PutAsync(store, "._photo.jpg", Build(FinderInfo, fork, ("com.apple.metadata:kMDItemWhereFroms", [1, 2, 3]), ("empty", [])));
        var before = await MetadataAsync(store, "photo.jpg");

        Assert.Equal([("._photo.jpg", AppleDoubleResult.Converted)], await ConvertAsync(store));

        Assert.Equal(NtStatus.ObjectNameNotFound, (await store.OpenAsync(new StorePath("._photo.jpg"), StoreAccess.Read, default)).Status);
        Assert.Equal(
            ["AFP_AfpInfo", "AFP_Resource", "com.apple.metadata\uF022kMDItemWhereFroms", "empty"], await StreamsAsync(store, "photo.jpg"));
        var info = await StreamAsync(store, "photo.jpg", "AFP_AfpInfo");
        Assert.True(AfpInfo.IsValid(info));
        Assert.Equal(FinderInfo, AfpInfo.FinderInfoOf(info).ToArray());
        Assert.Equal(fork, await StreamAsync(store, "photo.jpg", "AFP_Resource"));
        Assert.Equal([1, 2, 3], await StreamAsync(store, "photo.jpg", "com.apple.metadata\uF022kMDItemWhereFroms"));
        Assert.Equal("data", Encoding.ASCII.GetString(await ReadAsync(store, "photo.jpg")));
        Assert.Equal(before.LastWriteTime, (await MetadataAsync(store, "photo.jpg")).LastWriteTime);
    }

    [Fact]
    public async Task A_directory_has_them_too_and_what_lies_deep_is_found()
    {
        var store = Store(onDisk: true);
        await (await store.CreateAsync(new StorePath("a"), new NewFile { IsDirectory = true }, default)).Value.DisposeAsync();
        await PutAsync(store, @"._a", Build(FinderInfo, []));
        await PutAsync(store, @"a\b", []);
        await PutAsync(store, @"a\._b", Build(FinderInfo, []));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "a", "up"), _folder.Path);

        Assert.Equal(
            [("._a", AppleDoubleResult.Converted), (@"a\._b", AppleDoubleResult.Converted)], await ConvertAsync(store));
        Assert.Equal(["AFP_AfpInfo"], await StreamsAsync(store, "a"));
        Assert.Equal(["AFP_AfpInfo"], await StreamsAsync(store, @"a\b"));
    }

    [Fact]
    public async Task What_says_nothing_goes_without_a_trace()
    {
        var blank = new byte[286];
        BinaryPrimitives.WriteInt32BigEndian(blank, 256);
        BinaryPrimitives.WriteInt32BigEndian(blank.AsSpan(4), 256);
        BinaryPrimitives.WriteInt32BigEndian(blank.AsSpan(12), 30);
        "This resource fork intentionally left blank   "u8.CopyTo(blank.AsSpan(16));
        BinaryPrimitives.WriteInt16BigEndian(blank.AsSpan(284), -1);
        var store = Store(onDisk: false);
        await PutAsync(store, "x", []);
        await PutAsync(store, "._x", Build(new byte[32], blank));

        Assert.Equal([("._x", AppleDoubleResult.Converted)], await ConvertAsync(store));
        Assert.Empty(await StreamsAsync(store, "x"));
    }

    [Fact]
    public async Task What_cannot_be_moved_stays_and_says_why()
    {
        var store = Store(onDisk: false);
        var whole = Build(FinderInfo, [1, 2, 3]);
        await PutAsync(store, "._orphan", whole);
        await PutAsync(store, "text", []);
        await PutAsync(store, "._text", "not what it seems"u8.ToArray());
        await PutAsync(store, "empty", []);
        await PutAsync(store, "._empty", []);
        await PutAsync(store, "other", [], Sid.Parse("S-1-5-21-1-2-3-1001"));
        await PutAsync(store, "._other", whole, Sid.Parse("S-1-5-21-1-2-3-1002"));
        await PutAsync(store, "differs", []);
        await PutStreamAsync(store, "differs", "AFP_Resource", [9]);
        await PutAsync(store, "._differs", whole);

        Assert.Equal(
            [
                ("._differs", AppleDoubleResult.Differs),
                ("._empty", AppleDoubleResult.NotAppleDouble),
                ("._orphan", AppleDoubleResult.Orphan),
                ("._other", AppleDoubleResult.OtherOwner),
                ("._text", AppleDoubleResult.NotAppleDouble),
            ],
            await ConvertAsync(store));
        Assert.Equal(["AFP_Resource"], await StreamsAsync(store, "differs"));
        Assert.Empty(await StreamsAsync(store, "other"));
        Assert.Equal(whole, await ReadAsync(store, "._differs"));
    }

    [Fact]
    public async Task One_that_was_broken_off_is_finished()
    {
        var store = Store(onDisk: false);
        await PutAsync(store, "x", []);
        await PutAsync(store, "._x", Build(FinderInfo, [1, 2, 3]));
        await PutStreamAsync(store, "x", "AFP_Resource", [1, 2, 3]); // moved already
        await PutStreamAsync(store, "x", "AppleDouble.conversion", [7]); // begun

        Assert.Equal([("._x", AppleDoubleResult.Converted)], await ConvertAsync(store));
        Assert.Equal(["AFP_AfpInfo", "AFP_Resource"], await StreamsAsync(store, "x"));
    }

    [Fact]
    public async Task A_full_disk_leaves_everything_as_it_was()
    {
        var store = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 3 * 1024 * 1024 });
        await PutAsync(store, "x", []);
        await PutAsync(store, "._x", Build(FinderInfo, new byte[2 * 1024 * 1024].Select(_ => (byte)1).ToArray()));

        Assert.Equal([("._x", AppleDoubleResult.Failed)], await ConvertAsync(store));
        Assert.DoesNotContain("AFP_Resource", await StreamsAsync(store, "x"));
        Assert.DoesNotContain("AppleDouble.conversion", await StreamsAsync(store, "x"));
        await PutAsync(store, "._y", []);
    }

    [Fact]
    public void A_damaged_file_is_refused_wherever_it_is_cut_or_lies()
    {
        var whole = Build(FinderInfo, [1, 2, 3], ("name", [4, 5, 6, 7]));
        Assert.NotNull(AppleDoubleFile.Read(whole, whole.Length));
        for (var cut = 0; cut < whole.Length; cut++)
        {
            Assert.Null(AppleDoubleFile.Read(whole.AsSpan(0, cut), cut));
        }

        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var changed = whole.ToArray();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                changed[random.Next(changed.Length)] = (byte)(random.Next(2) == 0 ? 0xFF : random.Next(256));
            }

            if (AppleDoubleFile.Read(changed, changed.Length) is { } read)
            {
                Assert.All(
                    read.Attributes.Select(attribute => attribute.Data).Append(read.ResourceFork),
                    range => Assert.InRange(range.End, 0, changed.Length));
                Assert.All(read.Attributes, attribute => Assert.DoesNotContain(attribute.Stream, c => c is '/' or ':' or '\\' or '\0'));
            }
        }
    }

    /// <summary>As macOS writes it: Finder info with the attributes at 50, the resource fork behind.</summary>
    private static byte[] Build(byte[] finderInfo, byte[] fork, params (string Name, byte[] Data)[] attributes)
    {
        var table = new List<byte>();
        var names = attributes.Select(attribute => (Encoding.UTF8.GetBytes(attribute.Name + "\0"), attribute.Data)).ToArray();
        var dataAt = FinderInfoAt + 34 + 36 + names.Sum(name => (11 + name.Item1.Length + 3) & ~3);
        var data = new List<byte>();
        foreach (var (name, value) in names)
        {
            table.AddRange(Number(dataAt + data.Count));
            table.AddRange(Number(value.Length));
            table.AddRange([0, 0, (byte)name.Length, .. name]);
            table.AddRange(new byte[(4 - ((11 + name.Length) & 3)) & 3]);
            data.AddRange(value);
        }

        byte[] header =
        [
            .. "ATTR"u8, .. Number(0), .. Number(dataAt + data.Count), .. Number(dataAt), .. Number(data.Count), .. new byte[12],
            0, 0, 0, (byte)attributes.Length,
        ];
        byte[] information = [.. finderInfo, 0, 0, .. header, .. table, .. data];
        return
        [
            .. Number(0x00051607), .. Number(0x00020000), .. "Mac OS X        "u8, 0, 2,
            .. Number(9), .. Number(FinderInfoAt), .. Number(information.Length),
            .. Number(2), .. Number(FinderInfoAt + information.Length), .. Number(fork.Length),
            .. information, .. fork,
        ];
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static async Task<List<(string, AppleDoubleResult)>> ConvertAsync(IFileStore store)
    {
        var outcomes = new List<(string, AppleDoubleResult)>();
        await foreach (var outcome in AppleDouble.ConvertAsync(store))
        {
            Assert.Equal(outcome.Result == AppleDoubleResult.Failed, outcome.Status != NtStatus.Success);
            outcomes.Add((outcome.Path.Text, outcome.Result));
        }

        return [.. outcomes.Order()];
    }

    private static async Task PutAsync(IFileStore store, string path, byte[] data, Sid? owner = null)
    {
        var descriptor = owner is null ? default(ReadOnlyMemory<byte>) : new SecurityDescriptor { Owner = owner }.ToArray();
        await using var file = (await store.CreateAsync(new StorePath(path), new NewFile { SecurityDescriptor = descriptor }, default)).Value;
        Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new ReadOnlySequence<byte>(data), default));
    }

    private static async Task PutStreamAsync(IFileStore store, string path, string stream, byte[] data)
    {
        await using var file = (await store.OpenAsync(new StorePath(path), StoreAccess.ReadWrite, default)).Value;
        await using var opened = (await ((IStreamedFile)file).CreateStreamAsync(stream, default)).Value;
        Assert.Equal(NtStatus.Success, await opened.WriteAsync(0, new ReadOnlySequence<byte>(data), default));
    }

    private static async Task<FileMetadata> MetadataAsync(IFileStore store, string path)
    {
        await using var file = (await store.OpenAsync(new StorePath(path), StoreAccess.Metadata, default)).Value;
        return (await file.GetMetadataAsync(default)).Value;
    }

    private static async Task<byte[]> ReadAsync(IFileStore store, string path)
    {
        await using var file = (await store.OpenAsync(new StorePath(path), StoreAccess.Read, default)).Value;
        return await ReadAsync(file);
    }

    private static async Task<byte[]> ReadAsync(IStoreFile file)
    {
        var data = new byte[(await file.GetMetadataAsync(default)).Value.Length];
        Assert.Equal(data.Length, (await file.ReadAsync(0, data, default)).Value);
        return data;
    }

    private static async Task<string[]> StreamsAsync(IFileStore store, string path)
    {
        await using var file = (await store.OpenAsync(new StorePath(path), StoreAccess.Read, default)).Value;
        return [.. (await ((IStreamedFile)file).ListStreamsAsync(default)).Value.Select(stream => stream.Name).Order(StringComparer.Ordinal)];
    }

    private static async Task<byte[]> StreamAsync(IFileStore store, string path, string name)
    {
        await using var file = (await store.OpenAsync(new StorePath(path), StoreAccess.Read, default)).Value;
        await using var stream = (await ((IStreamedFile)file).OpenStreamAsync(name, StoreAccess.Read, default)).Value;
        return await ReadAsync(stream);
    }

    private IFileStore Store(bool onDisk) => onDisk ? new PhysicalFileStore(_folder.Path) : new MemoryFileStore();
}
