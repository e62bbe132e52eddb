// Keeps of a package's documentation file what its users can name: the compiler writes the comments of everything into it, and editors show them.
// An internal overload of a public method stays, because the file names overloads by their parameters, which are not read here.
//
//   dotnet run --file src/PublicDocumentation.cs -- ASSEMBLY.dll DOCUMENTATION.xml
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

var visible = new HashSet<string>();
using (var file = File.OpenRead(args[0]))
using (var image = new PEReader(file))
{
    var metadata = image.GetMetadataReader();
    var names = new Dictionary<TypeDefinitionHandle, string>();
    foreach (var handle in metadata.TypeDefinitions)   // those that others are nested in come before them
    {
        var type = metadata.GetTypeDefinition(handle);
        var access = type.Attributes & TypeAttributes.VisibilityMask;
        string name;
        if (access == TypeAttributes.Public)
        {
            name = metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name);
        }
        else if ((access == TypeAttributes.NestedPublic || access == TypeAttributes.NestedFamily || access == TypeAttributes.NestedFamORAssem)
            && names.TryGetValue(type.GetDeclaringType(), out var outer))
        {
            name = outer + "." + metadata.GetString(type.Name);
        }
        else
        {
            continue;
        }

        names.Add(handle, name);
        visible.Add("T:" + name);
        bool Is(MethodAttributes attributes)
        {
            var reach = attributes & MethodAttributes.MemberAccessMask;
            return reach == MethodAttributes.Public || reach == MethodAttributes.Family || reach == MethodAttributes.FamORAssem;
        }

        foreach (var method in type.GetMethods().Select(metadata.GetMethodDefinition).Where(method => Is(method.Attributes)))
        {
            visible.Add("M:" + name + "." + metadata.GetString(method.Name).Replace('.', '#'));
        }

        foreach (var property in type.GetProperties().Select(metadata.GetPropertyDefinition))
        {
            var accessors = property.GetAccessors();
            if (new[] { accessors.Getter, accessors.Setter }.Any(one => !one.IsNil && Is(metadata.GetMethodDefinition(one).Attributes)))
            {
                visible.Add("P:" + name + "." + metadata.GetString(property.Name));
            }
        }

        foreach (var @event in type.GetEvents().Select(metadata.GetEventDefinition))
        {
            if (Is(metadata.GetMethodDefinition(@event.GetAccessors().Adder).Attributes))
            {
                visible.Add("E:" + name + "." + metadata.GetString(@event.Name));
            }
        }

        foreach (var field in type.GetFields().Select(metadata.GetFieldDefinition))
        {
            var reach = field.Attributes & FieldAttributes.FieldAccessMask;
            if (reach == FieldAttributes.Public || reach == FieldAttributes.Family || reach == FieldAttributes.FamORAssem)
            {
                visible.Add("F:" + name + "." + metadata.GetString(field.Name));
            }
        }
    }
}

var documentation = XDocument.Load(args[1], LoadOptions.PreserveWhitespace);
foreach (var member in documentation.Descendants("member").ToList())
{
    // M:Namespace.Type.Method``1(parameters)~result, of which the name is before any of these marks.
    var id = (string?)member.Attribute("name") ?? string.Empty;
    var end = id.AsSpan().IndexOfAny('(', '~');
    var plain = end < 0 ? id : id[..end];
    var generic = plain.IndexOf("``", StringComparison.Ordinal);
    if (!visible.Contains(generic < 0 ? plain : plain[..generic]))
    {
        if (member.NextNode is XText blank)
        {
            blank.Remove();
        }

        member.Remove();
    }
}

documentation.Save(args[1], SaveOptions.DisableFormatting);
