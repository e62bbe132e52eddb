using System.Text.Json;

namespace Smb3.Embedded.Samples.AuditLog;

/// <summary>
/// Writes what users do with files, one JSON object a line. Each line is in the operating system's hands before the operation goes on; give
/// a stream that does not wait for anything slower. Names are escaped, so that a line stays a line whatever clients call their files.
/// </summary>
public sealed class JsonAuditLog(Stream target, TimeProvider? time = null) : SmbServerHooks, IDisposable
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _sync = new();

    public override ValueTask<bool> OnLogonAsync(SmbSessionInfo session, CancellationToken cancellationToken) =>
        Allow("logon", session, static _ => { });

    public override ValueTask<bool> OnTreeConnectAsync(SmbSessionInfo session, string shareName, CancellationToken cancellationToken) =>
        Allow("connect", session, json => json.WriteString("share", shareName));

    public override ValueTask<bool> OnOpenAsync(SmbSessionInfo session, SmbOpenInfo open, CancellationToken cancellationToken) =>
        Allow(open.Exists ? "open" : "create", session, json =>
        {
            Write(json, "file", open.File);
            json.WriteString("access", open.Access.ToString());
            json.WriteBoolean("writes", open.Writes);
            json.WriteBoolean("overwrites", open.Overwrites);
        });

    public override ValueTask<bool> OnRenameAsync(SmbSessionInfo session, SmbRenameInfo rename, CancellationToken cancellationToken) =>
        Allow("rename", session, json =>
        {
            Write(json, "file", rename.Source);
            Write(json, "target", rename.Target);
            json.WriteBoolean("replaces", rename.Replaces);
        });

    public override ValueTask<bool> OnLinkAsync(SmbSessionInfo session, SmbLinkInfo link, CancellationToken cancellationToken) =>
        Allow("link", session, json =>
        {
            Write(json, "file", link.File);
            Write(json, "target", link.Link);
            json.WriteBoolean("replaces", link.Replaces);
        });

    public override ValueTask<bool> OnDeleteAsync(SmbSessionInfo session, SmbDeleteInfo delete, CancellationToken cancellationToken) =>
        Allow("delete", session, json =>
        {
            Write(json, "file", delete.File);
            json.WriteString("cause", delete.Cause.ToString());
        });

    public override ValueTask<bool> OnSetSecurityAsync(
        SmbSessionInfo session, SmbSecurityInfo security, CancellationToken cancellationToken) =>
        Allow("security", session, json =>
        {
            Write(json, "file", security.File);
            json.WriteString("parts", security.Parts.ToString());
        });

    public override void OnClosed(SmbSessionInfo session, SmbCloseInfo close) => Write("close", session, json =>
    {
        Write(json, "file", close.File);
        json.WriteNumber("read", close.BytesRead);
        json.WriteNumber("written", close.BytesWritten);
        json.WriteBoolean("deleted", close.Deleted);
    });

    public override void OnSessionEnded(SmbSessionInfo session) => Write("logoff", session, static _ => { });

    public void Dispose()
    {
        lock (_sync)
        {
            target.Dispose();
        }
    }

    private static void Write(Utf8JsonWriter json, string name, SmbFileName file)
    {
        json.WriteStartObject(name);
        json.WriteString("share", file.ShareName);
        json.WriteString("path", file.Path);
        if (file.Stream.Length > 0)
        {
            json.WriteString("stream", file.Stream);
        }

        json.WriteString("type", file.StreamType);
        json.WriteEndObject();
    }

    private ValueTask<bool> Allow(string what, SmbSessionInfo session, Action<Utf8JsonWriter> details)
    {
        Write(what, session, details);
        return new(true);
    }

    private void Write(string what, SmbSessionInfo session, Action<Utf8JsonWriter> details)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("time", _time.GetUtcNow());
            json.WriteString("event", what);
            json.WriteString("user", session.Identity.UserName);
            json.WriteString("client", session.Connection.Remote.ToString());
            json.WriteNumber("session", session.SessionId);
            details(json);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        lock (_sync)
        {
            target.Write(line.GetBuffer(), 0, (int)line.Length);
            target.Flush();
        }
    }
}
