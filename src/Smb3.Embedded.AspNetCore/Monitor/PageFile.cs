using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;

namespace Smb3.Embedded.AspNetCore.Monitor;

/// <summary>A file that the page consists of.</summary>
internal sealed class PageFile
{
    /// <summary>Where the page has the path that it is mapped at.</summary>
    private const string BaseMark = "{base}";

    private readonly string _text;
    private readonly string _contentType;

    private PageFile(string route, string name, string contentType)
    {
        Route = route;
        _contentType = contentType;
        using var source = typeof(PageFile).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(source, Encoding.UTF8);
        _text = reader.ReadToEnd();
    }

    public static IReadOnlyList<PageFile> All { get; } =
    [
        new("/", "monitor.html", "text/html; charset=utf-8"),
        new("/monitor.css", "monitor.css", "text/css; charset=utf-8"),
        new("/monitor.js", "monitor.js", "text/javascript; charset=utf-8"),
        new("/table.js", "table.js", "text/javascript; charset=utf-8"),
        new("/pictures.js", "pictures.js", "text/javascript; charset=utf-8"),
        new("/text.js", "text.js", "text/javascript; charset=utf-8"),
    ];

    public string Route { get; }

    public Task SendAsync(HttpContext context)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store"; // who may see the page may change, and so may its version
        context.Response.ContentType = _contentType;
        var text = Route == "/"
            ? _text.Replace(BaseMark, HtmlEncoder.Default.Encode($"{request.PathBase}{request.Path.Value?.TrimEnd('/')}/"), StringComparison.Ordinal) : _text;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
