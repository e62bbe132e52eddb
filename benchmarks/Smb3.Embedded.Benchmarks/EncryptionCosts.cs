using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Smb3.Embedded.Benchmarks.Gate;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers.Encryption;
using Smb3.Embedded.Storage.Physical;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// What the encryption of a folder costs: reads and writes of a file in the page cache beside those of a plain one, in turns, and of each the quickest
/// round; and the cipher alone, to be compared with <c>openssl speed -evp aes-256-xts</c>.
/// </summary>
internal static class EncryptionCosts
{
    private const int FileLength = 8 << 20;

    public static async Task RunAsync(string folder)
    {
        RunCipher();
        var place = Directory.CreateDirectory(Path.Join(folder, "encryption-" + Guid.NewGuid().ToString("N")));
        try
        {
            using var below = new PhysicalFileStore(place.FullName);
            var store = below.WithEncryption(RandomNumberGenerator.GetBytes(32));
            await using var plain = await MakeAsync(below, "plain");
            await using var encrypted = await MakeAsync(store, "encrypted");
            foreach (var size in new[] { 4096, 1 << 16, 1 << 20 })
            {
                var buffer = RandomNumberGenerator.GetBytes(size);
                var data = new ReadOnlySequence<byte>(buffer);
                Show($"read of {size >> 10} KiB", () => Read(encrypted, buffer), () => Read(plain, buffer));
                Show($"write of {size >> 10} KiB", () => Write(encrypted, 0, data), () => Write(plain, 0, data));
            }

            var part = new byte[1000];
            Show("read of 1,000 bytes at an odd place", () => Read(encrypted, part), () => Read(plain, part));
            Show("write of 1,000 bytes at an odd place", () => Write(encrypted, 77, new(part)), () => Write(plain, 77, new(part)));
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    private static void RunCipher()
    {
        var cipher = new FileKeyring([RandomNumberGenerator.GetBytes(32)]).New();
        var data = RandomNumberGenerator.GetBytes(1 << 16);
        foreach (var (what, work) in new (string, Action)[]
        {
            ("encrypt", () => cipher.Encrypt(0, data, data)), ("decrypt", () => cipher.Decrypt(0, data, data)),
        })
        {
            var best = double.MaxValue;
            for (var round = 0; round < 200; round++)
            {
                var started = Stopwatch.GetTimestamp();
                for (var i = 0; i < 20; i++)
                {
                    work();
                }

                best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds / 20);
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} 64 KiB: {data.Length / best / 1e6:N0} MB/s"));
        }

        cipher.Dispose();
    }

    private static void Show(string what, Action encrypted, Action plain) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: {Race.Ratio(encrypted, plain):0.00} times a plain file; allocates {Race.Allocated(encrypted):0.0} bytes, plain {Race.Allocated(plain):0.0}"));

    private static async Task<IStoreFile> MakeAsync(IFileStore store, string name)
    {
        var file = (await store.CreateAsync(new StorePath(name), default, default)).Value;
        Write(file, 0, new(RandomNumberGenerator.GetBytes(FileLength)));
        return file;
    }

    private static void Read(IStoreFile file, Memory<byte> buffer)
    {
        var read = file.ReadAsync(buffer.Length % 16, buffer, default);
        if ((read.IsCompletedSuccessfully ? read.Result : read.AsTask().GetAwaiter().GetResult()).Value != buffer.Length)
        {
            throw new InvalidOperationException("The read failed.");
        }
    }

    private static void Write(IStoreFile file, long offset, ReadOnlySequence<byte> data)
    {
        var written = file.WriteAsync(offset, data, default);
        if ((written.IsCompletedSuccessfully ? written.Result : written.AsTask().GetAwaiter().GetResult()) != NtStatus.Success)
        {
            throw new InvalidOperationException("The write failed.");
        }
    }
}
