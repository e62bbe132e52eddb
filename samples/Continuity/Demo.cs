using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Samples.Continuity;

/// <summary>One client copies a file and holds a lock, another tries to get that lock, and the server dies three times meanwhile.</summary>
internal static class Demo
{
    private const int BlockSize = 1 << 20, Kills = 3;
    private const long LockOffset = 1L << 40; // beyond the data, as programs use locks to agree with each other

    public static async Task<int> RunAsync(int mebibytes)
    {
        var place = Directory.CreateTempSubdirectory("smb3-continuity-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Join(place, "vm"));
            Directory.CreateDirectory(Path.Join(place, "state"));
            var listen = new IPEndPoint(IPAddress.Loopback, FreePort());
            using var server = new ServerProcess(listen, Path.Join(place, "vm"), Path.Join(place, "state"));
            server.Start();
            return await CopyAsync(server, listen, mebibytes, Path.Join(place, "vm", "disk"));
        }
        finally
        {
            Directory.Delete(place, recursive: true);
        }
    }

    private static async Task<int> CopyAsync(ServerProcess server, IPEndPoint listen, int mebibytes, string onDisk)
    {
        await using var copier = NewClient(listen, "copy");
        await using var other = NewClient(listen, "other");
        await copier.OpenAsync("disk");
        await other.OpenAsync("disk");
        if (!await copier.TryLockAsync(LockOffset, 1))
        {
            return Fail("the lock was not granted");
        }

        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var killed = 0;
        for (var block = 0; block < mebibytes; block++)
        {
            if (block * (Kills + 1) >= mebibytes * (killed + 1) && killed < Kills)
            {
                killed++;
                Console.WriteLine($"demo:   kill -9 number {killed}, at {block} of {mebibytes} MiB");
                server.KillAndStartAgain();
            }

            var data = RandomNumberGenerator.GetBytes(BlockSize);
            sent.AppendData(data);
            await copier.WriteAsync((long)block * BlockSize, data);
            if (await other.TryLockAsync(LockOffset, 1))
            {
                return Fail("two hold the lock");
            }
        }

        Console.WriteLine($"demo:   {mebibytes} MiB are copied; the other client was refused the lock {mebibytes} times");
        await copier.CloseAsync();
        if (!await other.TryLockAsync(LockOffset, 1))
        {
            return Fail("the lock was not given back");
        }

        await other.CloseAsync();
        var expected = Convert.ToHexString(sent.GetHashAndReset());
        await using var file = File.OpenRead(onDisk);
        var found = Convert.ToHexString(await SHA256.HashDataAsync(file));
        Console.WriteLine($"demo:   SHA-256 sent    {expected}");
        Console.WriteLine($"demo:   SHA-256 on disk {found}");
        return expected == found ? Done() : Fail("the checksum is wrong");
    }

    private static PersistentClient NewClient(IPEndPoint server, string name) =>
        new(server, Server.Share, Server.User, Server.Password, what => Console.WriteLine($"{name + ":",-7} {what}"));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static int Done()
    {
        Console.WriteLine("demo:   nothing was lost, and nobody noticed more than a pause");
        return 0;
    }

    private static int Fail(string why)
    {
        Console.WriteLine("demo:   FAILED: " + why);
        return 1;
    }
}
