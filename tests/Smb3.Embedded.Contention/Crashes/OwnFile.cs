namespace Smb3.Embedded.Contention.Crashes;

/// <summary>A file of one worker alone, as it must be: which version each of its blocks has.</summary>
/// <param name="number">What its content says it is.</param>
internal sealed class OwnFile(ulong number)
{
    public ulong Number { get; } = number;

    /// <summary>The version of each block; 0: never written.</summary>
    public List<long> Blocks { get; } = [];

    /// <summary>The server's name for it, which stays when its name changes.</summary>
    public string DiskId { get; set; } = "";

    /// <summary>The handle that the worker has on it.</summary>
    public PersistentOpen? Open { get; set; }

    /// <summary>Whether it goes when it is closed.</summary>
    public bool DeletesOnClose { get; set; }

    /// <summary>Its deletion was asked for by FileDispositionInformation.</summary>
    public bool DeletePending { get; set; }

    /// <summary>Locked blocks.</summary>
    public HashSet<int> Locked { get; } = [];
}
