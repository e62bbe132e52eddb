using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle that may put what was written in its place only when it is asked to, or when it ends: a store that uploads whole objects, for
/// example. The server asks it at the close and tells the client the outcome; disposing could tell nobody.
/// </summary>
public interface IDeferredFile : IStoreFile
{
    /// <summary>
    /// Puts what was written through this handle in its place, unless the file was deleted. Called once, when nothing runs on the handle any
    /// more, before it is disposed.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Success; or why what was written since the last <see cref="IStoreFile.FlushAsync"/> is lost: the CLOSE is answered with it, and the
    /// handle is closed all the same.
    /// </returns>
    ValueTask<NtStatus> CompleteAsync(CancellationToken cancellationToken);
}
