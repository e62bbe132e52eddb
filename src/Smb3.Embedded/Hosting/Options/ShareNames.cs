namespace Smb3.Embedded.Hosting.Options;

/// <summary>What a share, or a namespace, which is one, can be called.</summary>
internal static class ShareNames
{
    private const int MaxLength = 80;
    private const string Forbidden = "\"/\\[]:|<>+=;,*?";

    /// <param name="name">The name.</param>
    /// <param name="what">What it is the name of.</param>
    /// <param name="setting">Where it was set.</param>
    /// <param name="failures">What is wrong is added here.</param>
    public static void Check(string name, string what, string setting, List<string> failures)
    {
        if (name.Equals("IPC$", StringComparison.OrdinalIgnoreCase))
        {
            failures.Add($"{setting}: '{name}' is the server's own share; choose another name.");
        }
        else if (name.Length is 0 or > MaxLength || name.AsSpan().Trim().Length != name.Length
            || name.Any(c => char.IsControl(c) || Forbidden.Contains(c, StringComparison.Ordinal)))
        {
            failures.Add($"{setting}: '{name}' cannot be a {what}'s name; it takes 1 to {MaxLength} characters without {Forbidden} and "
                + "without spaces at its ends.");
        }
    }
}
