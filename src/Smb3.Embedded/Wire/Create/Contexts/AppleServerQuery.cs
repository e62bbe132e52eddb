namespace Smb3.Embedded.Wire.Create.Contexts;

/// <summary>What the "AAPL" context can ask about, and which parts an answer has.</summary>
[Flags]
internal enum AppleQueryBits : ulong
{
    None = 0,
    ServerCapabilities = 0x01,
    VolumeCapabilities = 0x02,
    ModelInformation = 0x04,
}

/// <summary>kAAPL capabilities of server and client.</summary>
[Flags]
internal enum AppleServerCapabilities : ulong
{
    None = 0,

    /// <summary>Access, resource fork's length and Finder info stand in directory entries.</summary>
    ReadDirectoryAttributes = 0x01,

    /// <summary>FSCTL_SRV_COPYCHUNK without chunks copies all of a file.</summary>
    OsxCopyFile = 0x02,

    /// <summary>The mode stands in directory entries.</summary>
    UnixBased = 0x04,

    /// <summary>The mode stands in security descriptors, and is set there: in an entry for S-1-5-88-3-MODE.</summary>
    NfsAces = 0x08,

    /// <summary><see cref="ReadDirectoryAttributes"/>, and whether there are extended attributes to ask for.</summary>
    ReadDirectoryAttributesV2 = 0x10,
}

/// <summary>kAAPL capabilities of a volume.</summary>
[Flags]
internal enum AppleVolumeCapabilities : ulong
{
    None = 0,
    ResolveId = 0x01,
    CaseSensitive = 0x02,

    /// <summary>FLUSH makes everything safe (F_FULLFSYNC); Time Machine wants it.</summary>
    FullSync = 0x04,
}

/// <summary>
/// kAAPL_SERVER_QUERY in the "AAPL" create context, as Apple's SMB client speaks it. Request: CommandCode 1 (4), Reserved (4),
/// RequestBitmap (8), ClientCapabilities (8). Response: CommandCode (4), Reserved (4), ReplyBitmap (8), then what the bitmap says:
/// ServerCapabilities (8), VolumeCapabilities (8), and Padding (4), length in bytes (4) and text of the model.
/// </summary>
internal readonly record struct AppleServerQuery(AppleQueryBits Asked, AppleServerCapabilities Client)
{
    /// <summary>The longest model that fits into <see cref="CreateContextWriter.MaxResponseSize"/> along with everything else.</summary>
    public const int MaxModelLength = 32;

    private const uint ServerQuery = 1;
    private const int RequestSize = 24;
    private const int HeaderSize = 16;

    /// <summary>False for another command, which is ignored, and for a request that is too short.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out AppleServerQuery query)
    {
        query = default;
        if (data.Length < RequestSize || data.UInt32(0) != ServerQuery)
        {
            return false;
        }

        query = new((AppleQueryBits)data.UInt64(8), (AppleServerCapabilities)data.UInt64(16));
        return true;
    }

    /// <summary>Writes the answer: the parts that were asked for.</summary>
    public void Answer(
        ref CreateContextWriter contexts, AppleServerCapabilities server, AppleVolumeCapabilities volume, ReadOnlySpan<char> model)
    {
        var reply = Asked & (AppleQueryBits.ServerCapabilities | AppleQueryBits.VolumeCapabilities | AppleQueryBits.ModelInformation);
        if (model.IsEmpty)
        {
            reply &= ~AppleQueryBits.ModelInformation;
        }

        var size = HeaderSize
            + ((reply & AppleQueryBits.ServerCapabilities) != 0 ? 8 : 0)
            + ((reply & AppleQueryBits.VolumeCapabilities) != 0 ? 8 : 0)
            + ((reply & AppleQueryBits.ModelInformation) != 0 ? 8 + (model.Length * sizeof(char)) : 0);
        var data = contexts.Begin(CreateContextName.Apple, size);
        data.Put(0, ServerQuery);
        data.Put(8, (ulong)reply);
        var at = HeaderSize;
        if ((reply & AppleQueryBits.ServerCapabilities) != 0)
        {
            data.Put(at, (ulong)server);
            at += 8;
        }

        if ((reply & AppleQueryBits.VolumeCapabilities) != 0)
        {
            data.Put(at, (ulong)volume);
            at += 8;
        }

        if ((reply & AppleQueryBits.ModelInformation) != 0)
        {
            data.Put(at + 4, (uint)(model.Length * sizeof(char)));
            data.PutUtf16(at + 8, model);
        }
    }
}
