using Ouro.Laws.Formats;
using Ouro.Serving.Store;

namespace Ouro.Laws.Serving.Store;

/// <summary>A store in a folder of its own, and a clock that a test can set.</summary>
sealed class StoreShop : IDisposable
{
    public static readonly string Nano = Repository.Path("models/ouro-nano.gguf");

    readonly TemporaryFolder _folder = new();

    public StoreShop() => Store = new ModelStore(Root, Clock);

    public SetClock Clock { get; } = new();

    public string Root => _folder.File("store");

    public ModelStore Store { get; }

    public string Blobs => Path.Combine(Root, "blobs");

    /// <summary>What a child process needs to use the same store, and the hub if there is one.</summary>
    public Dictionary<string, string> Environment(TestHub? hub = null) => new()
    {
        [ModelStore.RootVariable] = Root,
        ["HF_ENDPOINT"] = hub?.Address.ToString() ?? "http://127.0.0.1:9",
        ["HF_TOKEN"] = "",
    };

    public string File(string name, string content) => _folder.File(name, content);

    public string File(string name, ReadOnlySpan<byte> content) => _folder.File(name, content);

    public string Place(string name) => _folder.File(name);

    public CreatedModel Create(string name, Modelfile modelfile, string? type = null)
        => Store.CreateAsync(ModelName.Parse(name), modelfile, new CreateOptions { BaseFolder = _folder.Path, BuiltInPath = Nano, Type = type, Threads = 1 }).GetAwaiter().GetResult();

    public CreatedModel Create(string name, string from = "nano", string? type = null) => Create(name, new Modelfile { From = from }, type);

    public StoredModel? Find(string name) => Store.Find(ModelName.Parse(name));

    public StoreReport Check() => Store.CheckAsync().GetAwaiter().GetResult();

    /// <summary>Nothing is wrong, and nothing is on its way.</summary>
    public void ShouldBeClean()
    {
        Check().Problems.ShouldBeEmpty();
        if (Directory.Exists(Path.Combine(Root, "incoming")))
            Directory.GetFileSystemEntries(Path.Combine(Root, "incoming")).ShouldBeEmpty();
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>The system's clock, set forward as a test asks.</summary>
sealed class SetClock : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
}

/// <summary>Reports, kept in their order.</summary>
sealed class KeptProgress : IProgress<StoreProgress>
{
    readonly List<StoreProgress> _reports = [];

    public IReadOnlyList<StoreProgress> Reports
    {
        get
        {
            lock (_reports)
                return [.. _reports];
        }
    }

    /// <summary>Statuses, each once in a row.</summary>
    public string[] Statuses => [.. Reports.Select(report => report.Status).Where((status, i) => i == 0 || status != Reports[i - 1].Status)];

    public Action<StoreProgress>? OnReport { get; init; }

    public void Report(StoreProgress value)
    {
        lock (_reports)
            _reports.Add(value);
        OnReport?.Invoke(value);
    }
}
