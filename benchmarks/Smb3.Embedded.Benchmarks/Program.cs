using System.Globalization;
using BenchmarkDotNet.Running;
using Smb3.Embedded.Benchmarks;
using Smb3.Embedded.Benchmarks.Compressing;
using Smb3.Embedded.Benchmarks.Continuity;
using Smb3.Embedded.Benchmarks.Gate;

// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- --filter '*EndToEnd*' --job short
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- gate
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- logon
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- rdma
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- compression [rates reads pieces]
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- compression-link IP:PORT,SHARE,USER,PASSWORD [MEBIBYTES chained|unchained KIND …]
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- state /a/folder/on/a/disk
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- encryption /a/folder/on/a/disk
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- cluster CONNECTION [NODES SHARES LEASE COMMITS PROCESS]
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- takeover SHARES CONNECTION
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- restart /a/folder/on/a/disk [HANDLES …]
if (args is ["gate"])
{
    return CostGate.Run();
}

if (args is ["logon"])
{
    await LogonCosts.RunAsync();
    return 0;
}

if (args is ["rdma"])
{
    await RdmaLoad.RunAsync();
    return 0;
}

if (args is ["compression", .. var parts])
{
    return CompressionParts.Run(parts);
}

if (args is ["compression-link", var target, .. var more])
{
    await CompressionLink.RunAsync(target, more);
    return 0;
}

if (args is ["state", var folder])
{
    await StateCommits.RunAsync(folder);
    return 0;
}

if (args is ["encryption", var files])
{
    await EncryptionCosts.RunAsync(files);
    return 0;
}

if (args is ["restart", var place, .. var handles])
{
    await Restarts.RunAsync(place, handles.Length == 0 ? [100, 10_000, 100_000] : handles.Select(int.Parse));
    return 0;
}

if (args is ["cluster", .. { Length: > 0 } rest])
{
    await ClusterLoad.RunAsync(rest);
    return 0;
}

if (args is ["takeover", var shares, var database])
{
    await Takeover.RunAsync(int.Parse(shares, CultureInfo.InvariantCulture), database);
    return 0;
}

if (args is [Takeover.NodeVerb, var root, var count, var common])
{
    await Takeover.RunNodeAsync(root, int.Parse(count, CultureInfo.InvariantCulture), common);
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
