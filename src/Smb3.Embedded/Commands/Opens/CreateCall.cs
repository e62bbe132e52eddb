using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>A CREATE on a disk share, with what its contexts say.</summary>
/// <param name="Request">The request.</param>
/// <param name="Tree">Its tree connect.</param>
/// <param name="Asked">What it asks for in its answer, and of the file.</param>
/// <param name="Durable">What it asks for beyond its session.</param>
/// <param name="Level">The oplock level that it asks for, which is the most that its answer tells.</param>
internal readonly record struct CreateCall(
    Request Request, TreeConnect Tree, CreateContexts Asked, DurableContexts Durable, Smb2OplockLevel Level);
