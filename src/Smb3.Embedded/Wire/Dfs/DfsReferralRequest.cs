namespace Smb3.Embedded.Wire.Dfs;

/// <summary>
/// REQ_GET_DFS_REFERRAL (MS-DFSC 2.2.2): MaxReferralLevel (2), RequestFileName with a terminating zero. REQ_GET_DFS_REFERRAL_EX
/// (MS-DFSC 2.2.3): MaxReferralLevel (2), RequestFlags (2), RequestDataLength (4), then RequestFileNameLength (2), RequestFileName, and
/// where the flags say so SiteNameLength (2), SiteName.
/// </summary>
internal readonly ref struct DfsReferralRequest
{
    private const int NameOffset = 2;
    private const int DataOffset = 8;
    private const ushort HasSiteName = 0x0001;

    private readonly ReadOnlySpan<byte> _name;

    private DfsReferralRequest(ushort maxLevel, ReadOnlySpan<byte> name)
    {
        MaxLevel = maxLevel;
        _name = name;
    }

    /// <summary>The newest version of a referral that the client understands.</summary>
    public ushort MaxLevel { get; }

    /// <summary>The path that is asked for; empty for a domain referral.</summary>
    public string GetPath() => _name.Utf16();

    public static bool TryParse(ReadOnlySpan<byte> input, out DfsReferralRequest request)
    {
        request = default;
        if (input.Length < NameOffset + sizeof(char))
        {
            return false;
        }

        var name = input[NameOffset..];
        for (var at = 0; at + 1 < name.Length; at += sizeof(char))
        {
            if (name.UInt16(at) == 0)
            {
                request = new DfsReferralRequest(input.UInt16(0), name[..at]);
                return true;
            }
        }

        return false;
    }

    public static bool TryParseExtended(ReadOnlySpan<byte> input, out DfsReferralRequest request)
    {
        request = default;
        if (input.Length < DataOffset || input.UInt32(4) > input.Length - DataOffset)
        {
            return false;
        }

        var data = input.Slice(DataOffset, (int)input.UInt32(4));
        if (!TryTake(ref data, out var name) || ((input.UInt16(2) & HasSiteName) != 0 && !TryTake(ref data, out _)))
        {
            return false;
        }

        // The length says where the name ends; some clients count a terminating zero in.
        if (name.Length >= sizeof(char) && name.UInt16(name.Length - sizeof(char)) == 0)
        {
            name = name[..^sizeof(char)];
        }

        request = new DfsReferralRequest(input.UInt16(0), name);
        return true;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> data, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (data.Length < sizeof(ushort) || data.UInt16(0) > data.Length - sizeof(ushort) || data.UInt16(0) % sizeof(char) != 0)
        {
            return false;
        }

        text = data.Slice(sizeof(ushort), data.UInt16(0));
        data = data[(sizeof(ushort) + text.Length)..];
        return true;
    }
}
