using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Smb3.Embedded.Nt;

/// <summary>
/// A security identifier (MS-DTYP 2.4.2): an authority of 48 bits and up to fifteen sub-authorities, the last of which
/// is the relative identifier (RID) within the domain that the others name. Immutable; two SIDs are equal when all their parts are.
/// </summary>
/// <remarks>
/// The binary form (MS-DTYP 2.4.2.2): revision (1 byte, 1), count of sub-authorities (1 byte), authority (6 bytes,
/// big-endian), sub-authorities (4 bytes each, little-endian).
/// </remarks>
public sealed class Sid : IEquatable<Sid>
{
    /// <summary>The most sub-authorities that a SID can have.</summary>
    public const int MaxSubAuthorities = 15;

    /// <summary>The length of the longest binary form, in bytes.</summary>
    public const int MaxBinaryLength = 8 + (4 * MaxSubAuthorities);

    private const ulong MaxAuthority = 0xFFFF_FFFF_FFFF;

    private readonly uint[] _subAuthorities;

    /// <summary>Creates a SID from its parts.</summary>
    /// <param name="authority">The identifier authority, at most 48 bits.</param>
    /// <param name="subAuthorities">The sub-authorities in order, at most <see cref="MaxSubAuthorities"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The authority or the number of sub-authorities is too large.</exception>
    public Sid(ulong authority, params ReadOnlySpan<uint> subAuthorities)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(authority, MaxAuthority);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(subAuthorities.Length, MaxSubAuthorities, nameof(subAuthorities));
        Authority = authority;
        _subAuthorities = subAuthorities.ToArray();
    }

    /// <summary>The identifier authority: 5 for NT, 1 for World …</summary>
    public ulong Authority { get; }

    /// <summary>The sub-authorities in order.</summary>
    public ReadOnlySpan<uint> SubAuthorities => _subAuthorities;

    /// <summary>The length of the binary form, in bytes.</summary>
    public int BinaryLength => 8 + (4 * _subAuthorities.Length);

    /// <summary>The last sub-authority: the account within its domain; null when there are no sub-authorities.</summary>
    public uint? Rid => _subAuthorities.Length == 0 ? null : _subAuthorities[^1];

    /// <summary>The SID without its last sub-authority: the domain that issued it; null when there are no sub-authorities.</summary>
    public Sid? Domain => _subAuthorities.Length == 0 ? null : new Sid(Authority, _subAuthorities.AsSpan(..^1));

    /// <summary>The SID of an account of this domain.</summary>
    /// <param name="rid">The relative identifier.</param>
    /// <exception cref="ArgumentOutOfRangeException">This SID has <see cref="MaxSubAuthorities"/> already.</exception>
    public Sid WithRid(uint rid) => new(Authority, [.. _subAuthorities, rid]);

    /// <summary>Reads the text form, <c>S-1-5-32-544</c>; the authority may be hexadecimal as in <c>S-1-0x1000000000000-1</c>.</summary>
    /// <param name="text">What to read; nothing may stand before or after the SID.</param>
    /// <param name="sid">The SID.</param>
    /// <returns>Whether <paramref name="text"/> is a SID.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out Sid? sid)
    {
        sid = null;
        if (!text.StartsWith("S-1-", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        text = text[4..];
        var end = text.IndexOf('-');
        var head = end < 0 ? text : text[..end];
        var isHex = head.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var isAuthority = isHex
            ? ulong.TryParse(head[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var authority)
            : ulong.TryParse(head, NumberStyles.None, CultureInfo.InvariantCulture, out authority);
        if (!isAuthority || authority > MaxAuthority)
        {
            return false;
        }

        Span<uint> subAuthorities = stackalloc uint[MaxSubAuthorities];
        var count = 0;
        while (end >= 0)
        {
            text = text[(end + 1)..];
            end = text.IndexOf('-');
            var part = end < 0 ? text : text[..end];
            if (count == MaxSubAuthorities
                || !uint.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out subAuthorities[count++]))
            {
                return false;
            }
        }

        sid = new Sid(authority, subAuthorities[..count]);
        return true;
    }

    /// <summary>Reads the text form.</summary>
    /// <param name="text">What to read.</param>
    /// <exception cref="FormatException"><paramref name="text"/> is not a SID.</exception>
    public static Sid Parse(string text) =>
        TryParse(text, out var sid) ? sid : throw new FormatException($"'{text}' is not a security identifier.");

    /// <summary>Reads the binary form from the start of <paramref name="source"/>; what follows it is left alone.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="sid">The SID; its <see cref="BinaryLength"/> says how many bytes it took.</param>
    /// <returns>Whether a whole SID of revision 1 stands there.</returns>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out Sid? sid)
    {
        sid = null;
        if (source.Length < 8 || source[0] != 1 || source[1] > MaxSubAuthorities || source.Length < 8 + (4 * source[1]))
        {
            return false;
        }

        var authority = BinaryPrimitives.ReadUInt64BigEndian(source) & MaxAuthority;
        Span<uint> subAuthorities = stackalloc uint[source[1]];
        for (var i = 0; i < subAuthorities.Length; i++)
        {
            subAuthorities[i] = BinaryPrimitives.ReadUInt32LittleEndian(source[(8 + (4 * i))..]);
        }

        sid = new Sid(authority, subAuthorities);
        return true;
    }

    /// <summary>Writes the binary form, <see cref="BinaryLength"/> bytes.</summary>
    /// <param name="destination">Where to; must hold <see cref="BinaryLength"/> bytes.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public int WriteTo(Span<byte> destination)
    {
        if (destination.Length < BinaryLength)
        {
            throw new ArgumentException("The destination does not hold the security identifier.", nameof(destination));
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, Authority);
        destination[0] = 1;
        destination[1] = (byte)_subAuthorities.Length;
        for (var i = 0; i < _subAuthorities.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination[(8 + (4 * i))..], _subAuthorities[i]);
        }

        return BinaryLength;
    }

    /// <summary>The text form (MS-DTYP 2.4.2.1).</summary>
    public override string ToString()
    {
        var text = new StringBuilder("S-1-");
        if (Authority > uint.MaxValue)
        {
            text.Append(CultureInfo.InvariantCulture, $"0x{Authority:X12}");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $"{Authority}");
        }

        foreach (var part in _subAuthorities)
        {
            text.Append(CultureInfo.InvariantCulture, $"-{part}");
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public bool Equals(Sid? other) =>
        other is not null && Authority == other.Authority && SubAuthorities.SequenceEqual(other.SubAuthorities);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Sid);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Authority);
        foreach (var part in _subAuthorities)
        {
            hash.Add(part);
        }

        return hash.ToHashCode();
    }

    /// <summary>Whether all parts are equal.</summary>
    public static bool operator ==(Sid? left, Sid? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether any part differs.</summary>
    public static bool operator !=(Sid? left, Sid? right) => !(left == right);
}
