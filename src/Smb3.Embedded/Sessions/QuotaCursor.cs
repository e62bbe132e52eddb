using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Sessions;

/// <summary>Where the listing of quotas through an open has got to (MS-SMB2 2.2.37.1, RestartScan).</summary>
internal sealed class QuotaCursor
{
    /// <summary>The last owner that was sent; null: none yet.</summary>
    public Sid? Last { get; set; }
}
