using BenchmarkDotNet.Running;
using Smb3.Embedded.Benchmarks;
using Smb3.Embedded.Benchmarks.Gate;

// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- --filter '*EndToEnd*' --job short
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- gate
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- state /a/folder/on/a/disk
if (args is ["gate"])
{
    return CostGate.Run();
}

if (args is ["state", var folder])
{
    await StateCommits.RunAsync(folder);
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
