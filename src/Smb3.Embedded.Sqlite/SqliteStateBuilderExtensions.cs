using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.Sqlite;

namespace Smb3.Embedded;

/// <summary>Lets a server keep its state in a SQLite file.</summary>
public static class SqliteStateBuilderExtensions
{
    /// <summary>The name of the file where only a folder is told.</summary>
    public const string DefaultFileName = "state.db";

    /// <summary>
    /// Keeps what must outlive the server's process in the file that the setting <see cref="SmbServerOptions.State"/> names. Without the setting
    /// there is no state store.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    public static SmbServerBuilder UseSqliteState(this SmbServerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Use(builder, null);
    }

    /// <summary>Keeps what must outlive the server's process in a SQLite file, which is closed with the server's services.</summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="file">
    /// The file, which is made when it does not exist, or a folder that exists: <see cref="DefaultFileName"/> in it. No other server may use it.
    /// </param>
    public static SmbServerBuilder UseSqliteState(this SmbServerBuilder builder, string file)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(file);
        return Use(builder, file);
    }

    private static SmbServerBuilder Use(SmbServerBuilder builder, string? file)
    {
        // Services dispose what they have made, and which file it is is known only when the settings are.
        var key = new object();
        builder.Services.AddKeyedSingleton(key, static (_, _) => new OwnedStateStore());
        builder.Configure((services, options) =>
        {
            if ((file ?? options.State) is { Length: > 0 } place)
            {
                options.StateStore = Owned(services).Open(place);
            }
        });

        // The setting may be set, or change, after that.
        return file is not null ? builder : builder.PostConfigure((services, options) =>
        {
            if (options.State is { Length: > 0 } place && Owned(services) is var owned && owned.IsOrNone(options.StateStore))
            {
                options.StateStore = owned.Open(place);
            }

            Owned(services).Settle();
        });

        OwnedStateStore Owned(IServiceProvider services) => services.GetRequiredKeyedService<OwnedStateStore>(key);
    }
}
