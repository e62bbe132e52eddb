using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.Transport.InMemory;
using Xunit;

namespace Smb3.Embedded.Tests.Diagnostics;

/// <summary>What is measured has the names, units and tags that docs/telemetry.md tells.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public void The_table_names_every_instrument_its_kind_and_its_unit()
    {
        var found = new SortedDictionary<string, (string Kind, string? Unit)>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Tags?.Any(tag => "the table".Equals(tag.Value)) is true)
                {
                    found[instrument.Name] = (Kind(instrument.GetType().Name), instrument.Unit);
                }
            },
        };
        listener.Start();
        using var metrics = new ServerMetrics(null, "the table");
        metrics.Observe(() => 0, () => 0, () => 0);
        var rows = File.ReadLines(Path.Combine(Repository.Root, "docs", "telemetry.md"))
            .Where(line => line.StartsWith("| `smb.", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1].Trim('`'), cells => (cells[2], (string?)cells[3].Trim('`')));
        Assert.Equal(found, new SortedDictionary<string, (string, string?)>(rows, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(NtStatus.Success, "STATUS_SUCCESS")]
    [InlineData(NtStatus.AccessDenied, "STATUS_ACCESS_DENIED")]
    [InlineData(NtStatus.ObjectNameNotFound, "STATUS_OBJECT_NAME_NOT_FOUND")]
    [InlineData((NtStatus)0xC0FFEE, "0x00C0FFEE")]
    public void Statuses_have_the_names_of_the_specification(NtStatus status, string name) => Assert.Equal(name, NtStatusNames.NameOf(status));

    [Fact]
    public async Task Requests_are_measured_and_traced_with_names()
    {
        var durations = new ConcurrentBag<string>();
        var traced = new ConcurrentBag<string>();
        using var measuring = new MeterListener
        {
            InstrumentPublished = (instrument, it) =>
            {
                if (instrument.Name == "smb.server.request.duration" && instrument.Meter.Tags!.Any(tag => "TOLD".Equals(tag.Value)))
                {
                    it.EnableMeasurementEvents(instrument);
                }
            },
        };
        measuring.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
        {
            Assert.InRange(seconds, 0, 60);
            durations.Add(string.Join(' ', tags.ToArray().Select(tag => tag.Value)));
        });
        measuring.Start();
        using var tracing = new ActivityListener
        {
            ShouldListenTo = source => source.Name == SmbServer.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => traced.Add($"{activity.OperationName} {activity.GetTagItem("smb.command")} {activity.GetTagItem("smb.status")} {activity.GetTagItem("smb.share")}"),
        };
        ActivitySource.AddActivityListener(tracing);
        var transport = new InMemoryTransport();
        var services = new ServiceCollection();
        services.AddSmbServer(smb => smb.AddShare("measured", "memory:").AddUser("u", "pw").Configure(options =>
        {
            options.ServerName = "TOLD";
            options.Transports.Add(() => transport);
        }));
        await using var provider = services.BuildServiceProvider();
        var server = provider.GetRequiredService<SmbServer>();
        await server.StartAsync();
        await using var client = new SmbTestConnection(transport.Connect());
        await client.NegotiateAsync();
        var tree = await (await client.LogOnAsync("u", "pw")).ConnectAsync("measured");
        Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("nothing", access: FileAccessMask.ReadData));
        var until = DateTime.UtcNow.AddSeconds(10);
        while (!durations.Any(told => told.EndsWith("STATUS_OBJECT_NAME_NOT_FOUND measured", StringComparison.Ordinal)))
        {
            Assert.True(DateTime.UtcNow < until, string.Join('\n', durations));
            await Task.Delay(5);
        }

        Assert.Contains(traced, told => told.StartsWith("smb.request", StringComparison.Ordinal)
            && told.EndsWith("STATUS_OBJECT_NAME_NOT_FOUND measured", StringComparison.Ordinal));
    }

    private static string Kind(string type) => type.Split('`')[0] switch
    {
        "Counter" => "counter",
        "UpDownCounter" => "up-down counter",
        "ObservableUpDownCounter" => "observable up-down counter",
        "Gauge" => "gauge",
        var other => other.ToLowerInvariant(),
    };
}
