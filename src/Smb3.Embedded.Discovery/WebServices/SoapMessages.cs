using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml;
using Smb3.Embedded.Discovery.Links;

namespace Smb3.Embedded.Discovery.WebServices;

/// <summary>Writes the messages of a server that is found by WS-Discovery, and its description (Devices Profile 5, with the computer of MS-PBSD 2.2).</summary>
/// <param name="computer">The server.</param>
/// <param name="started">Seconds since 1970 when it was started: later starts have larger numbers.</param>
internal sealed class SoapMessages(PublishedComputer computer, long started)
{
    private static readonly XmlWriterSettings Settings = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false) };

    private static readonly (string Prefix, string Space)[] Prefixes =
    [
        ("wsa", SoapNames.Addressing), ("wsd", SoapNames.Discovery), ("wsdp", SoapNames.Devices), ("wsx", SoapNames.Metadata),
        ("pub", SoapNames.Publication), ("pnpx", SoapNames.PlugAndPlay),
    ];

    private readonly Guid _sequence = Guid.NewGuid();
    private long _number;

    public byte[] Hello(Link link, AddressFamily family) => Announce(SoapNames.Hello, "Hello", writer => WriteMatch(writer, link, family));

    public byte[] Bye() => Announce(SoapNames.Bye, "Bye", WriteEndPoint);

    public byte[] ProbeMatches(Link link, AddressFamily family, string relatesTo) => Match(SoapNames.ProbeMatches, "Probe", link, family, relatesTo);

    public byte[] ResolveMatches(Link link, AddressFamily family, string relatesTo) =>
        Match(SoapNames.ResolveMatches, "Resolve", link, family, relatesTo);

    /// <summary>The answer to a request for the description.</summary>
    public byte[] Description(string relatesTo) => Write(SoapNames.GetResponse, SoapNames.Anonymous, relatesTo, isSequenced: false, writer =>
    {
        writer.WriteStartElement("Metadata", SoapNames.Metadata);
        Section("ThisDevice", () =>
        {
            writer.WriteElementString("FriendlyName", SoapNames.Devices, computer.FriendlyName);
            writer.WriteElementString("FirmwareVersion", SoapNames.Devices, "1.0");
            writer.WriteElementString("SerialNumber", SoapNames.Devices, "1");
        });
        Section("ThisModel", () =>
        {
            writer.WriteElementString("Manufacturer", SoapNames.Devices, "Smb3.Embedded");
            writer.WriteElementString("ModelName", SoapNames.Devices, "Smb3.Embedded");
            writer.WriteElementString("DeviceCategory", SoapNames.PlugAndPlay, "Computers");
        });
        Section("Relationship", () =>
        {
            writer.WriteAttributeString("Type", SoapNames.Devices + "/host");
            writer.WriteStartElement("Host", SoapNames.Devices);
            WriteEndPoint(writer);
            writer.WriteElementString("Types", SoapNames.Devices, "pub:Computer");
            writer.WriteElementString("ServiceId", SoapNames.Devices, computer.Address);
            writer.WriteElementString("Computer", SoapNames.Publication, $"{computer.Name}/Workgroup:{computer.Workgroup}");
            writer.WriteEndElement();
        });
        writer.WriteEndElement();

        void Section(string dialect, Action write)
        {
            writer.WriteStartElement("MetadataSection", SoapNames.Metadata);
            writer.WriteAttributeString("Dialect", $"{SoapNames.Devices}/{dialect}");
            writer.WriteStartElement(dialect, SoapNames.Devices);
            write();
            writer.WriteEndElement();
            writer.WriteEndElement();
        }
    });

    private byte[] Announce(string action, string name, Action<XmlWriter> write) =>
        Write(action, SoapNames.Everybody, relatesTo: null, isSequenced: true, writer =>
        {
            writer.WriteStartElement(name, SoapNames.Discovery);
            write(writer);
            writer.WriteEndElement();
        });

    private byte[] Match(string action, string name, Link link, AddressFamily family, string relatesTo) =>
        Write(action, SoapNames.Anonymous, relatesTo, isSequenced: true, writer =>
        {
            writer.WriteStartElement(name + "Matches", SoapNames.Discovery);
            writer.WriteStartElement(name + "Match", SoapNames.Discovery);
            WriteMatch(writer, link, family);
            writer.WriteEndElement();
            writer.WriteEndElement();
        });

    /// <summary>
    /// One address, of the version of IP that the message goes by where there is one: more of them, not every client takes apart. Of IPv6, clients
    /// expect that of the link.
    /// </summary>
    private void WriteMatch(XmlWriter writer, Link link, AddressFamily family)
    {
        var address = link.Addresses.OrderByDescending(one => one.AddressFamily == family).ThenByDescending(static one => one.IsIPv6LinkLocal).First();
        WriteEndPoint(writer);
        writer.WriteElementString("Types", SoapNames.Discovery, "wsdp:Device pub:Computer");
        writer.WriteElementString("XAddrs", SoapNames.Discovery, UrlAt(address));
        writer.WriteElementString("MetadataVersion", SoapNames.Discovery, "1");
    }

    private void WriteEndPoint(XmlWriter writer)
    {
        writer.WriteStartElement("EndpointReference", SoapNames.Addressing);
        writer.WriteElementString("Address", SoapNames.Addressing, computer.Address);
        writer.WriteEndElement();
    }

    private string UrlAt(IPAddress address)
    {
        // The number of an interface means something to this machine only.
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{new IPAddress(address.GetAddressBytes())}]" : address.ToString();
        return string.Create(CultureInfo.InvariantCulture, $"http://{host}:{computer.MetadataPort}{computer.Path}");
    }

    private byte[] Write(string action, string to, string? relatesTo, bool isSequenced, Action<XmlWriter> writeBody)
    {
        using var stream = new MemoryStream();
        using (var writer = XmlWriter.Create(stream, Settings))
        {
            writer.WriteStartElement("soap", "Envelope", SoapNames.Soap);
            foreach (var (prefix, space) in Prefixes)
            {
                writer.WriteAttributeString("xmlns", prefix, null, space);
            }

            writer.WriteStartElement("Header", SoapNames.Soap);
            writer.WriteElementString("To", SoapNames.Addressing, to);
            writer.WriteElementString("Action", SoapNames.Addressing, action);
            writer.WriteElementString("MessageID", SoapNames.Addressing, $"urn:uuid:{Guid.NewGuid():D}");
            if (relatesTo is not null)
            {
                writer.WriteElementString("RelatesTo", SoapNames.Addressing, relatesTo);
            }

            if (isSequenced)
            {
                // Others tell an old announcement from a new one by it.
                writer.WriteStartElement("AppSequence", SoapNames.Discovery);
                writer.WriteAttributeString("InstanceId", started.ToString(CultureInfo.InvariantCulture));
                writer.WriteAttributeString("SequenceId", $"urn:uuid:{_sequence:D}");
                writer.WriteAttributeString("MessageNumber", Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture));
                writer.WriteEndElement();
            }

            writer.WriteEndElement();
            writer.WriteStartElement("Body", SoapNames.Soap);
            writeBody(writer);
            writer.WriteEndElement();
            writer.WriteEndElement();
        }

        return stream.ToArray();
    }
}
