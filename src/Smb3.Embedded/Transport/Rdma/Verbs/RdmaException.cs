using System.Net;
using System.Runtime.InteropServices;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>RDMA cannot be used, or not as it was asked for. The message says why and what to do.</summary>
internal sealed class RdmaException(string message, Exception? cause = null) : Exception(message, cause)
{
    private const string Devices =
        "load the driver of the card, or make a soft device: 'rdma link add rxe0 type rxe netdev eth0' (RoCE) or "
        + "'rdma link add siw0 type siw netdev eth0' (iWARP)";

    /// <summary>RDMA is there on Linux only.</summary>
    public static RdmaException WrongSystem() => new("RDMA needs Linux on a 64-bit processor.");

    public static RdmaException MissingLibrary(Exception cause) => new(
        "the libraries of RDMA are missing (librdmacm.so.1, libibverbs.so.1): install rdma-core, on Debian and Ubuntu with "
        + "'apt install librdmacm1 ibverbs-providers', on Fedora and RHEL with 'dnf install librdmacm libibverbs'.",
        cause);

    /// <summary>The connection manager cannot be reached.</summary>
    public static RdmaException NoManager(int error) => new(error switch
    {
        VerbsCalls.NoSuchDevice or VerbsCalls.NoSuchFile =>
            $"this machine has no RDMA device, or its connection manager is not loaded: 'modprobe rdma_ucm', and {Devices}.",
        VerbsCalls.AccessDenied or VerbsCalls.NotPermitted => "this account may not use /dev/infiniband/rdma_cm.",
        _ => $"the connection manager of RDMA cannot be used: {Text(error)}.",
    });

    public static RdmaException CannotBind(IPEndPoint endPoint, int error) => new(error switch
    {
        VerbsCalls.NoSuchDevice or VerbsCalls.AddressNotAvailable =>
            $"{endPoint.Address} is not an address of an RDMA device ('rdma link' lists them). Choose one that is, or {Devices}.",
        VerbsCalls.AddressInUse =>
            $"port {endPoint.Port} is already in use. Stop the program that has it, or choose another port; over iWARP the ports are those "
            + "of TCP.",
        VerbsCalls.AccessDenied or VerbsCalls.NotPermitted =>
            $"this account may not use port {endPoint.Port}. Choose a port above 1023, or run with the right to it.",
        _ => $"{Text(error)}.",
    });

    /// <summary>The system refused something that one connection needs.</summary>
    /// <param name="what">What could not be done.</param>
    /// <param name="error">The system's reason.</param>
    public static RdmaException Refused(string what, int error) => new(error switch
    {
        VerbsCalls.OutOfMemory or VerbsCalls.Again or VerbsCalls.NotPermitted =>
            $"{what}: {Text(error)}. The device may lock too little memory: raise the limit with 'ulimit -l', or LimitMEMLOCK= of the "
            + "service.",
        _ => $"{what}: {Text(error)}.",
    });

    public static RdmaException TooSmall(int available, int needed) =>
        new($"the device's queues hold {available} requests; {needed} are needed.");

    private static string Text(int error) => Marshal.GetPInvokeErrorMessage(error);
}
