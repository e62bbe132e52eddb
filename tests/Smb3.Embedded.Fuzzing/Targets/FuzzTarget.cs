using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Fuzzing.Targets;

/// <summary>Reads bytes that a peer may have sent. It must return, whatever they are.</summary>
internal delegate void TargetAction(ReadOnlySpan<byte> input);

/// <summary>One reader of hostile bytes by itself, for SharpFuzz and for the own loop.</summary>
/// <param name="Name">What it is called on the command line, and its folder in the corpus.</param>
/// <param name="Run">Fails by an exception.</param>
/// <param name="Seeds">Valid inputs, from which others are made.</param>
internal sealed record FuzzTarget(string Name, TargetAction Run, Func<IEnumerable<byte[]>> Seeds)
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("requests", RequestTarget.Run, Seeding.Requests),
        new("headers", StructureTarget.Headers, Seeding.Headers),
        new("create-contexts", StructureTarget.CreateContexts, Seeding.CreateContexts),
        new("negotiate-contexts", StructureTarget.NegotiateContexts, Seeding.NegotiateContexts),
        new("buffers", StructureTarget.Buffers, Seeding.Buffers),
        new("descriptors", StructureTarget.Descriptors, Seeding.Descriptors),
        new("tokens", TokenTarget.Run, Seeding.Tokens),
        new("kerberos", KerberosTarget.Run, KerberosTarget.Seeds),
        new("rpc", RpcTarget.Run, Seeding.Rpc),
        new("ndr", RpcTarget.Ndr, Seeding.Ndr),
        new("samr", SamrTarget.Run, SamrTarget.Seeds),
        new("witness", WitnessTarget.Run, Seeding.Witness),
        new("towers", WitnessTarget.Tower, Seeding.Towers),
        new("smb-direct", RdmaTarget.Connection, RdmaSeeding.Connections),
        new("smb-direct-answers", RdmaTarget.Answer, RdmaSeeding.Answers),
        new("rdma-transforms", RdmaTarget.Transform, RdmaSeeding.Transforms),
        new("lznt1", CompressionTarget.Of(Smb2CompressionAlgorithm.Lznt1), CompressionTarget.SeedsOf(Smb2CompressionAlgorithm.Lznt1)),
        new("lz77", CompressionTarget.Of(Smb2CompressionAlgorithm.Lz77), CompressionTarget.SeedsOf(Smb2CompressionAlgorithm.Lz77)),
        new("lz77-huffman", CompressionTarget.Of(Smb2CompressionAlgorithm.Lz77Huffman), CompressionTarget.SeedsOf(Smb2CompressionAlgorithm.Lz77Huffman)),
        new("lz4", CompressionTarget.Of(Smb2CompressionAlgorithm.Lz4), CompressionTarget.SeedsOf(Smb2CompressionAlgorithm.Lz4)),
        new("compressed-messages", CompressionTarget.Message, CompressionTarget.Messages),
        new("mdns", DiscoveryTarget.Mdns, DiscoveryTarget.MdnsSeeds),
        new("soap", DiscoveryTarget.Soap, DiscoveryTarget.SoapSeeds),
    ];

    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);
}
