using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.ObjectServices;

/// <summary>Adds shares whose stores are made, and disposed, by the server's services.</summary>
internal static class ObjectShares
{
    public static SmbServerBuilder Add<TStore>(
        SmbServerBuilder builder, string name, Func<ILogger<TStore>?, TStore> make, Action<SmbShareOptions>? configureShare)
        where TStore : ObjectFileStore
    {
        // Services dispose what they have made.
        var key = new object();
        builder.Services.AddKeyedSingleton(key, (services, _) => make(services.GetService<ILogger<TStore>>()));
        return builder.AddShare(name, services => services.GetRequiredKeyedService<TStore>(key), configureShare);
    }
}
