using BenchmarkDotNet.Attributes;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Io;

namespace Smb3.Embedded.Benchmarks;

/// <summary>From bytes to a checked view, for the requests that a busy server sees most.</summary>
[MemoryDiagnoser]
public class ParseBenchmarks
{
    private static readonly Smb2FileId FileId = new(1, 1);

    private readonly byte[] _read = Compose(Smb2Command.Read, RequestBody.Read(FileId, 0, 65536));
    private readonly byte[] _write = Compose(Smb2Command.Write, RequestBody.Write(FileId, 0, new byte[65536]));
    private readonly byte[] _create = Compose(Smb2Command.Create, RequestBody.Create(@"folder\file.txt"));
    private readonly byte[] _close = Compose(Smb2Command.Close, RequestBody.Close(FileId));
    private readonly byte[] _queryInfo = Compose(
        Smb2Command.QueryInfo, RequestBody.QueryFile(FileId, FileInformationClass.FileAllInformation));

    private readonly byte[] _queryDirectory = Compose(Smb2Command.QueryDirectory, RequestBody.QueryDirectory(FileId));

    [Benchmark]
    public bool Header() => Smb2Header.TryParse(_read, out _);

    [Benchmark]
    public bool Read() => ReadRequest.TryParse(_read, out _);

    [Benchmark]
    public bool Write() => WriteRequest.TryParse(_write, out _);

    [Benchmark]
    public bool Create() => CreateRequest.TryParse(_create, out _);

    [Benchmark]
    public bool Close() => CloseRequest.TryParse(_close, out _);

    [Benchmark]
    public bool QueryInfo() => QueryInfoRequest.TryParse(_queryInfo, out _);

    [Benchmark]
    public bool QueryDirectory() => QueryDirectoryRequest.TryParse(_queryDirectory, out _);

    private static byte[] Compose(Smb2Command command, byte[] body) => new RequestHeader { Command = command }.Compose(body);
}
