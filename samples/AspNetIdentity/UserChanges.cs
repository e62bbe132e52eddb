namespace Smb3.Embedded.Samples.AspNetIdentity;

/// <summary>Passes on which users have changed: from where they are saved to the SMB server, which ends their sessions.</summary>
internal sealed class UserChanges
{
    public event Action<SmbUserChange>? Changed;

    public void Report(string userName) => Changed?.Invoke(new SmbUserChange(userName, string.Empty));
}
