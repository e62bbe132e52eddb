using Microsoft.Extensions.Logging;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Hooks;

/// <summary>
/// Asks and tells the host's hooks what the opens of a session do. It keeps what hooks are told about the session and not the session
/// itself, which may end before a durable open does.
/// </summary>
internal sealed class HookedFiles(SmbServerHooks hooks, SmbSessionInfo session, string share, ILogger logger, ServerMetrics metrics)
    : IFileObserver
{
    /// <summary>The observer of what a session opens on a share; null when there are no hooks.</summary>
    public static HookedFiles? Of(CommandServices services, Session session, string share) => services.Hooks is { } hooks
        ? new HookedFiles(hooks, HookFacts.Of(session, session.Identity!), share, services.Logger, services.Metrics)
        : null;

    /// <inheritdoc/>
    public ValueTask<bool> AllowsOpenAsync(OpenIntent intent, CancellationToken cancellationToken)
    {
        var info = new SmbOpenInfo(Of(intent.Name), intent.Access, intent.Disposition, intent.Options, intent.Exists);
        return AskAsync(nameof(SmbServerHooks.OnOpenAsync), "open", one => one.OnOpenAsync(session, info, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<bool> AllowsDeleteAsync(FileName name, DeleteReason reason, CancellationToken cancellationToken)
    {
        var info = new SmbDeleteInfo(Of(name), reason switch
        {
            DeleteReason.OnClose => SmbDeleteCause.OnClose,
            DeleteReason.Replaced => SmbDeleteCause.Replaced,
            _ => SmbDeleteCause.Request,
        });
        return AskAsync(nameof(SmbServerHooks.OnDeleteAsync), "deletion", one => one.OnDeleteAsync(session, info, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<bool> AllowsRenameAsync(FileName present, FileName future, bool replaces, CancellationToken cancellationToken)
    {
        var info = new SmbRenameInfo(Of(present), Of(future), replaces);
        return AskAsync(nameof(SmbServerHooks.OnRenameAsync), "rename", one => one.OnRenameAsync(session, info, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<bool> AllowsLinkAsync(FileName file, FileName link, bool replaces, CancellationToken cancellationToken)
    {
        var info = new SmbLinkInfo(Of(file), Of(link), replaces);
        return AskAsync(nameof(SmbServerHooks.OnLinkAsync), "hard link", one => one.OnLinkAsync(session, info, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<bool> AllowsSecurityAsync(
        FileName name, SecurityInformation parts, ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken)
    {
        var info = new SmbSecurityInfo(Of(name), Of(parts), descriptor);
        return AskAsync(
            nameof(SmbServerHooks.OnSetSecurityAsync), "change of rights", one => one.OnSetSecurityAsync(session, info, cancellationToken));
    }

    /// <inheritdoc/>
    public void Closed(in CloseFacts facts)
    {
        try
        {
            hooks.OnClosed(session, new SmbCloseInfo(Of(facts.Name), facts.BytesRead, facts.BytesWritten, facts.Deleted));
        }
        catch (Exception e)
        {
            ServerLog.HookFault(logger, e, nameof(SmbServerHooks.OnClosed), "notice");
            metrics.Fault(nameof(SmbServerHooks.OnClosed));
        }
    }

    private static SmbSecurityParts Of(SecurityInformation parts)
    {
        const SecurityInformation InSacl = SecurityInformation.Sacl | SecurityInformation.Label | SecurityInformation.Attribute
            | SecurityInformation.Scope | SecurityInformation.Backup;
        return ((parts & SecurityInformation.Owner) != 0 ? SmbSecurityParts.Owner : 0)
            | ((parts & SecurityInformation.Group) != 0 ? SmbSecurityParts.Group : 0)
            | ((parts & SecurityInformation.Dacl) != 0 ? SmbSecurityParts.Dacl : 0)
            | ((parts & InSacl) != 0 ? SmbSecurityParts.Sacl : 0);
    }

    private SmbFileName Of(FileName name) => new(share, name.Path.Text, name.Stream, name.IsDirectory);

    private ValueTask<bool> AskAsync(string hook, string what, Func<SmbServerHooks, ValueTask<bool>> ask) =>
        hooks.AskAsync(logger, hook, what, ask);
}
