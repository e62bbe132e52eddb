// One session over several links, one of which is cut in the middle of a copy. `samples/MultiChannel/run` shows it all; it calls
//
//   MultiChannel serve ADDRESS:PORT         the server; prints how channels come and go, until it is asked to end
//   MultiChannel copy ADDRESS:PORT [MIB]    the client: four channels, a copy there and back, and the comparison
//   MultiChannel loopback [MIB]             both in this process over two loopback addresses, where there are no namespaces to be had
using System.Globalization;
using System.Net;
using Smb3.Embedded.Samples.MultiChannel;

const int Mebibytes = 256;
return args switch
{
    ["serve", var listen] => await Server.RunAsync(IPEndPoint.Parse(listen)),
    ["copy", var server] => await Copy.RunAsync(IPEndPoint.Parse(server), Mebibytes, Links.ByHand),
    ["copy", var server, var size] => await Copy.RunAsync(IPEndPoint.Parse(server), Number(size), Links.ByHand),
    ["loopback"] => await LoopbackDemo.RunAsync(Mebibytes),
    ["loopback", var size] => await LoopbackDemo.RunAsync(Number(size)),
    _ => Usage(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int Usage()
{
    Console.Error.WriteLine("usage: MultiChannel serve ADDRESS:PORT | copy ADDRESS:PORT [MIB] | loopback [MIB]");
    return 2;
}
