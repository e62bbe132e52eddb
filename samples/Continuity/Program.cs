// A copy goes on, and a lock is held, while the server is killed three times. `samples/Continuity/run` shows it; it calls
//
//   Continuity [MIB]                             the clients; starts the server below, and kills it
//   Continuity serve ADDRESS:PORT FOLDER STATE   the server: one continuously available share
using System.Globalization;
using System.Net;
using Smb3.Embedded.Samples.Continuity;

const int Mebibytes = 64;
return args switch
{
    [] => await Demo.RunAsync(Mebibytes),
    [var size] => await Demo.RunAsync(int.Parse(size, CultureInfo.InvariantCulture)),
    ["serve", var listen, var folder, var state] => await Server.RunAsync(IPEndPoint.Parse(listen), folder, state),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Continuity [MIB] | serve ADDRESS:PORT FOLDER STATE");
    return 2;
}
