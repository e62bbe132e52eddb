using System.Globalization;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>Checks namespaces. Every failure begins with the setting's name and says what to do.</summary>
internal sealed class NamespaceValidator(List<string> failures)
{
    private const int MaxComment = 256;
    private const int MaxPath = 1024;
    private const int MaxTargets = 256;
    private const int MaxRank = 31; // as in Windows

    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(365);

    /// <exception cref="OptionsValidationException">A property is invalid.</exception>
    public static void Check(SmbNamespaceOptions options)
    {
        var failures = new List<string>();
        new NamespaceValidator(failures).Check(options, $"Namespace '{options.Name}'");
        if (failures.Count > 0)
        {
            throw new OptionsValidationException(nameof(SmbNamespaceOptions), typeof(SmbNamespaceOptions), failures);
        }
    }

    public void Check(SmbNamespaceOptions options, string setting)
    {
        ShareNames.Check(options.Name, "namespace", $"{setting}:Name", failures);
        CheckComment(options.Comment, setting);
        CheckLife(options.TimeToLive, setting);
        CheckTargets(options.Targets, setting);
        if (options.MaxUsers is < 1)
        {
            failures.Add($"{setting}:MaxUsers: {options.MaxUsers} is not possible; it must be at least 1.");
        }

        var paths = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < options.Links.Count; i++)
        {
            CheckLink(options.Links[i], string.Create(CultureInfo.InvariantCulture, $"{setting}:Links:{i}"), paths);
        }

        foreach (var (path, link) in paths)
        {
            for (var cut = path.IndexOf('\\'); cut >= 0; cut = path.IndexOf('\\', cut + 1))
            {
                if (paths.ContainsKey(path[..cut]))
                {
                    failures.Add($"{link}:Path: '{path}' is below the link '{path[..cut]}', whose folders are those of its targets; "
                        + "give one of them another place.");
                }
            }
        }
    }

    private void CheckLink(SmbNamespaceLink link, string setting, Dictionary<string, string> paths)
    {
        var path = NamespacePaths.OfLink(link.Path);
        if (path.Length is 0 or > MaxPath || !path.Split('\\').All(IsName))
        {
            failures.Add($"{setting}:Path: '{link.Path}' cannot be the place of a link; write names of folders joined by backslashes, such as "
                + @"docs or teams\one\plans.");
        }
        else if (!paths.TryAdd(path, setting))
        {
            failures.Add($"{setting}:Path: there are two links '{path}' (case does not count); give one of them another place, or give one "
                + "link the targets of both.");
        }

        CheckComment(link.Comment, setting);
        CheckLife(link.TimeToLive, setting);
        CheckTargets(link.Targets, setting);
        if (link.Targets.Count == 0)
        {
            failures.Add($@"{setting}:Targets: link '{link.Path}' leads nowhere; name at least one target, such as \\server\share.");
        }
    }

    private void CheckTargets(IList<SmbNamespaceTarget> targets, string setting)
    {
        if (targets.Count > MaxTargets)
        {
            failures.Add($"{setting}:Targets: {targets.Count} are too many; name at most {MaxTargets}.");
        }

        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < targets.Count; i++)
        {
            var target = targets[i];
            var at = string.Create(CultureInfo.InvariantCulture, $"{setting}:Targets:{i}");
            var path = NamespacePaths.OfTarget(target.Path);
            if (!NamespacePaths.IsTarget(target.Path) || path.Length > MaxPath || path[1..].Split('\\') is not { Length: >= 2 } names
                || !IsHost(names[0]) || !names.Skip(1).All(IsName))
            {
                failures.Add($@"{at}: '{target.Path}' is not a target; write \\server\share, or \\server\share\folder.");
            }
            else if (!known.Add(path))
            {
                failures.Add($"{at}: '{target.Path}' is there twice; name each target once.");
            }

            if (!Enum.IsDefined(target.PriorityClass))
            {
                failures.Add($"{at}:PriorityClass: '{target.PriorityClass}' is not known; it can be {SettingNames.PriorityClasses.All}.");
            }

            if (target.PriorityRank is < 0 or > MaxRank)
            {
                failures.Add($"{at}:PriorityRank: {target.PriorityRank} is not possible; it must be from 0 to {MaxRank}.");
            }
        }
    }

    private void CheckComment(string comment, string setting)
    {
        if (comment.Length > MaxComment)
        {
            failures.Add($"{setting}:Comment: {comment.Length} characters are too many; write at most {MaxComment}.");
        }
    }

    private void CheckLife(TimeSpan life, string setting)
    {
        if (life < TimeSpan.FromSeconds(1) || life > LongestLife)
        {
            failures.Add($"{setting}:TimeToLive: {life} is not possible; it must be from {TimeSpan.FromSeconds(1)} to {LongestLife}.");
        }
    }

    private static bool IsName(string name) =>
        FileNames.Check(name, FileNames.MaxLength) == NtStatus.Success && name.AsSpan().TrimEnd(" .").Length == name.Length;

    /// <summary>A host's name or address; IPv6 as <c>fe80--1.ipv6-literal.net</c>, because a colon cannot be in such a path.</summary>
    private static bool IsHost(string name) => IsName(name) && !name.Contains(' ', StringComparison.Ordinal);
}
