namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// Matches names against expressions as NT does (MS-FSA section 2.1.4.4): <c>*</c> any characters, <c>?</c> any one, <c>&lt;</c>
/// (DOS_STAR) any characters but the last dot, <c>&gt;</c> (DOS_QM) one character or none before a dot or the end, <c>"</c> (DOS_DOT) a
/// dot or the end.
/// </summary>
internal static class Wildcard
{
    private const int MaxOnStack = 512;

    /// <summary>Whether <paramref name="expression"/> can match more than one name.</summary>
    public static bool IsIn(ReadOnlySpan<char> expression) => expression.ContainsAny("*?<>\"");

    /// <summary>
    /// Whether <paramref name="name"/> is in <paramref name="expression"/>. Takes time in proportion to both lengths multiplied.
    /// </summary>
    public static bool Matches(ReadOnlySpan<char> expression, ReadOnlySpan<char> name, bool ignoreCase)
    {
        if (expression is "*")
        {
            return true;
        }

        // The set of places in the expression that the name read so far can have led to; walking a set never backtracks.
        var size = expression.Length + 1;
        Span<bool> places = size <= MaxOnStack ? stackalloc bool[MaxOnStack] : new bool[size];
        Span<bool> next = size <= MaxOnStack ? stackalloc bool[MaxOnStack] : new bool[size];
        places = places[..size];
        next = next[..size];
        places.Clear();
        places[0] = true;

        var lastDot = name.LastIndexOf('.');
        for (var i = 0; i < name.Length; i++)
        {
            next.Clear();
            var alive = false;
            for (var at = 0; at < expression.Length; at++)
            {
                if (!places[at])
                {
                    continue;
                }

                switch (expression[at])
                {
                    case '*':
                        places[at + 1] = true;
                        next[at] = alive = true;
                        break;
                    case '<':
                        places[at + 1] = true;
                        if (i != lastDot)
                        {
                            next[at] = alive = true;
                        }

                        break;
                    case '>' when name[i] == '.':
                        places[at + 1] = true;
                        break;
                    case '>' or '?':
                        next[at + 1] = alive = true;
                        break;
                    case '"':
                        if (name[i] == '.')
                        {
                            next[at + 1] = alive = true;
                        }

                        break;
                    default:
                        if (Same(expression[at], name[i], ignoreCase))
                        {
                            next[at + 1] = alive = true;
                        }

                        break;
                }
            }

            if (!alive)
            {
                return false;
            }

            var spare = places;
            places = next;
            next = spare;
        }

        for (var at = 0; at < expression.Length; at++)
        {
            if (places[at] && expression[at] is '*' or '<' or '>' or '"')
            {
                places[at + 1] |= places[at];
            }
        }

        return places[^1];
    }

    private static bool Same(char left, char right, bool ignoreCase) =>
        left == right || (ignoreCase && char.ToUpperInvariant(left) == char.ToUpperInvariant(right));
}
