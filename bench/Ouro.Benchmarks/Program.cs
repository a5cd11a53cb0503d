using Ouro.Benchmarks;

switch (args)
{
    case ["pass", var model, ..]:
        PassBenchmark.Run(model, [1, 2], [1, 2, 4, 8, 128], TimeSpan.FromSeconds(3));
        return 0;
    default:
        Console.Error.WriteLine("Ouro.Benchmarks pass MODEL");
        return 2;
}
