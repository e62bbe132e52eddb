namespace Smb3.Embedded.Discovery.WebServices;

/// <summary>Namespaces and words of WS-Discovery (April 2005) and the Devices Profile (February 2006), as Windows speaks them (MS-PBSD).</summary>
internal static class SoapNames
{
    public const string Soap = "http://www.w3.org/2003/05/soap-envelope";
    public const string Addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
    public const string Discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
    public const string Devices = "http://schemas.xmlsoap.org/ws/2006/02/devprof";
    public const string Metadata = "http://schemas.xmlsoap.org/ws/2004/09/mex";
    public const string Publication = "http://schemas.microsoft.com/windows/pub/2005/07";
    public const string PlugAndPlay = "http://schemas.microsoft.com/windows/pnpx/2005/10";

    public const string Everybody = "urn:schemas-xmlsoap-org:ws:2005:04:discovery";
    public const string Anonymous = Addressing + "/role/anonymous";
    public const string Hello = Discovery + "/Hello", Bye = Discovery + "/Bye";
    public const string Probe = Discovery + "/Probe", ProbeMatches = Discovery + "/ProbeMatches";
    public const string Resolve = Discovery + "/Resolve", ResolveMatches = Discovery + "/ResolveMatches";
    public const string Get = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", GetResponse = Get + "Response";
}
