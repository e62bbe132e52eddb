using System.Globalization;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>What the command line says.</summary>
internal sealed record FuzzOptions
{
    public int Seed { get; init; } = 1;

    /// <summary>How long; null: until there were enough messages.</summary>
    public TimeSpan? Time { get; init; }

    public long? Messages { get; init; }

    /// <summary>One round of so many is against files in a folder.</summary>
    public int FolderOneIn { get; init; } = 12;

    /// <summary>The round to begin with.</summary>
    public int FirstRound { get; init; }

    public string? Replay { get; init; }

    /// <summary>Where failing cases go.</summary>
    public string Output { get; init; } = ".";

    public bool Table { get; init; }

    /// <summary>Null when the arguments make no sense.</summary>
    public static FuzzOptions? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new FuzzOptions();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length)
            {
                return null;
            }

            var value = arguments[i + 1];
            var isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            options = arguments[i] switch
            {
                "--seed" when isNumber => options with { Seed = (int)number },
                "--seconds" when isNumber => options with { Time = TimeSpan.FromSeconds(number) },
                "--messages" when isNumber => options with { Messages = number },
                "--folder" when isNumber => options with { FolderOneIn = (int)number },
                "--round" when isNumber => options with { FirstRound = (int)number },
                "--replay" => options with { Replay = value },
                "--output" => options with { Output = value },
                "--table" => options with { Table = value == "yes" },
                _ => null!,
            };
            if (options is null)
            {
                return null;
            }
        }

        return options is { Time: null, Messages: null } ? options with { Time = TimeSpan.FromSeconds(20) } : options;
    }
}
