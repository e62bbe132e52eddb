using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>The answer to a macOS client's "AAPL" context: only what is supported is announced.</summary>
internal static class AppleContext
{
    public static void Write(
        Request request, FileHandle handle, AppleServerQuery query, string model, ref CreateContextWriter contexts)
    {
        var server = query.Client & AppleServerCapabilities.ReadDirectoryAttributes;
        if ((query.Asked & AppleQueryBits.ServerCapabilities) != 0)
        {
            request.Session!.AppleEntries = server != AppleServerCapabilities.None;
        }

        // Every FLUSH goes all the way to the disk; only a share meant for Time Machine announces it.
        var volume = (handle.TreeConnect.Share.TimeMachine ? AppleVolumeCapabilities.FullSync : 0)
            | (handle.File.Volume.Store.Traits.Has(StoreAbilities.CaseSensitive) ? AppleVolumeCapabilities.CaseSensitive : 0);
        query.Answer(ref contexts, server, volume, model);
    }
}
