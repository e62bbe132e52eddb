using System.Text;
using System.Xml;

namespace Smb3.Embedded.Discovery.WebServices;

/// <summary>What is read of a message: its addressing, and of its body what a probe or a question for an end point says.</summary>
/// <param name="Action">What it wants.</param>
/// <param name="MessageId">What it is known by.</param>
/// <param name="To">Whom it is for.</param>
/// <param name="Types">The types of devices that are looked for, as namespace and name.</param>
/// <param name="HasScopes">Whether devices are looked for by scopes, of which a server has none.</param>
/// <param name="Address">The end point that is looked for.</param>
internal sealed record SoapRequest(
    string Action, string MessageId, string To, IReadOnlyList<(string Space, string Name)> Types, bool HasScopes, string Address)
{
    /// <summary>The largest message that is read.</summary>
    public const int MaxSize = 64 * 1024;

    private const int MaxText = 1024, MaxTypes = 16, MaxDepth = 32, MaxNodes = 2000;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MaxSize,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    /// <summary>Reads a message; null when it is none, or larger or deeper than any need be.</summary>
    public static SoapRequest? Parse(ReadOnlySpan<byte> message)
    {
        if (message.Length > MaxSize)
        {
            return null;
        }

        message = message.StartsWith("\uFEFF"u8) ? message[3..] : message;
        try
        {
            using var reader = XmlReader.Create(new StringReader(Encoding.UTF8.GetString(message)), Settings);
            return Read(reader);
        }
        catch (Exception e) when (e is XmlException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static SoapRequest? Read(XmlReader reader)
    {
        // The names of the elements around what is read, the document's first.
        var path = new List<(string Space, string Name)>();
        var found = new SoapRequest(string.Empty, string.Empty, string.Empty, [], HasScopes: false, string.Empty);
        for (var nodes = 0; reader.Read(); nodes++)
        {
            if (nodes == MaxNodes || path.Count == MaxDepth)
            {
                return null;
            }

            if (reader.NodeType == XmlNodeType.Element && !reader.IsEmptyElement)
            {
                path.Add((reader.NamespaceURI, reader.LocalName));
            }
            else if (reader.NodeType == XmlNodeType.EndElement)
            {
                path.RemoveAt(path.Count - 1);
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                found = Take(found, path, reader);
            }
        }

        return found.Action.Length > 0 && found.MessageId.Length > 0 ? found : null;
    }

    /// <summary>What it says with one more text.</summary>
    private static SoapRequest Take(SoapRequest found, List<(string Space, string Name)> path, XmlReader reader)
    {
        if (path.Count < 3 || path[0] != (SoapNames.Soap, "Envelope") || reader.Value.Length > MaxText)
        {
            return found;
        }

        var text = reader.Value.Trim();
        var isHeader = path[1] == (SoapNames.Soap, "Header") && path.Count == 3;
        var isBody = path[1] == (SoapNames.Soap, "Body");
        return path[^1] switch
        {
            (SoapNames.Addressing, "Action") when isHeader => found with { Action = text },
            (SoapNames.Addressing, "MessageID") when isHeader => found with { MessageId = text },
            (SoapNames.Addressing, "To") when isHeader => found with { To = text },
            (SoapNames.Discovery, "Types") when isBody => found with { Types = ReadTypes(text, reader) },
            (SoapNames.Discovery, "Scopes") when isBody => found with { HasScopes = text.Length > 0 },
            (SoapNames.Addressing, "Address") when isBody => found with { Address = text },
            _ => found,
        };
    }

    private static (string Space, string Name)[] ReadTypes(string text, XmlReader reader) =>
    [
        .. text.Split((char[]?)null, MaxTypes + 1, StringSplitOptions.RemoveEmptyEntries).Select(type =>
        {
            var colon = type.IndexOf(':', StringComparison.Ordinal);
            return (reader.LookupNamespace(colon < 0 ? string.Empty : type[..colon]) ?? string.Empty, type[(colon + 1)..]);
        }),
    ];
}
