return await ClawGrpc.Server.Hosting.CommandLine.RunAsync(args, ClawGrpc.Server.Hosting.ServerHost.RunAsync);
