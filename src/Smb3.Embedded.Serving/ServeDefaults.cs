namespace Smb3.Embedded.Serving;

/// <summary>In what programs that serve differ.</summary>
public sealed record ServeDefaults
{
    /// <summary>Whether there is an argument that is a folder to share.</summary>
    public bool TakesFolder { get; init; }

    /// <summary>Whether there is a control socket unless the command line says otherwise; otherwise only when it says so.</summary>
    public bool Control { get; init; }
}
