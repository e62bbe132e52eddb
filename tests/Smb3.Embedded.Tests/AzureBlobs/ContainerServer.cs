using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using Smb3.Embedded.Tests.ObjectServices;

namespace Smb3.Embedded.Tests.AzureBlobs;

/// <summary>
/// One container in memory that answers Azure's own client, inside the process: names, ranges, conditions, blocks, copies, leases and types of blobs. It looks at
/// the signature of each request.
/// </summary>
internal sealed class ContainerServer : ObjectServer
{
    public const string Name = "container";
    private const string Account = "account";

    private static readonly string Key = Convert.ToBase64String(new byte[32]);

    private readonly Dictionary<string, Dictionary<string, byte[]>> _staged = [];
    private int _count;

    /// <summary>Whether a listing can be asked to start somewhere.</summary>
    public bool KnowsStartFrom { get; set; } = true;

    /// <summary>What is told of a copy that has begun, and of how it stands when it is asked for.</summary>
    public (string First, string Later) Copies { get; set; } = ("success", "success");

    public BlobContainerClient Connect(string? key = null, bool trims = false, int retries = 0)
    {
        var options = new BlobClientOptions { TrimBlobNameSlashes = trims, Transport = new HttpClientTransport(new HttpClient(this, disposeHandler: false)) };
        options.Retry.MaxRetries = retries;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        return new BlobContainerClient(new Uri($"http://{Account}.azure.test/{Name}"), new StorageSharedKeyCredential(Account, key ?? Key), options);
    }

    public new KeptBlob? Find(string name) => (KeptBlob?)base.Find(name);

    /// <summary>What another program does.</summary>
    public void Put(string name, byte[] data, string type, string? lease) => Do(() => Keep(name, data, [], type, lease));

    protected override HttpResponseMessage Answer(HttpRequestMessage request, string key, Dictionary<string, string> query, byte[] body) =>
        request.Headers.Authorization?.Parameter == $"{Account}:{Sign(request, query, body.Length)}" ? Answer(key, request, query, body)
            : Fail(HttpStatusCode.Forbidden, "AuthenticationFailed", request);

    protected override KeptObject Keep(string key, byte[] data, Dictionary<string, string> headers) => Keep(key, data, headers, "BlockBlob");

    protected override HttpResponseMessage Fail(HttpStatusCode status, string code, HttpRequestMessage request)
    {
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent([]) };
        response.Headers.Add("x-ms-error-code", code);
        return response;
    }

    private HttpResponseMessage Answer(string name, HttpRequestMessage request, Dictionary<string, string> query, byte[] body) =>
        (request.Method.Method, query.GetValueOrDefault("comp")) switch
        {
            ("GET", "list") => List(query),
            ("GET", "blocklist") => ListBlocks(name),
            ("PUT", "block") => Stage(name, query["blockid"], body),
            ("PUT", "blocklist") => Commit(name, request, body),
            ("PUT", "metadata") => Describe(name, request),
            ("PUT", "copy") => Abort(name),
            ("PUT", null) when Header(request, "x-ms-copy-source") is { } source => Copy(name, source, request),
            ("PUT", null) => Check(name, request) ?? Made(Keep(name, body, HeadersOf(request), "BlockBlob")),
            ("GET" or "HEAD", null) => Get(name, request),
            ("DELETE", null) => Delete(name, request),
            _ => Fail(HttpStatusCode.MethodNotAllowed, "UnsupportedHttpVerb", request),
        };

    private HttpResponseMessage List(Dictionary<string, string> query)
    {
        var prefix = query.GetValueOrDefault("prefix", string.Empty);
        var after = query.GetValueOrDefault("marker", string.Empty);
        var start = KnowsStartFrom ? query.GetValueOrDefault("startfrom", string.Empty) : string.Empty;
        var most = int.Parse(query["maxresults"], CultureInfo.InvariantCulture);
        var told = new List<XElement>();
        var folders = new HashSet<string>();
        var (last, next) = (string.Empty, string.Empty);
        foreach (var (name, kept) in Objects.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal)
            && Objects.Comparer.Compare(pair.Key, after) > 0 && Objects.Comparer.Compare(pair.Key, start) >= 0))
        {
            var slash = query.ContainsKey("delimiter") ? name.IndexOf('/', prefix.Length) : -1;
            if (slash < 0 || !folders.Contains(name[..(slash + 1)]))
            {
                if (told.Count == most)
                {
                    next = last;
                    break;
                }

                told.Add(slash < 0 ? ToXml(name, (KeptBlob)kept) : new XElement("BlobPrefix", new XElement("Name", name[..(slash + 1)])));
                folders.Add(slash < 0 ? name : name[..(slash + 1)]);
            }

            last = name;
        }

        return Xml(new XElement("EnumerationResults", new XElement("Blobs", told), new XElement("NextMarker", next)).ToString(SaveOptions.DisableFormatting));
    }

    private static XElement ToXml(string name, KeptBlob kept) => new(
        "Blob",
        new XElement("Name", name),
        new XElement(
            "Properties",
            new XElement("Last-Modified", kept.Written.ToString("R", CultureInfo.InvariantCulture)),
            new XElement("Etag", kept.Version.Trim('"')),
            new XElement("Content-Length", kept.Data.Length),
            new XElement("BlobType", kept.Type)),
        new XElement("Metadata", kept.Headers.Where(static header => header.Key.StartsWith("x-ms-meta-", StringComparison.Ordinal))
            .Select(static header => new XElement(header.Key["x-ms-meta-".Length..], header.Value))));

    private HttpResponseMessage Get(string name, HttpRequestMessage request)
    {
        if (Find(name) is not { } found)
        {
            return Fail(HttpStatusCode.NotFound, "BlobNotFound", request);
        }

        if (Header(request, "If-Match") is { } version && version != found.Version)
        {
            return Fail(HttpStatusCode.PreconditionFailed, "ConditionNotMet", request);
        }

        var (from, to) = (0, found.Data.Length);
        if (request.Method == HttpMethod.Get && (Header(request, "x-ms-range") ?? Header(request, "Range")) is { } range)
        {
            var ends = range["bytes=".Length..].Split('-');
            (from, to) = (int.Parse(ends[0], CultureInfo.InvariantCulture), Math.Min(to, int.Parse(ends[1], CultureInfo.InvariantCulture) + 1));
            if (from >= to)
            {
                return Fail(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange", request);
            }
        }

        var response = Made(found, to - from == found.Data.Length ? HttpStatusCode.OK : HttpStatusCode.PartialContent);
        response.Content = request.Method == HttpMethod.Head ? new ByteArrayContent([]) : new ByteArrayContent(found.Data, from, to - from);
        response.Content.Headers.ContentLength = to - from;
        response.Content.Headers.LastModified = found.Written;
        response.Content.Headers.ContentMD5 = found.Blocks.Length > 0 || response.StatusCode == HttpStatusCode.PartialContent ? null : HashOf(found.Data);
        response.Content.Headers.TryAddWithoutValidation("Content-Range", $"bytes {from}-{to - 1}/{found.Data.Length}");
        response.Headers.Add("x-ms-blob-type", found.Type);
        if (found.CopyId is { } copy)
        {
            response.Headers.Add("x-ms-copy-id", copy);
            response.Headers.Add("x-ms-copy-status", Copies.Later);
        }

        foreach (var (header, value) in found.Headers.Where(static header => !header.Key.StartsWith("x-ms-blob-", StringComparison.Ordinal)))
        {
            response.Headers.TryAddWithoutValidation(header, value);
        }

        response.Content.Headers.TryAddWithoutValidation("Content-Type", found.Headers.GetValueOrDefault("x-ms-blob-content-type", "application/octet-stream"));
        return response;
    }

    private HttpResponseMessage Stage(string name, string id, byte[] body)
    {
        if (!_staged.TryGetValue(name, out var blocks))
        {
            _staged.Add(name, blocks = []);
        }

        blocks[id] = body;
        return new HttpResponseMessage(HttpStatusCode.Created);
    }

    private HttpResponseMessage ListBlocks(string name) => Xml(new XElement(
        "BlockList",
        new XElement("CommittedBlocks", Find(name)!.Blocks.Select(static id => new XElement("Block", new XElement("Name", id), new XElement("Size", 1)))))
        .ToString(SaveOptions.DisableFormatting));

    private HttpResponseMessage Commit(string name, HttpRequestMessage request, byte[] body)
    {
        if (Check(name, request) is { } refused)
        {
            return refused;
        }

        _staged.Remove(name, out var blocks);
        string[] ids = [.. XDocument.Load(new MemoryStream(body)).Root!.Elements().Select(static block => block.Value)];
        var kept = Keep(name, [.. ids.SelectMany(id => blocks![id])], HeadersOf(request), "BlockBlob") with { Blocks = ids };
        Objects[name] = kept;
        return Made(kept);
    }

    private HttpResponseMessage Describe(string name, HttpRequestMessage request)
    {
        if (Check(name, request) is { } refused)
        {
            return refused;
        }

        var found = Find(name)!;
        var kept = found.Headers.Where(static header => !header.Key.StartsWith("x-ms-meta-", StringComparison.Ordinal)).ToDictionary();
        foreach (var (header, value) in HeadersOf(request))
        {
            kept[header] = value;
        }

        return Made(Keep(name, found.Data, kept, found.Type, found.Lease), HttpStatusCode.OK);
    }

    private HttpResponseMessage Copy(string name, string source, HttpRequestMessage request)
    {
        var from = Uri.UnescapeDataString(new Uri(source).AbsolutePath.Split('/', 3)[2]);
        if (Find(from) is not { } found)
        {
            return Fail(HttpStatusCode.NotFound, "BlobNotFound", request);
        }

        if (Header(request, "x-ms-source-if-match") is { } version && version != found.Version)
        {
            return Fail(HttpStatusCode.PreconditionFailed, "SourceConditionNotMet", request);
        }

        if (Check(name, request) is { } refused)
        {
            return refused;
        }

        var id = $"copy{++_count}";
        var kept = Keep(name, Copies.First == "pending" && Copies.Later != "success" ? [] : found.Data, found.Headers, found.Type, null, id);
        var response = Made(kept, HttpStatusCode.Accepted);
        response.Headers.Add("x-ms-copy-id", id);
        response.Headers.Add("x-ms-copy-status", Copies.First);
        return response;
    }

    private HttpResponseMessage Abort(string name)
    {
        Copies = (Copies.First, "aborted");
        return Made(Find(name)!, HttpStatusCode.NoContent);
    }

    private HttpResponseMessage Delete(string name, HttpRequestMessage request)
    {
        if (!Objects.ContainsKey(name))
        {
            return Fail(HttpStatusCode.NotFound, "BlobNotFound", request);
        }

        if (Check(name, request) is { } refused)
        {
            return refused;
        }

        Objects.Remove(name);
        return new HttpResponseMessage(HttpStatusCode.Accepted);
    }

    private HttpResponseMessage? Check(string name, HttpRequestMessage request)
    {
        var found = Find(name);
        return Header(request, "If-None-Match") is not null && found is not null ? Fail(HttpStatusCode.Conflict, "BlobAlreadyExists", request)
            : Header(request, "If-Match") is { } version && version != found?.Version ? Fail(HttpStatusCode.PreconditionFailed, "ConditionNotMet", request)
            : found?.Lease is not null ? Fail(HttpStatusCode.PreconditionFailed, "LeaseIdMissing", request)
            : null;
    }

    private KeptBlob Keep(string name, byte[] data, Dictionary<string, string> headers, string type, string? lease = null, string? copy = null)
    {
        var kept = new KeptBlob(data, headers, $"\"0x{++_count:X}\"", DateTimeOffset.UtcNow, type, lease, copy);
        Objects[name] = kept;
        return kept;
    }

    private static Dictionary<string, string> HeadersOf(HttpRequestMessage request) => request.Headers
        .Where(static header => header.Key.StartsWith("x-ms-meta-", StringComparison.OrdinalIgnoreCase) || header.Key.StartsWith("x-ms-blob-content", StringComparison.OrdinalIgnoreCase))
        .ToDictionary(static header => header.Key.ToLowerInvariant(), static header => string.Join(", ", header.Value));

    private static string? Header(HttpRequestMessage request, string name) => request.Headers.TryGetValues(name, out var values) ? string.Join(", ", values)
        : request.Content?.Headers.TryGetValues(name, out values) == true ? string.Join(", ", values) : null;

    /// <summary>Authorize with Shared Key: the signature over the request, as Azure's documents have it.</summary>
    private static string Sign(HttpRequestMessage request, Dictionary<string, string> query, int length)
    {
        string[] standard = ["Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"];
        var text = new StringBuilder(request.Method.Method).Append('\n');
        foreach (var name in standard)
        {
            text.Append(name == "Content-Length" ? length > 0 ? length.ToString(CultureInfo.InvariantCulture) : string.Empty : Header(request, name)).Append('\n');
        }

        foreach (var header in request.Headers.Where(static header => header.Key.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase))
            .OrderBy(static header => header.Key.ToLowerInvariant(), StringComparer.Ordinal))
        {
            text.Append(header.Key.ToLowerInvariant()).Append(':').Append(string.Join(',', header.Value).Trim()).Append('\n');
        }

        text.Append('/').Append(Account).Append(request.RequestUri!.AbsolutePath);
        foreach (var (name, value) in query.OrderBy(static pair => pair.Key.ToLowerInvariant(), StringComparer.Ordinal))
        {
            text.Append('\n').Append(name.ToLowerInvariant()).Append(':').Append(value);
        }

        return Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key), Encoding.UTF8.GetBytes(text.ToString())));
    }

    [SuppressMessage("Security", "CA5351", Justification = "Nothing is protected by it.")]
    private static byte[] HashOf(byte[] data) => MD5.HashData(data);

    private static HttpResponseMessage Made(KeptBlob kept, HttpStatusCode status = HttpStatusCode.Created)
    {
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent([]) };
        response.Headers.TryAddWithoutValidation("ETag", kept.Version);
        response.Content.Headers.LastModified = kept.Written;
        return response;
    }
}

/// <summary>A blob of a <see cref="ContainerServer"/>.</summary>
internal sealed record KeptBlob(
    byte[] Data, Dictionary<string, string> Headers, string Version, DateTimeOffset Written, string Type, string? Lease, string? CopyId)
    : KeptObject(Data, Headers, Version, Written)
{
    /// <summary>The names of its blocks; none when it was put at once.</summary>
    public string[] Blocks { get; init; } = [];
}
