using Amazon.S3.Model;

namespace Smb3.Embedded.S3;

/// <summary>What an object carries beside its data.</summary>
internal static class S3Metadata
{
    /// <summary>The name of what the store keeps; the client puts <c>x-amz-meta-</c> before it.</summary>
    public const string Name = "x-amz-meta-smb3";

    public static string? PropertiesOf(GetObjectMetadataResponse head) => head.Metadata[Name];

    /// <summary>In whole seconds: some servers tell parts of one in listings, and none in headers.</summary>
    public static DateTimeOffset TimeOf(DateTime? told) =>
        told is { } time ? DateTimeOffset.FromUnixTimeSeconds(new DateTimeOffset(time.ToUniversalTime()).ToUnixTimeSeconds()) : default;

    /// <summary>Has a request carry all that the object carries, with other properties.</summary>
    public static void CopyTo(GetObjectMetadataResponse head, MetadataCollection metadata, HeadersCollection headers, string? properties)
    {
        foreach (var name in head.Metadata.Keys)
        {
            metadata.Add(name, head.Metadata[name]);
        }

        if (properties is not null)
        {
            metadata.Add(Name, properties);
        }

        headers.ContentType = head.Headers.ContentType;
        headers.ContentEncoding = head.Headers.ContentEncoding;
        headers.ContentDisposition = head.Headers.ContentDisposition;
        headers.ContentLanguage = head.ContentLanguage;
        headers.CacheControl = head.Headers.CacheControl;
    }
}
