using System.Diagnostics;
using System.Globalization;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Winbind;

/// <summary>
/// Runs <c>wbinfo</c>, once for each question. Names are one argument each, joined to their option, so that none can be taken for another option.
/// </summary>
internal sealed class NameProgram(WinbindOptions options) : IDisposable
{
    private const int MaxOutput = 256 * 1024;

    private readonly SemaphoreSlim _places = new(options.MaxHelpers);
    private string? _separator;

    /// <summary>The account of a SID, or null.</summary>
    public async ValueTask<SmbAccount?> FindAsync(Sid sid, CancellationToken cancellationToken)
    {
        // DOMAIN\name use, and a domain is its name alone.
        if (await RunAsync($"--sid-to-name={sid}", cancellationToken).ConfigureAwait(false) is not [var line, ..])
        {
            return null;
        }

        var space = line.LastIndexOf(' ');
        if (space <= 0 || !ushort.TryParse(line.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var use))
        {
            return null;
        }

        var full = line[..space];
        var cut = full.IndexOf(await SeparatorAsync(cancellationToken).ConfigureAwait(false), StringComparison.Ordinal);
        return (SidNameUse)use switch
        {
            SidNameUse.Domain => new SmbAccount(sid, full.TrimEnd('\\'), full.TrimEnd('\\'), SidNameUse.Domain),
            var kind and (SidNameUse.User or SidNameUse.Group or SidNameUse.Alias or SidNameUse.WellKnownGroup or SidNameUse.Computer) when cut >= 0 =>
                new SmbAccount(sid, full[(cut + 1)..], full[..cut], kind),
            _ => null,
        };
    }

    /// <summary>The SID of a name, or null.</summary>
    public async ValueTask<Sid?> FindSidAsync(string? domain, string name, CancellationToken cancellationToken)
    {
        if (name.AsSpan().ContainsAnyInRange('\0', '\x1F') || domain.AsSpan().ContainsAnyInRange('\0', '\x1F'))
        {
            return null;
        }

        // Winbind knows a user of the domain by its principal name too, but a name alone only with settings that few have.
        domain ??= name.Contains('@', StringComparison.Ordinal) ? null
            : (await RunAsync("--own-domain", cancellationToken).ConfigureAwait(false))?.FirstOrDefault();
        var text = domain is null ? name : domain + await SeparatorAsync(cancellationToken).ConfigureAwait(false) + name;
        return await RunAsync($"--name-to-sid={text}", cancellationToken).ConfigureAwait(false) is [var line, ..] && Sid.TryParse(line.Split(' ')[0], out var sid)
            ? sid : null;
    }

    /// <summary>The SIDs of a user: itself, its primary group, all others; null when there is no such user.</summary>
    public async ValueTask<List<Sid>?> FindSidsOfUserAsync(Sid user, CancellationToken cancellationToken)
    {
        if (await RunAsync($"--user-sids={user}", cancellationToken).ConfigureAwait(false) is not { } lines)
        {
            return null;
        }

        List<Sid> sids = [];
        foreach (var line in lines)
        {
            if (Sid.TryParse(line, out var sid) && !sids.Contains(sid))
            {
                sids.Add(sid);
            }
        }

        return sids;
    }

    public void Dispose() => _places.Dispose();

    private async ValueTask<string> SeparatorAsync(CancellationToken cancellationToken) =>
        _separator ??= (await RunAsync("--separator", cancellationToken).ConfigureAwait(false))?.FirstOrDefault() is { Length: 1 } separator ? separator : @"\";

    /// <summary>The lines that it prints; null when it says that there is no such thing.</summary>
    /// <exception cref="WinbindException">It cannot be run, or has not ended in time, or winbind does not answer.</exception>
    private async Task<string[]?> RunAsync(string argument, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Timeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _places.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                return await RunProcessAsync(argument, either.Token).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WinbindException($"wbinfo has not answered within {options.Timeout.TotalSeconds:0.#} s.", e);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            throw new WinbindException($"{options.Wbinfo} cannot be run: {e.Message}", e);
        }
    }

    private async Task<string[]?> RunProcessAsync(string argument, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(options.Wbinfo) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            process.StandardInput.Close();
            var problem = ReadAsync(process.StandardError, cancellationToken);
            var output = await ReadAsync(process.StandardOutput, cancellationToken).ConfigureAwait(false);
            var said = await problem.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode == 0)
            {
                return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            }

            // A name that nobody has is an answer, and all else is none.
            return said.Contains("NOT_FOUND", StringComparison.Ordinal) || said.Contains("NOT_MAPPED", StringComparison.Ordinal)
                || said.Contains("UNKNOWN_USER", StringComparison.Ordinal) || said.Contains("INVALID_SID", StringComparison.Ordinal)
                ? null : throw new WinbindException($"wbinfo says: {said.Trim().ReplaceLineEndings("; ")}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var buffer = new char[MaxOutput];
        var length = await reader.ReadBlockAsync(buffer, cancellationToken).ConfigureAwait(false);
        return new string(buffer, 0, length);
    }
}
