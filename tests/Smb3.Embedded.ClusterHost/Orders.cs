namespace Smb3.Embedded.ClusterHost;

/// <summary>Does with the cluster what a test says.</summary>
internal sealed class Orders(IReadOnlyDictionary<string, SmbServer> nodes)
{
    private const string Share = "files";

    public async Task<string> ObeyAsync(string word)
    {
        try
        {
            var parts = word.Split(['=', '@']);
            var (verb, first, second) = (parts[0], parts.ElementAtOrDefault(1) ?? string.Empty, parts.ElementAtOrDefault(2));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            switch (verb)
            {
                case "split":
                    await (await OwnerAsync(patience.Token)).SplitAsync(Share, first, second, closeOpens: false, patience.Token);
                    break;
                case "cut": // a split that closes what is open there
                    await (await OwnerAsync(patience.Token)).SplitAsync(Share, first, second, closeOpens: true, patience.Token);
                    break;
                case "join":
                    await (await OwnerAsync(patience.Token)).JoinAsync(Share, first, patience.Token);
                    break;
                case "move":
                    await nodes.Values.First(IsUp).Cluster!.MoveAsync(NameOf(first), second!, patience.Token);
                    break;
                case "drain":
                    await nodes[first].Cluster!.DrainAsync(patience.Token);
                    break;
                case "stop":
                    await nodes[first].StopAsync(patience.Token);
                    break;
                default:
                    return "failed: there is no such order";
            }

            return "done: " + word;
        }
        catch (Exception e)
        {
            return $"failed: {word}: {e.Message}";
        }
    }

    private static bool IsUp(SmbServer node) => node.State == SmbServerState.Running;

    private string NameOf(string path) => path.Length == 0 ? Share
        : nodes.Values.First(IsUp).Cluster!.Shares.Single(share => path.Equals(share.Folder, StringComparison.OrdinalIgnoreCase)).Name;

    /// <summary>The node that has the share; it may take a moment until it has.</summary>
    private async Task<SmbCluster> OwnerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var node in nodes.Values)
            {
                if (node.Cluster!.Shares.Any(static share => share is { Name: Share, IsHere: true }))
                {
                    return node.Cluster;
                }
            }

            if (nodes.Values.First().Cluster!.Shares.FirstOrDefault(static share => share.Name == Share) is { Owner: { } owner } && !nodes.ContainsKey(owner))
            {
                throw new InvalidOperationException($"{owner} has the share.");
            }

            await Task.Delay(20, cancellationToken);
        }
    }
}
