using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Smb3.Embedded.LoadTest.Driving;
using Smb3.Embedded.LoadTest.Shares;
using Smb3.Embedded.Tool.Output;
using Smb3.Embedded.Tool.Passwords;
using Spectre.Console;

namespace Smb3.Embedded.Tool.Measuring;

/// <summary>Measures a share of any SMB server.</summary>
internal sealed class BenchCommand
{
    private const int MostClients = 1000;
    private const int MostDepth = 1000;
    private const int LargestRequest = 8 << 20;

    private readonly Argument<string> _host = new("HOST") { Description = "The server: a name or an address." };
    private readonly Argument<string> _share = new("SHARE") { Description = "The share, which must be writable." };
    private readonly Option<int> _port = new("--port", "-p") { DefaultValueFactory = static _ => 445, Description = "The server's port." };
    private readonly Option<string> _user = new("--user", "-u")
    {
        DefaultValueFactory = static _ => Environment.UserName, Description = "Who logs on. The password is asked for, or a line of standard input.",
    };

    private readonly Option<string> _folder = new("--folder") { HelpName = "PATH", Description = "A folder of the share in which the files are made. Default: its root." };
    private readonly Option<string[]> _work = new("--work", "-w")
    {
        DefaultValueFactory = static _ => [.. ShareBench.Works], AllowMultipleArgumentsPerToken = true,
        Description = "What is measured: large reads and writes, those of 4 KiB here and there, opening by name with a look, creating with deletion.",
    };

    private readonly Option<int> _clients = new("--clients", "-c") { DefaultValueFactory = static _ => 1, Description = "Connections, each with a file of its own." };
    private readonly Option<int> _depth = new("--depth", "-d") { DefaultValueFactory = static _ => 8, Description = "Requests under way on each connection." };
    private readonly Option<int> _size = new("--size") { DefaultValueFactory = static _ => 1024, HelpName = "KIB", Description = "Size of the large reads and writes, in KiB." };
    private readonly Option<int> _file = new("--file-size") { DefaultValueFactory = static _ => 64, HelpName = "MIB", Description = "Size of each file, in MiB." };
    private readonly Option<double> _seconds = new("--seconds", "-t") { DefaultValueFactory = static _ => 3, Description = "How long each is measured." };
    private readonly Option<string> _protection = new("--protection")
    {
        DefaultValueFactory = static _ => "gmac", Description = "How messages are protected; signed with AES-GMAC, or what the server has instead, unless you say otherwise.",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print lines of JSON." };

    public static Command Create()
    {
        var bench = new BenchCommand();
        var command = new Command("bench", "Measure rates and response times of a share of any SMB server. Its files are deleted at the end.")
        {
            bench._host, bench._share, bench._port, bench._user, bench._folder, bench._work, bench._clients, bench._depth, bench._size, bench._file,
            bench._seconds, bench._protection, bench._json,
        };
        bench._work.AcceptOnlyFromAmong([.. ShareBench.Works]);
        bench._protection.AcceptOnlyFromAmong([.. Guard.All.Select(static guard => guard.Name)]);
        Within(bench._port, 1, ushort.MaxValue);
        Within(bench._clients, 1, MostClients);
        Within(bench._depth, 1, MostDepth);
        Within(bench._size, 4, LargestRequest / 1024);
        Within(bench._file, 1, 1 << 20);
        Within(bench._seconds, 0.1, 3600);
        command.SetAction(bench.RunAsync);
        return command;
    }

    private static void Within<T>(Option<T> option, T least, T most)
        where T : IComparable<T> => option.Validators.Add(result =>
        {
            if (result.Errors.Any())
            {
                return; // it is no number
            }

            if (result.GetValueOrDefault<T>() is { } value && (value.CompareTo(least) < 0 || value.CompareTo(most) > 0))
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name}: {value} is not between {least} and {most}."));
            }
        });

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            var works = parsed.GetValue(_work)!.Distinct().ToList();
            var plan = await PlanAsync(parsed, cancellationToken).ConfigureAwait(false);
            var results = new List<ShareBenchResult>();
            await BenchProgress.RunAsync(async step =>
            {
                step("making files", TimeSpan.Zero);
                var bench = await ShareBench.OpenAsync(plan, works, cancellationToken).ConfigureAwait(false);
                await using (bench.ConfigureAwait(false))
                {
                    foreach (var work in works)
                    {
                        step(work, plan.Time);
                        results.Add(await bench.RunAsync(work, cancellationToken).ConfigureAwait(false));
                        if (parsed.GetValue(_json))
                        {
                            Console.WriteLine(Json(results[^1]));
                        }
                    }
                }
            }).ConfigureAwait(false);
            if (!parsed.GetValue(_json))
            {
                Print(results);
            }

            return 0;
        }
        catch (OperationCanceledException)
        {
            return SmbStartProblem.CannotStart;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await Console.Error.WriteLineAsync(VisibleText.Of($"//{parsed.GetValue(_host)}/{parsed.GetValue(_share)}: {e.Message}")).ConfigureAwait(false);
            return SmbStartProblem.CannotStart;
        }
    }

    private async Task<ShareBenchPlan> PlanAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(parsed.GetValue(_host)!, cancellationToken).ConfigureAwait(false);
        var user = parsed.GetValue(_user)!;
        return new ShareBenchPlan
        {
            EndPoint = new IPEndPoint(addresses[0], parsed.GetValue(_port)),
            Share = parsed.GetValue(_share)!,
            Folder = (parsed.GetValue(_folder) ?? string.Empty).Replace('/', '\\').Trim('\\'),
            User = user,
            Password = await PasswordPrompt.AskAsync($"Password of {user}:", cancellationToken).ConfigureAwait(false),
            Guard = Guard.All.First(guard => guard.Name == parsed.GetValue(_protection)),
            Clients = parsed.GetValue(_clients),
            Depth = parsed.GetValue(_depth),
            Size = parsed.GetValue(_size) << 10,
            FileSize = Math.Max((long)parsed.GetValue(_file) << 20, (long)parsed.GetValue(_size) << 10),
            Time = TimeSpan.FromSeconds(parsed.GetValue(_seconds)),
        };
    }

    private static void Print(List<ShareBenchResult> results)
    {
        var sheet = new Sheet("WORK", "<PER SECOND", "<OPERATIONS/S", "<MEDIAN", "<99 %");
        foreach (var result in results)
        {
            sheet.Add(
                result.Work, result.Bytes > 0 ? Amounts.Bytes(result.BytesPerSecond) : string.Empty,
                result.OperationsPerSecond.ToString("N0", CultureInfo.InvariantCulture), Time(result.Median), Time(result.P99));
        }

        sheet.Print();
    }

    private static string Time(double microseconds) => microseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{microseconds:0} µs") : string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1000:0.0} ms");

    private static string Json(ShareBenchResult result) => JsonSerializer.Serialize(new
    {
        work = result.Work,
        operations = result.Operations,
        bytes = result.Bytes,
        seconds = Math.Round(result.Seconds, 3),
        medianMicroseconds = Math.Round(result.Median, 1),
        p99Microseconds = Math.Round(result.P99, 1),
    });
}
