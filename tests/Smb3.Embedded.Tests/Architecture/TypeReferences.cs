using System.Collections.Frozen;
using System.Reflection;
using System.Reflection.Emit;

namespace Smb3.Embedded.Tests.Architecture;

/// <summary>Which types of the library use which: through their members and the code of their methods.</summary>
internal static class TypeReferences
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly FrozenDictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!)
        .ToFrozenDictionary(code => code.Value);

    /// <summary>The types that the library's own source declares.</summary>
    public static IEnumerable<Type> OwnTypes() => typeof(SmbServer).Assembly.GetTypes()
        .Where(type => Outermost(type) is { Namespace: not null } outermost && !outermost.Name.StartsWith('<')
            && (outermost.Namespace.StartsWith("Smb3.Embedded", StringComparison.Ordinal) || outermost.IsPublic));

    /// <summary>The type that is in a file of its own, of one that may be nested or made by the compiler.</summary>
    public static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    /// <summary>The library's types that <paramref name="type"/> uses.</summary>
    public static IEnumerable<Type> UsedBy(Type type)
    {
        var used = new HashSet<Type>();
        void Use(Type? one)
        {
            if (one is null || !used.Add(one))
            {
                return;
            }

            Use(one.HasElementType ? one.GetElementType() : null);
            foreach (var argument in one.IsGenericType ? one.GetGenericArguments() : [])
            {
                Use(argument);
            }
        }

        Use(type.BaseType);
        foreach (var face in type.GetInterfaces())
        {
            Use(face);
        }

        foreach (var field in type.GetFields(All))
        {
            Use(field.FieldType);
        }

        foreach (var method in type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))
        {
            Use((method as MethodInfo)?.ReturnType);
            foreach (var parameter in method.GetParameters())
            {
                Use(parameter.ParameterType);
            }

            if (method.GetMethodBody() is { } body)
            {
                foreach (var local in body.LocalVariables)
                {
                    Use(local.LocalType);
                }

                foreach (var member in MembersIn(method, body.GetILAsByteArray() ?? []))
                {
                    Use(member as Type ?? member.DeclaringType);
                    Use((member as FieldInfo)?.FieldType);
                    foreach (var argument in member is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericArguments() : [])
                    {
                        Use(argument);
                    }
                }
            }
        }

        return used.Select(one => one.IsGenericType ? one.GetGenericTypeDefinition() : one)
            .Where(one => one is { IsGenericParameter: false, HasElementType: false } && one.Assembly == typeof(SmbServer).Assembly);
    }

    /// <summary>What the tokens in the code of a method stand for (ECMA-335 partition III).</summary>
    private static IEnumerable<MemberInfo> MembersIn(MethodBase method, byte[] code)
    {
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            var operation = OpCodesByValue[value];
            at += operation.Size;
            if (operation.OperandType
                    is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok
                && method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments) is { } member)
            {
                yield return member;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
