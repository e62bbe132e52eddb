using System.Globalization;
using System.Net;

namespace Smb3.Embedded;

/// <summary>An address that clients are told to open further channels to, and what its link can do.</summary>
/// <param name="Address">IPv4 or IPv6.</param>
public sealed record SmbInterface(IPAddress Address)
{
    /// <summary>Bits per second; clients use the fastest interfaces. At least 1. Default 1,000,000,000.</summary>
    public long LinkSpeed { get; init; } = 1_000_000_000;

    /// <summary>
    /// Whether the link spreads its connections over processors (receive-side scaling): clients then open several channels to this one
    /// address, else one.
    /// </summary>
    public bool Rss { get; init; }

    /// <summary>
    /// Whether the address is for RDMA (SMB Direct), and not for TCP. One that is for both stands in the list twice. Default: false.
    /// </summary>
    public bool Rdma { get; init; }

    /// <summary>
    /// The interface index: addresses of one interface share it. 0: the index of this machine's interface with that address, or a new one.
    /// </summary>
    public int Index { get; init; }

    /// <summary>ADDRESS [speed=10G] [rss] [rdma] [index=N]</summary>
    internal static bool TryParse(string text, out SmbInterface parsed)
    {
        parsed = new SmbInterface(IPAddress.None);
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 0 || !IPAddress.TryParse(words[0], out var address) || !words[0].AsSpan().ContainsAny('.', ':'))
        {
            return false;
        }

        parsed = parsed with { Address = address };
        foreach (var word in words.AsSpan(1))
        {
            if (word.Equals("rss", StringComparison.OrdinalIgnoreCase))
            {
                parsed = parsed with { Rss = true };
            }
            else if (word.Equals("rdma", StringComparison.OrdinalIgnoreCase))
            {
                parsed = parsed with { Rdma = true };
            }
            else if (word.StartsWith("speed=", StringComparison.OrdinalIgnoreCase) && TryParseSpeed(word.AsSpan(6), out var speed))
            {
                parsed = parsed with { LinkSpeed = speed };
            }
            else if (word.StartsWith("index=", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(word.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                parsed = parsed with { Index = index };
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryParseSpeed(ReadOnlySpan<char> text, out long speed)
    {
        var factor = text.IsEmpty ? 1 : char.ToUpperInvariant(text[^1]) switch
        {
            'K' => 1_000L,
            'M' => 1_000_000L,
            'G' => 1_000_000_000L,
            'T' => 1_000_000_000_000L,
            _ => 1L,
        };
        var fine = decimal.TryParse(
            factor == 1 ? text : text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value <= 1_000_000;
        speed = fine ? (long)(value * factor) : 0;
        return fine;
    }
}
