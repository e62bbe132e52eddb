using System.Text;

namespace Smb3.Embedded.PostgreSql;

/// <summary>Whose records are changed under one token: a scope, or a share with all its scopes.</summary>
/// <param name="Kind">What keeps the two apart.</param>
/// <param name="Key">The name, by which it is found.</param>
/// <param name="Scope">The scope in it.</param>
/// <param name="Said">What it is, for messages.</param>
internal readonly record struct Holder(char Kind, string Key, string Scope, string Said)
{
    /// <summary>The name of a row. Scopes hold any characters, and <c>text</c> has no NUL.</summary>
    public byte[] Name => Bytes(ThingName);

    /// <summary>What is told from all other holders by it.</summary>
    public string ThingName => Kind + Key;

    public static Holder OfScope(string scope) => new('s', scope, string.Empty, $"The state of '{scope}' was taken over by another server.");

    public static Holder OfShare(string share, string scope) =>
        new('c', Names.KeyOf(share), scope, $"Share '{share}' was taken over by another node.");

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
