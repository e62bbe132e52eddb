using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Security;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Smb3.Embedded.Tests.ObjectServices;
using Xunit;

namespace Smb3.Embedded.Tests.S3;

/// <summary>What servers of S3 differ in.</summary>
internal enum Conditions
{
    /// <summary>As AWS: a condition that does not hold is refused.</summary>
    Known,

    /// <summary>As Ceph: versions are compared as they are written, without quotes.</summary>
    Unquoted,

    /// <summary>Whatever is there is replaced.</summary>
    Ignored,

    /// <summary>Refused, whatever is there.</summary>
    NotImplemented,
}

/// <summary>One bucket in memory that answers AWS's own client, inside the process: keys, ranges, conditions, parts and copies.</summary>
internal sealed class BucketServer : ObjectServer
{
    public const string Name = "bucket";

    private readonly Dictionary<string, (Dictionary<string, string> Headers, SortedDictionary<int, byte[]> Parts)> _uploads = [];
    private int _count;

    public Conditions Conditions { get; set; }

    /// <summary>Whether a finished upload is told without its version, as Ceph does.</summary>
    public bool HidesVersionOfUpload { get; set; }

    public int OpenUploads
    {
        get
        {
            var count = 0;
            Do(() => count = _uploads.Count);
            return count;
        }
    }

    public AmazonS3Client Connect(int retries = 0) => new(
        new BasicAWSCredentials("key", "secret"),
        new AmazonS3Config
        {
            ServiceURL = "http://s3.test/",
            ForcePathStyle = true,
            MaxErrorRetry = retries,
            HttpClientFactory = new Factory(this),
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    protected override HttpResponseMessage Answer(HttpRequestMessage request, string key, Dictionary<string, string> query, byte[] body)
    {
        Assert.StartsWith($"/{Name}", request.RequestUri!.AbsolutePath, StringComparison.Ordinal);
        return Answer(key, request, query, Unchunk(body, request));
    }

    /// <summary>Versions are those of the data, as everywhere with S3: the same data has the same one.</summary>
    protected override KeptObject Keep(string key, byte[] data, Dictionary<string, string> headers) => Objects[key] =
        new KeptObject(data, headers, $"\"{HashOf(data)}\"", DateTimeOffset.UtcNow);

    protected override HttpResponseMessage Fail(HttpStatusCode status, string code, HttpRequestMessage request) => new(status)
    {
        Content = new StringContent(
            request.Method == HttpMethod.Head ? string.Empty : $"<Error><Code>{code}</Code><Message>{code}</Message></Error>", Encoding.UTF8, "application/xml"),
    };

    private HttpResponseMessage Answer(string key, HttpRequestMessage request, Dictionary<string, string> query, byte[] body) =>
        (request.Method.Method, query) switch
        {
            ("GET", { } list) when list.ContainsKey("list-type") => List(query),
            ("POST", { } begin) when begin.ContainsKey("uploads") => Begin(key, request),
            ("POST", { } end) when end.TryGetValue("uploadId", out var id) => Complete(key, id, request),
            ("DELETE", { } abort) when abort.TryGetValue("uploadId", out var id) => Abort(id),
            ("PUT", { } part) when part.TryGetValue("uploadId", out var id) => PutPart(id, int.Parse(query["partNumber"], CultureInfo.InvariantCulture), request, body),
            ("PUT", _) when request.Headers.TryGetValues("x-amz-copy-source", out var source) => Copy(key, source.Single(), request),
            ("PUT", _) => Put(key, request, body),
            ("GET" or "HEAD", _) => Get(key, request),
            ("DELETE", _) => Delete(key),
            _ => Fail(HttpStatusCode.MethodNotAllowed, "MethodNotAllowed", request),
        };

    private HttpResponseMessage List(Dictionary<string, string> query)
    {
        var prefix = query.GetValueOrDefault("prefix", string.Empty);
        var after = query.GetValueOrDefault("continuation-token") ?? query.GetValueOrDefault("start-after", string.Empty);
        var most = int.Parse(query["max-keys"], CultureInfo.InvariantCulture);
        var entries = new List<string>();
        var last = string.Empty;
        var seen = new HashSet<string>();
        var isTruncated = false;
        foreach (var (key, kept) in Objects.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal) && Objects.Comparer.Compare(pair.Key, after) > 0))
        {
            var slash = query.ContainsKey("delimiter") ? key.IndexOf('/', prefix.Length) : -1;
            var folder = slash < 0 ? null : key[..(slash + 1)];
            if (folder is not null && seen.Contains(folder))
            {
                last = key;
                continue;
            }

            if (entries.Count == most)
            {
                isTruncated = true;
                break;
            }

            last = key;
            entries.Add(folder is not null && seen.Add(folder)
                ? $"<CommonPrefixes><Prefix>{Encode(folder)}</Prefix></CommonPrefixes>"
                : $"<Contents><Key>{Encode(key)}</Key><LastModified>{kept.Written:yyyy-MM-ddTHH:mm:ss.fffZ}</LastModified><ETag>{SecurityElement.Escape(kept.Version)}</ETag><Size>{kept.Data.Length}</Size></Contents>");
        }

        return Xml($"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{(isTruncated ? "true" : "false")}</IsTruncated>"
            + (isTruncated ? $"<NextContinuationToken>{Uri.EscapeDataString(last)}</NextContinuationToken>" : string.Empty)
            + string.Concat(entries) + "</ListBucketResult>");
    }

    private HttpResponseMessage Get(string key, HttpRequestMessage request)
    {
        if (!Objects.TryGetValue(key, out var found))
        {
            return Fail(HttpStatusCode.NotFound, "NoSuchKey", request);
        }

        if (request.Headers.TryGetValues("If-Match", out var versions) && versions.Single() != found.Version)
        {
            return Fail(HttpStatusCode.PreconditionFailed, "PreconditionFailed", request);
        }

        var (from, to) = (0, found.Data.Length);
        if (request.Headers.TryGetValues("Range", out var ranges))
        {
            var ends = ranges.Single()["bytes=".Length..].Split('-');
            (from, to) = (int.Parse(ends[0], CultureInfo.InvariantCulture), Math.Min(to, int.Parse(ends[1], CultureInfo.InvariantCulture) + 1));
            if (from >= to)
            {
                return Fail(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange", request);
            }
        }

        var response = new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new ByteArrayContent(request.Method == HttpMethod.Head ? [] : found.Data, request.Method == HttpMethod.Head ? 0 : from, request.Method == HttpMethod.Head ? 0 : to - from),
        };
        response.Content.Headers.ContentLength = to - from;
        response.Headers.TryAddWithoutValidation("ETag", found.Version);
        response.Content.Headers.LastModified = found.Written;
        foreach (var (name, value) in found.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.Remove(name);
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    private HttpResponseMessage Put(string key, HttpRequestMessage request, byte[] body) => Check(key, request)
        ?? WithVersion(new HttpResponseMessage(HttpStatusCode.OK), Keep(key, body, HeadersOf(request)).Version);

    private HttpResponseMessage Begin(string key, HttpRequestMessage request)
    {
        var id = $"upload{++_count}";
        _uploads.Add(id, (HeadersOf(request), []));
        return Xml($"<InitiateMultipartUploadResult><Bucket>{Name}</Bucket><Key>{SecurityElement.Escape(key)}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
    }

    private HttpResponseMessage PutPart(string id, int number, HttpRequestMessage request, byte[] body)
    {
        if (request.Headers.TryGetValues("x-amz-copy-source", out var source))
        {
            var data = Objects[SourceOf(source.Single())].Data;
            var ends = request.Headers.GetValues("x-amz-copy-source-range").Single()["bytes=".Length..].Split('-');
            body = data[int.Parse(ends[0], CultureInfo.InvariantCulture)..(int.Parse(ends[1], CultureInfo.InvariantCulture) + 1)];
        }

        _uploads[id].Parts[number] = body;
        var version = $"\"{HashOf(body)}\"";
        return source is not null
            ? Xml($"<CopyPartResult><ETag>{SecurityElement.Escape(version)}</ETag></CopyPartResult>")
            : WithVersion(new HttpResponseMessage(HttpStatusCode.OK), version);
    }

    private HttpResponseMessage Complete(string key, string id, HttpRequestMessage request)
    {
        if (!_uploads.TryGetValue(id, out var upload))
        {
            return Fail(HttpStatusCode.NotFound, "NoSuchUpload", request);
        }

        if (Check(key, request) is { } refused)
        {
            return refused;
        }

        _uploads.Remove(id);
        var version = HashOf([.. upload.Parts.Values.SelectMany(static part => Convert.FromHexString(HashOf(part)))]);
        var kept = Keep(key, [.. upload.Parts.Values.SelectMany(static part => part)], upload.Headers) with { Version = $"\"{version}-{upload.Parts.Count}\"" };
        Objects[key] = kept;
        return Xml($"<CompleteMultipartUploadResult><ETag>{(HidesVersionOfUpload ? string.Empty : SecurityElement.Escape(kept.Version))}</ETag></CompleteMultipartUploadResult>");
    }

    private HttpResponseMessage Abort(string id)
    {
        _uploads.Remove(id);
        return new HttpResponseMessage(HttpStatusCode.NoContent);
    }

    private HttpResponseMessage Copy(string key, string source, HttpRequestMessage request)
    {
        if (!Objects.TryGetValue(SourceOf(source), out var found))
        {
            return Fail(HttpStatusCode.NotFound, "NoSuchKey", request);
        }

        var replaces = request.Headers.TryGetValues("x-amz-metadata-directive", out var directive) && directive.Single() == "REPLACE";
        if (!replaces && key == SourceOf(source))
        {
            return Fail(HttpStatusCode.BadRequest, "InvalidRequest", request); // as AWS: it would change nothing
        }

        var kept = Keep(key, found.Data, replaces ? HeadersOf(request) : found.Headers);
        return Xml($"<CopyObjectResult><ETag>{SecurityElement.Escape(kept.Version)}</ETag></CopyObjectResult>");
    }

    private HttpResponseMessage Delete(string key)
    {
        Objects.Remove(key);
        return new HttpResponseMessage(HttpStatusCode.NoContent);
    }

    private HttpResponseMessage? Check(string key, HttpRequestMessage request)
    {
        var ifMatch = request.Headers.TryGetValues("If-Match", out var match) ? match.Single() : null;
        var ifNoneMatch = request.Headers.TryGetValues("If-None-Match", out var none) ? none.Single() : null;
        if ((ifMatch ?? ifNoneMatch) is null || Conditions == Conditions.Ignored)
        {
            return null;
        }

        if (Conditions == Conditions.NotImplemented)
        {
            return Fail(HttpStatusCode.NotImplemented, "NotImplemented", request);
        }

        var version = Objects.TryGetValue(key, out var found) ? found.Version : null;
        version = Conditions == Conditions.Unquoted ? version?.Trim('"') : version;
        return (ifNoneMatch is not null && found is not null) || (ifMatch is not null && ifMatch != version)
            ? Fail(HttpStatusCode.PreconditionFailed, "PreconditionFailed", request) : null;
    }

    [SuppressMessage("Security", "CA5351", Justification = "Nothing is protected by it.")]
    private static string HashOf(byte[] data) => Convert.ToHexStringLower(MD5.HashData(data));

    // As AWS does it.
    private static string Encode(string key) => Uri.EscapeDataString(key).Replace("%20", "+", StringComparison.Ordinal);

    private static string SourceOf(string header) => Uri.UnescapeDataString(header).TrimStart('/').Split('/', 2)[1];

    private static Dictionary<string, string> HeadersOf(HttpRequestMessage request) => request.Headers
        .Concat(request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())
        .Where(static header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)
            || header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) || header.Key.Equals("Cache-Control", StringComparison.OrdinalIgnoreCase))
        .ToDictionary(static header => header.Key.ToLowerInvariant(), static header => string.Join(", ", header.Value));

    /// <summary>Takes the signatures of chunks out.</summary>
    private static byte[] Unchunk(byte[] body, HttpRequestMessage request)
    {
        if (!request.Headers.TryGetValues("x-amz-content-sha256", out var kind) || !kind.Single().StartsWith("STREAMING-", StringComparison.Ordinal))
        {
            return body;
        }

        var data = new MemoryStream();
        for (var at = 0; at < body.Length;)
        {
            var head = body.AsSpan(at);
            var line = Encoding.ASCII.GetString(head[..head.IndexOf("\r\n"u8)]);
            var length = int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0)
            {
                break;
            }

            data.Write(body, at + line.Length + 2, length);
            at += line.Length + 2 + length + 2;
        }

        return data.ToArray();
    }

    private static HttpResponseMessage WithVersion(HttpResponseMessage response, string version)
    {
        response.Headers.TryAddWithoutValidation("ETag", version);
        response.Content = new ByteArrayContent([]);
        return response;
    }

    private sealed class Factory(BucketServer server) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(server, disposeHandler: false);

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;
    }
}
