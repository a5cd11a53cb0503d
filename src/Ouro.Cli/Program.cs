Console.WriteLine("ouro");
