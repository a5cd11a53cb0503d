using Ouro.Cli;

return await Front.InvokeAsync(Commands.Root(), args);
