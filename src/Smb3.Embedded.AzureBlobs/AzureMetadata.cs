namespace Smb3.Embedded.AzureBlobs;

/// <summary>The metadata of blobs, whose names are identifiers in any case.</summary>
internal static class AzureMetadata
{
    /// <summary>The name of what the store keeps.</summary>
    public const string Name = "smb3";

    public static string? PropertiesOf(IDictionary<string, string> metadata) =>
        metadata.FirstOrDefault(static pair => pair.Key.Equals(Name, StringComparison.OrdinalIgnoreCase)).Value;

    public static Dictionary<string, string>? Of(string? properties) => properties is null ? null : new() { [Name] = properties };

    /// <summary>All that a blob has, with other properties.</summary>
    public static Dictionary<string, string> With(IDictionary<string, string> metadata, string properties) =>
        new(metadata, StringComparer.OrdinalIgnoreCase) { [Name] = properties };
}
