using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle whose data can be made such that the space it gives back is overwritten first. Every handle with data of a store with
/// <see cref="StoreAbilities.ZeroOnDeallocation"/> implements it. Only a store that knows every copy of the data on its medium can promise it.
/// </summary>
public interface IErasingFile
{
    /// <summary>
    /// From now on, whatever space the data gives back is overwritten with zeros: when it is cut, zeroed or deleted, or moved elsewhere. Space that
    /// is shared with other files is overwritten when the last of them gives it back.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> SetZeroOnDeallocationAsync(CancellationToken cancellationToken);
}
