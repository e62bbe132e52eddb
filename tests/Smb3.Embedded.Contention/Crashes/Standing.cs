using Smb3.Embedded.TestClient;

namespace Smb3.Embedded.Contention.Crashes;

/// <summary>Where a client stands: its tree connect, which of its sessions it belongs to, and what it leads to.</summary>
internal readonly record struct Standing(SmbTestTree Tree, int Session, Place Place);
