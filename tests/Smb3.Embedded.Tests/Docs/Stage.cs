using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Builder;

namespace Smb3.Embedded.Tests.Docs;

/// <summary>
/// Where snippets stand that are no whole files: the variables, fields and methods that pages speak of and do not declare. It is compiled
/// with them, and nothing of it is run.
/// </summary>
[SuppressMessage("Style", "IDE1006", Justification = "They are named as on the pages.")]
internal abstract partial class Stage
{
    protected SmbServerBuilder builder { get; } = null!;

    protected SmbServer server { get; } = null!;

    protected WebApplication app { get; } = null!;

    protected SmbClusterOptions cluster { get; } = null!;

    protected SmbWitnessSource witness { get; } = null!;

    protected IPAddress here { get; } = null!;

    protected IPAddress there { get; } = null!;

    protected CancellationToken stopping { get; }

    protected abstract void Show(IEnumerable<SmbActiveChannel> channels);

    protected abstract Task BlocklistAsync(string node, CancellationToken cancellationToken);
}
