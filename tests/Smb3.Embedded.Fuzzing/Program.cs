using Smb3.Embedded.Fuzzing.Running;
using Smb3.Embedded.Fuzzing.Targets;

// Valid and broken requests of every kind to a server in this process, which must answer each and be left with nothing.
//
//   dotnet run -c Release --project tests/Smb3.Embedded.Fuzzing -- --seconds 60 --seed 7
//
//   --seconds N   how long (20)            --messages N   how many, instead of a time
//   --seed N      which (1)                --round N      the round of the seed to begin with (0)
//   --folder N    one round of so many has its files in a folder and not in memory (12; 0: none)
//   --output DIR  where a failing case is written, made as small as it goes (.)
//   --replay FILE does what is in such a file
//
//   dotnet run -c Release --project tests/Smb3.Embedded.Fuzzing -- target all --seconds 60 --seed 7
//
// The readers of hostile bytes by themselves, by name or all; also under SharpFuzz's runners: see Targets/TargetRun.cs.
//
// Exit code: 0: nothing was wrong; 1: something was; 2: bad arguments.
if (args is ["target", ..])
{
    return TargetRun.Run(args.AsSpan(1));
}

if (FuzzOptions.Parse(args) is not { } options)
{
    await Console.Error.WriteLineAsync("Not understood; the head of tests/Smb3.Embedded.Fuzzing/Program.cs says what there is.");
    return 2;
}

return (options.Replay is { } path ? FuzzRun.Replay(path) : new FuzzRun(options).Run()) ? 0 : 1;
