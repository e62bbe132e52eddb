using System.Runtime.InteropServices;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Tests.Compression.Native;

/// <summary>An implementation of an algorithm that is not ours, in a library of the system.</summary>
/// <param name="name">What it is called.</param>
/// <param name="package">Debian's package that has it.</param>
/// <param name="file">The file of the library.</param>
internal abstract class NativeCodec(string name, string package, string file)
{
    public static readonly NativeCodec Wimlib = new WimlibXpress();
    public static readonly NativeCodec Lz4 = new SystemLz4();
    public static readonly NativeCodec Libfwnt = new FwntDecoders();

    public string Name { get; } = name;

    /// <summary>Why it cannot be used; <see langword="null"/>: it can.</summary>
    public string? Missing => NativeLibrary.TryLoad(file, out _) ? null : $"{Name} is not installed ({file}; Debian: {package})";

    /// <summary>The longest data of a call, in bytes.</summary>
    public virtual int Longest => int.MaxValue;

    /// <summary>Compresses data; 0: the library does not do that, or it does not fit.</summary>
    public virtual int Compress(Smb2CompressionAlgorithm algorithm, byte[] source, byte[] target) => 0;

    /// <summary>Decompresses data to exactly as many bytes as the target has.</summary>
    public abstract bool TryDecompress(Smb2CompressionAlgorithm algorithm, byte[] source, int length, byte[] target);

    /// <summary>liblz4's blocks.</summary>
    private sealed class SystemLz4() : NativeCodec("liblz4", "liblz4-1", Library)
    {
        private const string Library = "liblz4.so.1";

        public override int Compress(Smb2CompressionAlgorithm algorithm, byte[] source, byte[] target) =>
            LZ4_compress_default(source, target, source.Length, target.Length);

        public override bool TryDecompress(Smb2CompressionAlgorithm algorithm, byte[] source, int length, byte[] target) =>
            LZ4_decompress_safe(source, target, length, target.Length) == target.Length;

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int LZ4_compress_default(byte[] source, byte[] target, int length, int room);

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int LZ4_decompress_safe(byte[] source, byte[] target, int length, int room);
    }

    /// <summary>wimlib's XPRESS, which is LZ77+Huffman of one block.</summary>
    private sealed class WimlibXpress() : NativeCodec("wimlib", "libwim15", Library)
    {
        private const string Library = "libwim.so.15";
        private const int Xpress = 1;

        private readonly Lazy<nint> _compressor = new(static () => wimlib_create_compressor(Xpress, 65_536, 0, out var made) == 0 ? made : 0);
        private readonly Lazy<nint> _decompressor = new(static () => wimlib_create_decompressor(Xpress, 65_536, out var made) == 0 ? made : 0);

        public override int Longest => 65_536;

        public override int Compress(Smb2CompressionAlgorithm algorithm, byte[] source, byte[] target) =>
            (int)wimlib_compress(source, (nuint)source.Length, target, (nuint)target.Length, _compressor.Value);

        public override bool TryDecompress(Smb2CompressionAlgorithm algorithm, byte[] source, int length, byte[] target) =>
            wimlib_decompress(source, (nuint)length, target, (nuint)target.Length, _decompressor.Value) == 0;

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int wimlib_create_compressor(int type, nuint longest, uint level, out nint compressor);

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int wimlib_create_decompressor(int type, nuint longest, out nint decompressor);

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern nuint wimlib_compress(byte[] source, nuint length, byte[] target, nuint room, nint compressor);

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int wimlib_decompress(byte[] source, nuint length, byte[] target, nuint room, nint decompressor);
    }

    /// <summary>libfwnt's decoders of all three algorithms of MS-XCA; it is made to read disks and memory of Windows.</summary>
    private sealed class FwntDecoders() : NativeCodec("libfwnt", "libfwnt1", Library)
    {
        private const string Library = "libfwnt.so.1";

        public override bool TryDecompress(Smb2CompressionAlgorithm algorithm, byte[] source, int length, byte[] target)
        {
            var size = (nuint)target.Length;
            var done = algorithm switch
            {
                Smb2CompressionAlgorithm.Lznt1 => libfwnt_lznt1_decompress(source, (nuint)length, target, ref size, 0),
                Smb2CompressionAlgorithm.Lz77 => libfwnt_lzxpress_decompress(source, (nuint)length, target, ref size, 0),
                _ => libfwnt_lzxpress_huffman_decompress(source, (nuint)length, target, ref size, 0),
            };
            return done == 1 && size == (nuint)target.Length;
        }

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int libfwnt_lznt1_decompress(byte[] source, nuint length, byte[] target, ref nuint size, nint error);

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int libfwnt_lzxpress_decompress(byte[] source, nuint length, byte[] target, ref nuint size, nint error);

        [DllImport(Library)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static extern int libfwnt_lzxpress_huffman_decompress(byte[] source, nuint length, byte[] target, ref nuint size, nint error);
    }
}
