using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>Keeps two from changing one name at a time, whatever its case; and everybody out while a folder is moved.</summary>
internal sealed class NameTurns
{
    private const int Stripes = 64;

    private readonly AsyncMutex[] _stripes = [.. Enumerable.Range(0, Stripes).Select(static _ => new AsyncMutex())];

    /// <summary>A turn for one name.</summary>
    public ValueTask<AsyncMutex.Turn> EnterAsync(StorePath path, CancellationToken cancellationToken) =>
        _stripes[StripeOf(path)].EnterAsync(cancellationToken);

    /// <summary>A turn for two, in an order that is the same for everybody.</summary>
    public ValueTask<SeveralTurns> EnterAsync(StorePath one, StorePath other, CancellationToken cancellationToken) =>
        SeveralTurns.EnterAsync(
            new[] { StripeOf(one), StripeOf(other) }.Distinct().Order().Select(stripe => _stripes[stripe]), cancellationToken);

    /// <summary>A turn for all.</summary>
    public ValueTask<SeveralTurns> EnterAllAsync(CancellationToken cancellationToken) =>
        SeveralTurns.EnterAsync(_stripes, cancellationToken);

    private static int StripeOf(StorePath path) =>
        (int)((uint)path.Text.GetHashCode(StringComparison.OrdinalIgnoreCase) % Stripes);
}
