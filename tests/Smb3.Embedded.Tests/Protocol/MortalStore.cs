using System.Reflection;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>How long the process of a <see cref="MortalStore"/> lives.</summary>
internal sealed class Mortality
{
    private int _left = int.MaxValue;

    /// <summary>Whether the process is dead: nothing it does reaches the disk.</summary>
    public bool IsDead { get; private set; }

    /// <summary>Whether the store makes no files.</summary>
    public bool IsFull { get; set; }

    /// <summary>Called when it dies.</summary>
    public Action Died { get; set; } = static () => { };

    /// <summary>It dies with the change of the store that comes after so many others: before it, amid it, or behind it.</summary>
    public void DieAfter(int steps) => _left = steps;

    /// <summary>One step of a change.</summary>
    public void Step()
    {
        Check();
        if (--_left == -1)
        {
            IsDead = true;
            Died();
        }

        Check();
    }

    public void Check()
    {
        if (IsDead)
        {
            throw new IOException("The process is dead.");
        }
    }
}

/// <summary>A store in memory that survives the death of its process, which comes amid what it does.</summary>
internal sealed class MortalStore(IFileStore inner, Mortality life) : IFileStore
{
    public StoreTraits Traits => inner.Traits;

    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        life.Check();
        return MortalFile.Wrap(await inner.OpenAsync(path, access, cancellationToken), life);
    }

    public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        life.Step();
        if (life.IsFull)
        {
            return NtStatus.DiskFull;
        }

        try
        {
            life.Step();
        }
        catch (IOException)
        {
            // A real store makes the file first, and then gives it what it is to have.
            var bare = await inner.CreateAsync(path, new NewFile { IsDirectory = parameters.IsDirectory }, cancellationToken);
            await bare.Value.DisposeAsync();
            throw;
        }

        var made = await inner.CreateAsync(path, parameters, cancellationToken);
        life.Step();
        return MortalFile.Wrap(made, life);
    }

    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        ChangeAsync(() => inner.RenameAsync(from, to, replace, cancellationToken));

    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        ChangeAsync(() => inner.LinkAsync(existing, link, replace, cancellationToken));

    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        ChangeAsync(() => inner.DeleteAsync(path, cancellationToken));

    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) => inner.CanDeleteAsync(path, cancellationToken);

    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => inner.GetVolumeAsync(cancellationToken);

    private async ValueTask<NtStatus> ChangeAsync(Func<ValueTask<NtStatus>> change)
    {
        life.Step();
        var status = await change();
        life.Step();
        return status;
    }
}

/// <summary>What a handle of the store in memory can do.</summary>
internal interface IWholeFile : IStoreFile, ISecurableFile, IStreamedFile, IUnnamedStreamFile, IExtendedAttributeFile;

/// <summary>A handle of a <see cref="MortalStore"/>.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1852", Justification = "A proxy is a type that derives from it.")]
internal class MortalFile : DispatchProxy
{
    private object _file = null!;
    private Mortality _life = null!;

    public static NtResult<IStoreFile> Wrap(NtResult<IStoreFile> opened, Mortality life) =>
        opened.Succeeded ? new NtResult<IStoreFile>(Wrap<IWholeFile>(opened.Value, life)) : opened;

    protected override object? Invoke(MethodInfo? method, object?[]? args)
    {
        var changes = method!.Name.StartsWith("Set", StringComparison.Ordinal) || method.Name.StartsWith("Create", StringComparison.Ordinal)
            || method.Name is nameof(IStoreFile.WriteAsync) or nameof(IStreamedFile.DeleteStreamAsync) or nameof(IStreamedFile.RenameStreamAsync)
            or nameof(IUnnamedStreamFile.RenameUnnamedStreamAsync);
        if (changes)
        {
            _life.Step();
        }
        else if (method.Name != nameof(IAsyncDisposable.DisposeAsync))
        {
            _life.Check();
        }

        var result = method.Invoke(_file, args);
        if (changes)
        {
            _life.Step();
        }

        return result is ValueTask<NtResult<IStoreStream>> { Result: { Succeeded: true } stream }
            ? new ValueTask<NtResult<IStoreStream>>(new NtResult<IStoreStream>(Wrap<IStoreStream>(stream.Value, _life)))
            : result;
    }

    private static T Wrap<T>(object file, Mortality life)
        where T : class
    {
        var proxy = Create<T, MortalFile>();
        ((MortalFile)(object)proxy)._file = file;
        ((MortalFile)(object)proxy)._life = life;
        return proxy;
    }
}
