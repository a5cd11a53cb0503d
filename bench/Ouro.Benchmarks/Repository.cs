namespace Ouro.Benchmarks;

/// <summary>Finds files in the working copy that this program was built from.</summary>
static class Repository
{
    static readonly string Root = Find();

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Ouro.slnx")))
                return folder.FullName;

        throw new BenchmarkException("The benchmarks run outside the working copy: there is no Ouro.slnx above the program.");
    }
}
