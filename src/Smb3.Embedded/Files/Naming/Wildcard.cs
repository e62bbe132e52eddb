namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// An expression that names are matched against as NT does it (MS-FSA 2.1.4.4): <c>*</c> any characters, <c>?</c> any one, <c>&lt;</c>
/// (DOS_STAR) any characters up to the last dot and that one, <c>&gt;</c> (DOS_QM) one character or none before a dot or the end,
/// <c>"</c> (DOS_DOT) a dot or the end.
/// </summary>
/// <remarks>
/// The positions in the expression that the name read so far can have reached are bits of four words, and one character moves them all at
/// once. So the time for a match is proportional to the length of the name alone, whatever the expression: a client chooses both, and a
/// directory has many names.
/// </remarks>
internal sealed class Wildcard
{
    /// <summary>The length of the longest expression, which is that of a name (MS-FSA 2.1.5.6.3).</summary>
    public const int MaxLength = FileNames.MaxLength;

    private const int Ascii = 128;

    // Room for a position before each character, and one after the last.
    private const int Words = (MaxLength + 1) / 64;

    private readonly bool _ignoreCase;
    private readonly int _end;
    private readonly Places _stars;
    private readonly Places _dosStars;
    private readonly Places _dosQuestions;
    private readonly Places _dosDots;
    private readonly Places _anyOne;

    // For each character, the positions from which it leads on because the expression has it there; mask 0 is for characters it does not
    // have.
    private readonly byte[] _asciiMasks = new byte[Ascii];
    private readonly Dictionary<char, byte> _otherMasks = [];
    private readonly List<Places> _masks = [default];

    /// <summary>Parses an expression.</summary>
    /// <param name="expression">At most <see cref="MaxLength"/> characters.</param>
    /// <param name="ignoreCase">Whether upper and lower case count as the same.</param>
    public Wildcard(ReadOnlySpan<char> expression, bool ignoreCase)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(expression.Length, MaxLength, nameof(expression));
        _ignoreCase = ignoreCase;
        _end = expression.Length;
        for (var at = 0; at < expression.Length; at++)
        {
            switch (expression[at])
            {
                case '*':
                    _stars.Add(at);
                    break;
                case '<':
                    _dosStars.Add(at);
                    break;
                case '>':
                    _dosQuestions.Add(at);
                    break;
                case '"':
                    _dosDots.Add(at);
                    break;
                case '?':
                    _anyOne.Add(at);
                    break;
                default:
                    AddLiteral(Fold(expression[at]), at);
                    break;
            }
        }
    }

    /// <summary>Whether <paramref name="expression"/> can match more than one name.</summary>
    public static bool IsIn(ReadOnlySpan<char> expression) => expression.ContainsAny("*?<>\"");

    /// <summary>Whether <paramref name="name"/> matches the expression.</summary>
    public bool Matches(ReadOnlySpan<char> name)
    {
        var free = _stars | _dosStars;
        var freeAtDot = free | _dosQuestions;
        var atAny = _anyOne | _dosQuestions;
        var atDot = _anyOne | _dosDots;
        var lastDot = name.LastIndexOf('.');
        Places places = default;
        places.Add(0);
        for (var i = 0; i < name.Length; i++)
        {
            var isDot = name[i] == '.';
            places.Remove(_end); // no character leads on from there
            places.Spread(isDot ? freeAtDot : free);
            var isLastDot = i == lastDot;
            var staying = places & (isLastDot ? _stars : free);
            var leaving = (isDot ? atDot : atAny) | MaskOf(name[i]);
            if (isLastDot)
            {
                leaving |= _dosStars;
            }

            // NT counts a match that gets past the end of the expression without the character as having used it up, so a final DOS_QM also
            // takes a dot.
            var isPast = places.Contains(_end);
            places = (places & leaving).Next() | staying;
            if (isPast)
            {
                places.Add(_end);
            }
            else if (places.IsEmpty)
            {
                return false;
            }
        }

        places.Spread(freeAtDot | _dosDots);
        return places.Contains(_end);
    }

    private void AddLiteral(char letter, int at)
    {
        var number = letter < Ascii ? _asciiMasks[letter] : _otherMasks.GetValueOrDefault(letter);
        if (number == 0)
        {
            number = (byte)_masks.Count; // at most 255 characters, so at most 255 masks besides the first
            _masks.Add(default);
            if (letter < Ascii)
            {
                _asciiMasks[letter] = number;
            }
            else
            {
                _otherMasks.Add(letter, number);
            }
        }

        var mask = _masks[number];
        mask.Add(at);
        _masks[number] = mask;
    }

    private Places MaskOf(char letter)
    {
        letter = Fold(letter);
        return _masks[letter < Ascii ? _asciiMasks[letter] : _otherMasks.GetValueOrDefault(letter)];
    }

    private char Fold(char letter) => _ignoreCase ? char.ToUpperInvariant(letter) : letter;

    /// <summary>A set of positions in the expression.</summary>
    private struct Places
    {
        private Bits _bits;

        public readonly bool IsEmpty => (_bits[0] | _bits[1] | _bits[2] | _bits[3]) == 0;

        public void Add(int place) => _bits[place / 64] |= 1ul << (place % 64);

        public void Remove(int place) => _bits[place / 64] &= ~(1ul << (place % 64));

        public readonly bool Contains(int place) => (_bits[place / 64] & (1ul << (place % 64))) != 0;

        /// <summary>The positions after these.</summary>
        public readonly Places Next()
        {
            Places next = default;
            var carry = 0ul;
            for (var i = 0; i < Words; i++)
            {
                next._bits[i] = (_bits[i] << 1) | carry;
                carry = _bits[i] >> 63;
            }

            return next;
        }

        /// <summary>
        /// Adds what can be reached without a character, across any number of <paramref name="free"/> positions: an addition carries a bit
        /// over a run of ones to the position after it.
        /// </summary>
        public void Spread(in Places free)
        {
            var carry = 0ul;
            for (var i = 0; i < Words; i++)
            {
                var from = _bits[i] & free._bits[i];
                var sum = from + free._bits[i];
                var over = sum < from ? 1ul : 0ul;
                sum += carry;
                over |= sum < carry ? 1ul : 0ul;
                carry = over;
                _bits[i] |= sum ^ free._bits[i];
            }
        }

        public static Places operator |(in Places left, in Places right)
        {
            Places both = default;
            for (var i = 0; i < Words; i++)
            {
                both._bits[i] = left._bits[i] | right._bits[i];
            }

            return both;
        }

        public static Places operator &(in Places left, in Places right)
        {
            Places both = default;
            for (var i = 0; i < Words; i++)
            {
                both._bits[i] = left._bits[i] & right._bits[i];
            }

            return both;
        }

        [System.Runtime.CompilerServices.InlineArray(Words)]
        private struct Bits
        {
            private ulong _first;
        }
    }
}
