using System.Text.Json.Serialization;

namespace Smb3.Embedded.Control.Protocol;

/// <summary>Reads and writes the lines. What is not printable ASCII is escaped, so that a line is a line whatever a client's file is called.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlRow))]
[JsonSerializable(typeof(ControlEnd))]
internal sealed partial class ControlJson : JsonSerializerContext;
