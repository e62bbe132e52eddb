using System.Diagnostics;
using Smb3.Embedded.Fuzzing.Cases;
using Smb3.Embedded.Fuzzing.Driving;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>Takes out of a failing case what it fails without (delta debugging: A. Zeller, R. Hildebrandt, 2002), for as long as it may take.</summary>
internal sealed class Minimizer(Setting setting, TimeSpan patience)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>How the steps fail on a server of their own; null: they do not.</summary>
    public FuzzFailure? Try(IReadOnlyList<Step> steps)
    {
        var server = new FuzzServer(setting) { Patience = TimeSpan.FromSeconds(1) };
        try
        {
            Round.Replay(server, steps);
            server.Dispose();
            return null;
        }
        catch (FuzzFailure failure)
        {
            // A server that has failed may not be able to stop.
            return failure;
        }
    }

    public IReadOnlyList<Step> Minimize(IReadOnlyList<Step> steps, string kind)
    {
        List<Step> left = [.. steps];
        for (var part = Math.Max(1, left.Count / 2); ;)
        {
            var removed = false;
            for (var at = Math.Max(0, left.Count - part); at >= 0 && left.Count > 1; at -= part)
            {
                List<Step> without = [.. left.Take(at), .. left.Skip(at + part)];
                if (Try(without)?.Kind == kind)
                {
                    left = without;
                    removed = true;
                }

                if (_watch.Elapsed > patience)
                {
                    return left;
                }

                if (at < part && at > 0)
                {
                    at = part;
                }
            }

            if (part == 1 && !removed)
            {
                return left;
            }

            part = removed ? part : Math.Max(1, part / 2);
        }
    }
}
