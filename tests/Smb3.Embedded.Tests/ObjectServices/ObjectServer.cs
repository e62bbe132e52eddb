using System.Net;
using System.Text;

namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>A service in memory that answers the client of its vendor, inside the process: what those of S3 and of Azure have in common.</summary>
internal abstract class ObjectServer : HttpMessageHandler
{
    private readonly Lock _sync = new();

    /// <summary>Answers a request in its place: status and code.</summary>
    public Func<HttpRequestMessage, (HttpStatusCode Status, string Code)?>? Refuse { get; set; }

    /// <summary>Asked before each request; may throw.</summary>
    public Action<HttpRequestMessage>? Before { get; set; }

    /// <summary>Asked after each request was carried out and before it is answered; may throw, as when the answer is lost.</summary>
    public Action<HttpRequestMessage>? After { get; set; }

    /// <summary>Each as method, key and names in the query.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Bytes of requests with data that are under way, and the most there were.</summary>
    public UploadGauge Uploads { get; } = new();

    public string[] Keys
    {
        get
        {
            lock (_sync)
            {
                return [.. Objects.Keys];
            }
        }
    }

    /// <summary>In the order of bytes; under the lock.</summary>
    protected SortedDictionary<string, KeptObject> Objects { get; } = new(Comparer<string>.Create(
        static (left, right) => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right))));

    public KeptObject? Find(string key)
    {
        lock (_sync)
        {
            return Objects.GetValueOrDefault(key);
        }
    }

    /// <summary>What another program does.</summary>
    public void Put(string key, byte[] data, params (string Name, string Value)[] headers) =>
        Do(() => Keep(key, data, headers.ToDictionary(static header => header.Name, static header => header.Value)));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath.Split('/', 3);
        var key = path.Length > 2 ? Uri.UnescapeDataString(path[2]) : string.Empty;
        var query = request.RequestUri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(static part => part.Split('=', 2))
            .ToDictionary(static part => part[0], static part => part.Length > 1 ? Uri.UnescapeDataString(part[1]) : string.Empty, StringComparer.OrdinalIgnoreCase);
        Do(() => Requests.Add($"{request.Method} {key}{(query.Count > 0 ? "?" + string.Join('&', query.Keys.Order(StringComparer.Ordinal)) : string.Empty)}"));
        Before?.Invoke(request);
        var body = request.Content is null ? [] : await Uploads.ReadAsync(request.Content, cancellationToken);
        if (Refuse?.Invoke(request) is { } refusal)
        {
            return Fail(refusal.Status, refusal.Code, request);
        }

        HttpResponseMessage? response = null;
        Do(() => response = Answer(request, key, query, body));
        After?.Invoke(request);
        return response!;
    }

    /// <summary>Carries a request out, under the lock.</summary>
    protected abstract HttpResponseMessage Answer(HttpRequestMessage request, string key, Dictionary<string, string> query, byte[] body);

    /// <summary>Puts an object, under the lock.</summary>
    protected abstract KeptObject Keep(string key, byte[] data, Dictionary<string, string> headers);

    protected abstract HttpResponseMessage Fail(HttpStatusCode status, string code, HttpRequestMessage request);

    protected static HttpResponseMessage Xml(string text) => new(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "application/xml") };

    protected void Do(Action what)
    {
        lock (_sync)
        {
            what();
        }
    }
}

/// <summary>An object of a service, with what it carries.</summary>
internal record KeptObject(byte[] Data, Dictionary<string, string> Headers, string Version, DateTimeOffset Written);
