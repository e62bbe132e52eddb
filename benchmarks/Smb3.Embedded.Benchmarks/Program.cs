using BenchmarkDotNet.Running;
using Smb3.Embedded.Benchmarks.Gate;

// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- --filter '*EndToEnd*' --job short
// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- gate
if (args is ["gate"])
{
    return CostGate.Run();
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
