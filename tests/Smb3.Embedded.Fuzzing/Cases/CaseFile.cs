using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Smb3.Embedded.Fuzzing.Cases;

/// <summary>Cases as files: one line of JSON for the server, and one for each step.</summary>
internal static class CaseFile
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    public static void Write(string path, FuzzCase one)
    {
        var text = new StringBuilder();
        text.AppendLine(JsonSerializer.Serialize(new Head(one.Setting, one.Failure), Options));
        foreach (var step in one.Steps)
        {
            text.AppendLine(JsonSerializer.Serialize(step, Options));
        }

        File.WriteAllText(path, text.ToString());
    }

    public static FuzzCase Read(string path)
    {
        var lines = File.ReadAllLines(path);
        var head = JsonSerializer.Deserialize<Head>(lines[0], Options) ?? throw new InvalidDataException($"{path} is no case.");
        return new FuzzCase(
            head.Setting,
            [.. lines.Skip(1).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<Step>(line, Options)!)])
        {
            Failure = head.Failure,
        };
    }

    private sealed record Head(Setting Setting, string? Failure);
}
