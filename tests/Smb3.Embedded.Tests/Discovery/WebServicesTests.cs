using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;
using Smb3.Embedded.Discovery.Links;
using Smb3.Embedded.Discovery.WebServices;
using Xunit;

namespace Smb3.Embedded.Tests.Discovery;

public sealed class WebServicesTests
{
    private static readonly Guid Id = Guid.Parse("3848cf5b-c476-882f-8a69-971075efa9d6");
    private static readonly PublishedComputer Computer = new(Id, "FILES", "Files & more", "WORKGROUP", 5357);
    private static readonly SoapMessages Messages = new(Computer, started: 1_000_000);
    private static readonly Link Link = new(2, "eth0", [(IPAddress.Parse("192.0.2.1"), 24)], 445, [IPAddress.Parse("192.0.2.1")]);
    private static readonly IPEndPoint Asker = new(IPAddress.Parse("192.0.2.9"), 50000);
    private static readonly Announcement Files = new("FILES", "FILES", string.Empty, []);

    private readonly List<(byte[] Message, IPEndPoint? To, TimeSpan At)> _sent = [];
    private readonly WsdResponder _responder;
    private TimeSpan _now;

    public WebServicesTests() => _responder = new WsdResponder(Computer, Messages, new Random(1))
    {
        Open = (_, family) => family == AddressFamily.InterNetwork ? new Sender(this) : null,
    };

    [Fact]
    public void It_says_hello_twice_and_goodbye()
    {
        _responder.Update(Files, [Link], TimeSpan.Zero);
        Go(2);
        Assert.Equal(2, _sent.Count);
        Assert.InRange(_sent[0].At, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
        Assert.Equal(_sent[0].Message, _sent[1].Message);
        var hello = XDocument.Parse(Encoding.UTF8.GetString(_sent[0].Message));
        Assert.Equal(SoapNames.Hello, ValueOf(hello, SoapNames.Addressing, "Action"));
        Assert.Equal(SoapNames.Everybody, ValueOf(hello, SoapNames.Addressing, "To"));
        Assert.Equal($"urn:uuid:{Id}", ValueOf(hello, SoapNames.Addressing, "Address"));
        Assert.Equal($"http://192.0.2.1:5357/{Id}", ValueOf(hello, SoapNames.Discovery, "XAddrs"));
        Assert.Equal("1000000", hello.Descendants(XName.Get("AppSequence", SoapNames.Discovery)).Single().Attribute("InstanceId")!.Value);
        _sent.Clear();
        _responder.End();
        Assert.Equal(SoapNames.Bye, ValueOf(XDocument.Parse(Encoding.UTF8.GetString(_sent[0].Message)), SoapNames.Addressing, "Action"));
    }

    [Theory]
    [InlineData("<d:Types>wsdp:Device</d:Types>", true)]
    [InlineData("<d:Types>wsdp:Device pub:Computer</d:Types>", true)]
    [InlineData("<d:Types xmlns:x='http://schemas.microsoft.com/windows/pub/2005/07'>x:Computer</d:Types>", true)]
    [InlineData("", true)]
    [InlineData("<d:Types/><d:Scopes/>", true)]
    [InlineData("<d:Types>wsdp:Printer</d:Types>", false)]
    [InlineData("<d:Types>wsdp:Device wsdp:Printer</d:Types>", false)]
    [InlineData("<d:Types>Device</d:Types>", false)]
    [InlineData("<d:Types>wsdp:Device</d:Types><d:Scopes>ldap:///ou=x</d:Scopes>", false)]
    public void Who_looks_for_computers_is_answered_after_a_while(string probe, bool isAnswered)
    {
        Start();
        Receive(Probe(probe));
        Assert.Empty(_sent);
        Go(1);
        Assert.Equal(isAnswered ? 2 : 0, _sent.Count);
        if (isAnswered)
        {
            var matches = XDocument.Parse(Encoding.UTF8.GetString(_sent[0].Message));
            Assert.Equal((SoapNames.ProbeMatches, "urn:uuid:1"), (ValueOf(matches, SoapNames.Addressing, "Action"), ValueOf(matches, SoapNames.Addressing, "RelatesTo")));
            Assert.Single(matches.Descendants(XName.Get("ProbeMatch", SoapNames.Discovery)));
            Assert.Equal(Asker, _sent[0].To);
        }
    }

    [Fact]
    public void Who_looks_for_this_end_point_is_answered_at_once_and_for_others_not()
    {
        Start();
        Receive(Resolve($"urn:uuid:{Guid.NewGuid()}"));
        Assert.Empty(_sent);
        Receive(Resolve($"urn:uuid:{Id}", "urn:uuid:2"));
        Assert.Equal(SoapNames.ResolveMatches, ValueOf(XDocument.Parse(Encoding.UTF8.GetString(Assert.Single(_sent).Message)), SoapNames.Addressing, "Action"));
    }

    [Fact]
    public void A_message_that_comes_again_is_not_answered_again()
    {
        Start();
        Receive(Probe(string.Empty));
        Receive(Probe(string.Empty));
        Go(1);
        Assert.Equal(2, _sent.Count);
    }

    [Fact]
    public void Nobody_off_the_link_is_answered()
    {
        Start();
        _responder.Receive(2, Probe(string.Empty), new IPEndPoint(IPAddress.Parse("198.51.100.1"), 3702), isToAll: true, _now);
        Go(1);
        Assert.Empty(_sent);
    }

    [Fact]
    public void However_many_ask_there_is_a_limit_of_answers()
    {
        Start();
        for (var i = 0; i < 3000; i++)
        {
            Receive(Probe(string.Empty, $"urn:uuid:{i}"));
            Go(0.001);
        }

        Assert.InRange(_sent.Count, 80, 220); // 40 at once and 20 a second, twice each
    }

    [Theory]
    [InlineData("not xml")]
    [InlineData("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><x>&b;</x>")]
    [InlineData("<?xml version='1.0' encoding='utf-16'?><x/>")]
    [InlineData("<x>")]
    [InlineData("")]
    public void What_is_no_message_is_not_read(string text) => Assert.Null(SoapRequest.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void What_is_too_large_or_too_deep_is_not_read()
    {
        Assert.NotNull(SoapRequest.Parse(Probe(string.Empty)));
        Assert.Null(SoapRequest.Parse(Probe(string.Concat(Enumerable.Repeat("<x>", 40)) + string.Concat(Enumerable.Repeat("</x>", 40)))));
        Assert.Null(SoapRequest.Parse(Probe(string.Concat(Enumerable.Repeat("<x/>", 3000)))));
        Assert.Null(SoapRequest.Parse(Probe(new string(' ', 70_000))));
    }

    [Fact]
    public void A_message_cut_anywhere_is_none_and_broken_ones_do_no_harm()
    {
        var message = Probe("<d:Types>wsdp:Device</d:Types>");
        for (var length = 0; length < message.Length - 1; length++)
        {
            Assert.Null(SoapRequest.Parse(message.AsSpan(0, length)));
        }

        var random = new Random(3);
        Start();
        for (var i = 0; i < 2000; i++)
        {
            var broken = message.ToArray();
            broken[random.Next(broken.Length)] = (byte)random.Next(256);
            Receive(broken);
        }
    }

    [Fact]
    public void The_description_names_the_computer()
    {
        var description = XDocument.Parse(Encoding.UTF8.GetString(Messages.Description("urn:uuid:7")));
        Assert.Equal("FILES/Workgroup:WORKGROUP", ValueOf(description, SoapNames.Publication, "Computer"));
        Assert.Equal("Files & more", ValueOf(description, SoapNames.Devices, "FriendlyName"));
        Assert.Equal("pub:Computer", ValueOf(description, SoapNames.Devices, "Types"));
        Assert.Equal(3, description.Descendants(XName.Get("MetadataSection", SoapNames.Metadata)).Count());
        Assert.Equal((SoapNames.GetResponse, "urn:uuid:7"), (ValueOf(description, SoapNames.Addressing, "Action"), ValueOf(description, SoapNames.Addressing, "RelatesTo")));
    }

    [Theory]
    [InlineData("POST /{0} HTTP/1.1\r\nContent-Length: 10", null)]
    [InlineData("GET /{0} HTTP/1.1", "405")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 10", "404")]
    [InlineData("POST /../etc/passwd HTTP/1.1\r\nContent-Length: 10", "404")]
    [InlineData("POST /{0} HTTP/1.1", "411")]
    [InlineData("POST /{0} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", "411")]
    [InlineData("POST /{0} HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", "411")]
    [InlineData("POST /{0} HTTP/1.1\r\nContent-Length: 65537", "413")]
    [InlineData("POST /{0} HTTP/1.1\r\nContent-Length: -1", "413")]
    [InlineData("hello", "400")]
    [InlineData("POST /{0} HTTP/9", "400")]
    public void Requests_for_anything_else_are_refused(string header, string? status) =>
        Assert.Equal(status, MetadataServer.Check(header.Replace("{0}", Id.ToString(), StringComparison.Ordinal), Computer, out _)?[..3]);

    [Fact]
    public async Task The_description_is_had_by_http_and_only_where_it_is_announced()
    {
        var isAnnounced = true;
        await using var server = MetadataServer.Listen(0, _ => isAnnounced, TimeProvider.System);
        server.Begin(Computer, Messages);
        var get = Request(SoapNames.Get, $"urn:uuid:{Id}", "urn:uuid:5", string.Empty);
        Assert.Contains("FILES/Workgroup:WORKGROUP", await PostAsync(server.Port, $"/{Id}", get), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404", await PostAsync(server.Port, "/", get), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await PostAsync(server.Port, $"/{Id}", Request(SoapNames.Get, "urn:uuid:other", "urn:uuid:5", string.Empty)), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431", await PostAsync(server.Port, "/" + new string('x', 9000), []), StringComparison.Ordinal);
        isAnnounced = false;
        Assert.Equal(string.Empty, await PostAsync(server.Port, $"/{Id}", get));
    }

    [Fact]
    public async Task Who_sends_nothing_does_not_keep_others_out_for_long()
    {
        await using var time = new PatientTime(TimeSpan.FromMilliseconds(200));
        await using var server = MetadataServer.Listen(0, _ => true, time);
        server.Begin(Computer, Messages);
        var silent = new List<Socket>();
        for (var i = 0; i < 16; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, server.Port);
            silent.Add(socket);
        }

        Assert.Contains("200 OK", await PostAsync(server.Port, $"/{Id}", Request(SoapNames.Get, $"urn:uuid:{Id}", "urn:uuid:5", string.Empty)), StringComparison.Ordinal);
        silent.ForEach(static socket => socket.Dispose());
    }

    private static async Task<string> PostAsync(int port, string path, byte[] body)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = client.GetStream();
        var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {body.Length}\r\n\r\n"), .. body]);
            await stream.CopyToAsync(answer).WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException)
        {
            // Closed before all was read.
        }

        return Encoding.UTF8.GetString(answer.ToArray());
    }

    private static byte[] Probe(string body, string id = "urn:uuid:1") => Request(SoapNames.Probe, SoapNames.Everybody, id, $"<d:Probe>{body}</d:Probe>");

    private static byte[] Resolve(string address, string id = "urn:uuid:1") => Request(
        SoapNames.Resolve, SoapNames.Everybody, id, $"<d:Resolve><a:EndpointReference><a:Address>{address}</a:Address></a:EndpointReference></d:Resolve>");

    private static byte[] Request(string action, string to, string id, string body) => Encoding.UTF8.GetBytes(
        $"""
        <?xml version="1.0" encoding="utf-8"?>
        <s:Envelope xmlns:s="{SoapNames.Soap}" xmlns:a="{SoapNames.Addressing}" xmlns:d="{SoapNames.Discovery}" xmlns:wsdp="{SoapNames.Devices}"
         xmlns:pub="{SoapNames.Publication}"><s:Header><a:To>{to}</a:To><a:Action>{action}</a:Action><a:MessageID>{id}</a:MessageID></s:Header>
        <s:Body>{body}</s:Body></s:Envelope>
        """.Trim());

    private static string ValueOf(XDocument document, string space, string name) => document.Descendants(XName.Get(name, space)).First().Value;

    private void Start()
    {
        _responder.Update(Files, [Link], TimeSpan.Zero);
        Go(2);
        _sent.Clear();
    }

    private void Receive(byte[] message) => _responder.Receive(2, message, Asker, isToAll: true, _now);

    private void Go(double seconds)
    {
        var end = _now + TimeSpan.FromSeconds(seconds);
        while (_responder.Due is { } due && due <= end)
        {
            _now = due > _now ? due : _now;
            _responder.Advance(_now);
        }

        _now = end;
    }

    private sealed class Sender(WebServicesTests test) : IDatagramSender
    {
        public void Send(ReadOnlySpan<byte> message) => test._sent.Add((message.ToArray(), null, test._now));

        public void Send(ReadOnlySpan<byte> message, IPEndPoint to) => test._sent.Add((message.ToArray(), to, test._now));

        public void Dispose()
        {
        }
    }
}
