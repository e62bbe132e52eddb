// Any file system of Zio as a share: here one in memory, with a folder of the disk below it.
//
//   dotnet run --project samples/ZioStore
//   smbclient //127.0.0.1/files -p 4450 -U demo%demo -c 'put README.md; mkdir disk\new; ls'
using Smb3.Embedded;
using Smb3.Embedded.Samples.ZioStore;
using Zio;
using Zio.FileSystems;

var disk = new PhysicalFileSystem();
var files = new MountFileSystem(new MemoryFileSystem());
var folder = Directory.CreateDirectory("share").FullName;
files.Mount("/disk", new SubFileSystem(disk, disk.ConvertPathFromInternal(folder)));
using var store = new ZioFileStore(files);

var builder = SmbServer.CreateBuilder(args);
builder.AddShare("files", store).AddUser("demo", "demo");
return await builder.RunAsync();
