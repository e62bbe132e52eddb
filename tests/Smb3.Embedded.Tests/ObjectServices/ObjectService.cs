using System.Net;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Tests.ObjectServices;

/// <summary>A service that files are kept at, inside the process, and what tests of all of them need to know of it.</summary>
internal abstract class ObjectService : IDisposable
{
    public abstract ObjectServer Server { get; }

    /// <summary>What all its stores have logged.</summary>
    public abstract RecordedLog Log { get; }

    /// <summary>What its problems are told with: the bucket, the container.</summary>
    public abstract string Name { get; }

    /// <summary>What is longer goes in parts, of which two are under way at a time.</summary>
    public abstract int PartSize { get; }

    /// <summary>How much longer the body of a part is than its data.</summary>
    public abstract int PartOverhead { get; }

    /// <summary>The headers of the type of an object's data, and of metadata of others.</summary>
    public abstract (string Type, string Color) Headers { get; }

    /// <summary>What begins the names of all headers with metadata.</summary>
    public abstract string MetadataPrefix { get; }

    /// <summary>The refusal of whoever is not known.</summary>
    public abstract (HttpStatusCode Status, string Code) Stranger { get; }

    /// <summary>The refusal of data that has to be fetched back first.</summary>
    public abstract (HttpStatusCode Status, string Code) Archived { get; }

    /// <summary>Uploads in parts that nobody has ended, as far as the service counts them.</summary>
    public abstract int OpenUploads { get; }

    public abstract ObjectFileStore Open(ObjectUse? use = null);

    /// <summary>Whether a request carries a part of a file.</summary>
    public abstract bool IsPart(HttpRequestMessage request);

    public void Dispose() => Server.Dispose();
}

/// <summary>How a store of a test uses an <see cref="ObjectService"/>.</summary>
/// <param name="Prefix">What all keys begin with.</param>
/// <param name="KeepsAttributes">Whether it keeps attributes and times.</param>
/// <param name="PageSize">Objects asked for at once.</param>
/// <param name="Retries">How often a request that failed is tried again by the client of the service.</param>
internal sealed record ObjectUse(string Prefix = "", bool KeepsAttributes = true, int PageSize = 1000, int Retries = 0);
