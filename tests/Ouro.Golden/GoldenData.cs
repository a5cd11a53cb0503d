namespace Ouro.Golden;

/// <summary>Finds the golden files in the working copy that the tests were built from.</summary>
static class GoldenData
{
    static readonly string Root = Find();

    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(System.IO.Path.Combine(folder.FullName, "tests", "Ouro.Golden", "data")))
                return System.IO.Path.Combine(folder.FullName, "tests", "Ouro.Golden", "data");

        throw new InvalidOperationException("The tests run outside the working copy: no tests/Ouro.Golden/data above the test assembly.");
    }
}
