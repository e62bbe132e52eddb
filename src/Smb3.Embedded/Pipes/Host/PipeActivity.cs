namespace Smb3.Embedded.Pipes.Host;

/// <summary>A session as NetrSessionEnum shows it.</summary>
internal sealed record PipeSession(string ClientName, string UserName)
{
    /// <summary>Opens in the session.</summary>
    public uint OpenCount { get; init; }

    /// <summary>The time since the logon.</summary>
    public TimeSpan Active { get; init; }

    /// <summary>The time since the last request.</summary>
    public TimeSpan Idle { get; init; }

    /// <summary>Logged on as guest.</summary>
    public bool IsGuest { get; init; }

    /// <summary>The domain that vouched for the user.</summary>
    public string DomainName { get; init; } = "";
}

/// <summary>A tree connect as NetrConnectionEnum shows it.</summary>
internal sealed record PipeTreeConnect(uint Id, string ShareName, PipeShareType ShareType, string ClientName, string UserName)
{
    /// <summary>Opens on the tree connect.</summary>
    public uint OpenCount { get; init; }

    /// <summary>The time since the tree connect.</summary>
    public TimeSpan Active { get; init; }
}

/// <summary>An open as NetrFileEnum shows it.</summary>
internal sealed record PipeOpenFile(uint Id, string Path, string UserName)
{
    /// <summary>PERM_FILE_READ 1, PERM_FILE_WRITE 2, PERM_FILE_CREATE 4 (MS-SRVS 2.2.4.7).</summary>
    public uint Permissions { get; init; }

    /// <summary>Byte-range locks held.</summary>
    public uint LockCount { get; init; }
}
