using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers.Encryption;
using Smb3.Embedded.Storage.Objects;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>What lies in the store below says nothing without the key, and what was changed there is not taken for what was written.</summary>
public sealed class ObjectEncryptionTests
{
    private const int Chunk = SealedObject.ChunkLength;

    private readonly MemoryObjectStore _below = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ObjectFileStore _store;

    public ObjectEncryptionTests() => _store = _below.WithEncryption(_key);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((3 * Chunk) + 17)]
    public async Task Any_part_of_a_file_of_any_length_is_read(int length)
    {
        var data = await WriteAsync(_store, "f", length);
        Assert.Equal(length, SealedObject.LengthOf(_below.Get("f")!.Length));
        await using var file = await OpenAsync(_store);
        Assert.Equal(length, (await file.GetMetadataAsync(default)).Value.Length);
        foreach (var from in new[] { 0, 1, Chunk - 1, Chunk, Chunk + 1, (2 * Chunk) + 5, length - 1 }.Where(from => from >= 0 && from < length))
        {
            foreach (var count in new[] { 1, 2, Chunk - 1, Chunk, Chunk + 1, 2 * Chunk, length }.Where(count => from + count <= length))
            {
                var part = new byte[count];
                Assert.Equal(count, (await file.ReadAsync(from, part, default)).Value);
                Assert.True(part.AsSpan().SequenceEqual(data.AsSpan(from, count)), $"{from}+{count}");
            }
        }
    }

    [Fact]
    public async Task Nothing_of_the_data_is_below_and_the_same_data_never_looks_the_same()
    {
        var data = await WriteAsync(_store, "f", 2 * Chunk);
        await WriteAsync(_store, "g", 2 * Chunk);
        var (one, other) = (_below.Get("f")!, _below.Get("g")!);
        Assert.Equal(-1, one.AsSpan().IndexOf(data.AsSpan(0, 16)));
        Assert.NotEqual(one[SealedObject.HeaderLength..], other[SealedObject.HeaderLength..]);
        Assert.Equal(one.Length, other.Length);
    }

    [Theory]
    [InlineData(0)] // the mark
    [InlineData(SealedObject.KeyIdOffset)]
    [InlineData(SealedObject.LengthOffset)]
    [InlineData(SealedObject.SaltOffset)]
    [InlineData(SealedObject.HeaderLength)] // the data
    [InlineData(SealedObject.HeaderLength + Chunk)] // the first tag
    [InlineData(SealedObject.HeaderLength + SealedObject.SealedChunkLength + 3)]
    public async Task A_changed_bit_is_found_when_it_is_read(int place)
    {
        await WriteAsync(_store, "f", 2 * Chunk);
        var changed = _below.Get("f")!.ToArray();
        changed[place] ^= 1;
        await IsCorruptAsync(changed);
    }

    [Fact]
    public async Task Chunks_that_are_cut_off_added_or_exchanged_are_found()
    {
        await WriteAsync(_store, "f", 3 * Chunk);
        var whole = _below.Get("f")!;
        const int Head = SealedObject.HeaderLength, Sealed = SealedObject.SealedChunkLength;
        await IsCorruptAsync(whole[..^Sealed]);
        await IsCorruptAsync([.. whole, .. whole[Head..(Head + Sealed)]]);
        await IsCorruptAsync([.. whole[..Head], .. whole[(Head + Sealed)..(Head + (2 * Sealed))], .. whole[Head..(Head + Sealed)], .. whole[(Head + (2 * Sealed))..]]);
        await IsCorruptAsync(whole[..(Head - 1)], SealedObject.LengthOf(Head - 1));
        await IsCorruptAsync(new byte[1000]);

        // Those of another object that are in the right place.
        await WriteAsync(_store, "g", 3 * Chunk);
        await IsCorruptAsync([.. whole[..Head], .. _below.Get("g")!.AsSpan(Head)]);
    }

    [Fact]
    public async Task Another_key_reads_nothing_and_says_so_and_a_former_one_is_read()
    {
        var data = await WriteAsync(_store, "f", 100);
        var next = RandomNumberGenerator.GetBytes(32);
        var without = _below.WithEncryption(next);
        Assert.Null(((IReportingStore)without).Problem);
        await using (var file = await OpenAsync(without))
        {
            Assert.Equal(NtStatus.FileCorruptError, (await file.ReadAsync(0, new byte[100], default)).Status);
        }

        Assert.Contains("key", ((IReportingStore)without).Problem, StringComparison.Ordinal);
        var with = _below.WithEncryption(next, _key);
        await using (var file = await OpenAsync(with, StoreAccess.ReadWrite))
        {
            var part = new byte[100];
            Assert.Equal(100, (await file.ReadAsync(0, part, default)).Value);
            Assert.Equal(data, part);
            Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new(new byte[] { 9 }), default));
        }

        // What was written is encrypted with the new key.
        await using var again = await OpenAsync(_below.WithEncryption(next));
        var read = new byte[100];
        Assert.Equal(100, (await again.ReadAsync(0, read, default)).Value);
        Assert.Equal([9, .. data[1..]], read);
    }

    [Fact]
    public void A_key_of_another_length_is_refused()
    {
        Assert.Throws<ArgumentException>(() => _below.WithEncryption(new byte[16]));
        Assert.Throws<ArgumentException>(() => _below.WithEncryption(_key, new byte[33]));
    }

    [Fact]
    public async Task A_part_that_is_put_again_is_the_same()
    {
        var data = RandomNumberGenerator.GetBytes((2 * Chunk) + 100);
        await using var stream = new SealingStream(new ObjectKeyring([_key]).New(data.Length), new MemoryStream(data));
        var whole = new byte[stream.Length];
        await stream.ReadExactlyAsync(whole);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        foreach (var place in new[] { 0, 10, SealedObject.HeaderLength, Chunk, Chunk + 1000, whole.Length - 1 })
        {
            stream.Position = place;
            var part = new byte[whole.Length - place];
            await stream.ReadExactlyAsync(part);
            Assert.Equal(whole[place..], part);
        }
    }

    private async Task IsCorruptAsync(byte[] sealedData, long? length = null)
    {
        _below.PutOutside("f", sealedData);
        var store = _below.WithEncryption(_key);
        await using var file = await OpenAsync(store);
        var told = (int)(await file.GetMetadataAsync(default)).Value.Length;
        Assert.Equal(length ?? told, told);
        if (told > 0)
        {
            Assert.Equal(NtStatus.FileCorruptError, (await file.ReadAsync(0, new byte[told], default)).Status);
            Assert.NotNull(((IReportingStore)store).Problem);
        }
    }

    private static async Task<byte[]> WriteAsync(ObjectFileStore store, string name, int length)
    {
        var data = new byte[length];
        new Random(length).NextBytes(data);
        await using var file = (await store.CreateAsync(new StorePath(name), default, default)).Value;
        if (length > 0)
        {
            Assert.Equal(NtStatus.Success, await file.WriteAsync(0, new(data), default));
        }

        return data;
    }

    private static async Task<IStoreFile> OpenAsync(ObjectFileStore store, StoreAccess access = StoreAccess.Read) =>
        (await store.OpenAsync(new StorePath("f"), access, default)).Value;
}
