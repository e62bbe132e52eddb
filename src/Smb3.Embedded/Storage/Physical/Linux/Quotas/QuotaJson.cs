using System.Buffers;
using System.Text.Json;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// A <see cref="QuotaRecord"/> as JSON, and back: with every member, none twice and no other. By hand, because nothing else in the library needs a
/// serializer, and a program compiled ahead of time is half a megabyte smaller without.
/// </summary>
internal static class QuotaJson
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true };
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static byte[] Write(QuotaRecord record)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            json.WriteNumber("version", record.Version);
            json.WriteBoolean("tracked", record.Tracked);
            json.WriteBoolean("enforced", record.Enforced);
            json.WriteBoolean("notesThreshold", record.NotesThreshold);
            json.WriteBoolean("notesLimit", record.NotesLimit);
            WriteLimit(json, "defaultThreshold", record.DefaultThreshold);
            WriteLimit(json, "defaultLimit", record.DefaultLimit);
            json.WriteStartArray("owners");
            foreach (var owner in record.Owners)
            {
                json.WriteStartObject();
                json.WriteString("sid", owner.Sid);
                WriteLimit(json, "threshold", owner.Threshold);
                WriteLimit(json, "limit", owner.Limit);
                json.WriteString("changed", owner.Changed);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <exception cref="JsonException">It is not what <see cref="Write"/> writes; says what is wrong.</exception>
    public static QuotaRecord Read(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = JsonDocument.Parse(content, Strict);
            return ReadRecord(document.RootElement);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a text is not Unicode", e);
        }
    }

    private static QuotaRecord ReadRecord(JsonElement json)
    {
        Check(json, "version", "tracked", "enforced", "notesThreshold", "notesLimit", "defaultThreshold", "defaultLimit", "owners");
        return new QuotaRecord
        {
            Version = json.GetProperty("version") is { ValueKind: JsonValueKind.Number } version && version.TryGetInt32(out var number)
                ? number : throw Wrong("version", "a number"),
            Tracked = ReadFlag(json, "tracked"),
            Enforced = ReadFlag(json, "enforced"),
            NotesThreshold = ReadFlag(json, "notesThreshold"),
            NotesLimit = ReadFlag(json, "notesLimit"),
            DefaultThreshold = ReadLimit(json, "defaultThreshold"),
            DefaultLimit = ReadLimit(json, "defaultLimit"),
            Owners = json.GetProperty("owners") is { ValueKind: JsonValueKind.Array } owners
                ? [.. owners.EnumerateArray().Select(ReadOwner)] : throw Wrong("owners", "a list"),
        };
    }

    private static QuotaRecord.OwnerRecord ReadOwner(JsonElement json)
    {
        Check(json, "sid", "threshold", "limit", "changed");
        return new QuotaRecord.OwnerRecord
        {
            Sid = json.GetProperty("sid") is { ValueKind: JsonValueKind.String } sid ? sid.GetString()! : throw Wrong("sid", "a text"),
            Threshold = ReadLimit(json, "threshold"),
            Limit = ReadLimit(json, "limit"),
            Changed = json.GetProperty("changed") is { ValueKind: JsonValueKind.String } changed && changed.TryGetDateTimeOffset(out var time)
                ? time : throw Wrong("changed", "a time"),
        };
    }

    private static void Check(JsonElement json, params ReadOnlySpan<string> names)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("an object is missing");
        }

        foreach (var name in names)
        {
            if (!json.TryGetProperty(name, out _))
            {
                throw new JsonException($"'{name}' is missing");
            }
        }

        if (json.GetPropertyCount() > names.Length)
        {
            throw new JsonException($"there is more than {string.Join(", ", names)}");
        }
    }

    private static bool ReadFlag(JsonElement json, string name) => json.GetProperty(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    private static long? ReadLimit(JsonElement json, string name) => json.GetProperty(name) switch
    {
        { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var bytes) => bytes,
        _ => throw Wrong(name, "a number or null"),
    };

    private static void WriteLimit(Utf8JsonWriter json, string name, long? bytes)
    {
        if (bytes is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static JsonException Wrong(string name, string expected) => new($"'{name}' is not {expected}");
}
