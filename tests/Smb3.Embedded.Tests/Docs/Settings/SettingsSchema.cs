using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Smb3.Embedded.Tests.Docs.Settings;

/// <summary>
/// The settings as a JSON schema, in the form in which editors take it from packages: <c>JsonSchemaSegment</c> items, put together to the schema of
/// <c>appsettings.json</c>. It describes what people write, not all that the configuration would take: keys have one spelling, and numbers are no texts.
/// </summary>
internal static class SettingsSchema
{
    private const string Time = @"^(\d+\.)?\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,7})?)?$";
    private const string None = "^[Nn]one$";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(SettingsSource source)
    {
        var section = ObjectOf(SettingsSection.Of(source));
        var path = source.Path.Split(':');
        var whole = path.Length == 1 ? section : new JsonObject { ["type"] = "object", ["additionalProperties"] = section };
        return new JsonObject
        {
            ["definitions"] = new JsonObject
            {
                ["logLevel"] = new JsonObject
                {
                    ["properties"] = new JsonObject
                    {
                        [source.Project] = EnumOf(["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"]),
                    },
                },
            },
            ["type"] = "object",
            ["properties"] = new JsonObject { [path[0]] = With(whole, "description", source.Description) },
        }.ToJsonString(Readable) + "\n";
    }

    private static JsonObject ObjectOf(SettingsSection section) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(section.Settings.Select(static setting => KeyValuePair.Create(setting.Key, (JsonNode?)ValueOf(setting)))),
        ["additionalProperties"] = false,
    };

    private static JsonObject ValueOf(Setting setting)
    {
        var value = setting switch
        {
            { IsList: true, ShortForm: null } => Any(ListOf(ItemOf(setting)), setting.Section is null ? Text(JoinedOf(setting.ItemType)) : null),
            { IsList: true } => Any(ListOf(ItemOf(setting)), Text()),
            { CanBeNone: true } => Any([.. Alternatives(ItemOf(setting)), Text(None)]),
            _ => ItemOf(setting),
        };
        value["description"] = setting.Meaning.Replace("`", "'", StringComparison.Ordinal);
        if (setting.DefaultInWords is null && DefaultOf(setting) is { } byDefault)
        {
            value["default"] = byDefault;
        }

        return value;
    }

    private static JsonObject ItemOf(Setting setting)
    {
        if (setting.Section is { } section)
        {
            return setting.ShortForm is null ? ObjectOf(section) : Any(ObjectOf(section), Text());
        }

        var type = setting.ItemType;
        return type switch
        {
            { IsEnum: true } => EnumOf(SettingText.AllOf(type)),
            _ when type == typeof(bool) => new JsonObject { ["type"] = "boolean" },
            _ when type == typeof(int) || type == typeof(long) => new JsonObject { ["type"] = "integer" },
            _ when type == typeof(TimeSpan) => Any(new JsonObject { ["type"] = "number" }, Text(Time)),
            _ when type == typeof(ReadOnlyMemory<byte>) => Text("^[0-9a-fA-F]{32}$"),
            _ when type == typeof(IDictionary<string, SmbShareAccess>) => new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = EnumOf(SettingText.AllOf(typeof(SmbShareAccess))),
            },
            _ => Text(),
        };
    }

    /// <summary>The pattern of a text that is a list; null: its items are for the server to judge.</summary>
    private static string? JoinedOf(Type item) =>
        item.IsEnum && string.Join('|', SettingText.AllOf(item)) is var all ? $@"^\s*({all})\s*(,\s*({all})\s*)*$" : null;

    private static JsonNode? DefaultOf(Setting setting) => setting.Default switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        int or long => JsonValue.Create(Convert.ToInt64(setting.Default, CultureInfo.InvariantCulture)),
        string { Length: 0 } => null,
        string or Enum or TimeSpan => JsonValue.Create(SettingText.Of(setting.Default)),
        IEnumerable list when setting.IsList && setting.Section is null && list.Cast<object>().Any() =>
            new JsonArray([.. list.Cast<object>().Select(static one => (JsonNode?)SettingText.Of(one))]),
        _ => null,
    };

    private static JsonObject Text(string? pattern = null)
    {
        var text = new JsonObject { ["type"] = "string" };
        return pattern is null ? text : With(text, "pattern", pattern);
    }

    private static JsonObject EnumOf(IEnumerable<string> values) => new() { ["enum"] = new JsonArray([.. values.Select(static value => (JsonNode?)value)]) };

    private static JsonObject ListOf(JsonObject item) => new() { ["type"] = "array", ["items"] = item };

    private static JsonObject Any(params IEnumerable<JsonObject?> alternatives)
    {
        var all = alternatives.OfType<JsonObject>().ToArray();
        return all.Length == 1 ? all[0] : new JsonObject { ["anyOf"] = new JsonArray([.. all]) };
    }

    private static IEnumerable<JsonObject> Alternatives(JsonObject schema) =>
        schema["anyOf"] is JsonArray all ? [.. all.Select(static one => (JsonObject)one!.DeepClone())] : [schema];

    private static JsonObject With(JsonObject schema, string key, string value)
    {
        schema[key] = value;
        return schema;
    }
}
