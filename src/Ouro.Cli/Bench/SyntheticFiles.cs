using System.Globalization;
using Ouro.Model.Conversion;

namespace Ouro.Cli.Bench;

/// <summary>Files with random weights: in a folder that keeps them for the next time, or in a temporary one.</summary>
/// <param name="cache">Null keeps nothing.</param>
sealed class SyntheticFiles(string? cache) : IDisposable
{
    readonly string _folder = cache is null ? Directory.CreateTempSubdirectory("ouro-bench-").FullName : Directory.CreateDirectory(cache).FullName;

    /// <summary>The path of a model of this shape and type, made unless it is there.</summary>
    /// <exception cref="UserErrorException">The shape cannot be, or the disk has no room for it.</exception>
    public string Make(string shape, WeightMix mix, int threads, CancellationToken cancel)
    {
        var config = ModelShape.Parse(shape, out var problem) ?? throw new UserErrorException(problem);
        var path = Path.Combine(_folder, $"{shape.ToLowerInvariant()}-{mix.Name}.gguf");
        if (File.Exists(path))
            return path;

        var needed = SyntheticModel.WeightBytes(config, mix);
        if (new DriveInfo(_folder).AvailableFreeSpace is var free && free < needed)
        {
            throw new UserErrorException(string.Create(CultureInfo.InvariantCulture, $"{_folder} has {Sizes.Text(free)} free, but the model takes {Sizes.Text(needed)}. ")
                + "Name a roomier place with --cache.");
        }

        var options = new ConversionOptions { Mix = mix, ModelName = $"synthetic {shape}", Threads = threads, Metadata = TokenizerFiles.OfPublishedSize(config) };
        ProgressBar.Show($"making {Path.GetFileName(path)}", progress => SyntheticModel.ToGguf(config, seed: 1, path, options, progress, cancel));
        return path;
    }

    /// <summary>The file is no longer needed, unless it is kept for the next time.</summary>
    public void Release(string path)
    {
        if (cache is null)
            File.Delete(path);
    }

    public void Dispose()
    {
        if (cache is null)
            Directory.Delete(_folder, recursive: true);
    }
}
