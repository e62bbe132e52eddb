using System.Globalization;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// The processor's time for a logon, with a ticket and with a password, in one run and by turns: unlike a clock, it says the same on a machine that has
/// other work too.
/// </summary>
internal static class LogonCosts
{
    private const int Rounds = 40;
    private const int LogonsOfRound = 400;

    /// <summary>Prints the medians of the rounds, and their ratio.</summary>
    public static async Task RunAsync()
    {
        var logons = new LogonBenchmarks();
        logons.Setup();
        var (passwords, clients, tickets) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = -2; round < Rounds; round++)
        {
            var password = await MeasureAsync(logons.NtlmWithItsClient).ConfigureAwait(false);
            var client = await MeasureAsync(() => Task.FromResult(logons.NtlmClient() > 0)).ConfigureAwait(false);
            var ticket = await MeasureAsync(logons.Kerberos).ConfigureAwait(false);
            if (round >= 0)
            {
                passwords.Add(password);
                clients.Add(client);
                tickets.Add(ticket);
            }
        }

        var ofPassword = Median(passwords) - Median(clients);
        var ofTicket = Median(tickets);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"server's part of a logon, µs of processor: NTLM {ofPassword:0.0} (and its client {Median(clients):0.0}), Kerberos {ofTicket:0.0}, ratio {ofTicket / ofPassword:0.00}"));
    }

    private static async Task<double> MeasureAsync(Func<Task<bool>> logon)
    {
        var begun = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < LogonsOfRound; i++)
        {
            await logon().ConfigureAwait(false);
        }

        return (Environment.CpuUsage.TotalTime - begun).TotalMicroseconds / LogonsOfRound;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
