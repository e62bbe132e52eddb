using System.Text;

namespace Smb3.Embedded.ObjectServices;

/// <summary>What the options of stores of objects have in common.</summary>
internal static class OptionChecks
{
    /// <summary>The prefix with its slash.</summary>
    public static string ToKeyPrefix(string prefix) => prefix.Trim('/') is { Length: > 0 } trimmed ? trimmed + '/' : string.Empty;

    public static void CheckPrefix(string keyPrefix, string name) =>
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Encoding.UTF8.GetByteCount(keyPrefix), 512, name);

    public static void CheckTimeout(TimeSpan timeout, string name) =>
        ThrowUnless(timeout >= TimeSpan.FromSeconds(1) && timeout <= TimeSpan.FromMinutes(10), name, "1 second to 10 minutes");

    public static void CheckUrl(Uri? url, string example, string name)
    {
        if (url is not null && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https")))
        {
            throw new ArgumentException($"'{url}' is not the URL of a server, such as {example}.", name);
        }
    }

    public static void ThrowUnless(bool isRight, string name, string range)
    {
        if (!isRight)
        {
            throw new ArgumentOutOfRangeException(name, $"{name} is {range}.");
        }
    }

    public static string ReadSecret(string file, string what) => File.ReadLines(file).FirstOrDefault()?.Trim() is { Length: > 0 } secret
        ? secret
        : throw new ArgumentException($"The first line of '{file}' is to be the {what}, and is empty.", nameof(file));
}
