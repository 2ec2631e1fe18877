using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace ClawGrpc.Server.Services;

/// <summary>grpc.reflection.v1 over the descriptors that are compiled in.</summary>
internal sealed class ReflectionService : ServerReflection.ServerReflectionBase
{
    private static readonly ServiceDescriptor[] Services =
    [
        V1.AuthService.Descriptor, V1.ModelService.Descriptor, Grpc.Health.V1.Health.Descriptor, ServerReflection.Descriptor,
    ];

    private static readonly Dictionary<string, FileDescriptor> Files = AllFiles();
    private static readonly Dictionary<string, FileDescriptor> Symbols = AllSymbols();

    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext(context.CancellationToken))
            await responseStream.WriteAsync(Answer(requestStream.Current), context.CancellationToken);
    }

    internal static ServerReflectionResponse Answer(ServerReflectionRequest request)
    {
        var response = new ServerReflectionResponse { ValidHost = request.Host, OriginalRequest = request };
        switch (request.MessageRequestCase)
        {
            case ServerReflectionRequest.MessageRequestOneofCase.ListServices:
                response.ListServicesResponse = new ListServiceResponse();
                response.ListServicesResponse.Service.AddRange(Services.Select(service => new ServiceResponse { Name = service.FullName }));
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileByFilename:
                AnswerFile(response, Files.GetValueOrDefault(request.FileByFilename), request.FileByFilename);
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol:
                AnswerFile(response, Symbols.GetValueOrDefault(request.FileContainingSymbol), request.FileContainingSymbol);
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType
                when Symbols.ContainsKey(request.AllExtensionNumbersOfType):
                response.AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = request.AllExtensionNumbersOfType };
                break;
            case ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension:
            case ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType:
                AnswerFile(response, null, "extension");
                break;
            default:
                response.ErrorResponse = new ErrorResponse { ErrorCode = (int)StatusCode.InvalidArgument, ErrorMessage = "No question." };
                break;
        }

        return response;
    }

    private static void AnswerFile(ServerReflectionResponse response, FileDescriptor? file, string name)
    {
        if (file is null)
        {
            response.ErrorResponse = new ErrorResponse { ErrorCode = (int)StatusCode.NotFound, ErrorMessage = $"Not found: {name}" };
            return;
        }

        response.FileDescriptorResponse = new FileDescriptorResponse();
        response.FileDescriptorResponse.FileDescriptorProto.AddRange(WithImports(file).Select(each => each.SerializedData));
    }

    private static IEnumerable<FileDescriptor> WithImports(FileDescriptor file) =>
        file.Dependencies.SelectMany(WithImports).Append(file).DistinctBy(each => each.Name);

    private static Dictionary<string, FileDescriptor> AllFiles() => Services.Select(service => service.File)
        .Append(V1.ErrorReasonReflection.Descriptor).Append(Google.Rpc.StatusReflection.Descriptor).Append(Google.Rpc.ErrorDetailsReflection.Descriptor)
        .SelectMany(WithImports).DistinctBy(file => file.Name).ToDictionary(file => file.Name);

    private static Dictionary<string, FileDescriptor> AllSymbols()
    {
        var symbols = new Dictionary<string, FileDescriptor>();
        foreach (var file in Files.Values)
        {
            foreach (var service in file.Services)
            {
                symbols[service.FullName] = file;
                foreach (var method in service.Methods)
                    symbols[method.FullName] = file;
            }

            foreach (var type in file.EnumTypes)
                symbols[type.FullName] = file;
            foreach (var message in file.MessageTypes)
                AddMessage(message);
        }

        return symbols;

        void AddMessage(MessageDescriptor message)
        {
            symbols[message.FullName] = message.File;
            foreach (var nested in message.NestedTypes)
                AddMessage(nested);
            foreach (var type in message.EnumTypes)
                symbols[type.FullName] = message.File;
        }
    }
}
