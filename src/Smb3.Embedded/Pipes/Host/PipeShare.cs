namespace Smb3.Embedded.Pipes.Host;

/// <summary>The kind of a share in its low bits (MS-SRVS 2.2.2.4).</summary>
internal enum PipeShareType : uint
{
    Disk = 0,
    PrintQueue = 1,
    Device = 2,
    Ipc = 3,
}

/// <summary>A share as the interfaces show it.</summary>
/// <param name="Name">The name, in the case that the host gave it.</param>
/// <param name="Type">What is behind it.</param>
internal sealed record PipeShare(string Name, PipeShareType Type)
{
    /// <summary>An administrative share (IPC$, C$): clients do not show it unless asked.</summary>
    public bool IsSpecial { get; init; }

    /// <summary>The comment that clients show beside the name.</summary>
    public string Comment { get; init; } = "";

    /// <summary>The most simultaneous users; null for no limit.</summary>
    public uint? MaxUses { get; init; }

    /// <summary>Tree connects to it now.</summary>
    public uint CurrentUses { get; init; }

    /// <summary>
    /// The path that levels 2, 502 and 503 show. The host decides what this caller may learn: something like <c>C:\demo</c>, or empty.
    /// </summary>
    public string PathShown { get; init; } = "";

    /// <summary>SHI1005_FLAGS_* (MS-SRVS 2.2.4.29): caching, access-based enumeration, continuous availability, encryption.</summary>
    public uint Flags { get; init; }

    /// <summary>The share's self-relative security descriptor, or empty for none to show.</summary>
    public ReadOnlyMemory<byte> SecurityDescriptor { get; init; }
}
