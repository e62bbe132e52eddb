using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Accounting;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Storage.Physical.Linux.Data;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Quotas;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux.Volume;

/// <summary>
/// What a store and its open handles share: the root, and what finds, describes, reads and guards the files below it. The operations on
/// names and the handles are built on it; nothing here knows them.
/// </summary>
internal sealed unsafe class LinuxVolume : IDisposable
{
    private const StoreAbilities InAttributes = StoreAbilities.DosAttributes | StoreAbilities.SecurityDescriptors
        | StoreAbilities.NamedStreams | StoreAbilities.ExtendedAttributes;

    private readonly string _label;
    private readonly uint _serialNumber;
    private readonly FileTime _creationTime;

    /// <param name="folder">The folder.</param>
    /// <param name="options">How the folder is treated.</param>
    /// <param name="before">The root of the store that served this path before, if any.</param>
    public LinuxVolume(string folder, PhysicalFileStoreOptions options, LinuxRoot? before)
    {
        Options = options;
        Root = new LinuxRoot(folder, before);
        Tree = new LinuxTree(Root, options);
        HasAttributes = ProbeAttributes(Root.Descriptor);
        Traits = new StoreTraits
        {
            MaxFileLength = options.MaxFileLength,
            LastAccess = options.LastAccess,
            Abilities = StoreAbilities.HardLinks | StoreAbilities.PosixModes | StoreAbilities.CanBeCaseSensitive
                | (HasAttributes ? InAttributes : 0)
                | (HasAttributes && options.Quotas ? StoreAbilities.Quotas : 0)
                | FileSystemProbe.Run(Root.Descriptor, HasAttributes, options.ReadOnly)
                | (options.CaseSensitive ? StoreAbilities.CaseSensitive : 0)
                | (options.ReadOnly ? StoreAbilities.ReadOnly : 0),
        };
        StatFsBuffer fileSystem;
        var type = Native.StatFs(Root.Descriptor, &fileSystem) == 0 ? fileSystem.Type : 0;
        _label = options.LabelOf(folder);
        _serialNumber = (uint)(fileSystem.Id ^ (fileSystem.Id >> 32)) is var serial and not 0 ? serial : 1;
        var root = Root.Stat;
        _creationTime = ((root.Mask & StatxBuffer.BirthTime) != 0 ? root.Birth : root.Change).ToFileTime();
        Attributes = new AttributeMemory(HasAttributes, type, root.Device, new AttributeFaults(options.Logger));
        Metadata = new MetadataReader(Attributes, root.Device, Traits.Has(StoreAbilities.Compression), Leases);
        Data = new FileData(isInMemory: type == StatFsBuffer.TmpFs);
        var accounts = new QuotaAccounts(options.Time);
        Charges = Traits.Has(StoreAbilities.Quotas) ? new ChargeTable(accounts, Attributes) : null;
        Streams = new StreamStore(Root, Attributes, AttributeLocks, Leases, options.CaseSensitive, Charges);
        if (Charges is not null)
        {
            var limits = new SideFile(Streams.Side, folder, "quotas.json");
            Quotas = new FolderQuotas(Root, accounts, Charges, Streams, limits, options);
        }

        Root.Idle += Streams.Side.Rest;
        Root.Leave();
    }

    /// <summary>How the folder is treated.</summary>
    public PhysicalFileStoreOptions Options { get; }

    /// <summary>What the store can do.</summary>
    public StoreTraits Traits { get; }

    /// <summary>The root.</summary>
    public LinuxRoot Root { get; }

    /// <summary>Finds the files.</summary>
    public LinuxTree Tree { get; }

    /// <summary>Whether the file system keeps extended attributes.</summary>
    public bool HasAttributes { get; }

    /// <summary>What the extended attributes of each file say about it.</summary>
    public AttributeMemory Attributes { get; }

    /// <summary>Guard the extended attributes of each inode against other handles.</summary>
    public InodeLocks AttributeLocks { get; } = new();

    /// <summary>Puts together what clients see of a file.</summary>
    public MetadataReader Metadata { get; }

    /// <summary>Reads and writes data.</summary>
    public FileData Data { get; }

    /// <summary>Named streams.</summary>
    public StreamStore Streams { get; }

    /// <summary>What the files that are being changed cost their owners; null when nobody counts.</summary>
    public ChargeTable? Charges { get; }

    /// <summary>What each owner uses and may use; null when nobody counts.</summary>
    public FolderQuotas? Quotas { get; }

    /// <summary>Leases held on files of this store.</summary>
    public LeaseRegister Leases { get; } = new();

    /// <summary>
    /// The volume that an open file is on, with its own size and free space, which differ where something is mounted in the folder.
    /// </summary>
    public NtResult<VolumeInformation> InformationOf(FileDescriptor file)
    {
        StatFsBuffer here;
        if (Native.StatFs(file, &here) != 0)
        {
            return Native.LastError.ToStatus();
        }

        var unit = (ulong)(here.FragmentSize > 0 ? here.FragmentSize : here.BlockSize);
        return new VolumeInformation
        {
            Label = _label,
            SerialNumber = _serialNumber,
            CreationTime = _creationTime,
            TotalBytes = ToBytes(here.Blocks, unit),
            FreeBytes = ToBytes(here.FreeBlocks, unit),
            AvailableBytes = ToBytes(here.AvailableBlocks, unit),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Quotas?.Dispose();
        Root.Dispose();
        Streams.Dispose();
    }

    private static long ToBytes(ulong blocks, ulong unit) => (long)UInt128.Min((UInt128)blocks * unit, (UInt128)long.MaxValue);

    private static bool ProbeAttributes(FileDescriptor root)
    {
        using var path = new HandlePath(root);
        fixed (byte* text = path.Text)
        fixed (byte* name = DosRecord.Name)
        {
            var size = Native.GetAttribute(text, name, null, 0);
            return size >= 0 || Native.LastError == Errno.NoData;
        }
    }
}
