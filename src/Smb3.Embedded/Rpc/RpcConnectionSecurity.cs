namespace Smb3.Embedded.Rpc;

/// <summary>
/// The security context of a connection: begun by a bind or an alter_context, established by the tokens that follow, and from then on
/// protecting every fragment. One for each connection, because security context multiplexing is not offered (MS-RPCE 3.3.1.5.4).
/// </summary>
/// <remarks>
/// Fragments from the client come one at a time; those to the client are protected by one caller at a time, in the order in which they
/// are sent.
/// </remarks>
internal sealed class RpcConnectionSecurity(IRpcSecurity? providers, RpcCaller peer) : IDisposable
{
    private readonly Lock _lock = new();
    private IRpcSecurityContext? _context;
    private RpcSecurityTrailer _agreed;
    private RpcSecurityOutcome _outcome;
    private RpcCaller? _caller;
    private bool _disposed;

    /// <summary>Whether a context has been begun.</summary>
    public bool IsInUse => _context is not null;

    /// <summary>
    /// Whether the client's bind said that it supports signed headers, which this side does. Then the whole fragment up to the signature is covered, or
    /// else the body alone, unless the mechanism always covers the whole (MS-RPCE 3.3.1.5.2.2).
    /// </summary>
    public bool SignsHeaders { get; set; }

    /// <summary>Who makes the calls: the user of the security context, or of the transport where there is no context.</summary>
    public RpcCaller Caller => _caller ?? peer;

    /// <summary>The level of the calls.</summary>
    public RpcAuthLevel Level => _outcome == RpcSecurityOutcome.Established ? _agreed.Level : RpcAuthLevel.None;

    /// <summary>Whether fragments are signed at least.</summary>
    public bool IsProtecting => Level >= RpcAuthLevel.Packet;

    /// <summary>How many bytes protection adds to a fragment, without padding.</summary>
    public int Overhead => IsProtecting ? RpcSecurityTrailer.Length + SignatureSize : 0;

    /// <summary>The trailer of what is sent now.</summary>
    public RpcSecurityTrailer Trailer => _agreed;

    private bool IsPrivate => _agreed.Level == RpcAuthLevel.Privacy;

    private int SignatureSize => _context!.SignatureSize(IsPrivate);

    /// <summary>
    /// Takes the token of a bind, an alter_context or an auth_3. Null: there is no such provider or level, or the context is not the one
    /// that was begun.
    /// </summary>
    public async ValueTask<RpcSecurityStep?> StepAsync(
        RpcSecurityTrailer trailer, ReadOnlyMemory<byte> token, CancellationToken cancellation)
    {
        if (_context is null)
        {
            if (ConnectionLevel(trailer.Level) is not { } level || !TryBegin(trailer.Type))
            {
                return null;
            }

            _agreed = trailer with { Level = level, PadLength = 0 };
        }
        else if (_outcome != RpcSecurityOutcome.Continue || !IsAgreed(trailer))
        {
            return null;
        }

        var step = await _context!.StepAsync(token, cancellation).ConfigureAwait(false);
        (_outcome, _caller) = (step.Outcome, step.Caller);
        return step;
    }

    /// <summary>
    /// Checks a fragment of a call and decrypts it in place. Without a context, and at the level that protects nothing, a fragment must
    /// not claim to be protected.
    /// </summary>
    /// <param name="fragment">The whole fragment.</param>
    /// <param name="header">Its header.</param>
    /// <param name="bodyOffset">Where what may be encrypted begins.</param>
    /// <param name="body">What was protected, without padding.</param>
    /// <returns><see cref="RpcStatus.Ok"/>, or why the connection cannot go on.</returns>
    public RpcStatus Open(Memory<byte> fragment, in RpcHeader header, int bodyOffset, out ReadOnlyMemory<byte> body)
    {
        body = fragment[bodyOffset..];
        var isEstablished = _outcome == RpcSecurityOutcome.Established;
        if (header.AuthLength == 0)
        {
            // A context that is not established, or has failed, accepts nothing.
            return !IsProtecting && (isEstablished || _context is null) ? RpcStatus.Ok : RpcStatus.AccessDenied;
        }

        if (!isEstablished || !RpcSecurityTrailer.TryRead(fragment.Span, header, bodyOffset, out var trailer) || !IsAgreed(trailer))
        {
            return RpcStatus.AccessDenied;
        }

        var offset = RpcSecurityTrailer.OffsetIn(header);
        body = fragment[bodyOffset..(offset - trailer.PadLength)];
        if (!IsProtecting)
        {
            // What some clients send at this level is the signature of nothing.
            return RpcStatus.Ok;
        }

        var message = Covered(fragment.Span[..(offset + RpcSecurityTrailer.Length)], bodyOffset, out var secret);
        return _context!.Unprotect(message, secret, fragment.Span[^header.AuthLength..]) ? RpcStatus.Ok : RpcStatus.SecurityPackageError;
    }

    /// <summary>Signs, and encrypts where that was agreed, a fragment that has its trailer and room for the signature.</summary>
    public void Seal(Span<byte> fragment, int bodyOffset)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            var signature = fragment[^SignatureSize..];
            _context!.Protect(Covered(fragment[..^signature.Length], bodyOffset, out var secret), secret, signature);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                _disposed = true;
                _context?.Dispose();
            }
        }
    }

    /// <summary>What a level means on a connection (MS-RPCE 2.2.1.1.8); null when there is no such level.</summary>
    private static RpcAuthLevel? ConnectionLevel(RpcAuthLevel level) => level switch
    {
        RpcAuthLevel.Default => RpcAuthLevel.Connect,
        RpcAuthLevel.Call => RpcAuthLevel.Packet,
        >= RpcAuthLevel.Connect and <= RpcAuthLevel.Privacy => level,
        _ => null,
    };

    /// <summary>What is signed of a fragment that ends with its trailer, and what of that is secret.</summary>
    private Span<byte> Covered(Span<byte> fragment, int bodyOffset, out Range? secret)
    {
        var coversHeaders = SignsHeaders || _context!.AlwaysCoversHeaders;
        var start = coversHeaders ? 0 : bodyOffset;
        var end = fragment.Length - RpcSecurityTrailer.Length;
        secret = IsPrivate ? (bodyOffset - start)..(end - start) : null;
        return coversHeaders ? fragment : fragment[start..end];
    }

    private bool TryBegin(RpcAuthType type)
    {
        var context = providers?.Begin(type, peer);
        lock (_lock)
        {
            if (_disposed || context is null)
            {
                context?.Dispose();
                return false;
            }

            _context = context;
            return true;
        }
    }

    private bool IsAgreed(RpcSecurityTrailer trailer) =>
        trailer.Type == _agreed.Type && ConnectionLevel(trailer.Level) == _agreed.Level && trailer.ContextId == _agreed.ContextId;
}
