using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Samples.MultiChannel;

/// <summary>
/// The client's part: a file goes there over all channels while a link is cut, and comes back over all channels when it was mended. Both
/// must have the same checksum.
/// </summary>
internal static class Copy
{
    private const int Channels = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(IPEndPoint server, int mebibytes, Links links)
    {
        await using var client = await ConnectAsync(server);
        Say($"{client.Channels} channels");
        if (client.Channels != Channels)
        {
            return Fail($"{Channels} channels were wanted");
        }

        // The script, or the loopback demo, cuts a link here.
        Task? cutting = null;
        var quarter = 0;
        var sent = await client.WriteAsync("copy", mebibytes, done =>
        {
            if (done * 4 / mebibytes > quarter)
            {
                quarter = done * 4 / mebibytes;
                Say($"sent {quarter * 25}%");
                cutting ??= links.CutAsync();
            }
        });
        await (cutting ?? Task.CompletedTask);
        Say($"all is sent; {client.Channels} channels are left");
        if (client.Channels is 0 or Channels)
        {
            return Fail("no link was cut");
        }

        await links.MendAsync();
        await client.ForgetLostAsync();
        for (var end = DateTime.UtcNow + Patience; await client.OpenChannelsAsync() < Channels;)
        {
            if (DateTime.UtcNow > end)
            {
                return Fail("the channels did not come back");
            }

            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        Say($"{client.Channels} channels again");
        var received = await client.ReadAsync("copy", mebibytes, static _ => { });
        Say($"SHA-256 sent     {sent}");
        Say($"SHA-256 received {received}");
        return sent == received ? Done() : Fail("the checksum is wrong");
    }

    private static async Task<ChannelClient> ConnectAsync(IPEndPoint server)
    {
        for (var end = DateTime.UtcNow + Patience; ;)
        {
            try
            {
                return await ChannelClient.ConnectAsync(server, Server.Share, Server.User, Server.Password, Channels, Say);
            }
            catch (SocketException) when (DateTime.UtcNow < end)
            {
                await Task.Delay(200); // the server is still on its way
            }
        }
    }

    private static int Done()
    {
        Say("the checksum is right");
        return 0;
    }

    private static int Fail(string why)
    {
        Say("FAILED: " + why);
        return 1;
    }

    private static void Say(string what) => Console.WriteLine("client: " + what);
}
