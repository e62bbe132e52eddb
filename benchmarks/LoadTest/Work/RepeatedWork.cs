using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Measuring;

namespace Smb3.Embedded.LoadTest.Work;

/// <summary>
/// One small operation again and again for some time, each client on a connection of its own; with a count, while another client holds so many
/// files open.
/// </summary>
internal abstract class RepeatedWork(WorkSpec spec) : Workload(spec)
{
    public override string Unit => "kop";

    public override async Task<Sample> RunAsync(Target target, RunLength length)
    {
        var clients = new List<(LoadConnection Connection, RequestTemplate Template)>();
        LoadConnection? besides = null;
        try
        {
            for (var i = 0; i < Spec.Clients; i++)
            {
                var connection = await LoadConnection.OpenAsync(target, Spec.Guard);
                var template = await TemplateAsync(connection, i);
                await connection.DetachAsync(template.Charge * Spec.Depth);
                clients.Add((connection, template));
            }

            if (Spec.Count > 0)
            {
                besides = await LoadConnection.OpenAsync(target, Spec.Guard);
                await TestFolder.HoldAsync(besides.Tree, Spec.Count);
            }

            await PumpAsync(clients, TimeSpan.FromSeconds(0.2));
            var window = Window.Open(new ProcessTree(target.ProcessId));
            var latencies = await PumpAsync(clients, length.Time);
            return Sample.Of(window.Close(), latencies.Count / 1000.0, latencies);
        }
        finally
        {
            foreach (var (connection, _) in clients)
            {
                await connection.DisposeAsync();
            }

            if (besides is not null)
            {
                await besides.DisposeAsync();
            }
        }
    }

    /// <summary>The operation of a client, prepared on its connection.</summary>
    protected abstract Task<RequestTemplate> TemplateAsync(LoadConnection connection, int client);

    private Task<Latencies> PumpAsync(List<(LoadConnection Connection, RequestTemplate Template)> clients, TimeSpan time)
    {
        var limit = Limit.Time(time);
        return LoadThreads.RunAsync(clients.Select(client => (Action<Latencies>)(seen =>
            client.Connection.Pump(client.Template, Spec.Depth, limit, seen))));
    }
}
