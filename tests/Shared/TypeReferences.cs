using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace ClawGrpc.Testing;

/// <summary>
/// Collects the types of the same assembly that a type refers to: in signatures, fields, attributes and method bodies.
/// </summary>
internal sealed class TypeReferences : ISignatureTypeProvider<ValueTuple, object?>
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    private readonly HashSet<TypeDefinitionHandle> _found = [];
    private readonly MetadataReader _metadata;

    private TypeReferences(MetadataReader metadata) => _metadata = metadata;

    public static IReadOnlyCollection<TypeDefinitionHandle> Of(
        TypeDefinitionHandle handle, PEReader file, MetadataReader metadata)
    {
        var references = new TypeReferences(metadata);
        var type = metadata.GetTypeDefinition(handle);
        references.Visit(type.BaseType);
        references.VisitAttributes(type.GetCustomAttributes());
        references.VisitParameters(type.GetGenericParameters());
        foreach (var implemented in type.GetInterfaceImplementations())
            references.Visit(metadata.GetInterfaceImplementation(implemented).Interface);
        foreach (var field in type.GetFields())
        {
            references.Visit(field);
            references.VisitAttributes(metadata.GetFieldDefinition(field).GetCustomAttributes());
        }

        foreach (var method in type.GetMethods())
            references.VisitMethod(metadata.GetMethodDefinition(method), file);
        return references._found;
    }

    private void VisitMethod(MethodDefinition method, PEReader file)
    {
        method.DecodeSignature(this, null);
        VisitAttributes(method.GetCustomAttributes());
        VisitParameters(method.GetGenericParameters());
        if (method.RelativeVirtualAddress == 0)
            return;
        var body = file.GetMethodBody(method.RelativeVirtualAddress);
        Visit(body.LocalSignature);
        foreach (var region in body.ExceptionRegions)
            Visit(region.CatchType);
        VisitCode(body.GetILReader());
    }

    private void VisitAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes)
            Visit(_metadata.GetCustomAttribute(attribute).Constructor);
    }

    private void VisitParameters(GenericParameterHandleCollection parameters)
    {
        foreach (var parameter in parameters)
        {
            foreach (var constraint in _metadata.GetGenericParameter(parameter).GetConstraints())
                Visit(_metadata.GetGenericParameterConstraint(constraint).Type);
        }
    }

    private void VisitCode(BlobReader code)
    {
        while (code.RemainingBytes > 0)
        {
            var first = code.ReadByte();
            var value = first == 0xFE ? (short)(0xFE00 | code.ReadByte()) : first;
            switch (OpCodesByValue[value].OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok
                    or OperandType.InlineSig:
                    Visit(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    var targets = code.ReadInt32();
                    code.Offset += sizeof(int) * targets;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += sizeof(long);
                    break;
                case OperandType.InlineBrTarget or OperandType.InlineI or OperandType.InlineString or OperandType.ShortInlineR:
                    code.Offset += sizeof(int);
                    break;
                case OperandType.InlineVar:
                    code.Offset += sizeof(short);
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += sizeof(byte);
                    break;
            }
        }
    }

    private void Visit(EntityHandle handle)
    {
        if (handle.IsNil)
            return;
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                _found.Add((TypeDefinitionHandle)handle);
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null);
                break;
            case HandleKind.FieldDefinition:
                var field = _metadata.GetFieldDefinition((FieldDefinitionHandle)handle);
                _found.Add(field.GetDeclaringType());
                field.DecodeSignature(this, null);
                break;
            case HandleKind.MethodDefinition:
                var method = _metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                _found.Add(method.GetDeclaringType());
                method.DecodeSignature(this, null);
                break;
            case HandleKind.MemberReference:
                VisitMember(_metadata.GetMemberReference((MemberReferenceHandle)handle));
                break;
            case HandleKind.MethodSpecification:
                var generic = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                Visit(generic.Method);
                generic.DecodeSignature(this, null);
                break;
            case HandleKind.StandaloneSignature:
                var signature = _metadata.GetStandaloneSignature((StandaloneSignatureHandle)handle);
                if (signature.GetKind() == StandaloneSignatureKind.LocalVariables)
                    signature.DecodeLocalSignature(this, null);
                else
                    signature.DecodeMethodSignature(this, null);
                break;
        }
    }

    // What a member of a generic type is made of: its type's arguments, and its own signature.
    private void VisitMember(MemberReference member)
    {
        Visit(member.Parent);
        if (member.GetKind() == MemberReferenceKind.Field)
            member.DecodeFieldSignature(this, null);
        else
            member.DecodeMethodSignature(this, null);
    }

    ValueTuple ISignatureTypeProvider<ValueTuple, object?>.GetFunctionPointerType(MethodSignature<ValueTuple> signature) =>
        default;

    ValueTuple ISignatureTypeProvider<ValueTuple, object?>.GetGenericMethodParameter(object? genericContext, int index) =>
        default;

    ValueTuple ISignatureTypeProvider<ValueTuple, object?>.GetGenericTypeParameter(object? genericContext, int index) => default;

    ValueTuple ISignatureTypeProvider<ValueTuple, object?>.GetModifiedType(
        ValueTuple modifier, ValueTuple unmodifiedType, bool isRequired) =>
        default;

    ValueTuple ISignatureTypeProvider<ValueTuple, object?>.GetPinnedType(ValueTuple elementType) => default;

    ValueTuple ISignatureTypeProvider<ValueTuple, object?>.GetTypeFromSpecification(
        MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind)
    {
        Visit(handle);
        return default;
    }

    ValueTuple IConstructedTypeProvider<ValueTuple>.GetArrayType(ValueTuple elementType, ArrayShape shape) => default;

    ValueTuple IConstructedTypeProvider<ValueTuple>.GetByReferenceType(ValueTuple elementType) => default;

    ValueTuple IConstructedTypeProvider<ValueTuple>.GetGenericInstantiation(
        ValueTuple genericType, ImmutableArray<ValueTuple> typeArguments) =>
        default;

    ValueTuple IConstructedTypeProvider<ValueTuple>.GetPointerType(ValueTuple elementType) => default;

    ValueTuple ISZArrayTypeProvider<ValueTuple>.GetSZArrayType(ValueTuple elementType) => default;

    ValueTuple ISimpleTypeProvider<ValueTuple>.GetPrimitiveType(PrimitiveTypeCode typeCode) => default;

    ValueTuple ISimpleTypeProvider<ValueTuple>.GetTypeFromDefinition(
        MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        _found.Add(handle);
        return default;
    }

    ValueTuple ISimpleTypeProvider<ValueTuple>.GetTypeFromReference(
        MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => default;
}
