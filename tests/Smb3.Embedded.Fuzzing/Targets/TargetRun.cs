using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Fuzzing.Generating;
using Smb3.Embedded.Fuzzing.Mutating;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>
/// Runs the targets: with inputs of a file or a folder, under SharpFuzz's runners (AFL, libFuzzer), or in a simple loop of its own that
/// needs neither.
/// </summary>
internal static class TargetRun
{
    /// <summary>
    /// <c>target NAME FILE...</c>: with these; <c>target NAME afl|libfuzzer</c>: under those; <c>target NAME --seconds N --seed N</c>;
    /// the name <c>all</c> stands for each in turn; <c>target NAME corpus FOLDER</c> writes the seeds.
    /// </summary>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var name = arguments.IsEmpty ? string.Empty : arguments[0];
        FuzzTarget[] targets = name == "all" ? [.. FuzzTarget.All] : FuzzTarget.Find(name) is { } one ? [one] : [];
        if (targets.Length == 0)
        {
            Console.Error.WriteLine($"No target of that name. There are: all, {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}");
            return 2;
        }

        var rest = arguments[1..];
        switch (rest)
        {
            case ["afl"]:
                SharpFuzz.Fuzzer.OutOfProcess.Run(stream => targets[0].Run(ReadAll(stream)));
                return 0;
            case ["libfuzzer"]:
                SharpFuzz.Fuzzer.LibFuzzer.Run(input => targets[0].Run(input));
                return 0;
            case ["corpus", var folder]:
                foreach (var target in targets)
                {
                    WriteCorpus(target, Path.Combine(folder, target.Name));
                }

                return 0;
            case ["--seconds", var seconds, .. var more]:
                var seed = more is ["--seed", var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 1;
                return Loop(targets, TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)), seed) ? 0 : 1;
            default:
                foreach (var path in rest)
                {
                    targets[0].Run(File.ReadAllBytes(path));
                }

                return 0;
        }
    }

    private static byte[] ReadAll(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static void WriteCorpus(FuzzTarget target, string folder)
    {
        Directory.CreateDirectory(folder);
        var number = 0;
        foreach (var seed in target.Seeds())
        {
            File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed{number++:d2}.bin")), seed);
        }
    }

    private static bool Loop(FuzzTarget[] targets, TimeSpan time, int seed)
    {
        foreach (var target in targets)
        {
            var mutator = new Mutator(new Chance(seed));
            var chance = new Chance(seed + 1);
            byte[][] seeds = [.. target.Seeds()];
            var watch = Stopwatch.StartNew();
            long runs = 0;
            for (; watch.Elapsed < time / targets.Length; runs++)
            {
                var input = chance.Of<byte[]>(seeds);
                for (var changes = chance.Between(1, 4); changes > 0; changes--)
                {
                    input = mutator.Bytes(input);
                }

                try
                {
                    target.Run(input);
                }
                catch (Exception e)
                {
                    Console.WriteLine($"FAILED: {target.Name} with {Convert.ToHexString(input)}: {e}");
                    return false;
                }
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name}: {runs} inputs in {watch.Elapsed.TotalSeconds:f1} s"));
        }

        return true;
    }
}
