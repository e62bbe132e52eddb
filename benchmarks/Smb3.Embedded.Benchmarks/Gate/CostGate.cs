using System.Globalization;
using System.Security.Cryptography;
using Smb3.Embedded.Benchmarks.Compressing;
using Smb3.Embedded.Benchmarks.Growth;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Benchmarks.Gate;

/// <summary>
/// Fails when something has become dear: allocations of one operation, and costs as ratios to a baseline that is measured in the same run.
/// The limits are what was measured with room for noise; who lowers a cost lowers its limit.
/// </summary>
internal static class CostGate
{
    private const int Many = 10_000;

    /// <summary>
    /// The smallest object has 24 bytes. Client and server use the same pooled state machines at a time, so that now and then a core has none
    /// left and makes one.
    /// </summary>
    private const double LessThanAnObject = 12;

    private static readonly (string What, double Limit, Func<double> Measure)[] Checks =
    [
        ("bytes allocated by an echo", 0.1, () => AllocatedBy((tree, _) => tree.Request(Smb2Command.Echo, [4, 0, 0, 0]))),
        ("bytes allocated by a read of 4 KiB", 0.1, () => AllocatedBy((_, file) => file.ReadRequest(0, 4096))),
        ("bytes allocated by a write of 4 KiB", 0.1, () => AllocatedBy((_, file) => file.WriteRequest(0, new byte[4096]))),
        ("bytes allocated by a read of 1 MiB by RDMA", LessThanAnObject, () => AllocatedByRdma(Smb2Command.Read, MessageProtection.None)),
        ("bytes allocated by a read of 1 MiB by RDMA, sealed", LessThanAnObject, () => AllocatedByRdma(Smb2Command.Read, MessageProtection.Sealed)),
        ("bytes allocated by a write of 1 MiB by RDMA", LessThanAnObject, () => AllocatedByRdma(Smb2Command.Write, MessageProtection.None)),
        ("bytes allocated by an open and close, in memory", 3000, OpenAllocates),
        ("bytes allocated by an open and close, of a folder's store", 700, FolderOpenAllocates),
        ("sealing 64 KiB, beside the cipher alone", 1.4, Sealing),
        ("signing 64 KiB, beside the cipher alone", 1.4, Signing),
        ("a read of 1 MiB of noise that may be compressed, beside one that may not", 1.1, () => CompressionCost.MedianOf("random", 1 << 20)),
        ("open and close beside 10,000 opens of the file, beside one", 3, () => OpenBeside(_ => "file")),
        ("open and close beside 10,000 other open files, beside one", 3, () => OpenBeside(i => $"other{i}")),
        ("a missing name in a folder of 10,000, beside one of 10", 3, Missing),
    ];

    /// <summary>The exit code: 0 when all is as cheap as it was.</summary>
    public static int Run()
    {
        var failed = 0;
        foreach (var (what, limit, measure) in Checks)
        {
            var value = measure();
            var held = value <= limit;
            failed += held ? 0 : 1;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{(held ? "ok  " : "DEAR")} {value,8:0.00} of {limit,8:0.00}  {what}"));
        }

        return failed == 0 ? 0 : 1;
    }

    private static double AllocatedBy(Func<SmbTestTree, SmbTestFile, SmbTestRequest> make)
    {
        using var load = ServerUnderLoad.Start(8192, signed: false, make);
        return Race.Allocated(() => Check(Now(load.Request.SendAsync()) == NtStatus.Success));
    }

    private static double AllocatedByRdma(Smb2Command command, MessageProtection protection)
    {
        var load = RdmaUnderLoad.StartAsync(command, protection, overRdma: true, isInline: true).GetAwaiter().GetResult();
        var allocated = Race.Allocated(() => Check(Now(load.Request.SendAsync()) == NtStatus.Success));
        load.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return allocated;
    }

    private static double OpenAllocates()
    {
        var volume = new GrowingVolume();
        return Race.Allocated(() => OpenAndClose(volume));
    }

    private static double FolderOpenAllocates()
    {
        var folder = Directory.CreateTempSubdirectory("smb3-gate");
        try
        {
            File.WriteAllText(Path.Join(folder.FullName, "file"), "data");
            using var store = new PhysicalFileStore(folder.FullName);
            return Race.Allocated(() =>
            {
                var opened = Now(store.OpenAsync(new StorePath("file"), StoreAccess.Read, CancellationToken.None));
                Check(opened.Succeeded);
                Now(opened.Value.DisposeAsync());
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Sealing()
    {
        var key = RandomNumberGenerator.GetBytes(16);
        using var random = RandomNumberGenerator.Create();
        using var sealer = MessageSealer.Create(Smb2Cipher.Aes128Gcm, key, key, random);
        using var cipher = new AesGcm(key, 16);
        var frame = new byte[Smb2TransformHeader.Size + 65536];
        var (nonce, tag) = (new byte[12], new byte[16]);
        return Race.Ratio(
            () => sealer.Seal(frame, 1),
            () => cipher.Encrypt(nonce, frame.AsSpan(Smb2TransformHeader.Size), frame.AsSpan(Smb2TransformHeader.Size), tag, frame.AsSpan(20, 32)));
    }

    private static double Signing()
    {
        var key = RandomNumberGenerator.GetBytes(16);
        using var signer = MessageSigner.Create(Smb2SigningAlgorithm.AesGmac, key);
        using var cipher = new AesGcm(key, 16);
        var message = new byte[65536];
        var (nonce, tag) = (new byte[12], new byte[16]);
        return Race.Ratio(() => signer.Sign(message), () => cipher.Encrypt(nonce.AsSpan(), [], [], tag, message));
    }

    private static double OpenBeside(Func<int, string> name)
    {
        var (crowded, alone) = (new GrowingVolume(), new GrowingVolume());
        crowded.HoldAsync(Many, i => crowded.OpenAsync(name(i))).GetAwaiter().GetResult();
        alone.HoldAsync(1, i => alone.OpenAsync(name(i))).GetAwaiter().GetResult();
        return Race.Ratio(() => OpenAndClose(crowded), () => OpenAndClose(alone));
    }

    private static double Missing()
    {
        var folder = Directory.CreateTempSubdirectory("smb3-gate");
        try
        {
            foreach (var (name, count) in new[] { ("many", Many), ("few", 10) })
            {
                var below = folder.CreateSubdirectory(name).FullName;
                for (var i = 0; i < count; i++)
                {
                    File.WriteAllBytes(Path.Join(below, $"file{i}"), []);
                }
            }

            using var store = new PhysicalFileStore(folder.FullName);
            return Race.Ratio(() => Miss(store, @"many\missing"), () => Miss(store, @"few\missing"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Miss(PhysicalFileStore store, string path)
    {
        var opened = store.OpenAsync(new StorePath(path), StoreAccess.Metadata, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        Check(opened.Status == NtStatus.ObjectNameNotFound);
    }

    private static void OpenAndClose(GrowingVolume volume) =>
        volume.OpenAsync().GetAwaiter().GetResult().CloseAsync().AsTask().GetAwaiter().GetResult();

    // A task would be an allocation of its own; what is measured completes at once.
    private static T Now<T>(ValueTask<T> work)
    {
        Check(work.IsCompletedSuccessfully);
        return work.Result;
    }

    private static void Now(ValueTask work) => Check(work.IsCompletedSuccessfully);

    private static void Check(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("What is measured did not work.");
        }
    }
}
