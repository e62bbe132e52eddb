using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class SecurityTests
{
    private const FileAccessMask Read = FileAccessMask.FileGenericRead;
    private const FileAccessMask Owning = FileAccessMask.ReadControl | FileAccessMask.WriteDac;

    [Fact]
    public void Entries_count_in_the_order_in_which_they_stand()
    {
        Assert.Equal(Read, Maximum(Bob, Ace.Allow(Bob.User, Read), Ace.Deny(Bob.User, Read)));
        Assert.Equal(FileAccessMask.None, Maximum(Bob, Ace.Deny(WellKnownSids.Everyone, Read), Ace.Allow(Bob.User, Read)));
        Assert.Equal(
            Read & ~FileAccessMask.ReadData,
            Maximum(Bob, Ace.Deny(WellKnownSids.Users, FileAccessMask.ReadData), Ace.Allow(Bob.User, Read)));
        Assert.Equal(FileAccessMask.None, Maximum(Bob, Ace.Allow(Bob.User, Read, AceFlags.InheritOnly)));
        Assert.Equal(FileAccessMask.None, Maximum(Bob, Ace.Allow(Alice.User, Read)));
        Assert.Equal(Read, Maximum(Bob, Ace.Allow(Bob.User, FileAccessMask.GenericRead)));
    }

    [Fact]
    public void An_owner_has_rights_of_its_own_unless_the_list_says_otherwise()
    {
        Assert.Equal(Owning, Maximum(Alice));
        Assert.Equal(Owning, Maximum(Alice, Ace.Deny(Alice.User, TestVolume.All)));
        Assert.Equal(
            FileAccessMask.ReadControl, Maximum(Alice, Ace.Allow(WellKnownSids.OwnerRights, FileAccessMask.ReadControl)));
        Assert.Equal(FileAccessMask.None, Maximum(Bob, Ace.Allow(WellKnownSids.OwnerRights, Read)));
        Assert.Equal(TestVolume.All, AccessCheck.Maximum(new SecurityDescriptor { Owner = Alice.User }, Bob));
        Assert.Equal(FileAccessMask.WriteOwner, Maximum(TestVolume.Administrator));
    }

    [Fact]
    public void Inheritance_passes_on_what_the_flags_say()
    {
        var parent = Descriptor(
            Ace.Allow(WellKnownSids.Users, Read, AceFlags.ObjectInherit | AceFlags.ContainerInherit),
            Ace.Allow(WellKnownSids.CreatorOwner, FileAccessMask.GenericAll, AceFlags.ObjectInherit | AceFlags.ContainerInherit
                | AceFlags.InheritOnly),
            Ace.Allow(Bob.User, Read, AceFlags.ContainerInherit | AceFlags.NoPropagateInherit),
            Ace.Allow(WellKnownSids.Everyone, Read)) with { Control = SecurityDescriptorControl.DaclAutoInherited };

        var file = DescriptorInheritance.Create(parent, null, isDirectory: false, Bob);
        Assert.Equal(Bob.User, file.Owner);
        Assert.Equal(
            [Ace.Allow(WellKnownSids.Users, Read, AceFlags.Inherited), Ace.Allow(Bob.User, TestVolume.All, AceFlags.Inherited)],
            file.Dacl!.Entries);

        const AceFlags Both = AceFlags.ObjectInherit | AceFlags.ContainerInherit | AceFlags.Inherited;
        var directory = DescriptorInheritance.Create(parent, null, isDirectory: true, Bob);
        Assert.Equal(
            [
                Ace.Allow(WellKnownSids.Users, Read, Both),
                Ace.Allow(Bob.User, TestVolume.All, AceFlags.Inherited),
                Ace.Allow(WellKnownSids.CreatorOwner, FileAccessMask.GenericAll, Both | AceFlags.InheritOnly),
                Ace.Allow(Bob.User, Read, AceFlags.Inherited),
            ],
            directory.Dacl!.Entries);
    }

    [Fact]
    public void What_is_inherited_is_marked_only_where_inheritance_is_automatic()
    {
        var parent = Descriptor(Ace.Allow(WellKnownSids.Users, Read, AceFlags.ObjectInherit | AceFlags.Inherited));
        var file = DescriptorInheritance.Create(parent, null, isDirectory: false, Bob);
        Assert.Equal([Ace.Allow(WellKnownSids.Users, Read)], file.Dacl!.Entries);
        Assert.Equal(SecurityDescriptorControl.None, file.Control);
    }

    [Fact]
    public async Task Where_the_share_asks_for_it_a_listing_leaves_out_what_the_caller_may_not_read()
    {
        var volume = new TestVolume();
        await volume.MakeAsync("open");
        var secret = Descriptor(Ace.Allow(Alice.User, TestVolume.All)).ToArray();
        await (await volume.CreateAsync("secret", descriptor: secret)).Open!.CloseAsync();
        Assert.Equal([".", "..", "open"], await ListAsync(Bob, hides: true, "*"));
        Assert.Empty(await ListAsync(Bob, hides: true, "secret"));
        Assert.Equal([".", "..", "open", "secret"], await ListAsync(Alice, hides: true, "*"));
        Assert.Equal([".", "..", "open", "secret"], await ListAsync(Bob, hides: false, "*"));

        async Task<List<string>> ListAsync(FileCaller caller, bool hides, string pattern)
        {
            var parameters = new CreateParameters
            {
                Path = "", Caller = caller, DesiredAccess = Read, ShareAccess = ShareAccess.All, Disposition = CreateDisposition.Open,
                HidesUnreadable = hides,
            };
            var root = (await volume.Volume.CreateAsync(parameters, CancellationToken.None)).Open!;
            await using var cursor = new DirectoryCursor(root);
            var names = new List<string>();
            Assert.Equal(NtStatus.Success, await cursor.StartAsync(pattern, false, false, null, CancellationToken.None));
            for (; await cursor.PeekAsync(CancellationToken.None) == NtStatus.Success; cursor.Advance())
            {
                names.Add(cursor.Current.Name);
            }

            await root.CloseAsync();
            return names;
        }
    }

    [Fact]
    public void Descriptors_survive_their_binary_form_and_no_truncation_passes()
    {
        var bytes = (Descriptor(Ace.Allow(Bob.User, Read), Ace.Deny(WellKnownSids.Everyone, TestVolume.All)) with
        {
            Group = WellKnownSids.Users,
            Control = SecurityDescriptorControl.DaclProtected,
        }).ToArray();
        Assert.Equal(NtStatus.Success, SecurityDescriptor.Read(bytes, out var read));
        Assert.Equal(bytes, read!.ToArray());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.NotEqual(NtStatus.Success, SecurityDescriptor.Read(bytes.AsSpan(0, length), out _));
        }

        var random = new Random(1);
        for (var i = 0; i < 5000; i++)
        {
            var broken = (byte[])bytes.Clone();
            broken[random.Next(broken.Length)] ^= (byte)(1 << random.Next(8));
            if (SecurityDescriptor.Read(broken, out var odd) == NtStatus.Success)
            {
                Assert.InRange(odd!.ToArray().Length, 20, SecurityDescriptor.MaxLength);
            }
        }
    }

    [Fact]
    public async Task Opens_are_checked_against_the_stored_descriptor()
    {
        var volume = new TestVolume();
        var made = await volume.CreateAsync("f", descriptor: Descriptor(Ace.Allow(Bob.User, Read)).ToArray());
        Assert.Equal(NtStatus.Success, made.Status);
        await made.Open!.CloseAsync();

        Assert.Equal(NtStatus.AccessDenied, (await volume.CreateAsync("f", access: FileAccessMask.WriteData, caller: Bob)).Status);
        var bob = await volume.CreateAsync("f", access: FileAccessMask.MaximumAllowed, caller: Bob);
        Assert.Equal(Read | FileAccessMask.Delete, bob.Open!.GrantedAccess); // deletion by the directory's DELETE_CHILD
        Assert.Equal(NtStatus.AccessDenied, await bob.Open.SetSecurityAsync(SecurityInformation.Dacl, Descriptor().ToArray(), default));
        var read = await bob.Open.GetSecurityAsync(SecurityInformation.Owner | SecurityInformation.Dacl, default);
        SecurityDescriptor.Read(read.Value.Span, out var descriptor);
        Assert.Equal(Alice.User, descriptor!.Owner);
        Assert.Null(descriptor.Group);
        Assert.Equal(NtStatus.AccessDenied, (await bob.Open.GetSecurityAsync(SecurityInformation.Sacl, default)).Status);
        await bob.Open.CloseAsync();

        Assert.Equal(
            NtStatus.PrivilegeNotHeld, (await volume.CreateAsync("f", access: FileAccessMask.AccessSystemSecurity)).Status);
        var alice = await volume.CreateAsync("f", access: Owning);
        var open = Descriptor(Ace.Allow(WellKnownSids.Everyone, TestVolume.All)).ToArray();
        Assert.Equal(NtStatus.Success, await alice.Open!.SetSecurityAsync(SecurityInformation.Dacl, open, default));
        await alice.Open!.CloseAsync();
        bob = await volume.CreateAsync("f", caller: Bob);
        Assert.Equal(NtStatus.Success, bob.Status);
        await bob.Open!.CloseAsync();
        volume.AssertEmpty();
    }

    private static SecurityDescriptor Descriptor(params Ace[] entries) =>
        new() { Owner = Alice.User, HasDacl = true, Dacl = new Acl(entries) };

    private static FileAccessMask Maximum(FileCaller caller, params Ace[] entries) =>
        AccessCheck.Maximum(Descriptor(entries), caller);
}
