using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;
using Smb3.Embedded.Fuzzing.Generating;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>Some hundred steps on fresh files, from the first connection to the last; then nothing may be left.</summary>
internal static class Round
{
    /// <summary>Makes the steps up as it goes; <paramref name="steps"/> has them when it fails.</summary>
    public static long Run(FuzzServer server, int seed, SuccessTable table, List<Step> steps)
    {
        var chance = new Chance(seed);
        var count = chance.Between(50, 900);
        return Play(server, table, driver =>
        {
            var generator = new StepGenerator(chance, driver.World);
            for (var i = 0; i < count; i++)
            {
                var step = generator.Next();
                steps.Add(step);
                driver.Do(step);
            }
        });
    }

    /// <summary>Does what is written.</summary>
    public static long Replay(FuzzServer server, IReadOnlyList<Step> steps) => Play(server, new SuccessTable(), driver =>
    {
        foreach (var step in steps)
        {
            driver.Do(step);
        }
    });

    private static long Play(FuzzServer server, SuccessTable table, Action<Driver> act)
    {
        server.BeginRound();
        var ended = false;
        using var driver = new Driver(server, table);
        try
        {
            act(driver);
            driver.Settle();
            server.NoteObjects();
            driver.CloseAll();
            server.EndRound();
            driver.CheckFaults();
            ended = true;
            return driver.Sent;
        }
        finally
        {
            if (!ended)
            {
                driver.Dispose();
                server.Abandon();
            }
        }
    }
}
