namespace Smb3.Embedded.PostgreSql;

/// <summary>Names whose case does not count.</summary>
internal static class Names
{
    /// <summary>What is the same for all spellings; made here, because the case rules of databases depend on their locales.</summary>
    public static string KeyOf(string name) => name.ToUpperInvariant();
}
