using BenchmarkDotNet.Running;

// dotnet run -c Release --project benchmarks/Smb3.Embedded.Benchmarks -- --filter '*EndToEnd*' --job short
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
