using System.Buffers.Binary;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Measuring;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>
/// The small request among others: an echo to a random one of many sessions (<c>crowd</c>), or a small read while other clients stream
/// (<c>fair</c>). What counts is its response time.
/// </summary>
internal sealed class CrowdWork(WorkSpec spec) : Workload(spec)
{
    private const long StreamSize = 256 << 20;
    private const int StreamDepth = 4;

    public override string Unit => "kop";

    public override string CostUnit => "p99 µs";

    public override async Task<Sample> RunAsync(Target target, RunLength length)
    {
        var connections = new List<LoadConnection>();
        try
        {
            return Spec.Kind == "crowd" ? await EchoAsync(target, length, connections) : await ReadAsync(target, length, connections);
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static Sample P99(Window window, Latencies latencies)
    {
        var sample = Sample.Of(window, latencies.Count / 1000.0, latencies);
        return sample with { Cost = sample.P99 };
    }

    private async Task<Sample> EchoAsync(Target target, RunLength length, List<LoadConnection> connections)
    {
        var echoes = new List<RequestTemplate>();
        for (var i = 0; i < Spec.Count; i++)
        {
            var connection = await LoadConnection.OpenAsync(target, Spec.Guard);
            connections.Add(connection);
            echoes.Add(connection.Template(connection.Session.Request(Smb2Command.Echo, RequestBody.Empty())));
            await connection.DetachAsync();
        }

        var latencies = new Latencies();
        var limit = Limit.Time(length.Time);
        var window = Window.Open(new ProcessTree(target.ProcessId));
        while (limit.Allows(latencies.Count))
        {
            var one = Random.Shared.Next(connections.Count);
            connections[one].Pump(echoes[one], 1, Limit.Requests(1), latencies);
        }

        return P99(window.Close(), latencies);
    }

    private async Task<Sample> ReadAsync(Target target, RunLength length, List<LoadConnection> connections)
    {
        var reader = await OpenAsync(target, connections, "fair.bin", 4096, 1);
        var streams = new List<(LoadConnection Connection, RequestTemplate Template)>();
        for (var i = 0; i < Spec.Clients; i++)
        {
            streams.Add(await OpenAsync(target, connections, $"stream{i}.bin", Spec.Size, StreamDepth));
        }

        using var stop = new CancellationTokenSource();
        var streaming = LoadThreads.RunAsync(streams.Select(stream => (Action<Latencies>)(seen =>
            stream.Connection.Pump(stream.Template, StreamDepth, Limit.Until(stop.Token), seen))));
        var window = Window.Open(new ProcessTree(target.ProcessId));
        var latencies = await LoadThreads.RunAsync([seen => reader.Connection.Pump(reader.Template, 1, Limit.Time(length.Time), seen)]);
        await stop.CancelAsync();
        await streaming;
        return P99(window.Close(), latencies);
    }

    private async Task<(LoadConnection Connection, RequestTemplate Template)> OpenAsync(
        Target target, List<LoadConnection> connections, string name, int size, int depth)
    {
        const int OffsetInBody = 8;
        var connection = await LoadConnection.OpenAsync(target, Spec.Guard);
        connections.Add(connection);
        var file = await TestFolder.FileAsync(connection.Tree, name, StreamSize);
        var template = new RequestTemplate(Spec.Guard, [file.ReadRequest(0, (uint)size)])
        {
            Vary = (messages, number) => BinaryPrimitives.WriteInt64LittleEndian(
                messages[(Smb2Header.Size + OffsetInBody)..], number % (StreamSize / size) * size),
        };
        await connection.DetachAsync(template.Charge * depth);
        return (connection, template);
    }
}
