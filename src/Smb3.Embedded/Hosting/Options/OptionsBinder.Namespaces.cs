using Microsoft.Extensions.Configuration;
using Smb3.Embedded.Dfs;

namespace Smb3.Embedded.Hosting.Options;

/// <content>Namespaces and their links.</content>
internal sealed partial class OptionsBinder
{
    private void Namespaces(IConfigurationSection section)
    {
        _options.Namespaces.Clear();
        foreach (var item in Items(section))
        {
            _options.Namespaces.Add(item.Value is { } text ? ParseNamespace(item.Path, text) : ReadNamespace(item));
        }
    }

    /// <summary>NAME[,guest][,encrypt][,hidden]</summary>
    private SmbNamespaceOptions ParseNamespace(string path, string text)
    {
        var parts = text.Split(',');
        var parsed = new SmbNamespaceOptions { Name = parts[0].Trim() };
        foreach (var flag in parts.AsSpan(1))
        {
            switch (flag.Trim().ToUpperInvariant())
            {
                case "GUEST":
                    parsed.AllowGuest = true;
                    break;
                case "ENCRYPT":
                    parsed.Encrypt = true;
                    break;
                case "HIDDEN":
                    parsed.Hidden = true;
                    break;
                default:
                    Fail(path, $"'{flag}' is not a property of a namespace; they are guest, encrypt and hidden");
                    break;
            }
        }

        return parsed;
    }

    private SmbNamespaceOptions ReadNamespace(IConfigurationSection section)
    {
        var read = new SmbNamespaceOptions();
        Apply(section.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
        {
            ["Name"] = s => read.Name = Text(s),
            ["Comment"] = s => read.Comment = Text(s),
            ["Links"] = s => ReadLinks(s, read.Links),
            ["Targets"] = s => ReadTargets(s, read.Targets),
            ["TimeToLive"] = s => Time(s, value => read.TimeToLive = value),
            ["TargetFailback"] = s => Flag(s, value => read.TargetFailback = value),
            ["Encrypt"] = s => Flag(s, value => read.Encrypt = value),
            ["AllowGuest"] = s => Flag(s, value => read.AllowGuest = value),
            ["Hidden"] = s => Flag(s, value => read.Hidden = value),
            ["MaxUsers"] = s => NumberOrNone(s, value => read.MaxUsers = value),
            ["Users"] = s => Access(s, read.Users),
            ["Groups"] = s => Access(s, read.Groups),
            ["Others"] = s => Word(s, SettingNames.ShareAccess, value => read.Others = value),
        });
        return read;
    }

    private void ReadLinks(IConfigurationSection section, IList<SmbNamespaceLink> links)
    {
        foreach (var item in Items(section))
        {
            if (item.Value is { } text)
            {
                if (ParseLink(item.Path, text, "PATH") is { } parsed)
                {
                    links.Add(parsed);
                }

                continue;
            }

            var link = new SmbNamespaceLink();
            Apply(item.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
            {
                ["Path"] = s => link.Path = Text(s),
                ["Comment"] = s => link.Comment = Text(s),
                ["Targets"] = s => ReadTargets(s, link.Targets),
                ["TimeToLive"] = s => Time(s, value => link.TimeToLive = value),
                ["LeadsToNamespace"] = s => Flag(s, value => link.LeadsToNamespace = value),
            });
            links.Add(link);
        }
    }

    /// <summary>A path, a list of them joined by commas, or objects.</summary>
    private void ReadTargets(IConfigurationSection section, IList<SmbNamespaceTarget> targets)
    {
        foreach (var item in Items(section))
        {
            if (item.Value is { } text)
            {
                AddTargets(text, targets);
                continue;
            }

            var target = new SmbNamespaceTarget();
            Apply(item.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
            {
                ["Path"] = s => target.Path = Text(s),
                ["PriorityClass"] = s => Word(s, SettingNames.PriorityClasses, value => target.PriorityClass = value),
                ["PriorityRank"] = s => Number(s, value => target.PriorityRank = value),
                ["IsOnline"] = s => Flag(s, value => target.IsOnline = value),
            });
            targets.Add(target);
        }
    }

    /// <summary>Links of namespaces that are named elsewhere, each NAME\PATH=TARGET[,TARGET].</summary>
    private void Links(IConfigurationSection section)
    {
        foreach (var item in Items(section))
        {
            if (ParseLink(item.Path, item.Value ?? string.Empty, @"NAME\PATH") is not { } link)
            {
                continue;
            }

            var path = NamespacePaths.OfLink(link.Path);
            var cut = path.IndexOf('\\', StringComparison.Ordinal);
            var name = cut < 0 ? path : path[..cut];
            if (cut < 0)
            {
                Fail(item.Path, $@"'{link.Path}' does not say which namespace the link is in; write NAME\PATH=TARGET[,TARGET]");
            }
            else if (_options.Namespaces.FirstOrDefault(space => space.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } found)
            {
                Fail(item.Path, $"there is no namespace '{name}'; add it to Namespaces (--namespace)");
            }
            else
            {
                link.Path = path[(cut + 1)..];
                found.Links.Add(link);
            }
        }
    }

    private SmbNamespaceLink? ParseLink(string path, string text, string place)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            Fail(path, $@"'{text}' is not a link; write {place}=TARGET[,TARGET], with targets such as \\server\share");
            return null;
        }

        var link = new SmbNamespaceLink { Path = text[..equals].Trim() };
        AddTargets(text[(equals + 1)..], link.Targets);
        return link;
    }

    private static void AddTargets(string text, IList<SmbNamespaceTarget> targets)
    {
        foreach (var target in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            targets.Add(new SmbNamespaceTarget { Path = target });
        }
    }
}
