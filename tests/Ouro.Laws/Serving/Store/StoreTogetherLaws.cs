using Ouro.Laws.Cli;
using Ouro.Serving.Store;

namespace Ouro.Laws.Serving.Store;

/// <summary>Many may use one store at once, and anybody may be killed.</summary>
public sealed class StoreTogetherLaws
{
    [Fact]
    public void Threads_that_create_copy_and_remove_at_once_leave_a_sound_store()
    {
        using var shop = new StoreShop();
        shop.Create("kept");
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, worker =>
        {
            var random = new Random(worker);
            var store = new ModelStore(shop.Root);
            for (var i = 0; i < 25; i++)
            {
                var name = ModelName.Parse($"m{random.Next(3)}");
                try
                {
                    switch (random.Next(4))
                    {
                        case 0:
                            shop.Create(name.ToString(), "nano");
                            break;
                        case 1:
                            shop.Create(name.ToString(), new Modelfile { From = "kept", System = $"{worker} {i}" });
                            break;
                        case 2:
                            store.Copy(name, ModelName.Parse($"m{random.Next(3)}"));
                            break;
                        default:
                            store.Remove(name);
                            break;
                    }
                }
                catch (StoreException problem) when (problem.Fault == StoreFault.NotFound)
                {
                    // Somebody else was faster.
                }

                foreach (var model in store.List())
                    model.Name.ShouldNotBeNull();
            }
        });

        shop.ShouldBeClean();
        shop.Find("kept").ShouldNotBeNull();
    }

    [Fact]
    public void Processes_at_once_all_get_what_they_asked_for()
    {
        using var shop = new StoreShop();
        var file = shop.File("Modelfile", "FROM nano\nSYSTEM hello");
        var running = Enumerable.Range(0, 4).Select(i => OuroProgram.StartIn(shop.Environment(), ["create", $"m{i % 3}", "-f", file, "--threads", "1", .. Quantizing(i, "q8_0")])).ToArray();
        foreach (var process in running)
        {
            process.StandardInput.Close();
            OuroProgram.Finish(process, process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()).ShouldSucceed();
            process.Dispose();
        }

        shop.Store.List().Count.ShouldBe(3);
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_killed_creation_loses_nothing_and_leaves_nothing_under_a_name_that_is_not_whole()
    {
        using var shop = new StoreShop();
        shop.Create("kept");
        var file = shop.File("Modelfile", "FROM nano");
        var random = new Random(11);
        for (var i = 0; i < 8; i++)
        {
            using var process = OuroProgram.StartIn(shop.Environment(), ["create", "killed", "-f", file, "--threads", "1", .. Quantizing(i, "q4_k_m")]);
            process.WaitForExit(100 + random.Next(400));
            process.Kill();
            process.WaitForExit();

            var report = shop.Check();
            report.Problems.ShouldBeEmpty();
            shop.Find("kept").ShouldNotBeNull();
            if (shop.Find("killed") is { } whole)
                new FileInfo(whole.Path).Length.ShouldBe(whole.Bytes);
        }

        OuroProgram.RunIn(shop.Environment(), "store", "check").ShouldSucceed().Output.ShouldContain("all sound");
        shop.Clock.Ahead = TimeSpan.FromDays(9);
        shop.Create("last");
        shop.ShouldBeClean();
    }

    [Fact]
    public void A_lock_that_its_holder_keeps_can_be_waited_for_and_given_up()
    {
        using var shop = new StoreShop();
        shop.Create("one");
        using (shop.Store.Folder.Lock())
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            Should.Throw<OperationCanceledException>(() => shop.Store.Folder.Lock(stop.Token));
            shop.Store.List().ShouldHaveSingleItem();   // reading waits for nobody
        }

        shop.Store.Folder.Lock().Dispose();
    }

    static string[] Quantizing(int turn, string type) => turn % 2 == 0 ? [] : ["-q", type];
}
