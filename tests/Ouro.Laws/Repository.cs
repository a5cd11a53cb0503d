namespace Ouro.Laws;

/// <summary>Finds the working copy that the tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Ouro.slnx")))
                return folder.FullName;

        throw new InvalidOperationException("The tests run outside the working copy: no Ouro.slnx above the test assembly.");
    }
}
