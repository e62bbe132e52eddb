using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Observation;

/// <summary>An open that is about to happen, and is permitted.</summary>
/// <param name="Name">What is opened or made.</param>
/// <param name="Access">The rights that it will have.</param>
/// <param name="Disposition">What the client asked for.</param>
/// <param name="Options">How it is opened.</param>
/// <param name="Exists">Whether it is there already.</param>
internal readonly record struct OpenIntent(
    FileName Name, FileAccessMask Access, CreateDisposition Disposition, CreateOptions Options, bool Exists);
