using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.S3;

/// <summary>Reads options from configuration, by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal static class S3OptionsBinder
{
    public static void Bind(IConfigurationSection section, S3StoreOptions options)
    {
        foreach (var item in section.GetChildren())
        {
            var text = item.Value?.Trim() ?? string.Empty;
            var isRead = ReadBucket(item.Key.ToUpperInvariant(), item.Value ?? string.Empty, text, options)
                ?? ReadObjects(item.Key.ToUpperInvariant(), text, options)
                ?? throw Wrong(item.Path, "there is no such setting");
            if (!isRead)
            {
                throw Wrong(item.Path, $"'{text}' cannot be read");
            }
        }
    }

    private static bool? ReadBucket(string key, string value, string text, S3StoreOptions options) => key switch
    {
        "BUCKET" => Set(() => options.Bucket = text),
        "PREFIX" => Set(() => options.Prefix = text),
        "ENDPOINT" => Uri.TryCreate(text, UriKind.Absolute, out var uri) && Set(() => options.Endpoint = uri),
        "REGION" => Set(() => options.Region = text),
        "ACCESSKEY" => Set(() => options.AccessKey = text),
        "SECRETKEY" => Set(() => options.SecretKey = value),
        "SECRETKEYFILE" => Set(() => options.SecretKeyFile = text),
        "PATHSTYLE" => bool.TryParse(text, out var flag) && Set(() => options.PathStyle = flag),
        "KEEPATTRIBUTES" => bool.TryParse(text, out var flag) && Set(() => options.KeepAttributes = flag),
        "REMEMBEREDATTRIBUTES" => TryReadCount(text, out var count) && Set(() => options.RememberedAttributes = count),
        "LOOKBEFOREREPLACING" => bool.TryParse(text, out var flag) && Set(() => options.LookBeforeReplacing = flag),
        "PARTSIZE" => TryReadCount(text, out var count) && Set(() => options.PartSize = count),
        "PARALLELPARTS" => TryReadCount(text, out var count) && Set(() => options.ParallelParts = count),
        "PARALLELLOOKS" => TryReadCount(text, out var count) && Set(() => options.ParallelLooks = count),
        "TIMEOUT" => TryReadTime(text, out var time) && Set(() => options.Timeout = time),
        _ => null,
    };

    private static bool? ReadObjects(string key, string text, S3StoreOptions options) => key switch
    {
        "LABEL" => Set(() => options.Objects = options.Objects with { Label = text }),
        "CAPACITY" => TryReadBytes(text, out var bytes) && Set(() => options.Objects = options.Objects with { Capacity = bytes }),
        "MAXFILELENGTH" => TryReadBytes(text, out var bytes) && Set(() => options.Objects = options.Objects with { MaxFileLength = bytes }),
        "SPOOLSIZE" => TryReadBytes(text, out var bytes) && Set(() => options.Objects = options.Objects with { SpoolSize = bytes }),
        "SPOOLMEMORY" => TryReadBytes(text, out var bytes) && Set(() => options.Objects = options.Objects with { SpoolMemory = bytes }),
        "SPOOLFOLDER" => Set(() => options.Objects = options.Objects with { SpoolFolder = text }),
        "CASESENSITIVE" => bool.TryParse(text, out var flag) && Set(() => options.Objects = options.Objects with { CaseSensitive = flag }),
        "MAXFOLDERRENAME" => TryReadCount(text, out var count) && Set(() => options.Objects = options.Objects with { MaxFolderRename = count }),
        "MAXREMEMBEREDNAMES" => TryReadCount(text, out var count) && Set(() => options.Objects = options.Objects with { MaxRememberedNames = count }),
        _ => null,
    };

    private static bool TryReadCount(string text, out int count) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    private static bool TryReadBytes(string text, out long bytes) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes);

    private static bool TryReadTime(string text, out TimeSpan time)
    {
        if (double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1_000_000)
        {
            time = TimeSpan.FromSeconds(seconds);
            return true;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }

    private static bool Set(Action set)
    {
        set();
        return true;
    }

    private static OptionsValidationException Wrong(string path, string what) => new(nameof(S3StoreOptions), typeof(S3StoreOptions), [$"{path}: {what}."]);
}
