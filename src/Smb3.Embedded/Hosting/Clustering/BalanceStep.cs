namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>What is done so that nodes carry about the same.</summary>
internal enum BalanceAct
{
    /// <summary>A share, or a part, goes to another node.</summary>
    Move,

    /// <summary>A folder of a share becomes a part, which goes to another node.</summary>
    Split,

    /// <summary>A part becomes one with its share again.</summary>
    Join,
}

/// <summary>One step of it.</summary>
/// <param name="Act">What is done.</param>
/// <param name="Share">The share or part that is moved; the share that is split or joined.</param>
/// <param name="Node">The node that has it then.</param>
/// <param name="Folder">The folder of a split or a join.</param>
internal readonly record struct BalanceStep(BalanceAct Act, string Share, string Node, string? Folder = null);
