using System.Collections;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded;

/// <summary>
/// The namespaces of a server, which are shares of it too. They can be added, changed and removed while it runs and while it is stopped.
/// Safe for concurrent use. Enumerating gives copies: change one and give it to <see cref="ChangeAsync"/>.
/// </summary>
/// <remarks>
/// Clients learn in the negotiation whether a server has DFS: those that are connected when the first namespace is added use it only after
/// they have connected again.
/// </remarks>
public sealed class SmbNamespaceCollection : IReadOnlyCollection<SmbNamespaceOptions>
{
    private readonly SmbShareCollection _shares;
    private readonly TimeProvider _time;

    internal SmbNamespaceCollection(SmbShareCollection shares, TimeProvider time)
    {
        _shares = shares;
        _time = time;
    }

    /// <summary>How many there are.</summary>
    public int Count => _shares.Namespaces.Count;

    /// <summary>Whether there is a namespace of this name; case does not count.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => Find(name) is not null;

    /// <summary>Adds a namespace. Clients can use it when the task has ended.</summary>
    /// <param name="options">The namespace; later changes to the object have no effect.</param>
    /// <param name="cancellationToken">Ends the wait for another change.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A property has an invalid value.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is a share of that name, or guests or encryption are off for the whole server.
    /// </exception>
    public Task AddAsync(SmbNamespaceOptions options, CancellationToken cancellationToken = default) =>
        _shares.AddAsync(new HostedNamespace(Check(options), _time).ToShare(), cancellationToken);

    /// <summary>
    /// Replaces the namespace of the same name, or adds one. When only links, targets and how long they are good for differ, clients stay
    /// connected, and see the change at once or when they ask again; otherwise every use of the old one ends, and clients reconnect.
    /// </summary>
    /// <inheritdoc cref="AddAsync"/>
    public async Task ChangeAsync(SmbNamespaceOptions options, CancellationToken cancellationToken = default)
    {
        var changed = Check(options);
        if (!await _shares.TryChangeAsync(changed, cancellationToken).ConfigureAwait(false))
        {
            await _shares.ChangeAsync(new HostedNamespace(changed, _time).ToShare(), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes a namespace and ends every use of it; the shares that it led to are not concerned.</summary>
    /// <param name="name">The name; case does not count.</param>
    /// <param name="cancellationToken">Ends the wait for another change.</param>
    /// <returns>Whether there was one.</returns>
    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default) =>
        Contains(name) ? _shares.RemoveAsync(name, cancellationToken) : Task.FromResult(false);

    /// <inheritdoc/>
    public IEnumerator<SmbNamespaceOptions> GetEnumerator() =>
        _shares.Namespaces.Select(static space => space.Options.Clone())
            .OrderBy(static options => options.Name, StringComparer.OrdinalIgnoreCase).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private HostedNamespace? Find(string name) =>
        _shares.Namespaces.FirstOrDefault(space => space.Options.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static SmbNamespaceOptions Check(SmbNamespaceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var copy = options.Clone();
        NamespaceValidator.Check(copy);
        return copy;
    }
}
