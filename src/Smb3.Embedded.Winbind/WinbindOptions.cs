namespace Smb3.Embedded;

/// <summary>Where the programs of winbind are, and how they are used.</summary>
public sealed class WinbindOptions
{
    /// <summary>The program that checks passwords. Default <c>ntlm_auth</c>, found in <c>PATH</c>.</summary>
    public string NtlmAuth { get; set; } = "ntlm_auth";

    /// <summary>The program that translates names. Default <c>wbinfo</c>, found in <c>PATH</c>.</summary>
    public string Wbinfo { get; set; } = "wbinfo";

    /// <summary>The most programs of each kind that run at the same time; further questions wait. 1 to 64. Default 4.</summary>
    public int MaxHelpers { get; set; } = 4;

    /// <summary>How long one question may take, waiting included. 1 second to 2 minutes. Default 10 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; set; } = TimeProvider.System;
}
