using System.IO.Compression;
using System.Text;

namespace Smb3.Embedded.Tests.Compression;

/// <summary>Data as it lies on file servers, the same in every run.</summary>
internal static class Corpus
{
    /// <summary>Its kinds.</summary>
    public static readonly string[] Kinds = ["text", "source", "json", "office", "disk", "random", "run"];

    private static readonly string[] Words =
    [
        "the", "server", "of", "a", "file", "and", "to", "client", "which", "open", "lock", "that", "lease", "is", "share", "for", "in", "when", "message",
        "credit", "session", "not", "until", "channel", "breaks", "writes", "reads", "folder", "name", "between", "nobody", "asks", "again", "answer",
    ];

    /// <summary>Makes data of a kind.</summary>
    public static byte[] Make(string kind, int length)
    {
        var random = new Random(19);
        return kind switch
        {
            "text" => Fill(length, () => Sentence(random)),
            "source" => Fill(length, () => $"    public int {Word(random)}{Word(random)}({Word(random)} {Word(random)}) => _{Word(random)}[{random.Next(64)}];\n\n"),
            "json" => Fill(length, () =>
                $"{{\"id\": {random.Next()}, \"name\": \"{Word(random)} {Word(random)}\", \"size\": {random.Next(100_000)}, \"tags\": [\"{Word(random)}\"]}},\n"),
            "office" => Office(length, random),
            "disk" => Disk(length, random),
            "random" => Noise(length, random),
            "run" => new byte[length].Select(static _ => (byte)0xF6).ToArray(),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No kind of the corpus."),
        };
    }

    private static string Word(Random random) => Words[(int)(Words.Length * Math.Pow(random.NextDouble(), 2))];

    private static string Sentence(Random random) =>
        string.Join(' ', Enumerable.Range(0, random.Next(4, 20)).Select(_ => Word(random))) + (random.Next(5) == 0 ? ".\n" : ". ");

    private static byte[] Fill(int length, Func<string> next)
    {
        var text = new StringBuilder(length + 200);
        while (text.Length < length)
        {
            text.Append(next());
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    private static byte[] Noise(int length, Random random)
    {
        var data = new byte[length];
        random.NextBytes(data);
        return data;
    }

    /// <summary>A zip of XML and of a picture, as the formats of offices are.</summary>
    private static byte[] Office(int length, Random random)
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var part = 0; file.Length < length; part++)
            {
                using var entry = zip.CreateEntry($"word/part{part}.xml").Open();
                entry.Write(part % 2 == 0 ? Fill(200_000, () => $"<w:p><w:r><w:t>{Sentence(random)}</w:t></w:r></w:p>") : Noise(60_000, random));
            }
        }

        return file.ToArray()[..length];
    }

    /// <summary>The image of a disk: most of it is empty, and there are files in between.</summary>
    private static byte[] Disk(int length, Random random)
    {
        var data = new byte[length];
        for (var at = 0; at < length;)
        {
            at += random.Next(2, 40) * 4096;
            var bytes = Math.Min(random.Next(1, 8) * 4096, length - at);
            if (bytes > 0)
            {
                Fill(bytes, () => Sentence(random)).CopyTo(data, at);
                at += bytes;
            }
        }

        return data;
    }
}
