using System.Buffers.Binary;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Measuring;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>Reads or writes a file for each client, through one channel or several.</summary>
internal sealed class TransferWork(WorkSpec spec) : Workload(spec)
{
    private const int OffsetInBody = 8;

    public override string Unit => "GiB";

    private bool Writes => Spec.Kind == "write";

    public override async Task<Sample> RunAsync(Target target, RunLength length)
    {
        var channels = new List<(LoadConnection Connection, RequestTemplate Template)>();
        try
        {
            for (var client = 0; client < Spec.Clients; client++)
            {
                await OpenAsync(target, length.FileSize, client, channels);
            }

            var blocks = length.FileSize / Spec.Size / Spec.Channels;
            var window = Window.Open(new ProcessTree(target.ProcessId));
            var latencies = await LoadThreads.RunAsync(channels.Select(channel => (Action<Latencies>)(seen =>
                channel.Connection.Pump(channel.Template, Spec.Depth, Limit.Requests(blocks), seen))));
            return Sample.Of(window.Close(), (double)blocks * Spec.Size * channels.Count / (1 << 30), latencies);
        }
        finally
        {
            foreach (var (connection, _) in channels)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private async Task OpenAsync(
        Target target, long fileSize, int client, List<(LoadConnection Connection, RequestTemplate Template)> channels)
    {
        var first = await LoadConnection.OpenAsync(target, Spec.Guard);
        var file = await TestFolder.FileAsync(first.Tree, $"data{client}.bin", fileSize, Spec.Fresh);
        for (var channel = 0; channel < Spec.Channels; channel++)
        {
            var connection = channel == 0 ? first : await LoadConnection.OpenAsync(target, Spec.Guard, first);
            channels.Add((connection, Template(connection, file, fileSize, channel)));
        }

        foreach (var (connection, template) in channels.TakeLast(Spec.Channels))
        {
            connection.LeavesUnread = Spec.Unread;
            await connection.DetachAsync(template.Charge * Spec.Depth);
        }
    }

    private RequestTemplate Template(LoadConnection connection, SmbTestFile file, long fileSize, int channel)
    {
        if (Spec.Size > (Writes ? connection.MaxWriteSize : connection.MaxReadSize))
        {
            throw new SmbTestException("The server does not offer so large a request.");
        }

        var request = Writes ? file.WriteRequest(0, new byte[Spec.Size]) : file.ReadRequest(0, (uint)Spec.Size);
        if (Writes)
        {
            Random.Shared.NextBytes(request.Body.AsSpan(request.Body.Length - Spec.Size));
        }

        var blocks = fileSize / Spec.Size;
        var first = blocks / Spec.Channels * channel;
        return new RequestTemplate(Spec.Guard, [request])
        {
            Vary = (messages, number) =>
            {
                // A large odd step visits every block once, far from the one before.
                var block = Spec.Random ? number * 7919 % blocks : first + number;
                BinaryPrimitives.WriteInt64LittleEndian(messages[(Smb2Header.Size + OffsetInBody)..], block * Spec.Size);
            },
        };
    }
}
