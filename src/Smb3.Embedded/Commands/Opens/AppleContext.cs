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
        var volume = handle.File.Volume;
        if (!volume.Options.ServesMacs)
        {
            return;
        }

        var traits = volume.Store.Traits;
        var server = ServerCapabilities(query.Client, traits);
        if ((query.Asked & AppleQueryBits.ServerCapabilities) != 0)
        {
            request.Session!.Apple = server & query.Client;
        }

        // Every FLUSH goes all the way to the disk; only a share meant for Time Machine announces it.
        var capabilities = (handle.TreeConnect.Share.TimeMachine ? AppleVolumeCapabilities.FullSync : 0)
            | (traits.Has(StoreAbilities.CaseSensitive) ? AppleVolumeCapabilities.CaseSensitive : 0);
        query.Answer(ref contexts, server, capabilities, model);
    }

    /// <summary>
    /// Of the two versions of directory entries a server names the one that is used: the newer, if the client knows it. Modes are told where
    /// there are any.
    /// </summary>
    private static AppleServerCapabilities ServerCapabilities(AppleServerCapabilities client, StoreTraits traits) =>
        AppleServerCapabilities.OsxCopyFile
            | ((client & AppleServerCapabilities.ReadDirectoryAttributesV2) != 0
                ? AppleServerCapabilities.ReadDirectoryAttributesV2
                : client & AppleServerCapabilities.ReadDirectoryAttributes)
            | (traits.Has(StoreAbilities.PosixModes) ? AppleServerCapabilities.UnixBased | AppleServerCapabilities.NfsAces : 0);
}
