using System.Text;

namespace Smb3.Embedded.Tests.Compression;

/// <summary>Data of many kinds and lengths, the same in every run.</summary>
internal static class SampleData
{
    /// <summary>Lengths around those at which the formats begin something new.</summary>
    public static readonly int[] Lengths =
        [1, 2, 3, 4, 5, 9, 17, 31, 32, 33, 63, 64, 65, 300, 4095, 4096, 4097, 8191, 8193, 12_288, 65_535, 65_536, 65_537, 65_539, 131_072, 200_000];

    /// <summary>Kinds of data.</summary>
    public static readonly string[] Kinds = ["zeros", "random", "text", "runs", "far", "mixed"];

    public static byte[] Make(string kind, int length)
    {
        var random = new Random(length);
        var data = new byte[length];
        switch (kind)
        {
            case "zeros":
                break;
            case "random":
                random.NextBytes(data);
                break;
            case "text":
                for (var at = 0; at < length;)
                {
                    var line = Encoding.ASCII.GetBytes($"<row id=\"{random.Next(1000)}\" name=\"{"abcdefgh"[random.Next(8)]}{random.Next(10)}\"/>\n");
                    line.AsSpan(0, Math.Min(line.Length, length - at)).CopyTo(data.AsSpan(at));
                    at += line.Length;
                }

                break;
            case "runs":
                for (var at = 0; at < length;)
                {
                    var run = Math.Min(random.Next(1, 6000), length - at);
                    data.AsSpan(at, run).Fill((byte)random.Next(3));
                    at += run;
                }

                break;
            case "far":
                // Repeats that are as far away as a format can tell, and one more.
                random.NextBytes(data.AsSpan(0, Math.Min(length, 600)));
                int[] distances = [4095, 4096, 8191, 8192, 8193, 65_535, 65_536];
                for (var at = 600; at < length; at++)
                {
                    var distance = distances[at / 600 % distances.Length];
                    data[at] = distance <= at ? data[at - distance] : (byte)(random.Next() >> 8);
                }

                break;
            default:
                for (var at = 0; at < length; at++)
                {
                    data[at] = at % 5000 < 3000 ? (byte)random.Next(256) : (byte)(at / 100);
                }

                break;
        }

        return data;
    }
}
