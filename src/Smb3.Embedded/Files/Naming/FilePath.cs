using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>A path as a client wrote it, checked and parsed (MS-FSCC 2.1.5 and 2.1.9, MS-FSA 2.1.5.1).</summary>
internal readonly struct FilePath
{
    // MS-FSCC 2.1.5.3 and 2.1.5.4
    private static readonly SearchValues<char> NotInStreams = SearchValues.Create("/\\:\0");

    private FilePath(StorePath path, StreamKind stream, string? streamName, bool endsInSeparator)
    {
        Path = path;
        Stream = stream;
        StreamName = streamName;
        EndsInSeparator = endsInSeparator;
    }

    /// <summary>The part of a file that a path names.</summary>
    internal enum StreamKind
    {
        /// <summary>The path does not mention streams.</summary>
        Unsaid,

        /// <summary><c>::$DATA</c>: the data of a file, so not a directory.</summary>
        Data,

        /// <summary><c>:$I30:$INDEX_ALLOCATION</c>: a directory.</summary>
        Directory,

        /// <summary><c>:name:$DATA</c>.</summary>
        Named,
    }

    /// <summary>The file.</summary>
    public StorePath Path { get; }

    /// <summary>The part of the file.</summary>
    public StreamKind Stream { get; }

    /// <summary>The name of a <see cref="StreamKind.Named"/> stream; otherwise null.</summary>
    public string? StreamName { get; }

    /// <summary>Whether the path ended in a backslash, which only the path of a directory may.</summary>
    public bool EndsInSeparator { get; }

    /// <summary>Parses <paramref name="text"/>.</summary>
    /// <param name="text">Names separated by a backslash; the empty string is the root.</param>
    /// <param name="maxNameLength">The longest name that the store accepts.</param>
    /// <param name="path">The result of a success.</param>
    public static NtStatus Parse(string text, int maxNameLength, out FilePath path)
    {
        path = default;
        if (text.Length == 0)
        {
            return NtStatus.Success;
        }

        // No name can contain a slash; scripts written for other servers rely on it separating names as well.
        text = text.Replace('/', '\\');
        if (text[0] == '\\')
        {
            return NtStatus.InvalidParameter; // MS-SMB2 3.3.5.9
        }

        var rest = text.AsSpan();
        var endsInSeparator = rest[^1] == '\\';
        if (endsInSeparator)
        {
            rest = rest[..^1];
        }

        var stream = StreamKind.Unsaid;
        string? streamName = null;
        var lastName = rest[(rest.LastIndexOf('\\') + 1)..];
        var colon = lastName.IndexOf(':');
        if (colon >= 0)
        {
            if (endsInSeparator || !TryParseStream(lastName[(colon + 1)..], out stream, out streamName))
            {
                return NtStatus.ObjectNameInvalid;
            }

            rest = rest[..^(lastName.Length - colon)];

            // ":$I30:$INDEX_ALLOCATION" and the like without a name refer to the root.
            if (rest.IsEmpty)
            {
                path = new FilePath(StorePath.Root, stream, streamName, false);
                return NtStatus.Success;
            }
        }

        var hasDots = false;
        var hasPlain = false;
        foreach (var range in rest.Split('\\'))
        {
            if (rest[range] is "." or "..")
            {
                hasDots = true;
                continue;
            }

            hasPlain |= LastCharacters.ArePlain(rest[range]);
            if (rest[range].IsEmpty && range.End.Value < rest.Length)
            {
                return NtStatus.ObjectPathNotFound; // no directory has an entry without a name (MS-FSA 2.1.5.1, Windows does the same)
            }

            var status = FileNames.Check(rest[range], maxNameLength);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        var clean = rest.Length == text.Length ? text : rest.ToString();
        if (hasDots && !TryResolveDots(clean, out clean))
        {
            return NtStatus.ObjectPathSyntaxBad;
        }

        path = new FilePath(new StorePath(hasPlain ? LastCharacters.MapAll(clean) : clean), stream, streamName, endsInSeparator);
        return NtStatus.Success;
    }

    /// <summary>The same path with the file at another place.</summary>
    public FilePath At(StorePath path) => new(path, Stream, StreamName, EndsInSeparator);

    /// <summary>
    /// The directory that <c>.</c> and <c>..</c> mean follows from the text alone (MS-FSCC 2.1.5.1); no path climbs out of the share.
    /// </summary>
    private static bool TryResolveDots(string text, out string clean)
    {
        clean = text;
        var names = new List<string>();
        foreach (var name in text.Split('\\'))
        {
            if (name == ".")
            {
                continue;
            }

            if (name != "..")
            {
                names.Add(name);
            }
            else if (names.Count > 0)
            {
                names.RemoveAt(names.Count - 1);
            }
            else
            {
                return false;
            }
        }

        clean = string.Join('\\', names);
        return true;
    }

    /// <summary>
    /// The target of a stream's rename, such as <c>:name:$DATA</c>; the empty name is that of the file's own data (MS-FSA 2.1.5.15.11.1).
    /// </summary>
    /// <param name="text">The target.</param>
    /// <param name="ofDirectory">Whether it is for the listing of a directory, which is a stream of a type of its own.</param>
    /// <param name="inDirectory">Whether the file is a directory, which has no data of its own.</param>
    /// <param name="name">The name.</param>
    public static NtStatus ParseStreamTarget(string text, bool ofDirectory, bool inDirectory, out string name)
    {
        name = string.Empty;
        var rest = text.AsSpan(1);
        var colon = rest.IndexOf(':');
        var stream = colon < 0 ? rest : rest[..colon];
        var expected = ofDirectory ? "$INDEX_ALLOCATION" : "$DATA";
        var type = colon < 0 ? expected : rest[(colon + 1)..];
        if (text[^1] == ':' || (stream.IsEmpty && inDirectory) || stream.Length > FileNames.MaxLength || stream.ContainsAny(NotInStreams) || type.ContainsAny(NotInStreams))
        {
            return NtStatus.InvalidParameter;
        }

        name = stream.ToString();
        return type.Equals(expected, StringComparison.OrdinalIgnoreCase) ? NtStatus.Success : NtStatus.ObjectTypeMismatch;
    }

    // A stream's name may have any character but these and the separator, at which the path has already been split.
    private static bool TryParseStream(ReadOnlySpan<char> text, out StreamKind kind, out string? streamName)
    {
        kind = StreamKind.Named;
        streamName = null;
        var colon = text.IndexOf(':');
        var name = colon < 0 ? text : text[..colon];
        var type = colon < 0 ? "$DATA" : text[(colon + 1)..];
        if (name.Length > FileNames.MaxLength || name.ContainsAny('/', '\\', '\0'))
        {
            return false;
        }

        if (type.Equals("$DATA", StringComparison.OrdinalIgnoreCase))
        {
            if (name.IsEmpty)
            {
                kind = StreamKind.Data;
            }
            else
            {
                streamName = name.ToString();
            }

            return !name.IsEmpty || colon >= 0;
        }

        kind = StreamKind.Directory;
        return type.Equals("$INDEX_ALLOCATION", StringComparison.OrdinalIgnoreCase)
            && (name.IsEmpty || name.Equals("$I30", StringComparison.OrdinalIgnoreCase));
    }
}
