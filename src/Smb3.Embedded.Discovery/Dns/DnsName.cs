using System.Text;

namespace Smb3.Embedded.Discovery.Dns;

/// <summary>A name as it is sent: labels with their length in front, and an empty one at the end (RFC 1035 3.1). The case of letters does not count.</summary>
internal sealed class DnsName : IEquatable<DnsName>
{
    /// <summary>The longest name, with all its lengths.</summary>
    public const int MaxSize = 255;

    /// <summary>The longest label.</summary>
    public const int MaxLabel = 63;

    private readonly byte[] _wire;

    private DnsName(byte[] wire) => _wire = wire;

    public ReadOnlySpan<byte> Wire => _wire;

    /// <summary>The name of these labels, each at most 63 bytes of UTF-8; dots in them are a part of the label.</summary>
    public static DnsName Of(params ReadOnlySpan<string> labels)
    {
        var wire = new List<byte>();
        foreach (var label in labels)
        {
            var text = Encoding.UTF8.GetBytes(label);
            if (text.Length is 0 or > MaxLabel)
            {
                throw new ArgumentException($"A label has 1 to {MaxLabel} bytes, '{label}' has {text.Length}.", nameof(labels));
            }

            wire.Add((byte)text.Length);
            wire.AddRange(text);
        }

        wire.Add(0);
        return wire.Count <= MaxSize ? new DnsName([.. wire]) : throw new ArgumentException("The name is too long.", nameof(labels));
    }

    /// <summary>This name below another one: <c>_smb._tcp</c> and <c>local</c>.</summary>
    public DnsName In(DnsName parent)
    {
        byte[] wire = [.. _wire.AsSpan(0, _wire.Length - 1), .. parent.Wire];
        return wire.Length <= MaxSize ? new DnsName(wire) : throw new ArgumentException("The name is too long.", nameof(parent));
    }

    public bool Is(ReadOnlySpan<byte> wire) => AreEqual(_wire, wire);

    /// <summary>Whether two names of the wire are the same. Bytes of the lengths are below 64, where there are no letters.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        if (one.Length != other.Length)
        {
            return false;
        }

        // ASCII letters in any case, everything else (UTF-8) as it is (RFC 6762 16).
        for (var i = 0; i < one.Length; i++)
        {
            if (one[i] != other[i] && Fold(one[i]) != Fold(other[i]))
            {
                return false;
            }
        }

        return true;
    }

    public bool Equals(DnsName? other) => other is not null && AreEqual(_wire, other._wire);

    public override bool Equals(object? obj) => Equals(obj as DnsName);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var one in _wire)
        {
            hash.Add(Fold(one));
        }

        return hash.ToHashCode();
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        for (var at = 0; _wire[at] != 0; at += 1 + _wire[at])
        {
            text.Append(Encoding.UTF8.GetString(_wire, at + 1, _wire[at])).Append('.');
        }

        return text.ToString();
    }

    private static int Fold(byte one) => one is >= (byte)'A' and <= (byte)'Z' ? one + 32 : one;
}
