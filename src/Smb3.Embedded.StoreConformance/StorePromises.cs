using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>Promises of one ability of a store. Each test gets a new store, which is disposed afterwards when it can be.</summary>
public abstract class StorePromises : IAsyncLifetime
{
    /// <summary>The store under test.</summary>
    protected IFileStore Store { get; private set; } = null!;

    /// <summary>The ability whose promises these are.</summary>
    protected abstract StoreAbilities Ability { get; }

    /// <summary>Makes an empty store that can be written.</summary>
    protected abstract ValueTask<IFileStore> CreateStoreAsync();

    /// <inheritdoc/>
    public virtual async LifetimeTask InitializeAsync()
    {
        Store = await CreateStoreAsync();
        Assert.True(Store.Traits.Has(Ability), $"The store does not claim {Ability}; derive no class of its promises.");
    }

    /// <inheritdoc/>
    public virtual async LifetimeTask DisposeAsync()
    {
        if (Store is IAsyncDisposable later)
        {
            await later.DisposeAsync();
        }
        else
        {
            (Store as IDisposable)?.Dispose();
        }
    }

    /// <summary>Data that is not the same anywhere.</summary>
    internal static byte[] Pattern(int length)
    {
        var data = new byte[length];
        for (var i = 0; i < length; i++)
        {
            data[i] = (byte)((i * 31) ^ (i >> 8));
        }

        return data;
    }
}
